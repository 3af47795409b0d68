/** One cache as a walk sees it: paths go in, their answers come out, from what is remembered or from the cache. */
import type { CacheInfo } from '../../domain/nixCacheInfo';
import { describeNarinfoError, parseNarinfo, type Narinfo } from '../../domain/narinfo';
import { storePathHash, type StorePath } from '../../domain/storePath';
import { plainText } from '../../util/plainText';
import type { Failure } from '../answerMemory';
import type { AnswerStore, BinaryCache, NarinfoLookup, NarinfoPipe, Remembered, StoredNarinfo } from '../ports';
import { LIFETIME_MS } from '../questions';
import type { ConfiguredCache } from '../trustConfiguration';

/** What a lane says of a path. */
export type LaneAnswer =
  | {
      readonly kind: 'found';
      readonly narinfo: Narinfo;
      readonly at: number;
      /** It is of an earlier day, and why nothing newer is known. */
      readonly outdated?: string;
    }
  | { readonly kind: 'absent'; readonly at: number }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly at: number }
  | { readonly kind: 'not-asked'; readonly reason: string };

/** A cache whose answer is not what it was. */
export interface Changed {
  readonly path: number;
  readonly before: { readonly narHash: string; readonly at: number };
  readonly after: { readonly narHash: string; readonly at: number };
}

export interface LaneOptions {
  readonly cache: ConfiguredCache;
  readonly client: BinaryCache;
  readonly store: AnswerStore;
  readonly storeDir: string;
  readonly now: () => number;
  readonly connections: number;
  readonly refresh: boolean;
  readonly offline: boolean;
  readonly pathOf: (path: number) => StorePath;
  /** Whether answers are wanted now; {@link CacheLane.resume} tells when they are again. */
  readonly mayAsk: () => boolean;
  readonly onAnswer: (lane: CacheLane, path: number, answer: LaneAnswer) => void;
}

/** So many paths are looked up in the store at once. */
const RECALL_AT_ONCE = 512;

export class CacheLane {
  readonly cache: ConfiguredCache;
  readonly url: string;
  /** Its place in the order in which Nix would ask. */
  order = 0;
  info: CacheInfo | undefined;
  /** Why the cache as a whole did not answer. */
  failure: Failure | undefined;
  /** Why it is not to be asked. */
  refusal: string | undefined;
  /** Requests sent. */
  asked = 0;
  found = 0;
  readonly changed: Changed[] = [];
  readonly #options: LaneOptions;
  readonly #local: boolean;
  #pipe: NarinfoPipe | undefined;
  #wanted: number[] = [];
  #recalling = false;
  #toAsk: number[] = [];
  #next = 0;
  #inFlight = 0;
  readonly #earlier = new Map<number, Changed['before']>();
  readonly #closing = new AbortController();

  constructor(options: LaneOptions) {
    this.#options = options;
    this.cache = options.cache;
    this.url = options.cache.substituter.url;
    this.#local = options.cache.substituter.scheme === 'file';
  }

