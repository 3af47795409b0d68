import { createHash, generateKeyPairSync } from 'node:crypto';

/** The neutral point of Ed25519: a public key under which anybody can "sign". */
export const NEUTRAL_POINT: Buffer = Buffer.from('01'.padEnd(64, '0'), 'hex');

/** Order of the base point. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/**
 * Makes 64 bytes that verify for every text under {@link NEUTRAL_POINT} where the key is not checked: R is any multiple of the base point,
 * S its factor, and what the text contributes is multiplied by zero.
 */
export function forgedSignature(): Buffer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
  const scalar = createHash('sha512').update(seed).digest().subarray(0, 32);
  scalar[0]! &= 248;
  scalar[31] = (scalar[31]! & 127) | 64;
  const reduced = BigInt(`0x${Buffer.from(scalar).reverse().toString('hex')}`) % ORDER;
  const s = Buffer.from(reduced.toString(16).padStart(64, '0'), 'hex').reverse();
  return Buffer.concat([publicKey.export({ format: 'der', type: 'spki' }).subarray(-32), s]);
}
