/**
 * Reads attribute sets as trees of bindings. Everything that is no plain set, list or single token is skipped and known
 * as computed. Missing semicolons and values are repaired: a name path with `=` begins a new binding wherever it stands.
 */
import type { Span } from '../../util/span';
import { attributePathEnd, bindingEquals, isAttributeName } from './attributePath';
import type { Brackets } from './brackets';
import type { Token, TokenKind } from './lexer';
import type { NixSource } from './nixSource';
import type { ProblemList } from './problems';
import { decodeString } from './strings';

/** One part of an attribute path. */
export interface AttributeName {
  /** Absent when it has to be evaluated: `${…}`, or a string with that in it. */
  readonly name?: string;
  readonly span: Span;
}

export type Value =
  | { readonly kind: 'token'; readonly token: Token; readonly span: Span }
  | { readonly kind: 'set'; readonly set: AttributeSet; readonly span: Span }
  | { readonly kind: 'list'; readonly elements: readonly ListElement[]; readonly span: Span }
  | { readonly kind: 'computed'; readonly span: Span }
  | { readonly kind: 'missing'; readonly span: Span };

/** One element of a list; without `token` when it takes more than one. */
export interface ListElement {
  readonly token?: Token;
  readonly span: Span;
}

export interface Binding {
  readonly path: readonly [AttributeName, ...AttributeName[]];
  readonly value: Value;
  /** Index of the value's first token. */
  readonly valueIndex: number;
  /** From the first name to the `;`. */
  readonly span: Span;
}

export interface AttributeSet {
  readonly bindings: readonly Binding[];
  /** Something else is merged into it (`{ … } // x`), or a part of it is nested too deeply to be read. */
  readonly partial: boolean;
}

/** Tokens that can be a whole value. */
const SIMPLE_KINDS: ReadonlySet<TokenKind> = new Set(['name', 'string', 'indented', 'path', 'uri', 'number']);

/** Sets nested deeper than this are not read: callers may walk the result recursively without fear for their stack. */
const MAX_DEPTH = 200;

/** Reads the outermost attribute set of a text; whatever stands around it is ignored. */
export function readOutermostSet(source: NixSource, problems: ProblemList): AttributeSet {
  return new BindingReader(source, problems).readOutermost();
}

class BindingReader {
  readonly #problems: ProblemList;
  readonly #source: NixSource;
  readonly #tokens: readonly Token[];
  readonly #brackets: Brackets;
  /** One `let` had no `in`; looking for those of the others is in vain, and would cost quadratic time. */
  #letsLackIn = false;

  constructor(source: NixSource, problems: ProblemList) {
    this.#problems = problems;
    this.#source = source;
    this.#tokens = source.tokens;
    this.#brackets = source.brackets;
  }

