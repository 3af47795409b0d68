import type { Token } from './lexer';

/** Tells whether the token may be a part of an attribute path, `${…}` aside. */
export function isAttributeName(token: Token | undefined): boolean {
  return token?.kind === 'name' || token?.kind === 'string';
}

/**
 * The index behind the attribute path that begins at `index`, such as `a."b".c`; `index` itself when none begins there.
 * A dot at a line's end does not join the name on the next line: it is being typed.
 */
export function attributePathEnd(tokens: readonly Token[], index: number): number {
  if (!isAttributeName(tokens[index])) return index;
  let end = index + 1;
  while (tokens[end]?.kind === '.' && isAttributeName(tokens[end + 1]) && tokens[end + 1]?.first === false) end += 2;
  return end;
}

/** The index of the `=` when a binding begins at `index`; -1 when none does. */
export function bindingEquals(tokens: readonly Token[], index: number): number {
  const end = attributePathEnd(tokens, index);
  return end > index && tokens[end]?.kind === '=' ? end : -1;
}
