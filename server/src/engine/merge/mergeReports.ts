/**
 * Puts the shards of one audit together, to the report that one run would have made: everything that is counted is counted again, from what
 * the shards say of each path. Where they do not agree, an alarm counts, else the better informed.
 */
import type { AuditReport, ClosureReport, ClosureStop, PlanReport } from '../../domain/closureReport';
import { downloadFindings } from '../../domain/checks/downloads';
import { FINDING_CODES, finding, type Finding, type FindingCode } from '../../domain/finding';
import { fixedSourceTotals, type FixedSource } from '../../domain/fixedSources';
import type { CacheReport, InputReport, ReportedFinding } from '../../domain/inputsReport';
import { err, ok, type Result } from '../../domain/result';
import { wholeOf } from '../../domain/shardReport';
import { storePathName, type StorePath } from '../../domain/storePath';
import { OUTPUT_RULES, outputFindings } from '../../domain/vetting/outputRules';
import { markSuppressed } from '../../domain/vetting/suppress';
import { compareText } from '../../util/compare';
import { omit } from '../../util/omit';
import { plainText } from '../../util/plainText';
import { inputShares } from '../closure/auditOutputs';
import { closureReportedFindings, compareFindings } from '../closure/auditReport';
import { groupFinding, incomplete, MAX_PER_CODE, moreFindings, subjectKey, type PathGroup } from '../closure/closureFindings';
import { coverage } from '../closure/coverage';
import { compareReasons } from '../closure/plan';
import { compareVerdicts, MergedClosure, type MergedPath } from './mergedClosure';
import { mergePolicies } from './mergedPolicy';
import { collectShards, describeGaps, type NamedReport, type ShardOfReport, type Shards } from './shards';

export interface MergeOptions {
  /** Goes on where shards are missing or were cancelled, and says so in a finding. */
  readonly partial: boolean;
}

/** Merges reports; a single one that is no shard stays as it is. The error is a sentence without a full stop. */
export async function mergeReports(
  reports: readonly NamedReport[],
  { partial }: MergeOptions,
): Promise<Result<AuditReport, string>> {
  const [only, another] = reports;
  if (only !== undefined && another === undefined && only.report.shard === undefined) return ok(only.report);
  const collected = collectShards(reports);
  if (!collected.ok) return collected;
  const shards = collected.value;
  const gaps = describeGaps(shards);
  if (gaps !== undefined && !partial) return err(`the audit is not complete: ${gaps}`);
  return ok(await merged(shards, gaps));
}

async function merged(shards: Shards, gaps: string | undefined): Promise<AuditReport> {
  const { list } = shards;
  const best = bestInformed(list);
  const closure = new MergedClosure(
    list,
    best.record.answers.map(({ url }) => url),
  );
  const { totals } = closure;
  const stopped = mergeStops(list, closure);
  const covered = await coverage(closure);
  const plan = mergePlans(list);
  const sources = mergeSources(list);
  const found = mergeFindings(list, closure);
  const policy = mergePolicies(list, closure);
  const told: Finding[] = [
    ...found.findings,
    ...incomplete({ stopped, totals }),
    ...downloadFindings(sources?.list ?? []),
    ...(policy?.outputs === undefined ? [] : outputFindings(policy.outputs)),
    ...(gaps === undefined ? [] : [gapFinding(shards, gaps)]),
  ];
  const findings = [...mergeInputFindings(list), ...found.reported, ...closureReportedFindings(told, { audit: true })];
  // Whether one is suppressed depends on the whole, too.
  const bare = findings.map((one) => (one.suppressed === undefined ? one : omit(one, ['suppressed']))).sort(compareFindings);
  return {
    ...omit(list[0]?.report ?? best.report, ['shard', 'closure']),
    caches: mergeCaches(shards, best),
    inputs: mergeInputs(list),
    findings: markSuppressed(bare, policy?.suppressions ?? []),
    closure: {
      roots: mergeRoots(shards),
      paths: closure.paths.map(({ path }) => path),
      totals,
      coverage: covered,
      ...(stopped === undefined ? {} : { stopped }),
      ...(plan === undefined ? {} : { plan }),
      ...(list.some((one) => one.closure.byInput !== undefined)
        ? { byInput: await inputShares(closure.paths.map(({ path }) => path)) }
        : {}),
      ...(sources === undefined ? {} : { sources }),
    },
  };
}

