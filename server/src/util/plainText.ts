/**
 * Makes text from files and caches harmless for one line of output: a message, a terminal, a log. It cannot move the cursor, set
 * colours, reverse the reading direction, hide characters, break the line or flood it.
 */

/**
 * Control characters (terminal escapes), format characters (bidirectional overrides, zero width), private use (icon fonts draw ticks
 * and shields there), lone surrogates, line separators, and whatever else Unicode says is drawn as nothing.
 */
const DANGEROUS = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Shown for each dangerous character, so that `nix<zero width>pkgs` does not pass as `nixpkgs`. */
const REPLACEMENT = '\uFFFD';

/**
 * Returns `text` on one line, white space collapsed, every control, bidirectional, invisible or private-use character shown as U+FFFD,
 * cut with an ellipsis so that at most `maxLength` UTF-16 units remain. Takes time proportional to `maxLength`, not to the text.
 */
export function plainText(text: string, maxLength = 80): string {
  // Collapsing may shorten the head of the text; what lies behind eight times the length is not worth reading.
  const head = text.length > maxLength * 8 ? text.slice(0, maxLength * 8) : text;
  const clean = head.replace(/\s+/gu, ' ').trim().replace(DANGEROUS, REPLACEMENT);
  if (head.length === text.length && clean.length <= maxLength) return clean;
  return `${wholeCharacters(clean, maxLength - 1).trimEnd()}…`;
}

/** Returns the first `length` UTF-16 units of `text`, one less where a surrogate pair would be torn. */
function wholeCharacters(text: string, length: number): string {
  const cut = text.slice(0, Math.max(0, length));
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
}
