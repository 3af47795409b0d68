/**
 * Cuts Nix text into tokens. A string with all its interpolations is one token: nothing in it can declare an input.
 * No recursion, and no character is looked at more than a fixed number of times, however the text is nested or damaged.
 */
import {
  APOSTROPHE,
  BACKSLASH,
  BYTE_ORDER_MARK,
  CARRIAGE_RETURN,
  COLON,
  DOLLAR,
  EQUALS,
  HASH,
  LINE_FEED,
  OPEN_BRACE,
  QUOTE,
  SLASH,
  SPACE,
  STAR,
  TAB,
  TILDE,
  isNameCode,
  isPathCode,
  isSchemeCode,
  isUriCode,
  startsName,
} from './characters';
import { TextSearch } from './textSearch';
import { unclosedEnd } from './unclosedStrings';

/** Keywords and punctuation are their own kind; `op` is any other operator or character, `end` the end of the text. */
export type TokenKind =
  | ('name' | 'string' | 'indented' | 'path' | 'uri' | 'number' | 'op' | 'end')
  | ('let' | 'in' | 'with' | 'assert' | 'inherit' | 'rec')
  | ('{' | '${' | '(' | '[' | '}' | ')' | ']')
  | ('=' | ';' | '.' | ':' | '@' | ',' | '?' | '...' | '//');

/** A piece of the text; white space and comments lie between them. */
export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  /** Nothing but white space and comments stands before it on its line. */
  readonly first: boolean;
  /** Column of the first token on its line, from 0; a tab is one. */
  readonly indent: number;
  /** A string or path with `${…}` in it. */
  readonly interpolated: boolean;
  /** A string whose closing quote is missing. */
  readonly unclosed: boolean;
}

const KEYWORDS = new Map<string, TokenKind>(
  (['let', 'in', 'with', 'assert', 'inherit', 'rec'] as const).map((word) => [word, word]),
);
const KEYWORD_STARTS = new Set([...KEYWORDS.keys()].map((word) => word.charCodeAt(0)));
const LONGEST_KEYWORD = 7;

/** By character code. */
const PUNCTUATION: (TokenKind | undefined)[] = new Array<undefined>(128).fill(undefined);
for (const kind of ['{', '}', '(', ')', '[', ']', '=', ';', '.', ':', '@', ',', '?'] as const)
  PUNCTUATION[kind.charCodeAt(0)] = kind;
const TWO_CHARACTER_OPERATORS = new Set(['!=', '<=', '>=', '&&', '||', '->', '++', '|>', '<|']);

/** Attributes whose text never spans lines: a string assigned to one ends at the line's end when it is not closed before. */
const ONE_LINE_ATTRIBUTES = new Set(
  ['url', 'follows', 'type', 'owner', 'repo', 'rev', 'ref', 'dir', 'host', 'path', 'narHash', 'description'], // prettier-ignore
);

/** Cuts the text into tokens. The last one is of kind `end`. */
export function tokenize(text: string): readonly Token[] {
  return new Lexer(text).run();
}

/** A string or path that is open around the position, and how many braces are open in its current interpolation. */
interface OpenText {
  readonly kind: 'string' | 'indented' | 'path';
  braces: number;
}

class Lexer {
  readonly #text: string;
  readonly #search: TextSearch;
  readonly #tokens: Token[] = [];
  #position = 0;
  #lineStart = 0;
  #first = true;
  #indent = 0;
  /** The strings and paths around the position. What is read inside of one makes no token. */
  readonly #open: OpenText[] = [];
  /** Where the outermost of them begins. */
  #openStart = 0;
  #interpolated = false;
  /** From none of these positions a path (a URI) begins, as an earlier start with the same continuation showed. */
  #noPath = { start: 0, end: 0 };
  #noUri = { start: 0, end: 0 };

  constructor(text: string) {
    this.#text = text;
    this.#search = new TextSearch(text);
  }

