/**
 * Which public key belongs to which cache. Nix knows no such relation: a trusted key counts for every cache. People need it
 * all the same, to accept a cache together with its key, so it is guessed from names; nothing is trusted because of it.
 */
import { knownKeysOfName } from './knownKeys';

/** A cache to find keys for. */
export interface PairableCache {
  /** Canonical, see `Substituter.url`. */
  readonly url: string;
  readonly host?: string;
}

/**
 * Gives the keys of each cache, in the order of `caches`. A key belongs to the cache that is known to use it, else to those
 * whose host it is named after (`cache.example.org-1`), else to those with its name as first label of the host, last
 * part of the path or bucket. Keys left over go to the one cache left over, or one to one when there are as many of both.
 */
export function pairKeys(caches: readonly PairableCache[], keys: readonly string[]): readonly (readonly string[])[] {
  const paired: string[][] = caches.map(() => []);
  const leftOver: string[] = [];
  for (const key of new Set(keys)) {
    const name = keyOwner(key);
    const known = knownKeysOfName(key.split(':', 1)[0] ?? '').find((candidate) => candidate.key === key)?.cache;
    const matches =
      firstMatches(caches, ({ url }) => url === known) ??
      firstMatches(caches, ({ host }) => host?.toLowerCase() === name) ??
      firstMatches(caches, (cache) => shortNames(cache).includes(name));
    if (matches === undefined) leftOver.push(key);
    else for (const index of matches) paired[index]?.push(key);
  }
  const without = paired.filter((list) => list.length === 0);
  if (without.length === 1) without[0]?.push(...leftOver);
  else if (without.length === leftOver.length)
    for (const [index, list] of without.entries()) list.push(...leftOver.slice(index, index + 1));
  return paired;
}

function firstMatches(
  caches: readonly PairableCache[],
  matches: (cache: PairableCache) => boolean,
): readonly number[] | undefined {
  const found = caches.flatMap((cache, index) => (matches(cache) ? [index] : []));
  return found.length === 0 ? undefined : found;
}

/** The name of a key without the number that tells its generations apart: `cache.example.org-1:…` is of `cache.example.org`. */
function keyOwner(key: string): string {
  const name = key.split(':', 1)[0] ?? '';
  return name.replace(/-[0-9]{1,4}$/, '').toLowerCase();
}

function shortNames({ url, host }: PairableCache): readonly string[] {
  const [, address = ''] = url.toLowerCase().split('://', 2);
  const last = address.split('?', 1)[0]?.split('/').at(-1) ?? '';
  return [host?.toLowerCase().split('.', 1)[0] ?? '', last].filter((name) => name !== '');
}
