/** What each cache has of a closure, and how it can be given what it lacks. */
import type { CacheCoverage, CacheFill } from '../../domain/closureReport';
import type { StorePath } from '../../domain/storePath';
import { Slices, sortInSlices, visitInSlices } from '../../util/inSlices';
import { shellWord } from '../../util/shellWord';

/** A closure, as far as coverage asks: one that was walked, or one that was put together from several reports. */
export interface CoveredClosure {
  readonly challenge: boolean;
  /** Those that were asked, in the order in which Nix would ask. */
  readonly lanes: readonly CoveredCache[];
  /** How many numbers of paths there are. */
  readonly numbers: number;
  /** What was said of its paths at each of {@link lanes}, where somebody has counted it already. */
  readonly counts?: readonly CoverageCount[];
  /** Every path that was looked at, sorted. */
  entries(): Iterable<CoveredEntry>;
  /** Tells whether a path belongs to the closure and was looked at. */
  has(number: number): boolean;
}

export interface CoveredCache {
  readonly url: string;
  /** Its place in the answers of an entry. */
  readonly order: number;
}

export interface CoveredEntry {
  readonly number: number;
  readonly storePath: StorePath;
  /** The cache that Nix would take it from, if any. */
  readonly from: CoveredCache | undefined;
  readonly shown: { readonly references: readonly number[] } | undefined;
  /** By order of the cache. */
  readonly answers: readonly (CoveredAnswer | undefined)[];
}

export type CoveredAnswer =
  { readonly kind: 'found'; readonly narSize: number } | { readonly kind: 'absent' | 'failed' | 'not-asked' };

/** What one cache said of the paths, counted. */
export class CoverageCount {
  /** The place of the cache in the answers of an entry. */
  readonly #order: number;
  found = 0;
  absent = 0;
  /** Of what was found, uncompressed. */
  bytes = 0;
  /** What no other cache has, as far as it was asked. */
  alone = 0;

  constructor(order: number) {
    this.#order = order;
  }

