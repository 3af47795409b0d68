import { createEngine, type Engine } from '../../server/src/engine/engine';
import type { TrustConfiguration } from '../../server/src/engine/trustConfiguration';
import { fakeCache, type FakeCache } from './fakeCache';
import { clockAt, type FakeClock } from './fakeClock';
import { fakeLog } from './fakeLog';
import { fakeStore } from './fakeStore';
import { trustConfiguration, type CacheSetup } from './trust';

export interface BenchCache extends CacheSetup {
  /** Default: a cache that has nothing. */
  readonly cache?: FakeCache;
}

export interface Bench {
  readonly engine: Engine;
  readonly clock: FakeClock;
  readonly store: ReturnType<typeof fakeStore>;
  readonly log: ReturnType<typeof fakeLog>;
  readonly configuration: TrustConfiguration;
  /** By canonical URL. */
  readonly caches: ReadonlyMap<string, FakeCache>;
  /** An engine of another session on the same disk and clock. */
  restart(): Engine;
}

/** The time at which every bench begins. */
export const NOW = '2026-11-22T12:00:00.000Z';

/** An engine over fakes of all its ports. */
export function engineBench(setups: readonly BenchCache[], keys: readonly string[] = []): Bench {
  const configuration = trustConfiguration(setups, keys);
  const caches = new Map<string, FakeCache>();
  for (const [index, { substituter }] of configuration.caches.entries()) {
    if (!caches.has(substituter.url)) caches.set(substituter.url, setups[index]?.cache ?? fakeCache());
  }
  const clock = clockAt(NOW);
  const store = fakeStore();
  const log = fakeLog();
  const start = () =>
    createEngine({ openCache: ({ substituter }) => caches.get(substituter.url) ?? fakeCache(), store, clock, log });
  return { engine: start(), clock, store, log, configuration, caches, restart: start };
}

/** A signal that never aborts. */
export const NEVER: AbortSignal = new AbortController().signal;
