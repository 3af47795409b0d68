/** Puts foreign text into HTML without letting it become HTML. */
import { plainText } from './plainText';

const SPECIAL: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

/**
 * Returns `text` for element content and for attributes in quotes: it forms no element, ends no attribute, and reads on one line in the order
 * in which it is written; replaced and cut as {@link plainText} does.
 */
export function escapeHtml(text: string, maxLength = 400): string {
  return plainText(text, maxLength).replace(/[&<>"']/g, (character) => SPECIAL.get(character) ?? '');
}

/** Returns JSON for a data block (`<script type="application/json">`), which nothing in it can end, nor open a comment in. */
export function jsonForHtml(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
