/** The closures of several shards as one: every path once, with the best that a shard found out about it. */
import type { ClosurePath, ClosureTotals } from '../../domain/closureReport';
import { decideClaims } from '../../domain/inputClaims';
import type { PathVerdict } from '../../domain/inputsReport';
import type { StorePath } from '../../domain/storePath';
import { compareText } from '../../util/compare';
import { omit } from '../../util/omit';
import { plainText } from '../../util/plainText';
import type { CoveredAnswer, CoveredCache, CoveredClosure, CoveredEntry } from '../closure/coverage';
import type { ShardOfReport } from './shards';

/** From best to worst; a shard that found a path verified knows more than one whose cache was down. */
const BEST_FIRST: readonly PathVerdict[] = [
  ...(['hash-mismatch', 'verified', 'content-addressed', 'untrusted-key', 'unsigned', 'invalid-signature', 'absent'] as const),
  'unknown',
];

/** Tells which of two verdicts counts where shards do not agree: an alarm, else the better. */
export function compareVerdicts(a: PathVerdict, b: PathVerdict): number {
  return BEST_FIRST.indexOf(a) - BEST_FIRST.indexOf(b);
}

/** What one shard says of a path. */
export interface PathOfShard {
  readonly shard: ShardOfReport;
  readonly path: ClosurePath;
  /** By order of the merged caches. */
  readonly answers: readonly (CoveredAnswer | undefined)[];
}

export interface MergedPath extends PathOfShard {
  /** What else was said of it by other shards. */
  readonly others: readonly PathOfShard[];
}

export class MergedClosure implements CoveredClosure {
  readonly challenge: boolean;
  readonly lanes: readonly CoveredCache[];
  /** Sorted by store path. */
  readonly paths: readonly MergedPath[];
  readonly #numbers = new Map<string, number>();

  /** @param caches URLs, in the order in which Nix would ask. */
  constructor(shards: readonly ShardOfReport[], caches: readonly string[]) {
    this.challenge = shards.some(({ closure }) => closure.coverage.some(({ onlyHere }) => onlyHere !== undefined));
    this.lanes = caches.map((url, order) => ({ url, order }));
    const said = new Map<string, PathOfShard[]>();
    for (const shard of shards) {
      const places = caches.map((url) => shard.record.answers.findIndex((one) => one.url === url));
      for (const [at, path] of shard.closure.paths.entries()) {
        const answers = places.map((place) => answerOf(shard.record.answers[place]?.sizes[at]));
        const list = said.get(path.storePath);
        if (list === undefined) said.set(path.storePath, [{ shard, path, answers }]);
        else list.push({ shard, path, answers });
      }
    }
    // One shard may know of another's path where it comes from.
    const wanted = { has: (path: StorePath) => said.has(path) };
    const inputs = decideClaims(
      shards.flatMap(({ record }) => record.claims ?? []),
      wanted,
    );
    this.paths = [...said]
      .sort(([a], [b]) => compareText(a, b))
      .map(([, list]) => {
        const [best, ...others] = list.sort(compareRecords);
        if (best === undefined) throw new RangeError('a path of no shard');
        return { ...best, path: joined(best.path, others, inputs.get(best.path.storePath as StorePath)), others };
      });
    for (const { path } of this.paths) this.#numbers.set(path.storePath, this.#numbers.size);
    for (const { path } of this.paths) {
      for (const reference of path.references)
        if (!this.#numbers.has(reference)) this.#numbers.set(reference, this.#numbers.size);
    }
  }

  get numbers(): number {
    return this.#numbers.size;
  }

  has(number: number): boolean {
    return number < this.paths.length;
  }

  /** Tells whether a path was looked at. */
  looked(storePath: string): boolean {
    return this.has(this.#numbers.get(storePath) ?? Infinity);
  }

  *entries(): Generator<CoveredEntry> {
    for (const [number, { path, answers }] of this.paths.entries()) {
      yield {
        number,
        storePath: path.storePath as StorePath,
        from: this.lanes.find(({ url }) => url === path.from),
        shown:
          path.narHash === undefined
            ? undefined
            : { references: path.references.map((reference) => this.#numbers.get(reference) ?? 0) },
        answers,
      };
    }
  }

  /** Counts as an audit counts that was not split. */
  get totals(): ClosureTotals {
    let narBytes = 0;
    let differ = 0;
    const byVerdict = new Map<string, number>();
    const byKey = new Map<string, number>();
    const byCache = new Map<string, number>(this.lanes.map(({ url }) => [url, 0]));
    for (const { path } of this.paths) {
      narBytes += path.narSize ?? 0;
      add(byVerdict, path.verdict);
      for (const name of path.keyNames) add(byKey, name);
      if (path.from !== undefined) add(byCache, path.from);
      if (path.agreement === 'differ') differ++;
    }
    return {
      paths: this.paths.length,
      narBytes,
      byVerdict: sorted(byVerdict),
      byKey: sorted(byKey),
      byCache: Object.fromEntries(byCache),
      differ,
    };
  }
}

function answerOf(size: number | null | undefined): CoveredAnswer | undefined {
  if (size === undefined || size === null) return undefined;
  return size < 0 ? { kind: 'absent' } : { kind: 'found', narSize: size };
}

/** The record that counts comes first: the better verdict, then the one that more caches spoke to. Lists are in the order of shards. */
function compareRecords(a: PathOfShard, b: PathOfShard): number {
  const told = ({ answers }: PathOfShard) => answers.filter((answer) => answer !== undefined).length;
  return compareVerdicts(a.path.verdict, b.path.verdict) || told(b) - told(a) || a.shard.record.index - b.shard.record.index;
}

/** Adds to one record what others know beside the caches: how the path comes about here, and to which input it belongs. */
function joined(best: ClosurePath, others: readonly PathOfShard[], input: readonly string[] | undefined): ClosurePath {
  if (others.length === 0 && input === best.input) return best;
  const { built, local } = best;
  const rest: Omit<ClosurePath, 'built' | 'local' | 'input'> = omit(best, ['built', 'local', 'input']);
  const all = [best, ...others.map(({ path }) => path)];
  const marks = new Set(all.map((path) => path.built));
  const mark = marks.has('local') ? 'local' : marks.has('would-build') ? 'would-build' : built;
  const copy = local ?? all.find((path) => path.local !== undefined)?.local;
  const agreement = all.some((path) => path.agreement === 'differ') ? 'differ' : rest.agreement;
  return {
    ...rest,
    ...(agreement === undefined ? {} : { agreement }),
    ...(mark === undefined ? {} : { built: mark }),
    ...(copy === undefined ? {} : { local: copy }),
    ...(input === undefined ? {} : { input }),
  };
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Made by `fromEntries`, to which a key called `__proto__` is one like any other. */
function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries(
    [...counts].sort(([a], [b]) => compareText(a, b)).map(([key, value]) => [plainText(key, 200), value]),
  );
}
