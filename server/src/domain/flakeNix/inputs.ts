import type { Span } from '../../util/span';
import type { LiteralValue } from './literal';

/** One input as declared, or the override of an input's own input. Several places that name the same input are merged. */
export interface DeclaredInput {
  readonly name: string;
  /** The input's own name at its first place, quotes included. */
  readonly nameSpan: Span;
  /** The own name at every place, in text order. */
  readonly nameSpans: readonly Span[];
  /** The binding of each place, in the same order: from the first name of its path to its `;`. */
  readonly bindingSpans: readonly Span[];
  /** Only named in the arguments of `outputs`: Nix looks it up in the flake registry. */
  readonly implicit: boolean;
  /** Something of it can only be known by evaluating (a function call, `inherit`, a name with `${…}`). */
  readonly computed: boolean;
  readonly url?: LiteralValue;
  readonly follows?: LiteralValue;
  /** Absent when not written, and when not a plain `true` or `false`. */
  readonly flake?: boolean;
  /** Where `flake` is written. */
  readonly flakeValue?: LiteralValue;
  /** All others: type, owner, repo, ref, rev, dir, …; without url, follows, flake and inputs. */
  readonly attrs: ReadonlyMap<string, LiteralValue>;
  /** Overrides of its own inputs. */
  readonly inputs: readonly DeclaredInput[];
}
