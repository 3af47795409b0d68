/** A closure that was walked: its paths in order, each with the answer that counts. Kept as numbers; the texts are made when asked for. */
import type { Agreement, ClosurePath, ClosureStop, ClosureTotals } from '../../domain/closureReport';
import type { CacheAnswer, PathVerdict } from '../../domain/inputsReport';
import { FROM_NO_ROOT, FROM_ROOT } from '../../domain/reachedThrough';
import { storePathOrder, type StorePath } from '../../domain/storePath';
import { compareText } from '../../util/compare';
import { Slices } from '../../util/inSlices';
import { sortByOrder } from '../../util/sortByOrder';
import { plainText } from '../../util/plainText';
import type { Answer, FoundAnswer } from './answers';
import type { CacheLane } from './cacheLane';
import { cacheAnswer } from './cacheAnswer';
import { agreementOf } from './agreement';
import type { Walked } from './walk';

/** One path with all that is known of it. */
export interface ClosureEntry {
  readonly number: number;
  readonly storePath: StorePath;
  readonly verdict: PathVerdict;
  readonly keyNames: readonly string[];
  /** The cache that Nix would take it from, if any. */
  readonly from: CacheLane | undefined;
  /** The answer whose hash, size and references are shown: that of {@link from}, else the best. */
  readonly shown: FoundAnswer | undefined;
  /** By order of the cache. */
  readonly answers: readonly (Answer | undefined)[];
  readonly agreement: Agreement | undefined;
}

/** From best to worst. */
const BEST_FIRST = ['verified', 'content-addressed', 'untrusted-key', 'unsigned', 'invalid-signature', 'absent'] as const;

/** The same, and what is left when no cache told anything. */
const VERDICTS = [...BEST_FIRST, 'unknown'] as const;

const AGREEMENTS = ['none', 'single', 'agree', 'differ'] as const satisfies readonly Agreement[];

export class Closure {
  readonly challenge: boolean;
  /** Those that are asked, in the order in which Nix would ask. */
  readonly lanes: readonly CacheLane[];
  /** The others, too. */
  readonly allLanes: readonly CacheLane[];
  readonly totals: ClosureTotals;
  readonly stopped: ClosureStop | undefined;
  readonly #walked: Walked;
  readonly #roots: readonly number[];
  /** Numbers of the paths that belong to the closure and were looked at, sorted by path. */
  readonly #sorted: readonly number[];
  /** By number: the path through which it was first reached from a root; itself for a root, -1 for what does not belong to it. */
  readonly #parents: Int32Array;
  readonly #judged: Judged;
  #paths: readonly ClosurePath[] | undefined;

  private constructor(
    walked: Walked,
    challenge: boolean,
    parts: Omit<ClosureParts, 'unvisited'>,
    stopped: ClosureStop | undefined,
  ) {
    this.#walked = walked;
    this.challenge = challenge;
    this.allLanes = walked.lanes;
    this.lanes = walked.lanes.filter(({ refusal }) => refusal === undefined);
    this.#roots = walked.roots;
    this.#parents = parts.parents;
    this.#sorted = parts.sorted;
    this.#judged = parts.judged;
    this.totals = parts.totals;
    this.stopped = stopped;
  }

  /** Puts a walk in order, with pauses. What only an answer led to that does not count is left out. */
  static async of(walked: Walked, challenge: boolean): Promise<Closure> {
    const parts = await measure(walked, challenge);
    const { limit, cancelled } = walked;
    const stopped: ClosureStop | undefined =
      limit !== undefined && (parts.unvisited > 0 || limit.reason === 'max-references')
        ? { ...limit, unvisited: parts.unvisited }
        : cancelled
          ? { reason: 'cancelled', unvisited: parts.unvisited }
          : undefined;
    return new Closure(walked, challenge, parts, stopped);
  }

  get roots(): readonly StorePath[] {
    return this.#roots.map((root) => this.pathOf(root));
  }

  get size(): number {
    return this.#sorted.length;
  }

