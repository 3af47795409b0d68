import type { CacheInfo } from '../../server/src/domain/nixCacheInfo';
import type { AnswerStore, Remembered, StoredNarinfo } from '../../server/src/engine/ports';

/** An answer store in memory. */
export function fakeStore(): AnswerStore & {
  readonly narinfos: Map<string, Remembered<StoredNarinfo>>;
  readonly closed: () => boolean;
} {
  const narinfos = new Map<string, Remembered<StoredNarinfo>>();
  const infos = new Map<string, Remembered<CacheInfo>>();
  let closed = false;
  return {
    narinfos,
    closed: () => closed,
    getNarinfo: (cacheUrl, hash) => Promise.resolve(narinfos.get(`${cacheUrl} ${hash}`)),
    putNarinfo: (cacheUrl, hash, value, at) => {
      narinfos.set(`${cacheUrl} ${hash}`, { value, at });
    },
    getInfo: (cacheUrl) => Promise.resolve(infos.get(cacheUrl)),
    putInfo: (cacheUrl, value, at) => {
      infos.set(cacheUrl, { value, at });
    },
    clear: () => {
      narinfos.clear();
      infos.clear();
      return Promise.resolve();
    },
    close: () => {
      closed = true;
      return Promise.resolve();
    },
  };
}
