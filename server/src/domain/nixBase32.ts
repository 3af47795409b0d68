/** Nix's own base-32: the spelling of store path hashes and of most hashes in narinfos (Nix: libutil `nix32`). */

/** No e, o, t, u, so that no hash spells a word. */
const ALPHABET = '0123456789abcdfghijklmnpqrsvwxyz';

const CODES = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));

/** Value of each ASCII character; 255 marks those outside the alphabet. */
const DIGITS = new Uint8Array(128).fill(255);
CODES.forEach((code, digit) => (DIGITS[code] = digit));

/** Gives the value of a digit by its character code; 255 for what is none. Digits are in the order of their characters. */
export function nixBase32Digit(code: number): number {
  return DIGITS[code] ?? 255;
}

/** Computes how many characters `byteLength` bytes take: 32 for 20 bytes, 52 for 32. */
export function nixBase32Length(byteLength: number): number {
  return Math.ceil((byteLength * 8) / 5);
}

/** Encodes bytes, read as one little-endian number whose most significant digit comes first. */
export function encodeNixBase32(bytes: Uint8Array): string {
  const codes = Buffer.allocUnsafe(nixBase32Length(bytes.length));
  let at = codes.length;
  let bits = 0;
  let pending = 0;
  for (let i = 0; at > 0; i++) {
    pending |= (bytes[i] ?? 0) << bits;
    bits += 8;
    for (; bits >= 5 && at > 0; bits -= 5) {
      codes[--at] = CODES[pending & 31] ?? 0;
      pending >>= 5;
    }
  }
  return codes.toString('latin1');
}

/**
 * Decodes exactly `byteLength` bytes. Gives `undefined` for another length, a character outside the alphabet, or bits set
 * beyond the last byte: two spellings of one hash would otherwise exist.
 */
export function decodeNixBase32(text: string, byteLength: number): Buffer | undefined {
  if (text.length !== nixBase32Length(byteLength)) return undefined;
  const bytes = Buffer.allocUnsafe(byteLength);
  let at = 0;
  let bits = 0;
  let pending = 0;
  for (let n = text.length - 1; n >= 0; n--) {
    const digit = DIGITS[text.charCodeAt(n)] ?? 255;
    if (digit > 31) return undefined;
    pending |= digit << bits;
    bits += 5;
    if (bits >= 8) {
      bytes[at++] = pending & 255;
      pending >>= 8;
      bits -= 8;
    }
  }
  return pending === 0 ? bytes : undefined;
}
