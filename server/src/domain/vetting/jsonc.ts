/**
 * JSON with comments and trailing commas, as people write the vetting files: read fast, because records may be tens of thousands, and strictly,
 * because they decide. Positions are looked up only when there is something to say.
 */
import { findNodeAtLocation, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { Span } from '../../util/span';

export type JsonPath = readonly (string | number)[];

/** A mistake in one of our files. The message goes behind the file's name; foreign text in it is not harmless yet. */
export interface FileProblem {
  readonly message: string;
  readonly span: Span;
}

export type JsoncRead =
  | { readonly kind: 'read'; readonly value: unknown; readonly places: JsonPlaces }
  | { readonly kind: 'failed'; readonly problem: FileProblem };

/** Nothing of ours is nested so deep; more is refused before anything follows it. */
const MAX_DEPTH = 16;

const CODE = {
  quote: 34,
  slash: 47,
  star: 42,
  colon: 58,
  comma: 44,
  open: 91,
  close: 93,
  openBrace: 123,
  closeBrace: 125,
  lf: 10,
  cr: 13,
};

/** Reads one text. Never throws; linear in its length. A name that occurs twice in one object is a mistake: which of the two counts, readers would decide differently. */
export function readJsonc(text: string): JsoncRead {
  const conflict = /^(?:<{7}|>{7})(?: |$)|^={7}$/m.exec(text);
  const plain = withoutComments(text);
  if (plain.kind === 'too-deep')
    return failed('is nested deeper than anything that belongs there', { start: plain.at, end: plain.at + 1 });
  let value: unknown;
  try {
    value = JSON.parse(plain.text);
  } catch {
    if (conflict !== null) {
      const span = { start: conflict.index, end: conflict.index + conflict[0].length };
      return failed('has conflict markers: keep the blocks of both sides and take the marker lines out', span);
    }
    return { kind: 'failed', problem: syntaxProblem(text) };
  }
  const places = new JsonPlaces(text);
  if (plain.names !== countNames(value)) return failed('has a name twice in one object', places.duplicate());
  return { kind: 'read', value, places };
}

/** Where values stand in a text; the tree is made when the first place is asked for. */
export class JsonPlaces {
  readonly #text: string;
  #tree: Node | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** The value at a path, or the nearest thing around it; with its name, where it has one and that is what is wrong. */
  of(path: JsonPath, part: 'value' | 'name' = 'value'): Span {
    const root = this.#root();
    for (let length = path.length; root !== undefined && length >= 0; length--) {
      const node = findNodeAtLocation(root, path.slice(0, length));
      if (node === undefined) continue;
      const name = part === 'name' && length === path.length ? node.parent?.children?.[0] : undefined;
      return spanOf(name?.type === 'string' && node.parent?.type === 'property' ? name : node);
    }
    return { start: 0, end: 0 };
  }

  /** The second of two equal names in one object; the first such place. */
  duplicate(): Span {
    const todo = [this.#root()];
    let first: Span | undefined;
    for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
      const names = new Set<unknown>();
      for (const child of node.children ?? []) {
        const name = node.type === 'object' ? child.children?.[0] : undefined;
        if (name !== undefined && names.has(name.value) && (first === undefined || name.offset < first.start))
          first = spanOf(name);
        names.add(name?.value);
        todo.push(child);
      }
    }
    return first ?? { start: 0, end: 0 };
  }

  #root(): Node | undefined {
    return (this.#tree ??= parseTree(this.#text, [], { allowTrailingComma: true }));
  }
}

function failed(message: string, span: Span): JsoncRead {
  return { kind: 'failed', problem: { message, span } };
}

function spanOf({ offset, length }: Node): Span {
  return { start: offset, end: offset + length };
}

function syntaxProblem(text: string): FileProblem {
  const errors: ParseError[] = [];
  parseTree(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first === undefined) return { message: 'is not valid JSON', span: { start: 0, end: 0 } };
  const words = printParseErrorCode(first.error).replace(/(?!^)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return {
    message: `is not valid JSON with comments: ${words.toLowerCase()}`,
    span: { start: first.offset, end: first.offset + Math.max(1, first.length) },
  };
}

type Plain =
  { readonly kind: 'plain'; readonly text: string; readonly names: number } | { readonly kind: 'too-deep'; readonly at: number };

/** Strict JSON of the same length: blanks for comments and for commas behind the last element. Counts the names of all objects. */
function withoutComments(text: string): Plain {
  const pieces: string[] = [];
  let kept = 0;
  let names = 0;
  let depth = 0;
  /** Offset of a comma behind which nothing has come yet. */
  let comma = -1;
  const blank = (start: number, end: number): void => {
    pieces.push(text.slice(kept, start), ' '.repeat(end - start));
    kept = end;
  };
  if (text.startsWith('\uFEFF')) blank(0, 1);
  for (let at = kept; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= 32) continue;
    if (code === CODE.quote) {
      at = endOfString(text, at);
      comma = -1;
    } else if (code === CODE.slash) {
      const end = endOfComment(text, at);
      if (end === undefined) continue;
      // A pending comma lies before the comment: what is kept has to be cut at it first, should it turn out to be the last.
      if (comma >= 0) {
        const rest = nextMeaning(text, end);
        if (rest === CODE.close || rest === CODE.closeBrace) blank(comma, comma + 1);
        comma = -1;
      }
      blank(at, end);
      at = end - 1;
    } else {
      if (code === CODE.colon) names++;
      if (code === CODE.open || code === CODE.openBrace) {
        if (++depth > MAX_DEPTH) return { kind: 'too-deep', at };
      } else if (code === CODE.close || code === CODE.closeBrace) {
        depth--;
        if (comma >= 0) blank(comma, comma + 1);
      }
      comma = code === CODE.comma ? at : -1;
    }
  }
  return { kind: 'plain', text: kept === 0 ? text : pieces.join('') + text.slice(kept), names };
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 92) backslashes++;
    if (backslashes % 2 === 0) return quote;
    at = quote;
  }
}

/** Offset behind a comment that begins at `start`; nothing when none begins there. */
function endOfComment(text: string, start: number): number | undefined {
  const next = text.charCodeAt(start + 1);
  if (next === CODE.slash) {
    for (let at = start + 2; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === CODE.lf || code === CODE.cr) return at;
    }
    return text.length;
  }
  if (next !== CODE.star) return undefined;
  const end = text.indexOf('*/', start + 2);
  return end < 0 ? undefined : end + 2;
}

/** The first character behind `start` that is neither blank nor in a comment. */
function nextMeaning(text: string, start: number): number | undefined {
  for (let at = start; at < text.length;) {
    const code = text.charCodeAt(at);
    const comment = code === CODE.slash ? endOfComment(text, at) : undefined;
    if (comment !== undefined) at = comment;
    else if (code <= 32) at++;
    else return code;
  }
  return undefined;
}

function countNames(value: unknown): number {
  const todo: unknown[] = [value];
  let names = 0;
  while (todo.length > 0) {
    const next = todo.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (Array.isArray(next)) {
      for (const element of next) if (typeof element === 'object') todo.push(element);
      continue;
    }
    for (const inner of Object.values(next)) {
      names++;
      if (typeof inner === 'object') todo.push(inner);
    }
  }
  return names;
}
