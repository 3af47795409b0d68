/** Base64 as Nix reads it: padding may be missing, bits left over at the end do not matter (Nix: libutil `base64Decode`). */

/** Which ASCII characters stand for six bits; the URL-safe `-` and `_` are not among them. */
const IN_ALPHABET = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
  IN_ALPHABET[character.charCodeAt(0)] = 1;

/**
 * Decodes exactly `byteLength` bytes, or gives `undefined`.
 *
 * Stricter than Nix, which stops at the first `=` and ignores whatever follows, and which skips newlines: here nothing but `=`
 * may follow, so that no text can be smuggled in behind a key or a signature.
 */
export function decodeBase64(text: string, byteLength: number): Buffer | undefined {
  const digits = Math.ceil((byteLength * 4) / 3);
  if (text.length < digits || text.length > digits + 4) return undefined;
  for (let i = 0; i < text.length; i++) {
    if (i < digits ? IN_ALPHABET[text.charCodeAt(i)] !== 1 : text[i] !== '=') return undefined;
  }
  return Buffer.from(text, 'base64');
}
