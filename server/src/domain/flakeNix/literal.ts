/** The values of attributes that can be read without evaluating anything. */
import type { Span } from '../../util/span';

/**
 * A value as it stands in the text.
 *
 * `computed`: an expression, a text with `${…}`, a list or set where a plain value belongs: only evaluation could tell.
 * `missing`: nothing is written yet; the span is empty and lies behind the `=`.
 */
export type Literal =
  | {
      readonly kind: 'string' | 'path' | 'uri';
      /** Escapes decoded, indentation of `''…''` removed; a path stays as written. */
      readonly value: string;
      /** With the quotes. */
      readonly span: Span;
      /** Inside the quotes. */
      readonly textSpan: Span;
    }
  | { readonly kind: 'bool'; readonly value: boolean; readonly span: Span }
  | { readonly kind: 'int'; readonly value: number; readonly span: Span }
  | { readonly kind: 'computed'; readonly span: Span }
  | { readonly kind: 'missing'; readonly span: Span };

/** A value together with the attribute that holds it. */
export type LiteralValue = Literal & {
  /** The attribute's own name: `url` in `inputs.nixpkgs.url = …`. */
  readonly nameSpan: Span;
  /** The whole binding, from the first name of its path to its `;`. */
  readonly bindingSpan: Span;
};
