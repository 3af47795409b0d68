/** The two things that a binary cache is asked: what it is (`nix-cache-info`), and what it has for a store path (narinfo). */
import { describeNarinfoError, parseNarinfo, type Narinfo } from '../domain/narinfo';
import type { CacheInfo } from '../domain/nixCacheInfo';
import { storePathHash, type StorePath } from '../domain/storePath';
import { plainText } from '../util/plainText';
import type { Failure, Question } from './answerMemory';
import type { AnswerStore, BinaryCache, NarinfoLookup } from './ports';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** As Nix's `narinfo-cache-positive-ttl`, `narinfo-cache-negative-ttl`; Nix keeps `nix-cache-info` for seven days, we ask once a day. */
export const LIFETIME_MS = { found: 30 * DAY_MS, absent: HOUR_MS, info: DAY_MS } as const;

/** A cache's answer about one store path that can be believed to be an answer: parsed, and about the path that was asked for. */
export type NarinfoAnswer = { readonly kind: 'found'; readonly narinfo: Narinfo } | { readonly kind: 'absent' };

/** A cache to put questions to. */
export interface OpenedCache {
  /** The canonical URL of its substituter: what answers are remembered under. */
  readonly id: string;
  /** A directory on this machine: asked every time, remembered only for the time when nothing may be asked. */
  readonly local: boolean;
  readonly client: BinaryCache;
}

/** Asks what the cache says of itself. */
export function infoQuestion(cache: OpenedCache, store: AnswerStore): Question<CacheInfo> {
  return {
    key: cache.id,
    recall: () => store.getInfo(cache.id),
    lifetimeMs: () => (cache.local ? 0 : LIFETIME_MS.info),
    ask: async (signal) => {
      const lookup = await cache.client.info(signal);
      if (lookup.kind === 'found') {
        return {
          good: lookup.info,
          keep: (at) => {
            store.putInfo(cache.id, lookup.info, at);
          },
        };
      }
      return { failure: { kind: lookup.kind === 'not-a-cache' ? 'malformed' : lookup.kind, reason: lookup.reason } };
    },
  };
}

/** Asks whether the cache has `path`, and what it says of it. */
export function narinfoQuestion(
  cache: OpenedCache,
  path: StorePath,
  storeDir: string,
  store: AnswerStore,
): Question<NarinfoAnswer> {
  const hash = storePathHash(path);
  return {
    key: `${cache.id}\n${path}`,
    recall: async () => {
      const remembered = await store.getNarinfo(cache.id, hash);
      if (remembered === undefined) return undefined;
      const answer = understand(remembered.value, path, storeDir);
      return 'good' in answer ? { value: answer.good, at: remembered.at } : undefined;
    },
    lifetimeMs: ({ kind }) => (cache.local ? 0 : LIFETIME_MS[kind]),
    ask: async (signal) => {
      const lookup = await cache.client.narinfo(hash, signal);
      const answer = understand(lookup, path, storeDir);
      if ('failure' in answer) return answer;
      return {
        ...answer,
        keep: (at) => {
          if (lookup.kind === 'found' || lookup.kind === 'absent') store.putNarinfo(cache.id, hash, lookup, at);
        },
      };
    },
  };
}

/** Parses what a cache or the store gave. An answer about another path is none: Nix skips it, too ("asked for … but got …"). */
function understand(
  lookup: NarinfoLookup,
  path: StorePath,
  storeDir: string,
): { readonly good: NarinfoAnswer } | { readonly failure: Failure } {
  switch (lookup.kind) {
    case 'absent':
      return { good: { kind: 'absent' } };
    case 'found': {
      const parsed = parseNarinfo(lookup.text, storeDir);
      if (!parsed.ok) return { failure: { kind: 'malformed', reason: describeNarinfoError(parsed.error) } };
      if (parsed.value.storePath !== path) {
        return {
          failure: { kind: 'malformed', reason: `it answered for another path, ${plainText(parsed.value.storePath, 90)}` },
        };
      }
      return { good: { kind: 'found', narinfo: parsed.value } };
    }
    case 'unauthorized':
    case 'malformed':
    case 'unreachable':
      return { failure: { kind: lookup.kind, reason: lookup.reason } };
  }
}