  run(): readonly Token[] {
    const length = this.#text.length;
    while (this.#position < length) this.#step();
    const outermost = this.#open[0];
    if (outermost !== undefined) this.#emit(outermost.kind, this.#openStart, length, outermost.kind !== 'path');
    this.#emit('end', length, length, false);
    return this.#tokens;
  }

  /** Reads one token, comment or character of white space; the position is not in the text of a string. */
  #step(): void {
    const start = this.#position;
    const code = this.#text.charCodeAt(start);
    if (code === SPACE || code === TAB || code === CARRIAGE_RETURN || code === BYTE_ORDER_MARK) {
      this.#position = start + 1;
    } else if (code === LINE_FEED) {
      this.#position = start + 1;
      this.#startLine(start + 1);
    } else if (startsName(code)) {
      this.#readWord(start, code);
    } else if (code === HASH) {
      this.#position = this.#search.lineEnd(start);
    } else if (code === QUOTE) {
      this.#readString(start, 'string');
    } else if (code === APOSTROPHE && this.#text.charCodeAt(start + 1) === APOSTROPHE) {
      this.#readString(start, 'indented');
    } else if (code === SLASH && this.#text.charCodeAt(start + 1) === STAR) {
      this.#skipBlockComment(start);
    } else if (!this.#readPath(start, code)) {
      if (code >= 48 && code <= 57) this.#readNumber(start);
      else this.#readPunctuation(start, code);
    }
  }

  #startLine(position: number): void {
    if (this.#open.length > 0) return;
    this.#lineStart = position;
    this.#first = true;
  }

  #skipBlockComment(start: number): void {
    const close = this.#search.next('*/', start + 2);
    // One that is not closed is being typed: only its line is taken for comment.
    const end = close === this.#text.length ? this.#search.lineEnd(start) : close + 2;
    for (let line = this.#search.lineEnd(start); line < end; line = this.#search.lineEnd(line + 1)) this.#startLine(line + 1);
    this.#position = end;
  }

  #readWord(start: number, code: number): void {
    if (this.#readPath(start, code)) return;
    const uriEnd = this.#uriEnd(start);
    if (uriEnd !== -1) {
      this.#token('uri', uriEnd);
      return;
    }
    let end = start + 1;
    while (isNameCode(this.#text.charCodeAt(end))) end++;
    const keyword =
      end - start <= LONGEST_KEYWORD && KEYWORD_STARTS.has(code) ? KEYWORDS.get(this.#text.slice(start, end)) : undefined;
    this.#token(keyword ?? 'name', end);
  }

  #readNumber(start: number): void {
    let end = start + 1;
    for (let code = this.#text.charCodeAt(end); code >= 48 && code <= 57; code = this.#text.charCodeAt(end)) end++;
    this.#token('number', end);
  }

  #readPunctuation(start: number, code: number): void {
    const text = this.#text;
    const next = text.charCodeAt(start + 1);
    const kind = PUNCTUATION[code];
    if (kind === undefined) {
      if (code === DOLLAR && next === OPEN_BRACE) this.#token('${', start + 2);
      else if (code === SLASH && next === SLASH) this.#token('//', start + 2);
      else this.#token('op', start + (TWO_CHARACTER_OPERATORS.has(text.slice(start, start + 2)) ? 2 : 1));
    } else if (kind === '=' && next === EQUALS) this.#token('op', start + 2);
    else if (kind === '.' && text.startsWith('...', start)) this.#token('...', start + 3);
    else this.#token(kind, start + 1);
  }

  /** Reads the path literal that begins here; tells whether there is one. */
  #readPath(start: number, code: number): boolean {
    const text = this.#text;
    let slash = start;
    if (code === TILDE) slash++;
    else if (code !== SLASH) {
      if (start >= this.#noPath.start && start < this.#noPath.end) return false;
      while (isPathCode(text.charCodeAt(slash))) slash++;
    }
    if (text.charCodeAt(slash) === SLASH) {
      const next = text.charCodeAt(slash + 1);
      if (isPathCode(next) || (next === DOLLAR && text.charCodeAt(slash + 2) === OPEN_BRACE)) {
        this.#openText('path', start, slash + 1);
        return true;
      }
    }
    this.#noPath = { start, end: slash };
    return false;
  }

  /** Where the URI literal that begins here ends; -1 when there is none. */
  #uriEnd(start: number): number {
    const text = this.#text;
    if (start >= this.#noUri.start && start < this.#noUri.end) return -1;
    let colon = start;
    while (isSchemeCode(text.charCodeAt(colon))) colon++;
    let end = colon + 1;
    if (text.charCodeAt(colon) === COLON) while (isUriCode(text.charCodeAt(end))) end++;
    if (end > colon + 1) return end;
    this.#noUri = { start, end: colon };
    return -1;
  }

  #readString(start: number, kind: 'string' | 'indented'): void {
    const cut = this.#open.length > 0 ? -1 : unclosedEnd(this.#text, this.#search, start, kind, this.#isOneLineValue());
    if (cut === -1) {
      this.#openText(kind, start, start + (kind === 'string' ? 1 : 2));
    } else {
      this.#interpolated = this.#search.next('${', start) < cut;
      this.#emit(kind, start, cut, true);
      this.#position = cut;
    }
  }

  #isOneLineValue(): boolean {
    const name = this.#tokens.at(-2);
    return (
      name?.kind === 'name' &&
      this.#tokens.at(-1)?.kind === '=' &&
      ONE_LINE_ATTRIBUTES.has(this.#text.slice(name.start, name.end))
    );
  }

  #openText(kind: OpenText['kind'], start: number, textStart: number): void {
    if (this.#open.length === 0) {
      this.#openStart = start;
      this.#interpolated = false;
    }
    this.#open.push({ kind, braces: 0 });
    this.#position = textStart;
    this.#readText(kind);
  }

