/** What a shard tells beside its report, so that the shards can be put together to exactly the report of one run. */
import { digestOf, type Shard, type ShardAnswers, type ShardQuestion, type ShardReport } from '../../domain/shardReport';
import type { StorePath } from '../../domain/storePath';
import { VETTING_FILES } from '../../domain/vetting/types';
import type { VettingTexts } from '../../domain/vetting/vettingFiles';
import { compareText } from '../../util/compare';
import type { TrustConfiguration } from '../trustConfiguration';
import type { OutputsAudit } from './auditOutputs';
import type { ClosureAudit } from './auditReport';
import type { Closure } from './closure';

/** Everything that decides what an audit answers. */
export interface AskedQuestion {
  /** Of all shards together, in order. */
  readonly outputs: readonly string[];
  readonly paths: readonly string[];
  readonly configuration: TrustConfiguration;
  readonly challenge: boolean;
  readonly offline: boolean;
  readonly maxPaths?: number;
  readonly allowImportFromDerivation: boolean;
  /** `--binaries`; absent when not asked for. */
  readonly binaries?: readonly string[] | 'all';
  /** Texts of flake.nix and flake.lock, where a flake is audited. */
  readonly flakeTexts?: readonly (string | undefined)[];
  readonly vettingTexts?: VettingTexts;
  /** `--reviewer-keys`. */
  readonly reviewerKeys?: readonly string[];
}

/** Digests a question. Two runs that are told the same have the same digests, on whatever machine they run. */
export function shardQuestion(asked: AskedQuestion): ShardQuestion {
  const {
    outputs,
    paths,
    configuration,
    challenge,
    offline,
    maxPaths,
    allowImportFromDerivation,
    binaries,
    flakeTexts,
    vettingTexts = {},
    reviewerKeys,
  } = asked;
  const { caches, trusted, requireSignatures, storeDir } = configuration;
  return {
    roots: digestOf([outputs, paths]),
    // Not the URL as written, which may hold a password.
    caches: digestOf(caches.map(({ substituter: { url, priority, trusted: all }, ask }) => [url, priority, all, ask])),
    keys: digestOf([[...trusted.byName.values()].map(({ text }) => text).sort(compareText), requireSignatures]),
    options: digestOf([challenge, offline, maxPaths ?? null, allowImportFromDerivation, binaries ?? null, storeDir]),
    ...(flakeTexts === undefined ? {} : { flake: digestOf(flakeTexts.map((text) => text ?? null)) }),
    ...(Object.keys(vettingTexts).length === 0
      ? {}
      : { vetting: digestOf([Object.values(VETTING_FILES).map((file) => vettingTexts[file] ?? null), reviewerKeys ?? null]) }),
  };
}

/** Adds to the report of a shard what counts when all are put together. @param outputs Of an audit of outputs. */
export function withShard(
  audit: ClosureAudit,
  shard: Shard,
  question: ShardQuestion,
  outputs?: Pick<OutputsAudit, 'plan' | 'claims'>,
): ClosureAudit {
  return { ...audit, report: { ...audit.report, shard: shardReport(shard, question, audit, outputs) } };
}

function shardReport(
  { index, count }: Shard,
  question: ShardQuestion,
  { closure, gathered, policy }: ClosureAudit,
  outputs: Pick<OutputsAudit, 'plan' | 'claims'> | undefined,
): ShardReport {
  return {
    index,
    count,
    question,
    unvisited: unvisitedPaths(closure),
    answers: closure.lanes.map(({ url, order }): ShardAnswers => {
      const sizes: (number | null)[] = [];
      for (const { answers } of closure.entries()) {
        const answer = answers[order];
        sizes.push(answer?.kind === 'found' ? answer.narSize : answer?.kind === 'absent' ? -1 : null);
      }
      return { url, sizes };
    }),
    groups: gathered.groups.map(({ code, key, paths }) => ({ code, key, paths })),
    more: gathered.single.flatMap(({ code, more }) => (more.length === 0 ? [] : [{ code, subjects: more }])),
    ...(outputs?.claims === undefined ? {} : { claims: outputs.claims }),
    ...(outputs === undefined
      ? {}
      : {
          plan: {
            local: [...outputs.plan.local.keys()].sort(compareText),
            substitute: [...outputs.plan.substitute.keys()].sort(compareText),
          },
        }),
    ...(policy === undefined ? {} : { policy }),
  };
}

function unvisitedPaths(closure: Closure): StorePath[] {
  const looked = new Set<StorePath>();
  for (const { storePath } of closure.entries()) looked.add(storePath);
  const unvisited = new Set<StorePath>(closure.roots.filter((root) => !looked.has(root)));
  for (const { shown } of closure.entries()) {
    for (const reference of shown?.references ?? []) if (!closure.has(reference)) unvisited.add(closure.pathOf(reference));
  }
  return [...unvisited].sort(compareText);
}
