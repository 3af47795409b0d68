/**
 * Strict JSON, token by token, with positions: what nlohmann::json accepts in Nix, so no comments and no trailing commas.
 * There is no recursion on the depth of the input and no tree in memory: the caller walks the few levels it knows and skips
 * the rest. After the first mistake every token is the end of the text, so that all loops of the caller run out.
 */
import { createScanner, type JSONScanner } from 'jsonc-parser';
import { plainText } from '../../util/plainText';
import type { Span } from '../../util/span';

/** The token kinds of jsonc-parser, which are a `const enum` and so cannot be imported one by one. */
const KIND = {
  openBrace: 1,
  closeBrace: 2,
  openBracket: 3,
  closeBracket: 4,
  comma: 5,
  colon: 6,
  null: 7,
  true: 8,
  false: 9,
  string: 10,
  number: 11,
  trivia: 15,
  unknown: 16,
  end: 17,
} as const;

/** A value that is neither object nor array. */
export type JsonScalar = string | number | boolean | null;

/** Deeper nesting than anybody writes; refused, because it costs memory to follow. */
const MAX_DEPTH = 512;

/** Reads one JSON text. */
export class JsonTokens {
  readonly #text: string;
  readonly #scanner: JSONScanner;
  /** The present token. */
  #kind: number = KIND.trivia;
  #start = 0;
  #end = 0;
  #valueStart = 0;
  #valueEnd = 0;
  #nameStart = 0;
  #nameEnd = 0;
  #mistake: { readonly message: string; readonly span: Span } | undefined;

  constructor(text: string) {
    this.#text = text;
    this.#scanner = createScanner(text);
    // A byte order mark is skipped, as nlohmann::json does.
    this.#end = text.startsWith('\uFEFF') ? 1 : 0;
    this.#advance();
  }

  /** The first mistake; the message goes behind "flake.lock is not valid: ". */
  get mistake(): { readonly message: string; readonly span: Span } | undefined {
    return this.#mistake;
  }

