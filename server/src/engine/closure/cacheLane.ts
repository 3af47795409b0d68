/** One cache as a walk sees it: paths go in, their answers come out, from what is remembered or from the cache. */
import type { CacheInfo } from '../../domain/nixCacheInfo';
import { describeNarinfoError, parseNarinfo, type Narinfo } from '../../domain/narinfo';
import { storePathHash, type StorePath, type StorePathHash } from '../../domain/storePath';
import { Fifo } from '../../util/fifo';
import { Slices } from '../../util/inSlices';
import { plainText } from '../../util/plainText';
import type { Failure } from '../answerMemory';
import type { CacheFacts } from '../../domain/cacheFacts';
import type { AnswerStore, BinaryCache, FactsStore, NarinfoLookup, NarinfoPipe, Remembered, StoredNarinfo } from '../ports';
import { LIFETIME_MS } from '../questions';
import type { ConfiguredCache } from '../trustConfiguration';
import type { FoundAnswer } from './answers';
import { KnownAnswers, type KnownAnswersOptions } from './facts';
import type { Changed, WalkedCache } from './walkedCache';

/** What a lane says of a path. */
export type LaneAnswer =
  | {
      readonly kind: 'found';
      readonly narinfo: Narinfo;
      readonly at: number;
      /** It is of an earlier day, and why nothing newer is known. */
      readonly outdated?: string;
    }
  /** From an earlier audit, read and checked. */
  | { readonly kind: 'known'; readonly answer: FoundAnswer }
  | { readonly kind: 'absent'; readonly at: number }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly at: number }
  | { readonly kind: 'not-asked'; readonly reason: string };

