/** So many characters make a piece: few enough to wait for a slow reader often, many enough not to spend the time on the waiting. */
const PIECE = 64 * 1024;

/** Joins small texts into larger pieces, as a writer wants them. */
export function* gathered(texts: Iterable<string>): Generator<string> {
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}
