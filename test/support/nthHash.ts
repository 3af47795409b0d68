import { createHash } from 'node:crypto';
import { encodeNixBase32 } from '../../server/src/domain/nixBase32';
import type { StorePathHash } from '../../server/src/domain/storePath';

/** Gives a store path hash for each number, others for another series. */
export function nthHash(n: number, series = ''): StorePathHash {
  return encodeNixBase32(createHash('sha256').update(`${series} ${n}`).digest().subarray(0, 20)) as StorePathHash;
}