export interface LaneOptions {
  readonly cache: ConfiguredCache;
  readonly client: BinaryCache;
  readonly store: AnswerStore;
  readonly facts: FactsStore | undefined;
  readonly known: Omit<KnownAnswersOptions, 'facts'>;
  /** Awaited before any answer is looked up or asked for that is not known already. */
  readonly prepare: () => Promise<void>;
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

/** What a cache says of itself is written down again after this time, an hour, though it is the same. */
const INFO_AGAIN_MS = 60 * 60 * 1000;

/** So many paths are looked up in the store at once. */
const RECALL_AT_ONCE = 512;

/** So many are answered at once from what was understood already; each leads to others in the same moment. */
const KNOWN_AT_ONCE = 64;

const NOW = Promise.resolve();

export class CacheLane implements WalkedCache {
  readonly cache: ConfiguredCache;
  readonly url: string;
  /** Its place in the order in which Nix would ask. */
  order = 0;
  info: CacheInfo | undefined;
  /** When {@link info} was written down; milliseconds since 1970. */
  infoAt = 0;
  /** Why the cache as a whole did not answer. */
  failure: Failure | undefined;
  /** Why it is not to be asked. */
  refusal: string | undefined;
  /** Requests sent. */
  asked = 0;
  found = 0;
  readonly changed: Changed[] = [];
  /** What was remembered of it before this walk. */
  facts: CacheFacts | undefined;
  /** Some of what it said in this walk was not known before. */
  learned = false;
  #known: KnownAnswers | undefined;
  readonly #options: LaneOptions;
  readonly #local: boolean;
  #pipe: NarinfoPipe | undefined;
  #wanted: number[] = [];
  #recalling = false;
  #prepared = false;
  readonly #slices = new Slices();
  readonly #toAsk = new Fifo<number>();
  #inFlight = 0;
  readonly #earlier = new Map<number, Changed['before']>();
  readonly #closing = new AbortController();
  /** As {@link #closing} says, which takes longer to tell. */
  #closed = false;

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
    const opening = this.#openFacts();
    if (offline) {
      await opening;
      this.info = this.facts?.info?.value ?? (await store.getInfo(this.url))?.value;
    } else {
      const lookup = await client.info(signal);
      await opening;
      if (lookup.kind === 'found') {
        this.info = lookup.info;
        this.#rememberInfo(lookup.info);
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

  async #openFacts(): Promise<void> {
    const { facts, known, storeDir, refresh } = this.#options;
    // A folder is asked every time.
    if (facts === undefined || this.#local) return;
    const read = await facts.open(this.url);
    if (read?.storeDir !== storeDir) return;
    this.facts = read;
    if (!refresh) this.#known = await KnownAnswers.from({ ...known, facts: read });
  }

  /** Writes it down, unless the same was written a moment ago. */
  #rememberInfo(info: CacheInfo): void {
    const { store, now } = this.#options;
    const before = this.facts?.info;
    const recent = before !== undefined && Math.abs(now() - before.at) < INFO_AGAIN_MS;
    this.infoAt = before?.at ?? 0;
    if (recent && JSON.stringify(before.value) === JSON.stringify(info)) return;
    this.learned = true;
    this.infoAt = now();
    store.putInfo(this.url, info, this.infoAt);
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
    // Paths found in the same moment are looked up together. Node makes more of `queueMicrotask` than of this.
    void NOW.then(this.#take);
  }

  /** Takes up what is wanted. */
  readonly #take = (): void => {
    if (this.#prepared && this.#known === undefined && this.#options.store.forgetful === true) this.#considerAll();
    else void this.#recall();
  };

  /** Where nothing is remembered, nothing is waited for. */
  #considerAll(): void {
    // The list may grow meanwhile.
    for (const path of this.#wanted) if (!this.#closed) this.#consider(path, undefined);
    this.#wanted = [];
    this.#recalling = false;
    if (!this.#closed) this.#pump();
  }

  /** Goes on after a pause. */
  resume(): void {
    this.#pump();
  }

  /** Gives up what is under way; no answer comes any more. */
  close(): void {
    this.#closed = true;
    this.#closing.abort();
    this.#pipe?.close();
  }

  /** As a question, since what is asked while something is waited for may have changed. */
  #isClosed(): boolean {
    return this.#closed;
  }

  async #recall(): Promise<void> {
    while (this.#wanted.length > 0 && !this.#closed) {
      const wanted = this.#wanted.splice(0, this.#known === undefined ? RECALL_AT_ONCE : KNOWN_AT_ONCE);
      const paths = this.#known === undefined ? wanted : this.#answerKnown(wanted, this.#known);
      if (paths.length === 0) {
        // Many may be known one after another, in which nobody waits: others want to be heard as well.
        if (this.#slices.due) await this.#slices.pause();
        continue;
      }
      if (!this.#prepared) await this.#options.prepare();
      this.#prepared = true;
      const remembered = await this.#remembered(paths);
      if (this.#isClosed()) return;
      for (const [index, path] of paths.entries()) this.#consider(path, remembered[index]);
      this.#pump();
    }
    this.#recalling = false;
  }

  /** Answers what is known; returns the others. */
  #answerKnown(paths: readonly number[], known: KnownAnswers): readonly number[] {
    const unknown: number[] = [];
    for (const path of paths) {
      const answer = known.answerOf(this.#options.pathOf(path), this.#isFresh);
      if (answer === undefined) unknown.push(path);
      else this.#deliver(path, answer.kind === 'found' ? { kind: 'known', answer } : answer);
    }
    return unknown;
  }

  readonly #isFresh = (kind: 'found' | 'absent', at: number): boolean => {
    const { now, refresh, offline } = this.#options;
    const ageMs = now() - at;
    return offline || (!refresh && ageMs >= 0 && ageMs < (this.#local ? 0 : LIFETIME_MS[kind]));
  };

  #remembered(paths: readonly number[]): Promise<readonly (Remembered<StoredNarinfo> | undefined)[]> {
    const { store } = this.#options;
    const hashes = paths.map((path) => this.#hashOf(path));
    if (store.getNarinfos !== undefined) return store.getNarinfos(this.url, hashes);
    return Promise.all(hashes.map((hash) => store.getNarinfo(this.url, hash)));
  }

  #consider(path: number, remembered: Remembered<StoredNarinfo> | undefined): void {
    const { now, offline } = this.#options;
    let answer: LaneAnswer | undefined;
    if (this.#known?.has(this.#options.pathOf(path)) !== true) this.learned = true;
    if (remembered !== undefined) {
      const fresh = this.#isFresh(remembered.value.kind, remembered.at);
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

  #hashOf(path: number): StorePathHash {
    return storePathHash(this.#options.pathOf(path), this.#options.storeDir);
  }

  #pump(): void {
    const { connections, client, mayAsk } = this.#options;
    while (this.#inFlight < connections && mayAsk()) {
      const path = this.#toAsk.shift();
      if (path === undefined) break;
      this.#inFlight++;
      this.asked++;
      this.#pipe ??= client.openPipe?.() ?? pipeOver(client, this.#closing.signal);
      this.#pipe.ask(this.#hashOf(path), (lookup) => this.#onLookup(path, lookup));
    }
  }

  #onLookup(path: number, lookup: NarinfoLookup): void {
    if (this.#closed) return;
    this.#inFlight--;
    const { store, now } = this.#options;
    this.learned = true;
    const at = now();
    const answer = this.#understand(path, lookup, at);
    if (store.forgetful !== true && answer.kind !== 'failed' && (lookup.kind === 'found' || lookup.kind === 'absent'))
      store.putNarinfo(this.url, this.#hashOf(path), lookup, at);
    if (answer.kind === 'found') this.#compare(path, answer.narinfo.narHash, at);
    if (answer.kind === 'failed' && this.#earlier.has(path)) void this.#fallBack(path, answer);
    else this.#deliver(path, answer);
    this.#pump();
  }

  /** Signatures do not age: what a cache said on an earlier day is as true as it was. That a path was missing then says nothing of today. */
  async #fallBack(path: number, failed: Extract<LaneAnswer, { kind: 'failed' }>): Promise<void> {
    const remembered = await this.#options.store.getNarinfo(this.url, this.#hashOf(path));
    if (this.#closed) return;
    const answer = remembered === undefined ? failed : this.#understand(path, remembered.value, remembered.at);
    this.#deliver(path, answer.kind === 'found' ? { ...answer, outdated: failed.failure.reason } : failed);
  }

  #deliver(path: number, answer: LaneAnswer): void {
    if (answer.kind === 'found' || answer.kind === 'known') this.found++;
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
        const asked = this.#options.pathOf(path);
        const parsed = parseNarinfo(lookup.text, this.#options.storeDir, asked);
        if (!parsed.ok) return malformed(describeNarinfoError(parsed.error), at);
        // Nix skips it, too ("asked for … but got …").
        if (parsed.value.storePath !== asked)
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
