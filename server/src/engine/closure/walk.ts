/**
 * Walks the closure of store paths over narinfos. Every path is asked for once, as soon as a narinfo refers to it; nothing waits for a
 * layer of the graph to be complete, nor for a signature to be verified, so that a walk takes about as long as its longest chain.
 */
import type { Narinfo } from '../../domain/narinfo';
import type { StorePath } from '../../domain/storePath';
import { onAbort } from '../../util/abort';
import { CheckTable, voicesOf, type Answer, type FoundAnswer } from './answers';
import { CacheLane, type LaneAnswer } from './cacheLane';
import {
  DEFAULT_CONNECTIONS,
  DEFAULT_MAX_CHAIN,
  DEFAULT_MAX_PATHS,
  DEFAULT_MAX_REFERENCES,
  type ClosurePorts,
  type ClosureRequest,
} from './request';
import { SignatureDesk } from './signatureDesk';
import type { ConfiguredCache } from '../trustConfiguration';
import type { WalkedCache } from './walkedCache';

/** What a walk has found out, not yet put in order. */
export interface Walked {
  /** Every configured cache, in the order in which Nix would ask; those that are not asked come last. */
  readonly lanes: readonly WalkedCache[];
  readonly roots: readonly number[];
  /** Further paths at which the walk began. */
  readonly also: readonly number[];
  /** By number; those that only an answer mentions which Nix would not take are among them. */
  readonly paths: readonly StorePath[];
  /** By number of the path, then by order of the cache; `undefined` for paths that were not visited, or not to the end. */
  readonly answersOf: (path: number) => readonly (Answer | undefined)[] | undefined;
  readonly limit?: { readonly reason: 'max-paths' | 'max-references' | 'max-chain'; readonly limit: number };
  readonly cancelled: boolean;
}

/** What a walk of this process has found out: its caches also know what is worth remembering. */
export interface OwnWalk extends Walked {
  readonly lanes: readonly CacheLane[];
}

/** What is known of one path while the walk goes on. A class, since V8 is slow to make such objects from a literal. */
class PathState {
  /** By the order of the caches. */
  readonly answers: (Answer | undefined)[];
  /** The first cache of which it is not known whether Nix takes the path from it. */
  turn = 0;
  /** Questions and verifications under way. */
  underWay = 0;
  done = false;
  /** How many references led to it, from a root. */
  readonly depth: number;

  constructor(answers: (Answer | undefined)[], depth: number) {
    this.answers = answers;
    this.depth = depth;
  }
}

const PROGRESS_MS = 100;

/**
 * So many narinfos may wait for their verification: enough to keep the threads busy, and few in memory. With many connections more, since those are wanted
 * at a distance, where a question that is put off costs a round trip, and the threads catch up later.
 */
const MIN_WAITING = 256;

/** Opens the caches and walks. Ends early, with what is known by then, when `signal` aborts. */
export function walk(request: ClosureRequest, ports: ClosurePorts, signal: AbortSignal): Promise<OwnWalk> {
  return new Walker(request, ports).run(signal);
}

class Walker {
  readonly #request: ClosureRequest;
  readonly #ports: ClosurePorts;
  #desk: SignatureDesk | undefined;
  readonly #checks = new CheckTable();
  #lanes: readonly CacheLane[] = [];
  /** Those of {@link #lanes} that are asked. */
  #asked: readonly CacheLane[] = [];
  /** The answers of all of them before there are any. */
  #unanswered: readonly undefined[] = [];
  readonly #paths: StorePath[] = [];
  readonly #numbers = new Map<StorePath, number>();
  /** As long as {@link #paths}: a list with holes is slower. */
  readonly #states: (PathState | undefined)[] = [];
  readonly #maxPaths: number;
  readonly #maxReferences: number;
  readonly #maxChain: number;
  #visited = 0;
  #references = 0;
  #answered = 0;
  #verified = 0;
  #limit: Walked['limit'];
  #onIdle: () => void = () => undefined;
  #toldAt = 0;
  #toldRequests = 0;
  #requestsPerSecond = 0;

  constructor(request: ClosureRequest, ports: ClosurePorts) {
    this.#request = request;
    this.#ports = ports;
    this.#maxPaths = request.maxPaths ?? DEFAULT_MAX_PATHS;
    this.#maxReferences = request.maxReferences ?? DEFAULT_MAX_REFERENCES;
    this.#maxChain = request.maxChain ?? DEFAULT_MAX_CHAIN;
  }

