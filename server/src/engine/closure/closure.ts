/** A closure that was walked: its paths in order, each with the answer that counts. Kept as numbers; the texts are made when asked for. */
import type { Agreement, ClosurePath, ClosureStop, ClosureTotals } from '../../domain/closureReport';
import type { CacheAnswer, PathVerdict } from '../../domain/inputsReport';
import { FROM_NO_ROOT, FROM_ROOT } from '../../domain/reachedThrough';
import { storePathOrder, type StorePath } from '../../domain/storePath';
import { compareText } from '../../util/compare';
import { Slices } from '../../util/inSlices';
import { sortByOrder } from '../../util/sortByOrder';
import type { Answer, FoundAnswer } from './answers';
import { cacheAnswer } from './cacheAnswer';
import type { CoverageCount } from './coverage';
import { AGREEMENTS, shownOf, survey, UNKNOWN, type Judgement, type Survey } from './survey';
import type { Walked } from './walk';
import type { WalkedCache } from './walkedCache';

/** One path with all that is known of it. */
export interface ClosureEntry {
  readonly number: number;
  readonly storePath: StorePath;
  readonly verdict: PathVerdict;
  readonly keyNames: readonly string[];
  /** The cache that Nix would take it from, if any. */
  readonly from: WalkedCache | undefined;
  /** The answer whose hash, size and references are shown: that of {@link from}, else the best. */
  readonly shown: FoundAnswer | undefined;
  /** By order of the cache. */
  readonly answers: readonly (Answer | undefined)[];
  readonly agreement: Agreement | undefined;
}

const DIFFER = AGREEMENTS.indexOf('differ');

export class Closure {
  readonly challenge: boolean;
  /** Those that are asked, in the order in which Nix would ask. */
  readonly lanes: readonly WalkedCache[];
  /** The others, too. */
  readonly allLanes: readonly WalkedCache[];
  readonly totals: ClosureTotals;
  readonly stopped: ClosureStop | undefined;
  readonly #walked: Walked;
  readonly #roots: readonly number[];
  /** Numbers of the paths that belong to the closure and were looked at, sorted by path. */
  readonly #sorted: readonly number[];
  readonly #survey: Survey;
  #paths: readonly ClosurePath[] | undefined;

  private constructor(walked: Walked, challenge: boolean, surveyed: Survey, sorted: readonly number[]) {
    this.#walked = walked;
    this.challenge = challenge;
    this.allLanes = walked.lanes;
    this.lanes = walked.lanes.filter(({ refusal }) => refusal === undefined);
    this.#roots = walked.roots;
    this.#survey = surveyed;
    this.#sorted = sorted;
    this.totals = surveyed.totals;
    this.stopped = stopOf(walked, surveyed.unvisited);
  }

  /** Puts a walk in order, with pauses. What only an answer led to that does not count is left out. */
  static async of(walked: Walked, challenge: boolean): Promise<Closure> {
    const surveyed = await survey(walked, challenge);
    return new Closure(walked, challenge, surveyed, await sortPaths(surveyed.visited, walked));
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

  /** Of those the ones that are judged as is wanted, and the ones about which caches differ; the others are not looked at. */
  *entriesOf(isWanted: (judgement: Judgement) => boolean): Generator<ClosureEntry> {
    const { judgements, judged, agreements, totals } = this.#survey;
    const wanted = judgements.map(isWanted);
    if (totals.differ === 0 && !wanted.includes(true)) return;
    for (const number of this.#sorted) {
      if (wanted[judged[number] ?? 0] === true || agreements?.[number] === DIFFER) yield this.#entry(number);
    }
  }

  /** What each cache has; by their order. */
  get counts(): readonly CoverageCount[] {
    return this.#survey.counts;
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
    return (this.#survey.parents[number] ?? -1) >= 0 && this.#walked.answersOf(number) !== undefined;
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
      const parent = this.#survey.parents[number] ?? -1;
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
      const parent = this.#survey.parents[number] ?? number;
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
    const answers = this.#walked.answersOf(number) ?? [];
    const { judgements, judged, agreements } = this.#survey;
    const { verdict, keyNames, from } = judgements[judged[number] ?? 0] ?? UNKNOWN;
    return {
      number,
      storePath: this.pathOf(number),
      verdict,
      keyNames,
      from,
      shown: shownOf(answers, from),
      answers,
      agreement: agreements === undefined ? undefined : AGREEMENTS[agreements[number] ?? 0],
    };
  }
}

function stopOf({ limit, cancelled }: Walked, unvisited: number): ClosureStop | undefined {
  if (limit !== undefined && (unvisited > 0 || limit.reason === 'max-references')) return { ...limit, unvisited };
  return cancelled ? { reason: 'cancelled', unvisited } : undefined;
}

function sortPaths(numbers: readonly number[], walked: Walked): Promise<readonly number[]> {
  const { paths } = walked;
  return sortByOrder(
    numbers,
    (number) => storePathOrder(numbered(walked, number)),
    (a, b) => compareText(paths[a] ?? '', paths[b] ?? ''),
    new Slices(),
  );
}

/** Numbers come from the walk itself, so each has its path. */
function numbered({ paths }: Walked, number: number): StorePath {
  const path = paths[number];
  if (path === undefined) throw new RangeError(`no path has the number ${number}`);
  return path;
}