  add(answers: readonly (CoveredAnswer | undefined)[]): void {
    const answer = answers[this.#order];
    if (answer?.kind === 'found') {
      this.found++;
      this.bytes += answer.narSize;
      if (isAlone(answers, this.#order)) this.alone++;
    } else if (answer?.kind === 'absent') this.absent++;
  }
}

function isAlone(answers: readonly (CoveredAnswer | undefined)[], order: number): boolean {
  for (let other = 0; other < answers.length; other++) if (other !== order && answers[other]?.kind === 'found') return false;
  return true;
}

/** Measures what every cache that was asked has. */
export async function coverage(closure: CoveredClosure): Promise<readonly CacheCoverage[]> {
  const slices = new Slices();
  const counts = closure.counts ?? (await countAnswers(closure, slices));
  let counted: Promise<Int32Array> | undefined;
  // Only what is missing is ranked by it.
  const referrers = () => (counted ??= countReferrers(closure, slices));
  const result: CacheCoverage[] = [];
  for (const [place, lane] of closure.lanes.entries()) {
    const { found, absent, bytes, alone } = counts[place] ?? new CoverageCount(lane.order);
    result.push({
      url: lane.url,
      answered: found + absent,
      paths: found,
      bytes,
      ...(closure.challenge ? { onlyHere: alone } : {}),
      ...(absent === 0 ? { missing: [] } : await lackingIn(closure, lane, await referrers(), slices)),
    });
  }
  return result;
}

async function countAnswers(closure: CoveredClosure, slices: Slices): Promise<readonly CoverageCount[]> {
  const counts = closure.lanes.map(({ order }) => new CoverageCount(order));
  const count = ({ answers }: CoveredEntry): void => {
    for (const one of counts) one.add(answers);
  };
  await visitInSlices(closure.entries(), count, slices);
  return counts;
}

/** How many paths of the closure refer to each path, itself not counted. */
async function countReferrers(closure: CoveredClosure, slices: Slices): Promise<Int32Array> {
  const counts = new Int32Array(closure.numbers);
  for (const { number, shown } of closure.entries()) {
    for (const reference of shown?.references ?? []) if (reference !== number) counts[reference] = (counts[reference] ?? 0) + 1;
    if (slices.due) await slices.pause();
  }
  return counts;
}

/** What a cache lacks, what is needed most first, and how it can be given that. */
async function lackingIn(
  closure: CoveredClosure,
  lane: CoveredCache,
  referrers: Int32Array,
  slices: Slices,
): Promise<Pick<CacheCoverage, 'missing' | 'fill'>> {
  const missing: CoveredEntry[] = [];
  for (const entry of closure.entries()) {
    if (entry.answers[lane.order]?.kind === 'absent') missing.push(entry);
    if (slices.due) await slices.pause();
  }
  const neededBy = ({ number }: CoveredEntry): number => referrers[number] ?? 0;
  const ranked = await sortInSlices(missing, (a, b) => neededBy(b) - neededBy(a), slices);
  const fill = await fillOf(closure, lane, slices);
  return {
    missing: ranked.map((entry) => ({ storePath: entry.storePath, neededBy: neededBy(entry) })),
    ...(fill.length === 0 ? {} : { fill }),
  };
}

/**
 * What may be copied to a cache: paths that it lacks and that Nix would take from another one, each only after its references, which Nix
 * demands to be there. A path stays out with everything that needs it when it is not verified, or when nobody has it.
 */
async function fillOf(closure: CoveredClosure, target: CoveredCache, slices: Slices): Promise<readonly CacheFill[]> {
  const entries = new Map<number, CoveredEntry>();
  for (const entry of closure.entries()) {
    if (entry.answers[target.order]?.kind !== 'found') entries.set(entry.number, entry);
    if (slices.due) await slices.pause();
  }
  const isLacking = ({ answers, from }: CoveredEntry): boolean => answers[target.order]?.kind === 'absent' && from !== undefined;
  const state = new Uint8Array(closure.numbers); // 0 not looked at, 1 being looked at, 2 there or to be copied, 3 stays out
  const bySource = new Map<CoveredCache, StorePath[]>();
  const stack: { readonly entry: CoveredEntry; next: number; ok: boolean }[] = [];
  for (const start of entries.values()) {
    if (state[start.number] !== 0) continue;
    state[start.number] = 1;
    stack.push({ entry: start, next: 0, ok: isLacking(start) });
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { entry } = top;
      const reference = entry.shown?.references[top.next++];
      if (reference === undefined) {
        stack.pop();
        state[entry.number] = top.ok ? 2 : 3;
        if (top.ok && entry.from !== undefined) append(bySource, entry.from, entry.storePath);
        const below = stack.at(-1);
        if (below !== undefined && !top.ok) below.ok = false;
        if (slices.due) await slices.pause();
      } else if (reference !== entry.number) {
        const other = entries.get(reference);
        if (other === undefined) {
          // It is there already, unless the walk did not get to it.
          if (!closure.has(reference)) top.ok = false;
        } else if (state[reference] === 0) {
          state[reference] = 1;
          stack.push({ entry: other, next: 0, ok: isLacking(other) });
        } else if (state[reference] !== 2) top.ok = false; // a circle, which no store has, or one that stays out
      }
    }
  }
  return [...bySource].map(([source, paths]) => ({
    from: source.url,
    paths,
    command: copyCommand(source.url, target.url, paths),
  }));
}

function append(lists: Map<CoveredCache, StorePath[]>, key: CoveredCache, path: StorePath): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [path]);
  else list.push(path);
}

/** A command line may be about this long on every system. */
const MAX_ON_ONE_LINE = 200;

/** Copies exactly these paths, not their closures. `xargs` keeps their order when it splits a long list. */
function copyCommand(from: string, to: string, paths: readonly StorePath[]): string {
  const copy = `nix copy --no-recursive --from ${shellWord(from)} --to ${shellWord(to)}`;
  if (paths.length <= MAX_ON_ONE_LINE) return `${copy} ${paths.map(shellWord).join(' ')}`;
  return `xargs ${copy} <<'PATHS'\n${paths.join('\n')}\nPATHS`;
}