  /** Reads the text of the innermost string or path, to its end or into its next interpolation. */
  #readText(kind: OpenText['kind']): void {
    const closed =
      kind === 'string' ? this.#readStringText() : kind === 'indented' ? this.#readIndentedText() : this.#readPathText();
    if (!closed) return;
    this.#open.pop();
    if (this.#open.length === 0) this.#emit(kind, this.#openStart, this.#position, false);
  }

  #readStringText(): boolean {
    const stop = this.#search.quoteOrInterpolation(this.#position);
    if (this.#text.charCodeAt(stop) === DOLLAR) return this.#interpolate(stop);
    this.#position = stop + 1;
    return stop < this.#text.length;
  }

  #readIndentedText(): boolean {
    const text = this.#text;
    let position = this.#position;
    while (position < text.length) {
      const code = text.charCodeAt(position);
      const next = text.charCodeAt(position + 1);
      if (code === DOLLAR && next === OPEN_BRACE) return this.#interpolate(position);
      if (code === APOSTROPHE && next === APOSTROPHE) {
        const third = text.charCodeAt(position + 2);
        if (third === BACKSLASH) position += 4;
        else if (third === APOSTROPHE || third === DOLLAR) position += 3;
        else {
          this.#position = position + 2;
          return true;
        }
      } else {
        position += code === DOLLAR && next !== APOSTROPHE ? 2 : 1; // `$${` is no interpolation
      }
    }
    this.#position = position;
    return false;
  }

  #readPathText(): boolean {
    const text = this.#text;
    let position = this.#position;
    for (;;) {
      const code = text.charCodeAt(position);
      if (code === DOLLAR && text.charCodeAt(position + 1) === OPEN_BRACE) return this.#interpolate(position);
      if (!isPathCode(code) && !(code === SLASH && isPathCode(text.charCodeAt(position + 1)))) break;
      position++;
    }
    this.#position = position;
    return true;
  }

  #interpolate(dollar: number): false {
    this.#position = dollar + 2;
    this.#interpolated = true;
    return false;
  }

  /** Takes a token that is no string; inside an interpolation it only counts as brace. */
  #token(kind: TokenKind, end: number): void {
    const start = this.#position;
    this.#position = end;
    const open = this.#open.at(-1);
    if (open === undefined) {
      this.#interpolated = false;
      this.#emit(kind, start, end, false);
    } else if (kind === '{' || kind === '${') {
      open.braces++;
    } else if (kind === '}') {
      if (open.braces === 0) this.#readText(open.kind);
      else open.braces--;
    }
  }

  #emit(kind: TokenKind, start: number, end: number, unclosed: boolean): void {
    const first = this.#first;
    if (first) this.#indent = start - this.#lineStart;
    this.#first = false;
    this.#tokens.push({ kind, start, end, first, indent: this.#indent, interpolated: this.#interpolated, unclosed });
  }
}
