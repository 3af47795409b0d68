/** The rules of a policy over the closures of all shards together. */
import type { ClosurePolicy } from '../../domain/shardReport';
import type { OutputRule, OutputRuleOutcome, OutputsJudgement } from '../../domain/vetting/outputRules';
import type { SuppressionInForce } from '../../domain/vetting/suppress';
import type { MergedClosure, MergedPath } from './mergedClosure';
import type { ShardOfReport } from './shards';

/** Judges every path once. Gives nothing where no shard had a policy. */
export function mergePolicies(list: readonly ShardOfReport[], closure: MergedClosure): ClosurePolicy | undefined {
  const policies = list.flatMap(({ record: { policy } }) => policy ?? []);
  if (policies.length === 0) return undefined;
  const outputs = policies.find((policy) => policy.outputs !== undefined)?.outputs;
  return {
    ...(outputs === undefined ? {} : { outputs: mergeOutputs(outputs, list, closure) }),
    suppressions: commonSuppressions(policies),
  };
}

function mergeOutputs(first: OutputsJudgement, list: readonly ShardOfReport[], closure: MergedClosure): OutputsJudgement {
  return {
    ...first,
    outcomes: first.outcomes.map(({ rule }): OutputRuleOutcome => {
      const words = new Map(list.map((shard) => [shard, wordsOf(rule, shard)]));
      const broken: string[] = [];
      const unknown: string[] = [];
      for (const path of closure.paths) {
        const word = wordOn(path, rule, words);
        if (word !== undefined) (word === 'broken' ? broken : unknown).push(path.path.storePath);
      }
      return { rule, broken, unknown };
    }),
  };
}

type Word = 'broken' | 'unknown';

/** What a shard says of the paths that do not keep a rule. */
function wordsOf(rule: OutputRule, { record: { policy } }: ShardOfReport): ReadonlyMap<string, Word> {
  const words = new Map<string, Word>();
  const outcome = policy?.outputs?.outcomes.find((one) => one.rule === rule);
  for (const path of outcome?.unknown ?? []) words.set(path, 'unknown');
  for (const path of outcome?.broken ?? []) words.set(path, 'broken');
  return words;
}

/** The word of the shard that counts, but for alarms, which count whoever gives them. */
function wordOn(
  { path, shard, others }: MergedPath,
  rule: OutputRule,
  words: ReadonlyMap<ShardOfReport, ReadonlyMap<string, Word>>,
): Word | undefined {
  const isBuilt = path.built !== undefined;
  if ((rule === 'policy-local-build') !== isBuilt) return undefined;
  const said = words.get(shard)?.get(path.storePath);
  const alarms = isBuilt || path.agreement === 'differ';
  return alarms && others.some((other) => words.get(other.shard)?.get(path.storePath) === 'broken') ? 'broken' : said;
}

/** One that had ended when the last shard ran has ended for the whole. */
function commonSuppressions(policies: readonly ClosurePolicy[]): SuppressionInForce[] {
  const [first, ...others] = policies.map(
    ({ suppressions }) =>
      new Map(suppressions.map((one) => [JSON.stringify([one.code, one.subject, one.reason, one.until]), one])),
  );
  return [...(first ?? [])].flatMap(([key, one]) => (others.every((other) => other.has(key)) ? [one] : []));
}