/** The shard that knows the priority of most caches, and so their order. */
function bestInformed(list: readonly ShardOfReport[]): ShardOfReport {
  const known = ({ report }: ShardOfReport) => report.caches.filter(({ priority }) => priority !== undefined).length;
  const best = [...list].sort((a, b) => known(b) - known(a) || b.record.answers.length - a.record.answers.length)[0];
  if (best === undefined) throw new RangeError('no shards');
  return best;
}

/** Of an audit of outputs roots are sorted; store paths keep the order in which they were named. */
function mergeRoots({ list, count }: Shards): readonly string[] {
  if (list.some(({ closure }) => closure.plan !== undefined)) {
    return [...new Set(list.flatMap(({ closure }) => closure.roots))].sort(compareText);
  }
  return wholeOf(new Map(list.map(({ record, closure }) => [record.index, closure.roots])), count);
}

function mergeStops(list: readonly ShardOfReport[], closure: MergedClosure): ClosureStop | undefined {
  const stops = list.flatMap(({ closure: { stopped } }) => stopped ?? []);
  const unvisited = new Set(list.flatMap(({ record }) => record.unvisited).filter((path) => !closure.looked(path))).size;
  const stop =
    stops.find(({ reason }) => reason === 'cancelled') ??
    stops.find(({ reason }) => reason === 'max-references') ??
    // What one shard had no room for, another may have looked at.
    stops.find(() => unvisited > 0);
  return stop === undefined ? undefined : { ...stop, unvisited };
}

/** A cache that one shard could not reach was not asked everything. */
function mergeCaches({ list, count }: Shards, best: ShardOfReport): CacheReport[] {
  return best.report.caches.map((cache) => {
    const said = list.flatMap(({ record, report }) =>
      report.caches.filter(({ url }) => url === cache.url).map((one) => ({ index: record.index, ...one })),
    );
    const priority = said.find((one) => one.priority !== undefined)?.priority;
    const storeDir = said.find((one) => one.storeDir !== undefined)?.storeDir;
    const bad = said.filter(({ state }) => state === 'unreachable');
    const [first = said[0]] = bad;
    const { state, reason } = first ?? cache;
    const where =
      bad.length > 0 && bad.length < said.length ? `from shard ${bad.map(({ index }) => index).join(', ')} of ${count}` : '';
    const why = [where, reason ?? ''].filter((part) => part !== '').join(': ');
    return {
      ...omit(cache, ['priority', 'storeDir', 'reason']),
      state,
      ...(why === '' ? {} : { reason: plainText(why, 300) }),
      ...(priority === undefined ? {} : { priority }),
      ...(storeDir === undefined ? {} : { storeDir }),
    };
  });
}

function mergeInputs(list: readonly ShardOfReport[]): InputReport[] {
  const said = new Map<string, InputReport[]>();
  for (const { report } of list) {
    for (const input of report.inputs) {
      const key = JSON.stringify(input.path);
      const others = said.get(key);
      if (others === undefined) said.set(key, [input]);
      else others.push(input);
    }
  }
  return [...said.values()].flatMap((records) => {
    const told = ({ answers }: InputReport) => answers.filter(({ answer }) => answer === 'found' || answer === 'absent').length;
    const [best] = [...records].sort((a, b) => compareVerdicts(a.signer.verdict, b.signer.verdict) || told(b) - told(a));
    if (best === undefined) return [];
    const binaries = best.binaries ?? records.find((one) => one.binaries !== undefined)?.binaries;
    return [binaries === undefined || best.binaries !== undefined ? best : { ...best, binaries }];
  });
}

