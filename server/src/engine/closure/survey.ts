/** One look at everything that a walk found out: which paths belong to the closure, how they were reached, and what their answers amount to. */
import type { Agreement, ClosureTotals } from '../../domain/closureReport';
import type { PathVerdict } from '../../domain/inputsReport';
import { compareText } from '../../util/compare';
import { Slices } from '../../util/inSlices';
import { plainText } from '../../util/plainText';
import { agreementOf } from './agreement';
import type { Answer, FoundAnswer } from './answers';
import { CoverageCount } from './coverage';
import type { Walked } from './walk';

type Cache = Walked['lanes'][number];

/** What the answers of a path amount to. Paths with like answers share one, and nearly all of a closure have like answers. */
export interface Judgement {
  readonly verdict: PathVerdict;
  /** Names of the keys that vouch for the path. */
  readonly keyNames: readonly string[];
  /** The cache that Nix would take it from, if any. */
  readonly from: Cache | undefined;
  /** One of the signatures, of whatever cache, does not verify. */
  readonly invalid: boolean;
}

/** What a look at the whole closure gives. Arrays are by number of the path. */
export interface Survey {
  /** Numbers of the paths that belong to the closure and were looked at, in the order in which they were reached. */
  readonly visited: readonly number[];
  /** How many belong to it and were not looked at. */
  readonly unvisited: number;
  /** The path through which one was first reached from a root; itself for a root, -1 for what does not belong to the closure. */
  readonly parents: Int32Array;
  readonly judgements: readonly Judgement[];
  /** Places in {@link judgements}. */
  readonly judged: Uint32Array;
  /** After a challenge: places in {@link AGREEMENTS}. */
  readonly agreements: Uint8Array | undefined;
  readonly totals: ClosureTotals;
  /** Of each cache that was asked, in their order. */
  readonly counts: readonly CoverageCount[];
}

export const AGREEMENTS = ['none', 'single', 'agree', 'differ'] as const satisfies readonly Agreement[];

/** From best to worst. */
const BEST_FIRST = ['verified', 'content-addressed', 'untrusted-key', 'unsigned', 'invalid-signature', 'absent'] as const;

/** The same, and what is left when no cache told anything. */
const VERDICTS = [...BEST_FIRST, 'unknown'] as const;

const NOBODY: readonly string[] = [];

/** Of what was not looked at. */
export const UNKNOWN: Judgement = { verdict: 'unknown', keyNames: NOBODY, from: undefined, invalid: false };

/** So many paths and references are looked at between two looks at the clock. */
const STEPS = 128;

/** Looks at everything, with pauses. */
export async function survey(walked: Walked, challenge: boolean): Promise<Survey> {
  const slices = new Slices();
  const surveyor = new Surveyor(walked, challenge);
  // First from the roots, then from whatever else was looked at and no root leads to.
  for (const starts of [walked.roots, walked.also]) {
    surveyor.begin(starts);
    while (surveyor.goOn()) if (slices.due) await slices.pause();
  }
  return surveyor.survey();
}

class Surveyor {
  readonly #answersOf: Walked['answersOf'];
  readonly #judge: Judge;
  readonly #parents: Int32Array;
  readonly #judged: Uint32Array;
  readonly #agreements: Uint8Array | undefined;
  readonly #reached: number[] = [];
  readonly #visited: number[] = [];
  readonly #counts: readonly CoverageCount[];
  #at = 0;
  #narBytes = 0;
  #differ = 0;

  constructor(walked: Walked, challenge: boolean) {
    const numbers = walked.paths.length;
    this.#answersOf = walked.answersOf;
    const lanes = walked.lanes.filter(({ refusal }) => refusal === undefined);
    this.#judge = new Judge(lanes);
    this.#counts = lanes.map(({ order }) => new CoverageCount(order));
    this.#parents = new Int32Array(numbers).fill(-1);
    this.#judged = new Uint32Array(numbers);
    this.#agreements = challenge ? new Uint8Array(numbers) : undefined;
  }