  readOutermost(): AttributeSet {
    const bindings: Binding[] = [];
    const last = this.#tokens.length - 1;
    const opener = this.#outermostOpener();
    if (opener !== -1) this.#readBindings(opener + 1, this.#brackets.contentEnd(opener), 1, bindings);
    // A brace too many ends the set early, one that is missing never begins it: the bindings are there all the same.
    let index = opener === -1 ? 0 : this.#brackets.after(opener);
    while (index < last && bindingEquals(this.#tokens, index) === -1) index = this.#afterPath(index);
    this.#readBindings(index, last, 1, bindings);
    if (bindings.length === 0 && opener === -1 && last > 0) this.#report('The outermost value is no attribute set', 0, last - 1);
    this.#reportUnclosed();
    return { bindings, partial: false };
  }

  #reportUnclosed(): void {
    for (let index = 0; index < this.#tokens.length; index++) {
      if (this.#tokens[index]?.unclosed === true) this.#report('A closing quote is missing', index, index);
      else if (this.#brackets.opens(index) && !this.#brackets.isClosed(index))
        this.#report('A closing bracket is missing', index, index);
    }
  }

  /** The `{` of the outermost set, behind `let … in`, `with …;`, parentheses and function arguments; -1 when there is none. */
  #outermostOpener(): number {
    let index = 0;
    while (index < this.#tokens.length) {
      const kind = this.#source.kindAt(index);
      if (kind === 'let' && this.#source.kindAt(index + 1) !== '{') index = this.#skipLet(index);
      else if (kind === '{') {
        const after = this.#brackets.after(index);
        if (!this.#isFunctionHead(after)) return index;
        index = after;
      } else if (bindingEquals(this.#tokens, index) !== -1) return -1;
      else index = kind === '[' ? this.#brackets.after(index) : this.#afterPath(index);
    }
    return -1;
  }

  /** The index behind the attribute path at `index`, or behind whatever else stands there. */
  #afterPath(index: number): number {
    return Math.max(index + 1, attributePathEnd(this.#tokens, index));
  }

  /** The index behind the `in` of the `let` at `index`; behind the `let` itself when there is no `in`. */
  #skipLet(index: number): number {
    let lets = 0;
    let lastIn = -1;
    if (this.#letsLackIn) return index + 1;
    for (let at = index; at < this.#tokens.length; at = this.#brackets.opens(at) ? this.#brackets.after(at) : at + 1) {
      const kind = this.#source.kindAt(at);
      if (kind === '}' || kind === ')' || kind === ']') break;
      if (kind === 'let' && this.#source.kindAt(at + 1) !== '{') lets++;
      else if (kind === 'in') {
        lastIn = at;
        if (--lets === 0) break;
      }
    }
    if (lastIn === -1) this.#letsLackIn = true;
    return lastIn === -1 ? index + 1 : lastIn + 1;
  }

  #isFunctionHead(afterBrace: number): boolean {
    const kind = this.#source.kindAt(afterBrace);
    return kind === ':' || kind === '@';
  }

  #readBindings(from: number, end: number, depth: number, into: Binding[]): void {
    let index = from;
    while (index < end) {
      const token = this.#tokens[index];
      if (token?.kind === 'inherit') index = this.#readInherit(index, end, into);
      else if (isAttributeName(token) || token?.kind === '${') index = this.#readBinding(index, end, depth, into);
      else if (this.#brackets.opens(index)) index = this.#brackets.after(index);
      else index++;
    }
  }

  /** Reads `inherit a b;` or `inherit (x) a b;`: names whose values stand elsewhere. */
  #readInherit(from: number, end: number, into: Binding[]): number {
    let index = from + 1;
    if (this.#source.kindAt(index) === '(') index = this.#brackets.after(index);
    const names: number[] = [];
    while (index < end && isAttributeName(this.#tokens[index]) && bindingEquals(this.#tokens, index) === -1) names.push(index++);
    const last = this.#source.kindAt(index) === ';' && index < end ? index++ : index - 1;
    const span = this.#source.spanOf(from, last);
    for (const at of names) {
      const name = this.#nameAt(at);
      into.push({ path: [name], value: { kind: 'computed', span: name.span }, valueIndex: at, span });
    }
    return index;
  }

  #nameAt(index: number): AttributeName {
    const token = this.#tokens[index];
    if (token === undefined) return { span: this.#source.spanOf(index, index) };
    const span = { start: token.start, end: token.end };
    if (token.kind === 'name') return { name: this.#source.text.slice(token.start, token.end), span };
    return token.interpolated ? { span } : { name: decodeString(this.#source.text, token).value, span };
  }

  #readBinding(from: number, end: number, depth: number, into: Binding[]): number {
    const path: AttributeName[] = [];
    let index = from;
    let dotted = true;
    while (dotted && index < end) {
      const token = this.#tokens[index];
      if (token?.kind === '${') {
        path.push(this.#dynamicName(index));
        index = this.#brackets.after(index);
      } else if (isAttributeName(token)) path.push(this.#nameAt(index++));
      else break;
      dotted = this.#source.kindAt(index) === '.';
      if (dotted) index++;
      if (dotted && this.#tokens[index]?.first === true) break;
    }
    const kind = index < end ? this.#source.kindAt(index) : 'end';
    const hasValue = kind === '=' || kind === '{';
    if (kind !== '=') this.#report('Here belongs a "="', from, index - 1);
    if (!hasValue && !dotted) path.pop(); // the name may be half typed
    const [head, ...tail] = path;
    if (head === undefined) return index;
    const valueIndex = kind === '=' ? index + 1 : index;
    const { value, next } = hasValue
      ? this.#readValue(valueIndex, end, depth, this.#tokens[from]?.indent ?? 0)
      : { value: this.#missingValue(index), next: index };
    const closed = next < end && this.#source.kindAt(next) === ';';
    if (!closed) this.#report('A ";" is missing', next - 1, next - 1);
    into.push({ path: [head, ...tail], value, valueIndex, span: this.#source.spanOf(from, closed ? next : next - 1) });
    return closed ? next + 1 : next;
  }

  #missingValue(index: number): Value {
    const at = this.#tokens[index - 1]?.end ?? this.#source.text.length;
    this.#report('A value is missing', index - 1, index - 1);
    return { kind: 'missing', span: { start: at, end: at } };
  }

  /** `${"name"}` is a plain name; all else between the braces is not. */
  #dynamicName(index: number): AttributeName {
    const span = this.#source.spanOf(index, this.#brackets.after(index) - 1);
    const inside = this.#tokens[index + 1];
    const single = inside?.kind === 'string' && this.#brackets.contentEnd(index) === index + 2;
    const name = single ? this.#nameAt(index + 1).name : undefined;
    return name === undefined ? { span } : { name, span };
  }

  /** Reads a value; `next` is the index of its `;`, or of what follows when that is missing. */
  #readValue(from: number, end: number, depth: number, indent: number): { readonly value: Value; readonly next: number } {
    if (this.#endsValue(from, end)) return { value: this.#missingValue(from), next: from };
    let start = from;
    while (this.#source.kindAt(start) === '(' && this.#brackets.isClosed(start)) start++;
    const simple = this.#readSimpleValue(start, end, depth);
    if (simple !== undefined) {
      let next = simple.next;
      while (next - simple.next < start - from && this.#source.kindAt(next) === ')') next++;
      if (next - simple.next === start - from && this.#endsValue(next, end)) return { value: simple.value, next };
      if (simple.value.kind === 'set' && this.#source.kindAt(next) === '//') {
        const set = { ...simple.value.set, partial: true };
        return { value: { ...simple.value, set }, next: this.#skipValue(next, end, indent) };
      }
    }
    const next = this.#skipValue(from, end, indent);
    return { value: { kind: 'computed', span: this.#source.spanOf(from, next - 1) }, next };
  }

  #endsValue(index: number, end: number): boolean {
    return index >= end || this.#source.kindAt(index) === ';' || bindingEquals(this.#tokens, index) !== -1;
  }

  /** Reads a set, a list or a single token; undefined where something else begins. */
  #readSimpleValue(index: number, end: number, depth: number): { readonly value: Value; readonly next: number } | undefined {
    const token = this.#tokens[index];
    if (token === undefined || index >= end) return undefined;
    const opener = token.kind === 'rec' ? index + 1 : index;
    if (this.#source.kindAt(opener) === '{') {
      const next = this.#brackets.after(opener);
      if (this.#isFunctionHead(next)) return undefined;
      const bindings: Binding[] = [];
      const tooDeep = depth >= MAX_DEPTH;
      if (tooDeep) this.#report('Sets are nested too deeply', opener, opener);
      else this.#readBindings(opener + 1, this.#brackets.contentEnd(opener), depth + 1, bindings);
      return { value: { kind: 'set', set: { bindings, partial: tooDeep }, span: this.#source.spanOf(index, next - 1) }, next };
    }
    if (token.kind === '[') {
      const next = this.#brackets.after(index);
      return { value: { kind: 'list', elements: this.#readElements(index), span: this.#source.spanOf(index, next - 1) }, next };
    }
    if (!SIMPLE_KINDS.has(token.kind)) return undefined;
    return { value: { kind: 'token', token, span: { start: token.start, end: token.end } }, next: index + 1 };
  }

  #readElements(opener: number): readonly ListElement[] {
    const elements: ListElement[] = [];
    const end = this.#brackets.contentEnd(opener);
    let index = opener + 1;
    while (index < end) {
      const from = index;
      index = this.#brackets.opens(index) ? this.#brackets.after(index) : index + 1;
      while (index < end && this.#source.kindAt(index) === '.') index = Math.min(end, index + 2);
      const token = index === from + 1 ? this.#tokens[from] : undefined;
      elements.push(
        token === undefined
          ? { span: this.#source.spanOf(from, index - 1) }
          : { token, span: { start: token.start, end: token.end } },
      );
    }
    return elements;
  }

  /** Skips what cannot be read, to the `;` that ends the value, or to the binding or the end that shows that it is missing. */
  #skipValue(from: number, end: number, indent: number): number {
    let lets = 0;
    let semicolons = 0;
    let index = from;
    while (index < end) {
      const token = this.#tokens[index];
      const kind = token?.kind;
      if (kind === ';' && lets === 0) {
        if (semicolons === 0) return index;
        semicolons--;
      } else if (kind === 'let' && this.#source.kindAt(index + 1) !== '{') lets++;
      else if (kind === 'in') lets = Math.max(0, lets - 1);
      else if ((kind === 'with' || kind === 'assert') && lets === 0) semicolons++;
      else if (isAttributeName(token) && (token?.first === true || this.#source.kindAt(index - 1) !== '.')) {
        const binds = bindingEquals(this.#tokens, index) !== -1;
        const leavesLet = this.#source.letsUnbalanced && token?.first === true && token.indent <= indent;
        if (binds && (lets === 0 || leavesLet)) return index;
        index = Math.max(index, attributePathEnd(this.#tokens, index) - 1);
      }
      index = this.#brackets.opens(index) ? this.#brackets.after(index) : index + 1;
    }
    return index;
  }

  #report(message: string, first: number, last: number): void {
    this.#problems.report(message, this.#source.spanOf(first, last));
  }
}
