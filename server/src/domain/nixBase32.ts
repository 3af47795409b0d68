/** Nix's own base-32: the spelling of store path hashes and of most hashes in narinfos (Nix: libutil `nix32`). */

/** No e, o, t, u, so that no hash spells a word. */
const ALPHABET = '0123456789abcdfghijklmnpqrsvwxyz';

const CHARACTERS = Array.from(ALPHABET);

/** Value of each ASCII character; 255 marks those outside the alphabet. */
const DIGITS = new Uint8Array(128).fill(255);
CHARACTERS.forEach((character, digit) => (DIGITS[character.charCodeAt(0)] = digit));

/** Computes how many characters `byteLength` bytes take: 32 for 20 bytes, 52 for 32. */
export function nixBase32Length(byteLength: number): number {
  return Math.ceil((byteLength * 8) / 5);
}

/** Encodes bytes. The first character holds the most significant bits of the *last* byte. */
export function encodeNixBase32(bytes: Uint8Array): string {
  let text = '';
  for (let n = nixBase32Length(bytes.length) - 1; n >= 0; n--) {
    const bit = n * 5;
    const index = bit >> 3;
    const twoBytes = (bytes[index] ?? 0) | ((bytes[index + 1] ?? 0) << 8);
    text += CHARACTERS[(twoBytes >> (bit & 7)) & 31] ?? '';
  }
  return text;
}

/**
 * Decodes exactly `byteLength` bytes. Gives `undefined` for another length, a character outside the alphabet, or bits set
 * beyond the last byte: two spellings of one hash would otherwise exist.
 */
export function decodeNixBase32(text: string, byteLength: number): Uint8Array | undefined {
  const length = nixBase32Length(byteLength);
  if (text.length !== length) return undefined;
  const bytes = new Uint8Array(byteLength);
  for (let n = 0; n < length; n++) {
    const digit = DIGITS[text.charCodeAt(length - n - 1)] ?? 255;
    if (digit > 31) return undefined;
    const bit = n * 5;
    const index = bit >> 3;
    const spread = digit << (bit & 7);
    bytes[index] = (bytes[index] ?? 0) | (spread & 255);
    const carry = spread >> 8;
    if (index + 1 < byteLength) bytes[index + 1] = carry;
    else if (carry !== 0) return undefined;
  }
  return bytes;
}

/** Tells whether every character of `text` from `start` to `end` belongs to the alphabet. */
export function isNixBase32(text: string, start = 0, end = text.length): boolean {
  for (let i = start; i < end; i++) {
    if ((DIGITS[text.charCodeAt(i)] ?? 255) > 31) return false;
  }
  return true;
}