  async run(signal: AbortSignal): Promise<OwnWalk> {
    const roots = [...new Set(this.#request.roots)].map((path) => this.#numberOf(path));
    const also = [...new Set(this.#request.also ?? [])].map((path) => this.#numberOf(path));
    try {
      await this.#openLanes(signal);
      await this.#walk([...roots, ...also], signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    const cancelled = signal.aborted && (this.#visited === 0 || this.#answered < this.#visited);
    this.#desk?.close();
    for (const lane of this.#lanes) lane.close();
    this.#tell(this.#ports.clock.now());
    return {
      lanes: this.#lanes,
      roots,
      also,
      paths: this.#paths,
      answersOf: (path) => {
        const state = this.#states[path];
        return state?.done === true ? state.answers : undefined;
      },
      ...(this.#limit === undefined ? {} : { limit: this.#limit }),
      cancelled,
    };
  }

  async #openLanes(signal: AbortSignal): Promise<void> {
    const { configuration, withheld, offline = false, refresh = false, connections = DEFAULT_CONNECTIONS } = this.#request;
    const { openCache, store, clock, verified } = this.#ports;
    // A cache that is named twice is asked once, under the first name it was given.
    const caches = new Map([...configuration.caches].reverse().map((cache) => [cache.substituter.url, cache]));
    const lanes = configuration.caches
      .filter((cache) => caches.get(cache.substituter.url) === cache)
      .map(
        (cache) =>
          new CacheLane({
            cache: askable(cache, withheld?.(cache)),
            client: openCache(cache, configuration),
            store,
            facts: this.#ports.facts,
            known: {
              trusted: configuration.trusted,
              requireSignatures: this.#requiresSignatures(cache),
              checks: this.#checks,
              numberOf: (path) => this.#numberOf(path),
            },
            // What verified is needed only where a signature comes that no facts settle.
            prepare: () => verified.load(),
            storeDir: configuration.storeDir,
            now: () => clock.now(),
            connections,
            refresh,
            offline,
            pathOf: (path) => this.#pathOf(path),
            mayAsk: () => this.#desk?.full !== true,
            onAnswer: (lane, path, answer) => this.#onAnswer(lane, path, answer),
          }),
      );
    this.#lanes = lanes;
    await Promise.all(lanes.map((lane) => lane.open(signal)));
    this.#lanes = inAskingOrder(lanes);
    this.#asked = this.#lanes.filter(({ refusal }) => refusal === undefined);
    this.#unanswered = this.#asked.map(() => undefined);
    for (const [order, lane] of this.#lanes.entries()) lane.order = order;
    this.#desk = new SignatureDesk({
      remembered: verified,
      verifier: this.#ports.openVerifier(),
      repeats: this.#asked.length > 1,
      maxWaiting: Math.max(MIN_WAITING, 2 * connections),
      onRoom: () => this.#resume(),
    });
  }

  #resume(): void {
    // The one that is behind goes first: what one cache said of a path is held until the others have said it, too.
    for (const lane of [...this.#asked].sort((a, b) => a.asked - b.asked)) lane.resume();
  }

  #walk(roots: readonly number[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve) => {
      const dispose = onAbort(signal, resolve);
      this.#onIdle = () => {
        dispose();
        resolve();
      };
      this.#tell(this.#ports.clock.now());
      this.#follow(roots, 0);
      if (roots.length === 0) this.#onIdle();
    });
  }

  #numberOf(path: StorePath): number {
    const known = this.#numbers.get(path);
    if (known !== undefined) return known;
    const number = this.#paths.push(path) - 1;
    this.#states.push(undefined);
    this.#numbers.set(path, number);
    return number;
  }

  /** Numbers are given out by {@link #numberOf}, so each has its path. */
  #pathOf(number: number): StorePath {
    const path = this.#paths[number];
    if (path === undefined) throw new RangeError(`no path has the number ${number}`);
    return path;
  }

  #follow(paths: readonly number[], depth: number): void {
    for (const path of paths) if (this.#states[path] === undefined && !this.#visit(path, depth)) return;
  }

  /** Begins with a path; false when nothing more may be followed. */
  #visit(path: number, depth: number): boolean {
    if (depth > this.#maxChain) {
      // A cache may make up a new path for each that is asked for: one request after another, for hours.
      this.#limit ??= { reason: 'max-chain', limit: this.#maxChain };
      return false;
    }
    if (this.#visited >= this.#maxPaths) {
      this.#limit ??= { reason: 'max-paths', limit: this.#maxPaths };
      return false;
    }
    this.#visited++;
    const state = new PathState(this.#unanswered.slice(), depth);
    this.#states[path] = state;
    if (this.#request.challenge) for (const lane of this.#asked) this.#want(lane, path, state);
    this.#advance(path, state);
    return true;
  }

  #want(lane: CacheLane, path: number, state: PathState): void {
    state.underWay++;
    lane.want(path);
  }

