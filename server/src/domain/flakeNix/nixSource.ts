import type { Span } from '../../util/span';
import { Brackets } from './brackets';
import { tokenize, type Token, type TokenKind } from './lexer';

/** A Nix text cut into tokens, with its brackets paired. */
export class NixSource {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly brackets: Brackets;
  /** `let` and `in` do not pair up, as while typing. */
  readonly letsUnbalanced: boolean;

  constructor(text: string) {
    this.text = text;
    this.tokens = tokenize(text);
    this.brackets = new Brackets(this.tokens);
    let lets = 0;
    for (const [index, { kind }] of this.tokens.entries()) {
      if (kind === 'in') lets--;
      else if (kind === 'let' && this.kindAt(index + 1) !== '{') lets++;
    }
    this.letsUnbalanced = lets !== 0;
  }

  kindAt(index: number): TokenKind {
    return this.tokens[index]?.kind ?? 'end';
  }

  /** The span from one token to another, both included. */
  spanOf(first: number, last: number): Span {
    const start = this.tokens[first]?.start ?? this.text.length;
    return { start, end: Math.max(start, this.tokens[last]?.end ?? this.text.length) };
  }
}
