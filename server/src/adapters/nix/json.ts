/** Reading JSON that another program printed: every look is checked, and a value of another shape is `undefined`, never an exception. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses, or gives `undefined` for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Gives the elements, or `undefined` when one of them is no string. */
export function asStrings(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((element) => typeof element === 'string') ? value : undefined;
}

/** A whole number from 0. */
export function asCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** Applies `parse` to each element; `undefined` as soon as one is not understood. */
export function mapAll<T, U>(values: readonly T[], parse: (value: T) => U | undefined): U[] | undefined {
  const results: U[] = [];
  for (const value of values) {
    const result = parse(value);
    if (result === undefined) return undefined;
    results.push(result);
  }
  return results;
}

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN = new Set([91, 123]);
const CLOSE = new Set([93, 125]);
const COMMA = 44;
const COLON = 58;

/**
 * Walks over the members of a JSON object without parsing them: key, and the text of the value. Nix prints the derivations of a system as one
 * object of hundred megabytes, which nobody wants to parse in one go. Ends early where the text is no object; what a member's text is
 * worth, its parser says.
 */
export function* objectMembers(text: string): Generator<readonly [key: string, value: string]> {
  let at = skipSpace(text, 0);
  if (text[at] !== '{') return;
  at = skipSpace(text, at + 1);
  while (text.charCodeAt(at) === QUOTE) {
    const keyEnd = stringEnd(text, at);
    const key = parseJson(text.slice(at, keyEnd));
    at = skipSpace(text, keyEnd);
    if (typeof key !== 'string' || text.charCodeAt(at) !== COLON) return;
    const start = skipSpace(text, at + 1);
    at = valueEnd(text, start);
    yield [key, text.slice(start, at)];
    at = skipSpace(text, at);
    if (text.charCodeAt(at) !== COMMA) return;
    at = skipSpace(text, at + 1);
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  // Space, line feed, carriage return and tab are the only white space of JSON.
  while (at < text.length && ' \n\r\t'.includes(text.charAt(at))) at++;
  return at;
}

/** Gives the offset behind the closing quote. */
function stringEnd(text: string, from: number): number {
  let end = from;
  do {
    end = text.indexOf('"', end + 1);
    if (end === -1) return text.length;
  } while (isEscaped(text, end));
  return end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}

/** Gives the offset of the comma or bracket that ends the value, or the text's end. */
function valueEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(text, at) - 1;
    else if (OPEN.has(code)) depth++;
    else if (CLOSE.has(code)) {
      if (depth === 0) return at;
      depth--;
    } else if (code === COMMA && depth === 0) return at;
  }
  return text.length;
}
