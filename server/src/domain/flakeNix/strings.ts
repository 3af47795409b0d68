/** Decodes string literals as Nix does (nix: src/libexpr/lexer.l, parser.y), keeping track of where each character came from. */
import type { Span } from '../../util/span';
import type { Token } from './lexer';

/** The text of a string literal. */
export interface DecodedString {
  readonly value: string;
  /** Inside the quotes. */
  readonly textSpan: Span;
  /** Where in the source each code unit of the value begins, and last where the text ends; absent when they follow one another. */
  readonly offsets?: readonly number[];
}

const ESCAPES = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** Decodes a `"…"` or `''…''` token without interpolations. */
export function decodeString(source: string, token: Token): DecodedString {
  const quote = token.kind === 'indented' ? 2 : 1;
  const textSpan = { start: token.start + quote, end: Math.max(token.start + quote, token.end - (token.unclosed ? 0 : quote)) };
  const raw = source.slice(textSpan.start, textSpan.end);
  if (token.kind === 'indented') return decodeIndented(raw, textSpan);
  if (!raw.includes('\\') && !raw.includes('\r')) return { value: raw, textSpan };
  return decodeQuoted(raw, textSpan);
}

/** The source span of the value's part from `start` to `end`. */
export function sourceSpan({ offsets, textSpan }: DecodedString, start: number, end: number): Span {
  if (offsets === undefined) return { start: textSpan.start + start, end: textSpan.start + end };
  return { start: offsets[start] ?? textSpan.end, end: offsets[end] ?? textSpan.end };
}

function unescape(character: string): string {
  return ESCAPES.get(character) ?? character;
}

/** `\x` stands for x, apart from the three known escapes; line ends become line feeds. */
function decodeQuoted(raw: string, textSpan: Span): DecodedString {
  const offsets: number[] = [];
  let value = '';
  for (let index = 0; index < raw.length; index++) {
    offsets.push(textSpan.start + index);
    const character = raw.charAt(index);
    if (character === '\\') value += unescape(raw.charAt(++index));
    else if (character === '\r') {
      value += '\n';
      if (raw[index + 1] === '\n') index++;
    } else value += character;
  }
  offsets.push(textSpan.end);
  return { value, textSpan, offsets };
}

interface Unit {
  readonly character: string;
  readonly offset: number;
  /** Written with an escape: not counted as indentation, nor as line end, but removed with it all the same, as in Nix. */
  readonly escaped: boolean;
}

/** Removes the indentation that all lines share, a blank first line, and the blanks of a blank last line. */
function decodeIndented(raw: string, textSpan: Span): DecodedString {
  const units = unescapeIndented(raw, textSpan.start);
  const shared = sharedIndentation(units);
  const kept: Unit[] = [];
  let lineIndent: number | undefined = 0; // undefined behind the first character of a line that is no blank
  let lastLine = 0; // where, in `kept`, the last line begins
  let lastLineIsBlank = true;
  for (const unit of units) {
    const isBlank = unit.character === ' ';
    const isLineFeed = unit.character === '\n';
    if (isBlank && lineIndent !== undefined && lineIndent++ < shared) continue;
    kept.push(unit);
    if (isLineFeed) lineIndent = 0;
    else if (!isBlank) lineIndent = undefined;
    if (isLineFeed && !unit.escaped) {
      lastLine = kept.length;
      lastLineIsBlank = true;
    } else if (!isBlank || unit.escaped) lastLineIsBlank = false;
  }
  if (lastLineIsBlank && lastLine > 0) kept.length = lastLine;
  return {
    value: kept.map(({ character }) => character).join(''),
    textSpan,
    offsets: [...kept.map(({ offset }) => offset), textSpan.end],
  };
}

function unescapeIndented(raw: string, start: number): readonly Unit[] {
  const units: Unit[] = [];
  let index = /^ *\n/.exec(raw)?.[0].length ?? 0;
  while (index < raw.length) {
    const offset = start + index;
    if (raw.startsWith("''\\", index)) {
      units.push({ character: unescape(raw.charAt(index + 3)), offset, escaped: true });
      index += 4;
    } else if (raw.startsWith("''$", index)) {
      units.push({ character: '$', offset, escaped: true });
      index += 3;
    } else if (raw.startsWith("'''", index)) {
      units.push({ character: "'", offset, escaped: true }, { character: "'", offset: offset + 1, escaped: true });
      index += 3;
    } else {
      units.push({ character: raw.charAt(index), offset, escaped: false });
      index++;
    }
  }
  return units;
}

/** How many blanks begin every line; lines of blanks only do not count. */
function sharedIndentation(units: readonly Unit[]): number {
  let shared = Infinity;
  let indent: number | undefined = 0;
  for (const { character, escaped } of units) {
    if (character === '\n' && !escaped) indent = 0;
    else if (indent !== undefined) {
      if (character === ' ' && !escaped) indent++;
      else {
        shared = Math.min(shared, indent);
        indent = undefined;
      }
    }
  }
  return shared;
}
