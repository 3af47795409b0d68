/** Base64 as Nix reads it: padding may be missing, bits left over at the end do not matter (Nix: libutil `base64Decode`). */

/** Which ASCII characters stand for six bits; the URL-safe `-` and `_` are not among them. */
const IN_ALPHABET = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
  IN_ALPHABET[character.charCodeAt(0)] = 1;

/**
 * Decodes exactly `byteLength` bytes, or gives `undefined`.
 *
 * Stricter than Nix, which stops at the first `=` and ignores whatever follows, and which skips newlines: here nothing but
 * padding may follow, so that no text can be smuggled in behind a key or a signature.
 */
export function decodeBase64(text: string, byteLength: number): Buffer | undefined {
  const digits = Math.ceil((byteLength * 4) / 3);
  if (text.length < digits || text.length > digits + 2) return undefined;
  return countDigits(text) === digits && isPadding(text, digits) ? Buffer.from(text, 'base64') : undefined;
}

/** Tells whether a text is base64 of any length. */
export function isBase64(text: string): boolean {
  return isPadding(text, countDigits(text));
}

function countDigits(text: string): number {
  let digits = 0;
  while (digits < text.length && IN_ALPHABET[text.charCodeAt(digits)] === 1) digits++;
  return digits;
}

function isPadding(text: string, start: number): boolean {
  for (let i = start; i < text.length; i++) {
    if (text[i] !== '=') return false;
  }
  return text.length - start <= 2;
}