const CLOSURE_CODES: ReadonlySet<string> = new Set([
  'caches-disagree',
  'signature-invalid',
  'narinfo-changed',
] satisfies FindingCode[]);
const DOWNLOAD_CODES: ReadonlySet<string> = new Set(['download-weak-hash', 'download-insecure'] satisfies FindingCode[]);
const POLICY_CODES: ReadonlySet<string> = new Set(OUTPUT_RULES);
const GROUP_CODES: ReadonlySet<string> = new Set(['unsigned', 'signer-unknown'] satisfies FindingCode[]);

/** About one path, with the details of it. */
function isSingle({ code, subject }: ReportedFinding): boolean {
  return CLOSURE_CODES.has(code) && subject.kind === 'path';
}

/** Says something that only holds for the closure of one shard. */
function isOfClosure(one: ReportedFinding): boolean {
  return (
    isSingle(one) ||
    one.code === 'closure-incomplete' ||
    DOWNLOAD_CODES.has(one.code) ||
    POLICY_CODES.has(one.code) ||
    (GROUP_CODES.has(one.code) && one.subject.kind !== 'input')
  );
}

function mergeInputFindings(list: readonly ShardOfReport[]): ReportedFinding[] {
  const all = new Map<string, ReportedFinding>();
  for (const { report } of list) {
    for (const one of report.findings) {
      if (isOfClosure(one)) continue;
      const key = JSON.stringify([one.code, one.subject.kind, one.subject.id, one.message, one.location]);
      if (!all.has(key)) all.set(key, one);
    }
  }
  return [...all.values()];
}

interface FoundFindings {
  readonly findings: readonly Finding[];
  /** With the details that the shards gave. */
  readonly reported: readonly ReportedFinding[];
}

function mergeFindings(list: readonly ShardOfReport[], closure: MergedClosure): FoundFindings {
  const single = new Map<FindingCode, Map<string, ReportedFinding | undefined>>();
  const put = (code: FindingCode, key: string, one: ReportedFinding | undefined): void => {
    const known = single.get(code) ?? new Map<string, ReportedFinding | undefined>();
    single.set(code, known);
    known.set(key, known.get(key) ?? one);
  };
  for (const { report, record } of list) {
    for (const one of report.findings) {
      // The one that counts the others is made anew.
      if (isSingle(one) && one.subject.id !== 'more' && isCode(one.code)) put(one.code, subjectKey(one), one);
    }
    for (const { code, subjects } of record.more) if (isCode(code)) for (const subject of subjects) put(code, subject, undefined);
  }
  for (const path of closure.paths) {
    const contradiction = contradictionOf(path);
    if (contradiction === undefined) continue;
    const [reported] = closureReportedFindings([contradiction], { audit: true });
    if (reported !== undefined) put(contradiction.code, subjectKey(contradiction), reported);
  }

  const reported: ReportedFinding[] = [];
  const findings: Finding[] = [];
  for (const [code, subjects] of single) {
    // The first of all are among the first of each shard, so that their details are at hand.
    const keys = [...subjects.keys()].sort(compareText);
    const details = keys.slice(0, MAX_PER_CODE).flatMap((key) => subjects.get(key) ?? []);
    reported.push(...details);
    if (subjects.size > details.length) findings.push(moreFindings(code, subjects.size - details.length));
  }
  findings.push(...mergeGroups(list, closure).map(groupFinding));
  return { findings, reported };
}

function isCode(code: string): code is FindingCode {
  return Object.hasOwn(FINDING_CODES, code);
}

/** A path belongs to a group of the shard whose word on it counts, and only while that word is still as bad. */
function mergeGroups(list: readonly ShardOfReport[], closure: MergedClosure): PathGroup[] {
  const keys = new Map<number, Map<string, string>>();
  for (const { record } of list) {
    const ofShard = new Map<string, string>();
    for (const { code, key, paths } of record.groups) for (const path of paths) ofShard.set(`${code} ${path}`, key);
    keys.set(record.index, ofShard);
  }
  const groups = new Map<string, PathGroup & { readonly paths: StorePath[] }>();
  for (const { path, shard } of closure.paths) {
    const code = path.verdict === 'unsigned' ? 'unsigned' : path.verdict === 'untrusted-key' ? 'signer-unknown' : undefined;
    if (code === undefined) continue;
    const key = keys.get(shard.record.index)?.get(`${code} ${path.storePath}`) ?? '';
    const group = groups.get(`${code} ${key}`) ?? { code, key, paths: [] };
    groups.set(`${code} ${key}`, group);
    group.paths.push(path.storePath as StorePath);
  }
  return [...groups.values()];
}

