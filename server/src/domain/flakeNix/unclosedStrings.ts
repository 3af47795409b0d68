/** Tells where a string ends whose closing quote is missing: most often it has just been opened, and the next quote opens another. */
import { APOSTROPHE, AT, BACKSLASH, DOLLAR, isNameCode, QUOTE, SLASH, SPACE, TILDE } from './characters';
import type { TextSearch } from './textSearch';

/**
 * Where the string that begins at `start` ends for want of a closing quote; -1 when it has one. `oneLine` says that it is the value
 * of an attribute whose text never spans lines, so that its end is at the line's end or at the `;` before.
 */
export function unclosedEnd(
  text: string,
  search: TextSearch,
  start: number,
  kind: 'string' | 'indented',
  oneLine: boolean,
): number {
  const lineEnd = search.lineEnd(start);
  const isClosed =
    kind === 'string'
      ? isStringClosed(text, search, start, lineEnd, oneLine)
      : isIndentedClosed(text, search, start, lineEnd, oneLine);
  if (isClosed) return -1;
  const textStart = start + (kind === 'string' ? 1 : 2);
  let end = oneLine ? Math.min(lineEnd, search.next(';', start)) : lineEnd;
  while (end > textStart && text.charCodeAt(end - 1) <= SPACE) end--;
  return end;
}

/**
 * The next quote is the opening one of another string when a word follows it, or when it would close a text over several
 * lines where only a `;` may come next.
 */
function isStringClosed(text: string, search: TextSearch, start: number, lineEnd: number, oneLine: boolean): boolean {
  const stop = search.quoteOrInterpolation(start + 1);
  if (stop >= text.length) return false;
  if (text.charCodeAt(stop) === DOLLAR) return !oneLine || (stop < lineEnd && search.next('}', stop) < lineEnd);
  const opensAnother = startsContent(text.charCodeAt(stop + 1));
  return stop < lineEnd ? !oneLine || !opensAnother : !opensAnother && (!oneLine || isSemicolonNext(text, stop + 1));
}

/** The text of a `''` often spans lines: only where a `;` has to follow its end is the next `''` known to open another. */
function isIndentedClosed(text: string, search: TextSearch, start: number, lineEnd: number, oneLine: boolean): boolean {
  if (!oneLine) return true;
  const stop = search.next("''", start + 2);
  const code = text.charCodeAt(stop + 2);
  const isEscape = code === APOSTROPHE || code === DOLLAR || code === BACKSLASH;
  return stop < lineEnd || isEscape || isSemicolonNext(text, stop + 2);
}

/** Tells whether a quote in front of it opens a string; a closing one is followed by white space or punctuation. */
function startsContent(code: number): boolean {
  return isNameCode(code) || code === QUOTE || code === DOLLAR || code === SLASH || code === TILDE || code === AT;
}

function isSemicolonNext(text: string, from: number): boolean {
  let position = from;
  while (text.charCodeAt(position) <= SPACE) position++;
  return text[position] === ';';
}