  /** Learns what the cache is. Rejects only when `signal` aborts. */
  async open(signal: AbortSignal): Promise<void> {
    const { cache, client, store, storeDir, offline } = this.#options;
    if (!cache.ask || !cache.substituter.askable) {
      this.refusal = cache.reason ?? cache.substituter.reason ?? 'not asked';
      return;
    }
    if (offline) {
      this.info = (await store.getInfo(this.url))?.value;
    } else {
      const lookup = await client.info(signal);
      if (lookup.kind === 'found') {
        this.info = lookup.info;
        store.putInfo(this.url, lookup.info, this.#options.now());
      } else {
        this.failure = { kind: lookup.kind === 'not-a-cache' ? 'malformed' : lookup.kind, reason: lookup.reason };
        this.info = (await store.getInfo(this.url))?.value;
      }
    }
    const theirs = this.info?.storeDir;
    // It holds other paths, all of them: Nix skips it with a warning.
    if (theirs !== undefined && theirs !== storeDir)
      this.refusal = `it serves the store directory ${plainText(theirs, 60)}, not ${storeDir}`;
  }

  /** As Nix sorts by it: `?priority=` goes before what the cache advertises. */
  get priority(): number | undefined {
    return this.cache.substituter.priority ?? this.info?.priority;
  }

  /** Asks for a path; the answer comes later. */
  want(path: number): void {
    this.#wanted.push(path);
    if (this.#recalling) return;
    this.#recalling = true;
    // Paths found in the same moment are looked up together.
    queueMicrotask(() => void this.#recall());
  }

  /** Goes on after a pause. */
  resume(): void {
    this.#pump();
  }

  /** Gives up what is under way; no answer comes any more. */
  close(): void {
    this.#closing.abort();
    this.#pipe?.close();
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #recall(): Promise<void> {
    while (this.#wanted.length > 0 && !this.#isClosed()) {
      const paths = this.#wanted.splice(0, RECALL_AT_ONCE);
      const remembered = await this.#remembered(paths);
      if (this.#isClosed()) return;
      for (const [index, path] of paths.entries()) this.#consider(path, remembered[index]);
      this.#pump();
    }
    this.#recalling = false;
  }

  #remembered(paths: readonly number[]): Promise<readonly (Remembered<StoredNarinfo> | undefined)[]> {
    const { store, pathOf } = this.#options;
    const hashes = paths.map((path) => storePathHash(pathOf(path)));
    if (store.getNarinfos !== undefined) return store.getNarinfos(this.url, hashes);
    return Promise.all(hashes.map((hash) => store.getNarinfo(this.url, hash)));
  }

  #consider(path: number, remembered: Remembered<StoredNarinfo> | undefined): void {
    const { now, refresh, offline } = this.#options;
    let answer: LaneAnswer | undefined;
    if (remembered !== undefined) {
      const ageMs = now() - remembered.at;
      const lifetimeMs = this.#local ? 0 : LIFETIME_MS[remembered.value.kind];
      const fresh = offline || (!refresh && ageMs >= 0 && ageMs < lifetimeMs);
      answer = this.#understand(path, remembered.value, remembered.at);
      if (fresh && answer.kind !== 'failed') {
        this.#deliver(path, answer);
        return;
      }
      if (answer.kind === 'found' && this.failure !== undefined && this.refusal === undefined) {
        this.#deliver(path, { ...answer, outdated: this.failure.reason });
        return;
      }
      if (answer.kind === 'found') this.#earlier.set(path, { narHash: answer.narinfo.narHash, at: answer.at });
    }
    if (this.refusal !== undefined) this.#deliver(path, { kind: 'not-asked', reason: this.refusal });
    else if (offline) this.#deliver(path, { kind: 'not-asked', reason: 'offline' });
    else if (this.failure !== undefined) this.#deliver(path, { kind: 'failed', failure: this.failure, at: now() });
    else this.#toAsk.push(path);
  }

  #pump(): void {
    const { connections, client, mayAsk } = this.#options;
    while (this.#inFlight < connections && mayAsk() && this.#next < this.#toAsk.length) {
      const path = this.#toAsk[this.#next++];
      if (path === undefined) break;
      this.#inFlight++;
      this.asked++;
      this.#pipe ??= client.openPipe?.() ?? pipeOver(client, this.#closing.signal);
      this.#pipe.ask(storePathHash(this.#options.pathOf(path)), (lookup) => this.#onLookup(path, lookup));
    }
    if (this.#next > 4096) {
      this.#toAsk = this.#toAsk.slice(this.#next);
      this.#next = 0;
    }
  }

  #onLookup(path: number, lookup: NarinfoLookup): void {
    if (this.#isClosed()) return;
    this.#inFlight--;
    const { store, pathOf, now } = this.#options;
    const at = now();
    const answer = this.#understand(path, lookup, at);
    if (answer.kind !== 'failed' && (lookup.kind === 'found' || lookup.kind === 'absent'))
      store.putNarinfo(this.url, storePathHash(pathOf(path)), lookup, at);
    if (answer.kind === 'found') this.#compare(path, answer.narinfo.narHash, at);
    if (answer.kind === 'failed' && this.#earlier.has(path)) void this.#fallBack(path, answer);
    else this.#deliver(path, answer);
    this.#pump();
  }

  /** Signatures do not age: what a cache said on an earlier day is as true as it was. That a path was missing then says nothing of today. */
  async #fallBack(path: number, failed: Extract<LaneAnswer, { kind: 'failed' }>): Promise<void> {
    const { store, pathOf } = this.#options;
    const remembered = await store.getNarinfo(this.url, storePathHash(pathOf(path)));
    if (this.#isClosed()) return;
    const answer = remembered === undefined ? failed : this.#understand(path, remembered.value, remembered.at);
    this.#deliver(path, answer.kind === 'found' ? { ...answer, outdated: failed.failure.reason } : failed);
  }

  #deliver(path: number, answer: LaneAnswer): void {
    if (answer.kind === 'found') this.found++;
    this.#options.onAnswer(this, path, answer);
  }

  #compare(path: number, narHash: string, at: number): void {
    const before = this.#earlier.get(path);
    if (before !== undefined && before.narHash !== narHash) this.changed.push({ path, before, after: { narHash, at } });
  }

  #understand(path: number, lookup: NarinfoLookup, at: number): LaneAnswer {
    switch (lookup.kind) {
      case 'absent':
        return { kind: 'absent', at };
      case 'found': {
        const parsed = parseNarinfo(lookup.text, this.#options.storeDir);
        if (!parsed.ok) return malformed(describeNarinfoError(parsed.error), at);
        // Nix skips it, too ("asked for … but got …").
        if (parsed.value.storePath !== this.#options.pathOf(path))
          return malformed(`it answered for another path, ${plainText(parsed.value.storePath, 90)}`, at);
        return { kind: 'found', narinfo: parsed.value, at };
      }
      case 'unauthorized':
      case 'malformed':
      case 'unreachable':
        return { kind: 'failed', failure: { kind: lookup.kind, reason: lookup.reason }, at };
    }
  }
}

function malformed(reason: string, at: number): LaneAnswer {
  return { kind: 'failed', failure: { kind: 'malformed', reason }, at };
}

/** The only way to caches that have no pipe of their own. */
function pipeOver(client: BinaryCache, signal: AbortSignal): NarinfoPipe {
  return {
    ask: (hash, done) => {
      client.narinfo(hash, signal).then(done, () => undefined);
    },
    close: () => undefined,
  };
}
