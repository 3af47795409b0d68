import type { BinaryCache, CacheInfoLookup, NarinfoLookup } from '../../server/src/engine/ports';
import { onAbort } from '../../server/src/util/abort';

type Answer<T> = T | ((signal: AbortSignal) => Promise<T>);

/** A cache whose answers may be changed while the test runs; what was asked is kept in order. */
export interface FakeCache extends BinaryCache {
  /** `info`, or the hash part asked for. */
  readonly asked: string[];
  /** How many requests ended because their signal aborted. */
  aborted: number;
  infoAnswer: Answer<CacheInfoLookup>;
  /** By hash part; `absent` for the others. */
  readonly narinfos: Map<string, Answer<NarinfoLookup>>;
}

/** Makes a cache with a `nix-cache-info` of priority 0, and no paths. */
export function fakeCache(
  fields: { info?: Answer<CacheInfoLookup>; narinfos?: Iterable<readonly [string, Answer<NarinfoLookup>]> } = {},
): FakeCache {
  const cache: FakeCache = {
    asked: [],
    aborted: 0,
    infoAnswer: fields.info ?? { kind: 'found', info: { priority: 0, wantMassQuery: false } },
    narinfos: new Map(fields.narinfos ?? []),
    info: (signal) => answer('info', cache.infoAnswer, signal),
    narinfo: (hash, signal) => answer(hash, cache.narinfos.get(hash) ?? { kind: 'absent' }, signal),
  };
  async function answer<T>(what: string, given: Answer<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    cache.asked.push(what);
    onAbort(signal, () => {
      cache.aborted += 1;
    });
    return typeof given === 'function' ? (given as (signal: AbortSignal) => Promise<T>)(signal) : given;
  }
  return cache;
}

/** An answer that never comes: the request ends only when it is given up. */
export function hanging<T>(signal: AbortSignal): Promise<T> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
