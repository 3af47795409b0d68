import type { BinariesStore, StoredPackages } from '../../server/src/engine/ports';

/** A store of packages that forgets when the test ends. */
export function memoryBinaries(): BinariesStore {
  const all = new Map<string, StoredPackages[]>();
  return {
    get: (key) => Promise.resolve(all.get(key) ?? []),
    put: (key, packages) => {
      all.set(key, [...(all.get(key) ?? []).filter(({ system }) => system !== packages.system), packages]);
      return Promise.resolve();
    },
    clear: () => {
      all.clear();
      return Promise.resolve();
    },
  };
}
