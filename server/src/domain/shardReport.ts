/**
 * One of the shards into which an audit was split, as its JSON report tells of it: which part of which question it is, and what counts only
 * when the shards are put together again. Fields may be added, never changed.
 */
import { createHash } from 'node:crypto';
import type { InputClaim } from './inputClaims';
import type { OutputsJudgement } from './vetting/outputRules';
import type { SuppressionInForce } from './vetting/suppress';

/** Each shard is a job of its own; nobody has more. */
export const MAX_SHARDS = 1000;

/** Which part of the roots is audited. */
export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** `shard` of a report. */
export interface ShardReport extends Shard {
  readonly question: ShardQuestion;
  /** Paths that belong to its closure and that it did not look at. Sorted. */
  readonly unvisited: readonly string[];
  /** What the caches said, in the order of `closure.coverage`. */
  readonly answers: readonly ShardAnswers[];
  /** Paths by what is wrong with all of them; the findings name only some. */
  readonly groups: readonly ShardGroup[];
  /** Findings about single paths that are counted, and not listed. */
  readonly more: readonly { readonly code: string; /** Sorted. */ readonly subjects: readonly string[] }[];
  /** From which inputs paths may come, also paths that are not in this closure; of an audit of outputs. */
  readonly claims?: readonly InputClaim[];
  /** Of an audit of outputs. Sorted. */
  readonly plan?: { readonly local: readonly string[]; readonly substitute: readonly string[] };
  /** Absent where there is no policy. */
  readonly policy?: ClosurePolicy;
}

/** What a policy says of a closure, with all that its findings are made from. */
export interface ClosurePolicy {
  /** Absent where the policy asks nothing of outputs. */
  readonly outputs?: OutputsJudgement;
  readonly suppressions: readonly SuppressionInForce[];
}

/** Digests of what was asked: shards belong together when all are equal. */
export interface ShardQuestion {
  /** Of the outputs and store paths that are audited by all shards together, in their order. */
  readonly roots: string;
  readonly caches: string;
  readonly keys: string;
  /** Of whatever else changes the answer: `--challenge`, limits, import from derivation. */
  readonly options: string;
  /** Of flake.nix and flake.lock; absent for an audit of store paths alone. */
  readonly flake?: string;
  /** Of the vetting files and `--reviewer-keys`; absent where there are none. */
  readonly vetting?: string;
}

export interface ShardAnswers {
  readonly url: string;
  /** For each of `closure.paths`: the NAR size where the cache has it, -1 where it does not, null where it was not asked or did not answer. */
  readonly sizes: readonly (number | null)[];
}

export interface ShardGroup {
  readonly code: 'unsigned' | 'signer-unknown';
  /** The cache; or the names that the signatures claim. */
  readonly key: string;
  /** Sorted. */
  readonly paths: readonly string[];
}

/** Picks the part of a shard: every `count`-th, so that neighbours, which are often alike in size, are spread. */
export function partOf<T>(all: readonly T[], { index, count }: Shard): T[] {
  return all.filter((_, position) => position % count === index - 1);
}

/** Puts the parts together again, in the order of the whole; an absent part leaves gaps that are closed. */
export function wholeOf<T>(parts: ReadonlyMap<number, readonly T[]>, count: number): T[] {
  const whole: T[] = [];
  const longest = Math.max(0, ...[...parts.values()].map(({ length }) => length));
  for (let row = 0; row < longest; row++) {
    for (let index = 1; index <= count; index++) {
      const part = parts.get(index);
      if (part !== undefined && row < part.length) whole.push(part[row] as T);
    }
  }
  return whole;
}

/** Makes one short word of facts that JSON can hold. */
export function digestOf(facts: unknown): string {
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32);
}
