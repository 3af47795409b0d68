/** A text with one `|` in it: where the cursor is. */
export interface Cursor {
  readonly text: string;
  /** UTF-16. */
  readonly offset: number;
  readonly position: { readonly line: number; readonly character: number };
}

/** Takes the cursor out of a text. */
export function cursor(marked: string): Cursor {
  const offset = marked.indexOf('|');
  if (offset < 0) throw new Error('The text has no cursor.');
  const before = marked.slice(0, offset).split('\n');
  return {
    text: marked.slice(0, offset) + marked.slice(offset + 1),
    offset,
    position: { line: before.length - 1, character: before.at(-1)?.length ?? 0 },
  };
}
