import type { Span } from './span';

/** Zero-based line and UTF-16 column, as in the Language Server Protocol. */
export interface LinePosition {
  readonly line: number;
  readonly character: number;
}

/** A span as lines and columns. */
export interface LineRange {
  readonly line: number;
  readonly character: number;
  readonly endLine: number;
  readonly endCharacter: number;
}

/**
 * Converts between offsets and lines of one text; `\n`, `\r\n` and `\r` end a line, as the Language Server Protocol says. Built in one
 * pass, each question is a binary search. Everything out of bounds is moved to the nearest place that exists.
 */
export class LineIndex {
  /** Offset of the first character of each line. */
  readonly #starts: readonly number[];
  /** Offset behind the last character of each line, its terminator not counted. */
  readonly #ends: readonly number[];

  constructor(text: string) {
    const starts = [0];
    const ends: number[] = [];
    for (const match of text.matchAll(/\r\n|\n|\r/g)) {
      ends.push(match.index);
      starts.push(match.index + match[0].length);
    }
    ends.push(text.length);
    this.#starts = starts;
    this.#ends = ends;
  }

  get lineCount(): number {
    return this.#starts.length;
  }

  /** Returns the place of an offset; one inside `\r\n` is the end of its line. */
  positionAt(offset: number): LinePosition {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const start = this.#starts[low] ?? 0;
    const end = this.#ends[low] ?? start;
    return { line: low, character: Math.max(0, Math.min(offset, end) - start) };
  }

  /** Returns the offset of a place; a column behind the end of its line is that end. */
  offsetAt({ line, character }: LinePosition): number {
    if (line < 0) return 0;
    const start = this.#starts[line];
    const end = this.#ends[line];
    if (start === undefined || end === undefined) return this.#ends.at(-1) ?? 0;
    return Math.min(start + Math.max(0, character), end);
  }

  /** Returns a span as lines and columns. */
  rangeOf(span: Span): LineRange {
    const start = this.positionAt(span.start);
    const end = this.positionAt(span.end);
    return { line: start.line, character: start.character, endLine: end.line, endCharacter: end.character };
  }
}