  #onAnswer(lane: CacheLane, path: number, answer: LaneAnswer): void {
    const state = this.#states[path];
    if (state === undefined) return;
    state.underWay--;
    if (answer.kind === 'found') {
      const found = this.#keep(answer.narinfo, answer.at, answer.outdated);
      state.answers[lane.order] = found;
      state.underWay++;
      this.#verify(lane, path, answer.narinfo, (check) => {
        found.check = check;
        state.underWay--;
        this.#advance(path, state);
      });
    } else if (answer.kind === 'known') {
      state.answers[lane.order] = this.#withinLimit(answer.answer);
    } else state.answers[lane.order] = answer;
    this.#advance(path, state);
    const now = this.#ports.clock.now();
    if (now - this.#toldAt >= PROGRESS_MS) this.#tell(now);
  }

  #keep({ narHash, narSize, references, signatures }: Narinfo, at: number, outdated: string | undefined): FoundAnswer {
    const within = this.#countReferences(references.length);
    return {
      kind: 'found',
      at,
      narHash,
      narSize,
      references: within ? this.#numbersOf(references) : [],
      voices: voicesOf(signatures),
      check: undefined,
      outdated,
    };
  }

  /** Without `map`, whose lists have another inner form when it runs as optimized code: all that knew the first one would be compiled again. */
  #numbersOf(paths: readonly StorePath[]): readonly number[] {
    const numbers: number[] = [];
    for (const path of paths) numbers.push(this.#numberOf(path));
    // The copy has no room to spare.
    return numbers.slice();
  }

  /** Counts further references; false when they are too many to be followed. */
  #countReferences(count: number): boolean {
    this.#references += count;
    // A cache may give every path thousands of references; there is no use in keeping what cannot be followed.
    const within = this.#references <= this.#maxReferences;
    if (!within) this.#limit ??= { reason: 'max-references', limit: this.#maxReferences };
    return within;
  }

  #withinLimit(answer: FoundAnswer): FoundAnswer {
    return this.#countReferences(answer.references.length) ? answer : { ...answer, references: [] };
  }

  #verify({ cache }: CacheLane, path: number, narinfo: Narinfo, done: (check: FoundAnswer['check']) => void): void {
    const { configuration } = this.#request;
    const question = {
      asked: this.#pathOf(path),
      trusted: configuration.trusted,
      requireSignatures: this.#requiresSignatures(cache),
      storeDir: configuration.storeDir,
    };
    this.#desk?.check(path, narinfo, question, (check) => {
      if (check.kind === 'checked') done(this.#checks.intern(check));
    });
  }

  #requiresSignatures({ substituter }: ConfiguredCache): boolean {
    return this.#request.configuration.requireSignatures && !substituter.trusted;
  }

  /** Goes on to the next cache, to the references, or to the end of a path, as far as its answers allow. */
  #advance(path: number, state: PathState): void {
    if (state.done) return;
    for (;;) {
      const lane = this.#asked[state.turn];
      if (lane === undefined) break;
      const answer = state.answers[lane.order];
      if (answer === undefined) {
        if (!this.#request.challenge && state.underWay === 0) this.#want(lane, path, state);
        return;
      }
      if (answer.kind === 'found') {
        // Without waiting for the signature: where it turns out bad and another cache gives the path, its references may be others,
        // and what was walked for these is left out in the end.
        this.#follow(answer.references, state.depth + 1);
        if (answer.check === undefined) return;
        if (answer.check.accepted) break;
      }
      state.turn++;
    }
    if (state.underWay > 0) return;
    this.#end(path, state);
  }

  #end(path: number, state: PathState): void {
    state.done = true;
    this.#desk?.end(path);
    this.#answered++;
    if (state.answers.some((answer) => answer?.kind === 'found' && answer.check?.verdict === 'verified')) this.#verified++;
    if (this.#answered === this.#visited) this.#onIdle();
  }

  #tell(now: number): void {
    const requests = this.#lanes.reduce((sum, { asked }) => sum + asked, 0);
    const elapsedMs = now - this.#toldAt;
    if (this.#toldAt > 0 && elapsedMs > 0)
      this.#requestsPerSecond = Math.round(((requests - this.#toldRequests) * 1000) / elapsedMs);
    this.#toldAt = now;
    this.#toldRequests = requests;
    this.#request.onProgress?.({
      found: this.#paths.length,
      answered: this.#answered,
      verified: this.#verified,
      requestsPerSecond: this.#requestsPerSecond,
      perCache: this.#lanes.map(({ url, asked, found }) => ({ url, asked, found })),
    });
  }
}

/**
 * Ascending priority, equal ones as configured; then those whose priority nobody knows because they never answered; then those that are
 * not asked at all.
 */
function inAskingOrder(lanes: readonly CacheLane[]): CacheLane[] {
  const rank = (lane: CacheLane): number => (lane.refusal !== undefined ? 2 : lane.priority === undefined ? 1 : 0);
  return [...lanes].sort((a, b) => rank(a) - rank(b) || (a.priority ?? 0) - (b.priority ?? 0));
}

/** A cache that must not hear of a walk, as one that is not asked; itself where there is no reason. */
export function askable(cache: ConfiguredCache, refusal: string | undefined): ConfiguredCache {
  return refusal === undefined ? cache : { ...cache, ask: false, reason: refusal };
}
