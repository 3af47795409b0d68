/** What stands between the words of JSON with comments. */

/** The next place that is neither blank nor in a comment. */
export function skipTrivia(text: string, from: number): number {
  for (let at = from; ;) {
    if (/\s/.test(text[at] ?? '')) at++;
    else if (text.startsWith('//', at)) at = lineEnd(text, at);
    else if (text.startsWith('/*', at)) at = commentEnd(text, at);
    else return at;
  }
}

/** The place behind the comment that begins here. */
export function commentEnd(text: string, from: number): number {
  const end = text.indexOf('*/', from + 2);
  return end < 0 ? text.length : end + 2;
}

/** The place of the next line break. */
export function lineEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) if (text[at] === '\n' || text[at] === '\r') return at;
  return text.length;
}
