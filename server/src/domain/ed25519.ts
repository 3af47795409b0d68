/**
 * What libsodium refuses of Ed25519 and OpenSSL, which node:crypto uses, does not: weak points. With a public key of small order anybody
 * can make "signatures" of any text, so such a key, mistaken or planted, would make every narinfo look signed.
 */

/** Encodings of the points of order 1, 2, 4 and 8, sign bit cleared, the non-canonical ones among them; little-endian, base 16. */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** Tells whether the 32 bytes encode a point of small order, or one in a non-canonical way (a coordinate of 2^255 - 19 or more). */
export function isWeakPoint(point: Uint8Array): boolean {
  const last = (point[31] ?? 0) & 0x7f;
  const first = point[0] ?? 0;
  // Nearly all points differ from nearly all weak ones in the last byte already.
  if (last !== 0 && last !== 0x05 && last !== 0x7a && last !== 0x7f) return false;
  const cleared = Buffer.from(point);
  cleared[31] = last;
  if (SMALL_ORDER.has(cleared.toString('hex'))) return true;
  return last === 0x7f && first >= 0xed && cleared.subarray(1, 31).every((byte) => byte === 0xff);
}