  begin(starts: readonly number[]): void {
    for (const start of starts) reach(start, start, this.#parents, this.#reached);
  }

  /** Looks at some more; false when nothing is left. Breadth first, so that the first way to a path is a shortest one. */
  goOn(): boolean {
    for (let left = STEPS; left > 0;) {
      const path = this.#reached[this.#at];
      if (path === undefined) return false;
      this.#at++;
      const shown = this.#look(path);
      left--;
      if (shown === undefined) continue;
      // Asked for once: those of a packed walk are made each time.
      const { references } = shown;
      left -= references.length;
      this.#narBytes += shown.narSize;
      reachAll(references, path, this.#parents, this.#reached);
    }
    return true;
  }

  /** The answer whose references count. */
  #look(path: number): FoundAnswer | undefined {
    const answers = this.#answersOf(path);
    if (answers === undefined) return undefined;
    this.#visited.push(path);
    const judgement = this.#judge.count(answers);
    this.#judged[path] = judgement;
    for (const count of this.#counts) count.add(answers);
    if (this.#agreements !== undefined) this.#compare(path, answers, this.#agreements);
    return shownOf(answers, this.#judge.all[judgement]?.from);
  }

  #compare(path: number, answers: readonly (Answer | undefined)[], agreements: Uint8Array): void {
    const agreement = agreementOf(answers);
    agreements[path] = AGREEMENTS.indexOf(agreement);
    if (agreement === 'differ') this.#differ++;
  }

  survey(): Survey {
    return {
      visited: this.#visited,
      unvisited: this.#reached.length - this.#visited.length,
      parents: this.#parents,
      judgements: this.#judge.all,
      judged: this.#judged,
      agreements: this.#agreements,
      totals: {
        paths: this.#visited.length,
        narBytes: this.#narBytes,
        ...this.#judge.counts(),
        differ: this.#differ,
      },
      counts: this.#counts,
    };
  }
}

/** By itself, so that it becomes quick soon: it is most of the work. */
function reachAll(paths: readonly number[], through: number, parents: Int32Array, reached: number[]): void {
  for (const path of paths) reach(path, through, parents, reached);
}

function reach(path: number, through: number, parents: Int32Array, reached: number[]): void {
  if ((parents[path] ?? 0) >= 0) return;
  parents[path] = through;
  reached.push(path);
}

/** Judges the answers of one path after another, and counts. */
class Judge {
  readonly #lanes: readonly Cache[];
  readonly #all: Judgement[] = [UNKNOWN];
  /** By place in {@link all}: the paths of which this is so. */
  readonly #paths: number[] = [0];
  readonly #places = new Map<string, number>();
  /** Those judged last, and what came of it. */
  #lastAnswers: readonly (Answer | undefined)[] | undefined;
  #last = 0;

  constructor(lanes: readonly Cache[]) {
    this.#lanes = lanes;
  }

  get all(): readonly Judgement[] {
    return this.#all;
  }

  /** The place in {@link all} of what the answers amount to. */
  count(answers: readonly (Answer | undefined)[]): number {
    if (this.#lastAnswers === undefined || !areAlike(answers, this.#lastAnswers)) {
      this.#last = this.#placeOf(answers);
      this.#lastAnswers = answers;
    }
    this.#paths[this.#last] = (this.#paths[this.#last] ?? 0) + 1;
    return this.#last;
  }

  #placeOf(answers: readonly (Answer | undefined)[]): number {
    const taken = takenFrom(answers, this.#lanes);
    const verdict = verdictOf(answers);
    const keyNames = keyNamesOf(answers);
    const invalid = answers.some((answer) => answer?.kind === 'found' && answer.check?.invalid === true);
    const key = [taken, verdict, invalid, ...keyNames].join('\n');
    let place = this.#places.get(key);
    if (place === undefined) {
      place = this.#all.push({ verdict, keyNames, from: this.#lanes[taken], invalid }) - 1;
      this.#paths.push(0);
      this.#places.set(key, place);
    }
    return place;
  }

  counts(): Pick<ClosureTotals, 'byVerdict' | 'byKey' | 'byCache'> {
    const byVerdict = new Map<PathVerdict, number>();
    const byKey = new Map<string, number>();
    const byCache = new Map<string, number>(this.#lanes.map(({ url }) => [url, 0]));
    for (const [place, { verdict, keyNames, from }] of this.#all.entries()) {
      const paths = this.#paths[place] ?? 0;
      if (paths === 0) continue;
      add(byVerdict, verdict, paths);
      for (const name of keyNames) add(byKey, name, paths);
      if (from !== undefined) add(byCache, from.url, paths);
    }
    return { byVerdict: inOrder(byVerdict), byKey: inOrder(byKey), byCache: Object.fromEntries(byCache) };
  }
}

/** Tells whether two paths got answers that no judgement tells apart. */
function areAlike(one: readonly (Answer | undefined)[], other: readonly (Answer | undefined)[]): boolean {
  // All paths were asked for at as many caches.
  for (let place = 0; place < one.length; place++) {
    const answer = one[place];
    const counterpart = other[place];
    if (answer?.kind !== counterpart?.kind) return false;
    if (answer?.kind === 'found' && counterpart?.kind === 'found' && answer.check !== counterpart.check) return false;
  }
  return true;
}

/** The answer of the cache that Nix would take the path from; the best there is where it would take none. */
export function shownOf(answers: readonly (Answer | undefined)[], from: Cache | undefined): FoundAnswer | undefined {
  const answer = from === undefined ? undefined : answers[from.order];
  return answer?.kind === 'found' ? answer : bestFound(answers);
}

/** The place of the first cache whose narinfo passes Nix's check; -1 for none. */
function takenFrom(answers: readonly (Answer | undefined)[], lanes: readonly Cache[]): number {
  return lanes.findIndex(({ order }) => {
    const answer = answers[order];
    return answer?.kind === 'found' && answer.check?.accepted === true;
  });
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

/** The best verdict that any cache gives. */
function verdictOf(answers: readonly (Answer | undefined)[]): PathVerdict {
  let best = VERDICTS.length - 1;
  for (const answer of answers) {
    const verdict = answer?.kind === 'found' ? answer.check?.verdict : answer?.kind === 'absent' ? 'absent' : undefined;
    best = Math.min(best, rankOf(verdict));
  }
  return VERDICTS[best] ?? 'unknown';
}

/** Names of the keys that vouch for a path; the list of an answer itself where one answer decides. */
function keyNamesOf(answers: readonly (Answer | undefined)[]): readonly string[] {
  let names: readonly string[] = NOBODY;
  for (const answer of answers) {
    if (answer?.kind !== 'found' || answer.check?.verdict !== 'verified') continue;
    const { keyNames } = answer.check;
    if (names.length === 0 && keyNames.length === 1) names = keyNames;
    else if (keyNames.some((name) => !names.includes(name))) names = [...new Set([...names, ...keyNames])].sort(compareText);
  }
  return names;
}

function add<Key>(counts: Map<Key, number>, key: Key, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

/** As an object whose keys are sorted; made by `fromEntries`, to which a key called `__proto__` is one like any other. */
function inOrder<Key extends string>(counts: ReadonlyMap<Key, number>): Record<Key, number> {
  const entries = [...counts].sort(([a], [b]) => compareText(a, b)).map(([key, value]) => [plainText(key, 200), value]);
  return Object.fromEntries(entries) as Record<Key, number>;
}
