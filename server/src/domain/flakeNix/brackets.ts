/**
 * Pairs the brackets of a text. Only where they do not balance, as while typing, the indentation says where a missing
 * one belongs.
 */
import type { Token, TokenKind } from './lexer';
import { bindingEquals } from './attributePath';

const CLOSER = new Map<TokenKind, TokenKind>([
  ['{', '}'],
  ['${', '}'],
  ['(', ')'],
  ['[', ']'],
]);

/** Where the content of each bracket ends, by the index of its opening token. */
export class Brackets {
  readonly #tokens: readonly Token[];
  readonly #ends: Int32Array;
  /** Brackets were missing or too many. */
  readonly repaired: boolean;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
    const plain = pair(tokens);
    this.repaired = !plain.balanced;
    this.#ends = plain.balanced || !isIndented(tokens) ? plain.ends : pairByIndentation(tokens, plain);
  }

  /** Tells whether a bracket opens at the index. */
  opens(index: number): boolean {
    return CLOSER.has(this.#tokens[index]?.kind ?? 'end');
  }

  /** The index behind the last token of the content: of the closing bracket, or, when that is missing, of what follows. */
  contentEnd(opener: number): number {
    return this.#ends[opener] ?? opener;
  }

  /** Tells whether the bracket has its closing one. */
  isClosed(opener: number): boolean {
    return this.#tokens[this.contentEnd(opener)]?.kind === CLOSER.get(this.#tokens[opener]?.kind ?? 'end');
  }

  /** The index behind the whole bracket. */
  after(opener: number): number {
    return this.contentEnd(opener) + (this.isClosed(opener) ? 1 : 0);
  }
}

interface Pairing {
  readonly ends: Int32Array;
  readonly balanced: boolean;
  /** There are more closing braces than opening ones. */
  readonly tooManyClosed: boolean;
}

/**
 * Pairs each closing bracket with the innermost open one of its kind. A brace closes whatever is open inside of it; a
 * parenthesis or square bracket closes nothing but itself, since a single one typed astray is common.
 */
function pair(tokens: readonly Token[]): Pairing {
  const ends = new Int32Array(tokens.length);
  const stack = new BracketStack(tokens, ends);
  for (const [index, token] of tokens.entries()) stack.take(index, token);
  return { ends, balanced: stack.finish(), tooManyClosed: stack.strayBraces > 0 };
}

/** Tells whether, for the most part, what follows a brace on the next line is indented deeper; else indentation says nothing. */
function isIndented(tokens: readonly Token[]): boolean {
  let deeper = 0;
  for (const [index, { kind, indent }] of tokens.entries()) {
    const next = tokens[index + 1];
    if (kind === '{' && next?.first === true) deeper += next.indent > indent ? 1 : -1;
  }
  return deeper >= 0;
}

/**
 * Pairs again, with two more rules. A binding that begins a line, indented no deeper than the line on which a bracket
 * opened, closes that bracket. Where too many braces close, one indented deeper than the line that opened it is skipped.
 * A pair on which plain pairing and indentation agree is believed: the damage lies elsewhere.
 */
function pairByIndentation(tokens: readonly Token[], plain: Pairing): Int32Array {
  const ends = new Int32Array(tokens.length);
  const stack = new BracketStack(tokens, ends);
  const isBelieved = (opener: number): boolean => {
    const end = tokens[plain.ends[opener] ?? 0];
    return end?.kind === CLOSER.get(tokens[opener]?.kind ?? 'end') && end?.indent === tokens[opener]?.indent;
  };
  for (const [index, token] of tokens.entries()) {
    if (token.first && bindingEquals(tokens, index) !== -1) stack.closeDownTo(index, token.indent, isBelieved);
    if (token.kind === '}' && token.first && plain.tooManyClosed && token.indent > stack.braceIndent()) continue;
    stack.take(index, token);
  }
  stack.finish();
  return ends;
}

class BracketStack {
  readonly #tokens: readonly Token[];
  readonly #ends: Int32Array;
  readonly #openers: number[] = [];
  #openBraces = 0;
  #strays = 0;
  #dropped = 0;
  strayBraces = 0;

  constructor(tokens: readonly Token[], ends: Int32Array) {
    this.#tokens = tokens;
    this.#ends = ends;
  }

  take(index: number, { kind }: Token): void {
    if (kind === '{' || kind === '${') {
      this.#openBraces++;
      this.#openers.push(index);
    } else if (kind === '(' || kind === '[') {
      this.#openers.push(index);
    } else if (kind === '}') {
      if (this.#openBraces === 0) this.strayBraces++;
      else while (this.#close(index) !== '}') this.#dropped++;
    } else if (kind === ')' || kind === ']') {
      if (CLOSER.get(this.#innermost()?.kind ?? 'end') === kind) this.#close(index);
      else this.#strays++;
    }
  }

  /** Closes, before the token at `index`, the brackets that began on lines indented as deep as `indent` or deeper; never the outermost. */
  closeDownTo(index: number, indent: number, isBelieved: (opener: number) => boolean): void {
    while (this.#openers.length > 1) {
      const opener = this.#openers.at(-1) ?? 0;
      if ((this.#innermost()?.indent ?? -1) < indent || isBelieved(opener)) return;
      this.#close(index);
    }
  }

  /** Indentation of the line on which the innermost open brace stands; -1 when none is open. */
  braceIndent(): number {
    return this.#innermost()?.indent ?? -1;
  }

  /** Closes what is still open at the end of the text; tells whether everything was balanced. */
  finish(): boolean {
    const balanced = this.#openers.length + this.#strays + this.#dropped + this.strayBraces === 0;
    while (this.#openers.length > 0) this.#close(this.#tokens.length - 1);
    return balanced;
  }

  #innermost(): Token | undefined {
    const opener = this.#openers.at(-1);
    return opener === undefined ? undefined : this.#tokens[opener];
  }

  /** Closes the innermost bracket before the token at `index`; tells which closing bracket that takes. */
  #close(index: number): TokenKind | undefined {
    const opener = this.#openers.pop() ?? 0;
    this.#ends[opener] = index;
    const closer = CLOSER.get(this.#tokens[opener]?.kind ?? 'end');
    if (closer === '}') this.#openBraces--;
    return closer;
  }
}
