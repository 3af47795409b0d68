/** A half-open range of UTF-16 code units in a text: `text.slice(start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Tells whether `offset` touches `span`, its end included, as a cursor behind the last character does. */
export function touches(span: Span, offset: number): boolean {
  return offset >= span.start && offset <= span.end;
}
