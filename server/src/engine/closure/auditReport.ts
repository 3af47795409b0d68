/** A closure as the report that every view reads. */
import type { AuditReport, ClosurePath, ClosureReport } from '../../domain/closureReport';
import { downloadFindings } from '../../domain/checks/downloads';
import type { Finding } from '../../domain/finding';
import type { CacheReport, InputsReport, ReportedFinding } from '../../domain/inputsReport';
import type { ClosurePolicy } from '../../domain/shardReport';
import { compareText } from '../../util/compare';
import { plainText } from '../../util/plainText';
import { VERSION } from '../../version';
import { ruledFindings, SEVERITIES, type FindingRules } from '../reportedFindings';
import type { OutputsAudit } from './auditOutputs';
import type { Closure } from './closure';
import { gatherFindings, listed, type GatheredFindings } from './closureFindings';
import { coverage } from './coverage';
import type { WalkedCache } from './walkedCache';

/** All of a report but the paths, which may be many: take those from {@link Closure.eachPath} where memory counts. */
export interface ClosureAudit {
  readonly closure: Closure;
  readonly report: Omit<AuditReport, 'closure'>;
  readonly summary: Omit<ClosureReport, 'paths'>;
  /** All that the findings about the closure are made from. */
  readonly gathered: GatheredFindings;
  /** What a policy says of it; absent where none was applied. */
  readonly policy?: ClosurePolicy;
  /** Adds to each path what the caches do not know of it; absent where nothing is to be added. */
  readonly describe?: (path: ClosurePath) => ClosurePath;
}

/** Puts together what was found about a closure of store paths that no flake is known for. */
export async function auditClosure(
  closure: Closure,
  rules: FindingRules & { readonly offline?: boolean },
): Promise<ClosureAudit> {
  const gathered = await gatherFindings(closure);
  const findings = closureReportedFindings(listed(gathered, closure), rules);
  const covered = await coverage(closure);
  return {
    closure,
    gathered,
    report: {
      schemaVersion: 1,
      tool: { name: 'flake-trust', version: VERSION },
      lock: { state: 'missing' },
      caches: closure.allLanes.map((lane) => cacheReport(lane, rules.offline === true)),
      inputs: [],
      findings,
    },
    summary: {
      roots: closure.roots,
      totals: closure.totals,
      coverage: covered,
      ...(closure.stopped === undefined ? {} : { stopped: closure.stopped }),
    },
  };
}

/** Puts the closure of a flake's outputs together with what is known of the flake, and with what its builds download. */
export function withFlake(
  flake: InputsReport,
  audited: ClosureAudit,
  {
    roots,
    planReport,
    sources,
    byInput,
    describe,
  }: Pick<OutputsAudit, 'roots' | 'planReport' | 'sources' | 'byInput' | 'describe'>,
  rules: FindingRules,
): ClosureAudit {
  const summary = { ...audited.summary, roots, plan: planReport, ...(byInput === undefined ? {} : { byInput }), sources };
  const asked = new Map(audited.report.caches.map((cache) => [cache.url, cache]));
  // Those that were asked for the closure are known better from that; only the flake's report knows of those that were not.
  const caches = flake.caches.map((cache) => asked.get(cache.url) ?? cache);
  const downloads = ruledFindings(downloadFindings(sources.list), rules).map(reported);
  const findings = [...flake.findings, ...audited.report.findings, ...downloads].sort(compareFindings);
  return { ...audited, report: { ...flake, caches, findings }, summary, describe };
}

/** The whole report in memory. */
export function wholeReport({ closure, report, summary, describe }: ClosureAudit): AuditReport {
  const { roots, totals, ...rest } = summary;
  const paths = describe === undefined ? closure.paths : closure.paths.map(describe);
  return { ...report, closure: { roots, paths, totals, ...rest } };
}

/** What is told of a cache; the same for those that answered as for those that did not. */
export function cacheReport(lane: WalkedCache, offline: boolean): CacheReport {
  const { cache, priority, info, refusal, failure } = lane;
  const state: Pick<CacheReport, 'state' | 'reason'> =
    refusal !== undefined
      ? { state: 'not-asked', reason: plainText(refusal, 200) }
      : offline
        ? { state: 'not-asked', reason: 'offline' }
        : failure !== undefined
          ? { state: 'unreachable', reason: plainText(failure.reason, 200) }
          : { state: 'reachable' };
  return {
    url: lane.url,
    origin: cache.origin,
    ...state,
    ...(priority === undefined ? {} : { priority }),
    ...(info?.storeDir === undefined ? {} : { storeDir: plainText(info.storeDir, 200) }),
  };
}

/** Findings about a closure as they leave the tool, in their order. */
export function closureReportedFindings(findings: readonly Finding[], rules: FindingRules): ReportedFinding[] {
  return ruledFindings(findings, rules).map(reported).sort(compareFindings);
}

function reported({ code, severity, message, subject, help, evidence }: Finding): ReportedFinding {
  return { code, severity, message, subject, help, ...(evidence === undefined ? {} : { evidence }) };
}

/** Orders by severity, then so that the same findings always come in the same order. */
export function compareFindings(a: ReportedFinding, b: ReportedFinding): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    compareText(a.code, b.code) ||
    compareText(a.subject.kind, b.subject.kind) ||
    compareText(a.subject.id, b.subject.id) ||
    compareText(a.message, b.message)
  );
}
