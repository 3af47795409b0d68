/** A configured cache as a walk left it: what every report says of it. */
import type { CacheInfo } from '../../domain/nixCacheInfo';
import type { Failure } from '../answerMemory';
import type { ConfiguredCache } from '../trustConfiguration';

/** A cache whose answer about a path is not what it was. */
export interface Changed {
  readonly path: number;
  readonly before: { readonly narHash: string; readonly at: number };
  readonly after: { readonly narHash: string; readonly at: number };
}

export interface WalkedCache {
  readonly cache: ConfiguredCache;
  readonly url: string;
  /** Its place in the order in which Nix would ask, and so in the answers about a path. */
  readonly order: number;
  /** As Nix sorts by it; absent when the cache never told. */
  readonly priority: number | undefined;
  readonly info: CacheInfo | undefined;
  /** Why the cache as a whole did not answer. */
  readonly failure: Failure | undefined;
  /** Why it was not to be asked. */
  readonly refusal: string | undefined;
  /** Narinfos that it gave. */
  readonly found: number;
  readonly changed: readonly Changed[];
}
