/**
 * Puts foreign text into Markdown without letting it become Markdown: no link, image, HTML, theme icon, table cell or emphasis can be
 * formed by it. An image alone would be a beacon, because editors fetch it when a hover opens.
 */
import { plainText } from './plainText';

/**
 * Returns `text` as a code span whose fence is longer than any run of backticks inside; control, bidirectional and invisible characters
 * are replaced, and it is cut at `maxLength`. Not for table cells: see {@link codeCell}.
 */
export function codeSpan(text: string, maxLength = 80): string {
  const clean = withoutIcons(plainText(text, maxLength));
  if (clean === '') return '_empty_';
  let longest = 0;
  for (const run of clean.match(/`+/g) ?? []) longest = Math.max(longest, run.length);
  const fence = '`'.repeat(longest + 1);
  // Markdown takes one space off each side when both are there; a backtick at the edge would join the fence.
  const padding = clean.startsWith('`') || clean.endsWith('`') ? ' ' : '';
  return `${fence}${padding}${clean}${padding}${fence}`;
}

/** Returns `text` as a code span for a table cell; text with a `|`, which would end the cell, becomes escaped plain text instead. */
export function codeCell(text: string, maxLength = 80): string {
  return plainText(text, maxLength).includes('|') ? escapeMarkdown(text, maxLength) : codeSpan(text, maxLength);
}

/**
 * Tears `$(` apart. VS Code looks for theme icons in the finished HTML, code spans included, where no escape is left: a name with
 * `$(verified)` in it would draw the tick. No flake reference has any use for `$(`.
 */
function withoutIcons(text: string): string {
  return text.replaceAll('$(', '$ (');
}

/** Characters that can begin something anywhere in a line. Entities where a backslash is not enough: tables, HTML, mail addresses. */
const SPECIAL: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['`', '\\`'],
  ['*', '\\*'],
  ['_', '\\_'],
  ['[', '\\['],
  [']', '\\]'],
  ['!', '\\!'],
  ['~', '\\~'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['&', '&amp;'],
  ['|', '&#124;'],
  ['@', '&#64;'],
]);

/**
 * Returns `text` as Markdown that reads as the plain text: nothing in it acts, bare addresses are not turned into links, and a line may
 * begin with it. Replaces and cuts as {@link codeSpan} does.
 */
export function escapeMarkdown(text: string, maxLength = 400): string {
  return (
    withoutIcons(plainText(text, maxLength))
      .replace(/[\\`*_[\]!~<>&|@]/g, (character) => SPECIAL.get(character) ?? '')
      // Renderers make links of bare `https://…`, `www.…` and `name.com`.
      .replace(/:\/\//g, '&#58;//')
      .replace(/\.(?=[\p{L}\p{N}])/gu, '\\.')
      // What would be a heading, a list, a rule or a quotation at the beginning of a line.
      .replace(/^([#+=-])/, '\\$1')
      .replace(/^(\d+)([.)])/, '$1\\$2')
  );
}

/**
 * Returns a link to an address that this program built itself; `label` may be foreign. Characters that would end the link early are
 * percent-encoded. Only `https:` and `command:` addresses make a link, any other leaves the label alone.
 */
export function link(label: string, href: string): string {
  const text = escapeMarkdown(label, 80);
  if (!/^(?:https|command):/.test(href)) return text;
  const address = href.replace(/[\s()<>[\]\\`|*]/gu, (character) => encodeURIComponentFully(character));
  return `[${text}](${address})`;
}

/** Percent-encodes every UTF-8 byte of `text`; `encodeURIComponent` leaves parentheses and asterisks alone. */
function encodeURIComponentFully(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