  /** Where the present token stands. */
  get span(): Span {
    return { start: this.#start, end: this.#end };
  }

  get atObject(): boolean {
    return this.#kind === KIND.openBrace;
  }

  get atArray(): boolean {
    return this.#kind === KIND.openBracket;
  }

  /** Where the value stands that was read or skipped last. */
  get valueSpan(): Span {
    return { start: this.#valueStart, end: this.#valueEnd };
  }

  /** Where the name of the member stands that is being read: to be asked for before its value is read. */
  get nameSpan(): Span {
    return { start: this.#nameStart, end: this.#nameEnd };
  }

  /**
   * Reads an object. `member` is called for each member in text order, duplicates included, and must read or skip its value.
   * Returns the object's span. To be called only when {@link atObject}.
   */
  readObject(member: (name: string) => void): Span {
    const start = this.#start;
    this.#advance();
    if (this.#kind !== KIND.closeBrace) {
      do {
        if (this.#kind !== KIND.string) return this.#fail('a name in quotes is missing here', start);
        const name = this.#scanner.getTokenValue();
        const nameStart = this.#start;
        const nameEnd = this.#end;
        this.#advance();
        if (!this.#take(KIND.colon)) return this.#fail('a ":" is missing here', start);
        this.#nameStart = nameStart;
        this.#nameEnd = nameEnd;
        member(name);
      } while (this.#take(KIND.comma));
    }
    return this.#close(KIND.closeBrace, start, 'a "," or "}" is missing here');
  }

  /** Reads an array; `element` must read or skip each value. Returns its span. To be called only when {@link atArray}. */
  readArray(element: () => void): Span {
    const start = this.#start;
    this.#advance();
    if (this.#kind !== KIND.closeBracket) {
      do element();
      while (this.#take(KIND.comma));
    }
    return this.#close(KIND.closeBracket, start, 'a "," or "]" is missing here');
  }

  /** Reads a scalar; gives nothing, and skips the value, where an object or array stands. */
  readScalar(): JsonScalar | undefined {
    const kind = this.#kind;
    let value: JsonScalar;
    if (kind === KIND.string) value = this.#scanner.getTokenValue();
    else if (kind === KIND.number) value = Number(this.#scanner.getTokenValue());
    else if (kind === KIND.true || kind === KIND.false) value = kind === KIND.true;
    else if (kind === KIND.null) value = null;
    else {
      this.skip();
      return undefined;
    }
    this.#valueStart = this.#start;
    this.#valueEnd = this.#end;
    this.#advance();
    return value;
  }

  /** Skips one value of any kind, checking its syntax. Returns its span. */
  skip(): Span {
    const start = this.#start;
    let end = this.#end;
    // The closing token of each open object or array.
    const open: number[] = [];
    for (;;) {
      if (this.atObject || this.atArray) {
        const isObject = this.atObject;
        if (open.length >= MAX_DEPTH) return this.#fail('it is nested too deeply', start);
        this.#advance();
        const closing = isObject ? KIND.closeBrace : KIND.closeBracket;
        if (this.#kind !== closing) {
          open.push(closing);
          if (isObject && !this.#takeName()) return this.#fail('a name in quotes with a ":" behind it is missing here', start);
          continue;
        }
      } else if (this.#kind < KIND.null || this.#kind > KIND.number) {
        return this.#fail('a value is missing here', start);
      }
      end = this.#end;
      this.#advance();
      // A value is complete. Close what ends here, then go on with the next member or element.
      for (;;) {
        const closing = open.at(-1);
        if (closing === undefined) return this.#read(start, end);
        if (this.#take(KIND.comma)) {
          if (closing === KIND.closeBrace && !this.#takeName())
            return this.#fail('a name in quotes with a ":" behind it is missing here', start);
          break;
        }
        if (this.#kind !== closing) return this.#fail('a "," or a closing bracket is missing here', start);
        open.pop();
        end = this.#end;
        this.#advance();
      }
    }
  }

  /** Checks that nothing follows. */
  finish(): void {
    if (this.#kind !== KIND.end) this.#fail('nothing may follow the closing brace', 0);
  }

  /** Records a mistake at the present token; later ones are consequences and are dropped. */
  #fail(message: string, start: number): Span {
    if (this.#mistake === undefined) {
      const span = this.#visibleSpan();
      this.#mistake = { message: this.#explain(message, span), span };
      this.#kind = KIND.end;
    }
    return this.#read(start, Math.max(start, this.#mistake.span.end));
  }

  #explain(message: string, span: Span): string {
    // After a failed merge git leaves such lines.
    if (/^(?:<{7}|={7}|>{7})/.test(this.#text.slice(span.start, span.start + 7))) return 'it has merge conflict markers';
    if (this.#text.trim() === '') return 'it is empty';
    if (this.#kind === KIND.end || (this.#kind === KIND.string && span.end >= this.#text.length)) return 'it ends too early';
    return message.endsWith('missing here')
      ? `${message}, not ${plainText(this.#text.slice(span.start, span.end), 24)}`
      : message;
  }

  /** The present token's place; at the end of the text its last visible character, so that an editor has something to underline. */
  #visibleSpan(): Span {
    const { span } = this;
    if (span.end > span.start) return span;
    const end = this.#text.trimEnd().length;
    return { start: Math.max(0, end - 1), end };
  }

  #close(kind: number, start: number, message: string): Span {
    if (this.#kind !== kind) return this.#fail(message, start);
    const end = this.#end;
    this.#advance();
    return this.#read(start, end);
  }

  #read(start: number, end: number): Span {
    this.#valueStart = start;
    this.#valueEnd = end;
    return { start, end };
  }

  #take(kind: number): boolean {
    if (this.#kind !== kind) return false;
    this.#advance();
    return true;
  }

  #takeName(): boolean {
    return this.#take(KIND.string) && this.#take(KIND.colon);
  }

  #advance(): void {
    if (this.#mistake !== undefined) return;
    // White space is skipped here: the scanner would make a text of each run of it.
    let start = this.#end;
    while (isWhiteSpace(this.#text.charCodeAt(start))) start += 1;
    this.#scanner.setPosition(start);
    const kind: number = this.#scanner.scan();
    this.#kind = kind;
    this.#start = start;
    this.#end = this.#scanner.getPosition();
    if (kind === KIND.string || kind === KIND.number) {
      const error: number = this.#scanner.getTokenError();
      if (error !== 0) this.#fail(kind === KIND.string ? 'a text is malformed' : 'a number is malformed', start);
    } else if (kind > KIND.number && kind < KIND.end) {
      this.#fail(kind === KIND.unknown ? 'it is no JSON' : 'JSON has no comments', start);
    }
  }
}

/** Of JSON: space, tab, line feed, carriage return. */
function isWhiteSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
