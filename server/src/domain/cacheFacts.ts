/** What is remembered of a cache's narinfos once they were read and checked, as columns: small, and read in no time. */
import type { CacheInfo } from './nixCacheInfo';
import type { StorePath } from './storePath';

/** What many narinfos have in common: who signed, and whether their path follows from their content. None of them has a problem. */
export interface FactsProfile {
  /** The path was recomputed from `CA` and agrees. */
  readonly contentAddressed: boolean;
  readonly signatures: readonly {
    readonly keyName: string;
    /** The whole key, `name:base64`, under which the signature verified; absent where it was not verified with any. */
    readonly verifiedBy?: string;
  }[];
}

/** Stands for a profile in a row of a path that the cache does not have. */
export const ABSENT_PROFILE = 0xffff;

/** Stands for one in a row of a narinfo that has to be looked at anew each time: something is wrong with it. */
export const UNSETTLED_PROFILE = 0xfffe;

/** Characters of a NAR hash: `sha256-` and 44 of base64. */
export const NAR_HASH_LENGTH = 51;

/** Narinfos of one cache as columns: one row a path. */
export interface CacheFacts {
  readonly storeDir: string;
  /** What it said of itself, and when. */
  readonly info?: { readonly value: CacheInfo; readonly at: number };
  /** Every path that a row is about or refers to, each once. */
  readonly names: readonly StorePath[];
  readonly profiles: readonly FactsProfile[];
  /** Places in `names`. */
  readonly paths: Uint32Array;
  /** When the cache said so; milliseconds since 1970. */
  readonly at: Float64Array;
  /** Places in `profiles`, {@link ABSENT_PROFILE} or {@link UNSETTLED_PROFILE}. */
  readonly profileOf: Uint16Array;
  readonly narSizes: Float64Array;
  /** Of all rows one behind the other, each {@link NAR_HASH_LENGTH} characters. */
  readonly narHashes: string;
  /** Where the references of each row begin in `references`; one more than rows. */
  readonly firstReference: Uint32Array;
  /** Places in `names`. */
  readonly references: Uint32Array;
  /** Beginnings of the signatures of each row, with commas between them; see `voiceOf`. */
  readonly voices: readonly string[];
}
