/** The character classes of Nix's lexer (nix: src/libexpr/lexer.l), by UTF-16 code unit. All are ASCII. */

export const TAB = 9;
export const LINE_FEED = 10;
export const CARRIAGE_RETURN = 13;
export const SPACE = 32;
export const QUOTE = 34;
export const HASH = 35;
export const DOLLAR = 36;
export const APOSTROPHE = 39;
export const STAR = 42;
export const SLASH = 47;
export const COLON = 58;
export const EQUALS = 61;
export const AT = 64;
export const BACKSLASH = 92;
export const OPEN_BRACE = 123;
export const TILDE = 126;
export const BYTE_ORDER_MARK = 0xfeff;

const NAME_START = 1;
const NAME = 2;
const PATH = 4;
const SCHEME = 8;
const URI = 16;

const CLASSES = new Uint8Array(128);

function mark(characters: string, bits: number): void {
  for (const character of characters) {
    const code = character.charCodeAt(0);
    CLASSES[code] = (CLASSES[code] ?? 0) | bits;
  }
}

mark('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', NAME_START | NAME | PATH | SCHEME | URI);
mark('0123456789', NAME | PATH | SCHEME | URI);
mark('_', NAME_START | NAME | PATH | URI);
mark("'", NAME | URI);
mark('-', NAME | PATH | SCHEME | URI);
mark('.+', PATH | SCHEME | URI);
mark('%/?:@&=$,!~*', URI);

function has(code: number, bits: number): boolean {
  return ((CLASSES[code] ?? 0) & bits) !== 0;
}

/** Tells whether an identifier may begin with it. */
export function startsName(code: number): boolean {
  return has(code, NAME_START);
}

/** Tells whether an identifier may contain it. */
export function isNameCode(code: number): boolean {
  return has(code, NAME);
}

/** Tells whether it may stand between the slashes of a path literal. */
export function isPathCode(code: number): boolean {
  return has(code, PATH);
}

/** Tells whether it may stand before the colon of a URI literal. */
export function isSchemeCode(code: number): boolean {
  return has(code, SCHEME);
}

/** Tells whether it may stand behind the colon of a URI literal. */
export function isUriCode(code: number): boolean {
  return has(code, URI);
}
