/** The values of attributes that can be read without evaluating anything. */
import type { Span } from '../../util/span';
import type { Binding } from './bindings';
import { decodeString } from './strings';

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

/** Reads the value of a binding, whose path ends in the attribute `nameSpan`. */
export function literalValue(source: string, { value, span: bindingSpan }: Binding, nameSpan: Span): LiteralValue {
  const { span } = value;
  if (value.kind === 'missing') return { kind: 'missing', span, nameSpan, bindingSpan };
  if (value.kind !== 'token' || value.token.interpolated) return { kind: 'computed', span, nameSpan, bindingSpan };
  const { token } = value;
  if (token.kind === 'string' || token.kind === 'indented') {
    const decoded = decodeString(source, token);
    return { kind: 'string', value: decoded.value, span, textSpan: decoded.textSpan, nameSpan, bindingSpan };
  }
  const text = source.slice(token.start, token.end);
  if (token.kind === 'path' || token.kind === 'uri')
    return { kind: token.kind, value: text, span, textSpan: span, nameSpan, bindingSpan };
  if (token.kind === 'number') return { kind: 'int', value: Number(text), span, nameSpan, bindingSpan };
  if (text === 'true' || text === 'false') return { kind: 'bool', value: text === 'true', span, nameSpan, bindingSpan };
  return { kind: 'computed', span, nameSpan, bindingSpan };
}

/** Makes a value that is known to be no literal. */
export function computedValue({ value, span: bindingSpan }: Binding, nameSpan: Span): LiteralValue {
  return { kind: 'computed', span: value.span, nameSpan, bindingSpan };
}