/** Two shards were told different content for one path: by one cache at different times, or by two. */
function contradictionOf({ path, shard, others }: MergedPath): Finding | undefined {
  const other = others.find(
    (one) => path.narHash !== undefined && one.path.narHash !== undefined && one.path.narHash !== path.narHash,
  );
  if (other === undefined) return undefined;
  const parties = [{ shard, path }, other].map((one) => ({
    shard: one.shard.record.index,
    ...(one.path.from === undefined ? {} : { cache: one.path.from }),
    narHash: one.path.narHash,
    verifiedBy: one.path.keyNames,
  }));
  const subject = { kind: 'path', id: path.storePath } as const;
  const name = plainText(storePathName(path.storePath as StorePath), 36);
  const numbers = parties.map((party) => party.shard).sort((a, b) => a - b);
  const who = `shards ${numbers.join(' and ')}`;
  return path.from === other.path.from
    ? finding('narinfo-changed', {
        message: `"${name}": ${who} were told different content for it`,
        subject,
        evidence: { storePath: path.storePath, ...(path.from === undefined ? {} : { cache: path.from }), parties },
      })
    : finding('caches-disagree', {
        message: `"${name}": different caches told ${who} different content for it`,
        subject,
        evidence: { storePath: path.storePath, parties },
      });
}

function gapFinding({ count, missing, unfinished }: Shards, gaps: string): Finding {
  return finding('closure-incomplete', {
    message: `The audit is not complete: ${plainText(gaps, 90)}`,
    subject: { kind: 'path', id: 'shards' },
    evidence: { count, missing, unfinished },
  });
}

function mergePlans(list: readonly ShardOfReport[]): PlanReport | undefined {
  const plans = list.flatMap(({ closure: { plan } }) => plan ?? []);
  if (plans.length === 0) return undefined;
  const union = (lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())].sort(compareText);
  const build = new Map<string, PlanReport['build'][number]>();
  for (const one of plans.flatMap((plan) => plan.build)) {
    const known = build.get(one.drvPath);
    build.set(one.drvPath, known === undefined ? one : joinedBuild(known, one));
  }
  const substitute = new Set(list.flatMap(({ record }) => record.plan?.substitute ?? []));
  const local = new Set(list.flatMap(({ record }) => record.plan?.local ?? []));
  // What was there for one shard, another on another machine would have had to fetch.
  for (const path of local) substitute.delete(path);
  return {
    nix: [...new Set(plans.map(({ nix }) => nix))].join(', '),
    local: local.size,
    substitute: substitute.size,
    build: [...build.values()].sort((a, b) => compareText(a.drvPath, b.drvPath)),
    missing: union(plans.map(({ missing }) => missing)).filter((path) => !local.has(path) && !substitute.has(path)),
    unplanned: union(plans.map(({ unplanned }) => unplanned)),
  };
}

function joinedBuild(a: PlanReport['build'][number], b: PlanReport['build'][number]): PlanReport['build'][number] {
  const kind = (one: typeof a) => ({ kind: one.reason, ...(one.missing === undefined ? {} : { missing: one.missing }) });
  const first = compareReasons(kind(a), kind(b)) <= 0 ? a : b;
  return { ...first, outputs: [...new Set([...a.outputs, ...b.outputs])].sort(compareText) };
}

function mergeSources(list: readonly ShardOfReport[]): ClosureReport['sources'] {
  if (list.every(({ closure: { sources } }) => sources === undefined)) return undefined;
  const byDerivation = new Map<string, FixedSource>();
  for (const { closure } of list) for (const source of closure.sources?.list ?? []) byDerivation.set(source.drvPath, source);
  const all = [...byDerivation.values()].sort((a, b) => compareText(a.name, b.name) || compareText(a.drvPath, b.drvPath));
  return { totals: fixedSourceTotals(all), list: all };
}
