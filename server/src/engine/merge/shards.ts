/** Which reports are put together: the shards of one audit, each once. */
import type { AuditReport, ClosureReport } from '../../domain/closureReport';
import { err, ok, type Result } from '../../domain/result';
import type { ShardQuestion, ShardReport } from '../../domain/shardReport';
import { plainText } from '../../util/plainText';

/** A report with the name of the file that it came from. */
export interface NamedReport {
  readonly name: string;
  readonly report: AuditReport;
}

export interface ShardOfReport extends NamedReport {
  readonly record: ShardReport;
  readonly closure: ClosureReport;
}

export interface Shards {
  readonly count: number;
  /** In their order, each once. */
  readonly list: readonly ShardOfReport[];
  /** Numbers of those that are not there. */
  readonly missing: readonly number[];
  /** Numbers of those that were cancelled. */
  readonly unfinished: readonly number[];
}

/** What another question is about, as words. */
const OTHER: Readonly<Record<keyof ShardQuestion, string>> = {
  roots: 'audits other outputs or store paths',
  flake: 'audits another flake, or another version of its flake.nix or flake.lock',
  caches: 'asked other caches',
  keys: 'trusts other keys',
  vetting: 'was judged by another policy, or by other reviews,',
  options: 'was made with other options, such as --challenge or a limit',
};

/** Puts shards in order; says what keeps reports from belonging together. `reports` is not empty. */
export function collectShards(reports: readonly NamedReport[]): Result<Shards, string> {
  const shards: ShardOfReport[] = [];
  for (const { name, report } of reports) {
    const { shard: record, closure } = report;
    if (record === undefined || closure === undefined) {
      return err(`${label(name)} is a whole report, and no shard: only the shards of one audit can be put together`);
    }
    shards.push({ name, report, record, closure });
  }
  const [first] = shards;
  if (first === undefined) return err('there is nothing to put together');
  for (const shard of shards) {
    const problem = differenceOf(shard, first);
    if (problem !== undefined)
      return err(`${label(shard.name)} ${problem} than ${label(first.name)}: they belong to different audits`);
  }
  const { count } = first.record;
  const byIndex = new Map<number, ShardOfReport>();
  for (const shard of shards) {
    const { index } = shard.record;
    const twin = byIndex.get(index);
    if (twin !== undefined) return err(`${label(twin.name)} and ${label(shard.name)} are both shard ${index} of ${count}`);
    byIndex.set(index, shard);
  }
  const numbers = Array.from({ length: count }, (_, place) => place + 1);
  const list = numbers.flatMap((index) => byIndex.get(index) ?? []);
  return ok({
    count,
    list,
    missing: numbers.filter((index) => !byIndex.has(index)),
    unfinished: list.filter(({ closure }) => closure.stopped?.reason === 'cancelled').map(({ record }) => record.index),
  });
}

/** Says what the merged report lacks, in one sentence without a full stop; `undefined` when it lacks nothing. */
export function describeGaps({ count, missing, unfinished }: Shards): string | undefined {
  const parts = [
    ...(missing.length === 0 ? [] : [`${shardNumbers(missing)} of ${count} ${missing.length === 1 ? 'is' : 'are'} missing`]),
    ...(unfinished.length === 0
      ? []
      : [`${shardNumbers(unfinished)} of ${count} ${unfinished.length === 1 ? 'was' : 'were'} cancelled`]),
  ];
  return parts.length === 0 ? undefined : parts.join(', and ');
}

function differenceOf({ report, record }: ShardOfReport, first: ShardOfReport): string | undefined {
  if (report.tool.version !== first.report.tool.version) {
    return `was made by another version (${plainText(report.tool.version, 40)}, not ${plainText(first.report.tool.version, 40)})`;
  }
  if (record.count !== first.record.count)
    return `is one of ${record.count} shards, not of ${first.record.count}, so another split`;
  for (const part of ['flake', 'roots', 'caches', 'keys', 'vetting', 'options'] as const) {
    if (record.question[part] !== first.record.question[part]) return OTHER[part];
  }
  return undefined;
}

function shardNumbers(numbers: readonly number[]): string {
  const shown = numbers.slice(0, 20).join(', ');
  const more = numbers.length > 20 ? ` and ${numbers.length - 20} more` : '';
  return `${numbers.length === 1 ? 'shard' : 'shards'} ${shown}${more}`;
}

function label(name: string): string {
  return plainText(name, 200);
}