  /** All paths as the contract has them; made once. For a large closure rather take them one by one, from {@link eachPath}. */
  get paths(): readonly ClosurePath[] {
    return (this.#paths ??= [...this.eachPath()]);
  }

  *eachPath(): Generator<ClosurePath> {
    for (const entry of this.entries()) yield this.describe(entry);
  }

  /** Every path that was looked at, sorted. */
  *entries(): Generator<ClosureEntry> {
    for (const number of this.#sorted) yield this.#entry(number);
  }

  /** The path of a number that belongs to the closure. */
  entryAt(number: number): ClosureEntry {
    return this.#entry(number);
  }

  pathOf(number: number): StorePath {
    return numbered(this.#walked, number);
  }

  /** Tells whether a path belongs to the closure and was looked at. */
  has(number: number): boolean {
    return (this.#parents[number] ?? -1) >= 0 && this.#walked.answersOf(number) !== undefined;
  }

  /** How many numbers of paths there are, for arrays over them. */
  get numbers(): number {
    return this.#walked.paths.length;
  }

  /**
   * The shortest chain of references from a root to `path`, both included, or else from a path that was looked at beside the roots. Empty when
   * the closure does not have it.
   */
  why(path: StorePath): readonly StorePath[] {
    const chain: StorePath[] = [];
    let number = this.#walked.paths.indexOf(path);
    for (;;) {
      const parent = this.#parents[number] ?? -1;
      if (parent < 0) return chain.reverse();
      chain.push(this.pathOf(number));
      if (parent === number) return chain.reverse();
      number = parent;
    }
  }

  /**
   * By place in {@link entries}: the place of the path through which a path was first reached, so that following it gives what {@link why}
   * gives, backwards; {@link FROM_ROOT} or {@link FROM_NO_ROOT} where a chain begins.
   */
  reachedThrough(): Int32Array {
    const places = new Int32Array(this.numbers);
    for (const [place, number] of this.#sorted.entries()) places[number] = place;
    const roots = new Set(this.#roots);
    return Int32Array.from(this.#sorted, (number) => {
      const parent = this.#parents[number] ?? number;
      return parent !== number ? (places[parent] ?? FROM_NO_ROOT) : roots.has(number) ? FROM_ROOT : FROM_NO_ROOT;
    });
  }

  /** One path as the contract has it. */
  describe({ storePath, verdict, keyNames, from, shown, answers, agreement }: ClosureEntry): ClosurePath {
    const references = shown?.references.map((reference) => this.pathOf(reference)) ?? [];
    return {
      storePath,
      verdict,
      keyNames,
      ...(from === undefined ? {} : { from: from.url }),
      ...(shown === undefined ? {} : { narHash: shown.narHash, narSize: shown.narSize }),
      references,
      ...(agreement === undefined ? {} : { agreement }),
      ...(agreement === undefined && verdict !== 'unknown' ? {} : { answers: this.answersOf(answers) }),
    };
  }

  /** The answers of every cache that was asked. */
  answersOf(answers: readonly (Answer | undefined)[]): readonly CacheAnswer[] {
    return this.lanes.flatMap((lane) => {
      const answer = answers[lane.order];
      return answer === undefined ? [] : [cacheAnswer(lane, answer)];
    });
  }

  #entry(number: number): ClosureEntry {
    return entryOf(this.#walked, number, this.lanes, this.#judged);
  }
}

/** From which cache a path would be taken, and its verdict: worked out once, asked for by every report. */
interface Judged {
  /** By number of the path: 1 + the place of the cache among those asked, 0 for none. */
  readonly from: Uint16Array;
  /** By number of the path: the place in {@link VERDICTS}. */
  readonly verdicts: Uint8Array;
  /** By number of the path, after a challenge: the place in {@link AGREEMENTS}. */
  readonly agreements: Uint8Array | undefined;
}

interface ClosureParts {
  readonly judged: Judged;
  readonly sorted: readonly number[];
  readonly parents: Int32Array;
  readonly totals: ClosureTotals;
  readonly unvisited: number;
}

async function measure(walked: Walked, challenge: boolean): Promise<ClosureParts> {
  const slices = new Slices();
  const lanes = walked.lanes.filter(({ refusal }) => refusal === undefined);
  const parents = new Int32Array(walked.paths.length).fill(-1);
  const reached: number[] = [];
  const visited: number[] = [];
  const judged: Judged = {
    from: new Uint16Array(walked.paths.length),
    verdicts: new Uint8Array(walked.paths.length).fill(VERDICTS.length - 1),
    agreements: challenge ? new Uint8Array(walked.paths.length) : undefined,
  };
  let narBytes = 0;
  let differ = 0;
  const byVerdict = new Map<PathVerdict, number>();
  const byKey = new Map<string, number>();
  const byCache = new Map<string, number>(lanes.map(({ url }) => [url, 0]));
  // First from the roots, then from whatever else was looked at and no root leads to.
  for (const starts of [walked.roots, walked.also]) {
    const begun = reached.length;
    for (const start of starts) {
      if ((parents[start] ?? 0) >= 0) continue;
      parents[start] = start;
      reached.push(start);
    }
    // Breadth first, so that the first way to a path is a shortest one. The list grows while it is read.
    for (let at = begun; at < reached.length; at++) {
      const path = reached[at] ?? 0;
      const answers = walked.answersOf(path);
      if (answers === undefined) continue;
      visited.push(path);
      const taken = takenFrom(answers, lanes);
      const from = lanes[taken];
      const verdict = verdictOf(answers);
      judged.from[path] = taken + 1;
      judged.verdicts[path] = verdict;
      const shown = shownOf(answers, from);
      narBytes += shown?.narSize ?? 0;
      count(byVerdict, VERDICTS[verdict] ?? 'unknown');
      for (const name of keyNamesOf(answers)) count(byKey, name);
      if (from !== undefined) count(byCache, from.url);
      if (judged.agreements !== undefined) {
        const agreement = agreementOf(answers);
        judged.agreements[path] = AGREEMENTS.indexOf(agreement);
        if (agreement === 'differ') differ++;
      }
      for (const reference of shown?.references ?? NONE) {
        if ((parents[reference] ?? 0) >= 0) continue;
        parents[reference] = path;
        reached.push(reference);
      }
      if (slices.due) await slices.pause();
    }
  }
  const totals: ClosureTotals = {
    paths: visited.length,
    narBytes,
    byVerdict: inOrder(byVerdict),
    byKey: inOrder(byKey),
    byCache: Object.fromEntries(byCache),
    differ,
  };
  const sorted = await sortPaths(visited, walked, slices);
  return { judged, sorted, parents, totals, unvisited: reached.length - visited.length };
}

function sortPaths(numbers: readonly number[], walked: Walked, slices: Slices): Promise<readonly number[]> {
  const { paths } = walked;
  return sortByOrder(
    numbers,
    (number) => storePathOrder(numbered(walked, number)),
    (a, b) => compareText(paths[a] ?? '', paths[b] ?? ''),
    slices,
  );
}

function entryOf(walked: Walked, number: number, lanes: readonly CacheLane[], judged: Judged): ClosureEntry {
  const answers = walked.answersOf(number) ?? [];
  const from = lanes[(judged.from[number] ?? 0) - 1];
  return {
    number,
    storePath: numbered(walked, number),
    verdict: VERDICTS[judged.verdicts[number] ?? 0] ?? 'unknown',
    keyNames: keyNamesOf(answers),
    from,
    shown: shownOf(answers, from),
    answers,
    agreement: judged.agreements === undefined ? undefined : AGREEMENTS[judged.agreements[number] ?? 0],
  };
}

/** Numbers come from the walk itself, so each has its path. */
function numbered({ paths }: Walked, number: number): StorePath {
  const path = paths[number];
  if (path === undefined) throw new RangeError(`no path has the number ${number}`);
  return path;
}

const NONE: readonly number[] = [];

/** The answer of the cache that Nix would take the path from; the best there is where it would take none. */
function shownOf(answers: readonly (Answer | undefined)[], from: CacheLane | undefined): FoundAnswer | undefined {
  const answer = from === undefined ? undefined : answers[from.order];
  return answer?.kind === 'found' ? answer : bestFound(answers);
}

/** The place of the first cache whose narinfo passes Nix's check; -1 for none. */
function takenFrom(answers: readonly (Answer | undefined)[], lanes: readonly CacheLane[]): number {
  for (let place = 0; place < lanes.length; place++) {
    const answer = answers[lanes[place]?.order ?? -1];
    if (answer?.kind === 'found' && answer.check?.accepted === true) return place;
  }
  return -1;
}

/** The best narinfo where Nix would take none; the first among equals. */
function bestFound(answers: readonly (Answer | undefined)[]): FoundAnswer | undefined {
  let best: FoundAnswer | undefined;
  let bestRank: number = VERDICTS.length;
  for (const answer of answers) {
    if (answer?.kind !== 'found') continue;
    const rank = rankOf(answer.check?.verdict);
    if (rank < bestRank) [best, bestRank] = [answer, rank];
  }
  return best;
}

/** A place in {@link VERDICTS}; for what is none of {@link BEST_FIRST} the last. */
function rankOf(verdict: PathVerdict | undefined): number {
  for (let rank = 0; rank < BEST_FIRST.length; rank++) if (BEST_FIRST[rank] === verdict) return rank;
  return VERDICTS.length - 1;
}

/** The best verdict that any cache gives, as a place in {@link VERDICTS}. */
function verdictOf(answers: readonly (Answer | undefined)[]): number {
  let best = VERDICTS.length - 1;
  for (const answer of answers) {
    const verdict = answer?.kind === 'found' ? answer.check?.verdict : answer?.kind === 'absent' ? 'absent' : undefined;
    best = Math.min(best, rankOf(verdict));
  }
  return best;
}

const NOBODY: readonly string[] = [];

/** Names of the keys that vouch for a path; one list for all the paths that one answer decides. */
function keyNamesOf(answers: readonly (Answer | undefined)[]): readonly string[] {
  const [only] = answers;
  if (answers.length === 1 && only?.kind === 'found' && only.check?.keyNames.length === 1)
    return only.check.verdict === 'verified' ? only.check.keyNames : NOBODY;
  let names: readonly string[] = NOBODY;
  for (const answer of answers) {
    if (answer?.kind !== 'found' || answer.check?.verdict !== 'verified') continue;
    const { keyNames } = answer.check;
    if (names.length === 0 && keyNames.length === 1) names = keyNames;
    else if (keyNames.some((name) => !names.includes(name))) names = [...new Set([...names, ...keyNames])].sort(compareText);
  }
  return names;
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** As an object whose keys are sorted; made by `fromEntries`, to which a key called `__proto__` is one like any other. */
function inOrder<Key extends string>(counts: ReadonlyMap<Key, number>): Record<Key, number> {
  const entries = [...counts].sort(([a], [b]) => compareText(a, b)).map(([key, value]) => [plainText(key, 200), value]);
  return Object.fromEntries(entries) as Record<Key, number>;
}
