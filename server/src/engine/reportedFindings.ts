/** Findings as they leave the tool: with the user's severities, lines instead of offsets, in one order. */
import { FINDING_CODES, type Finding, type FindingCode, type FlakeFile, type Severity } from '../domain/finding';
import type { FlakeFacts } from '../domain/flakeFacts';
import type { ReportedFinding } from '../domain/inputsReport';
import { compareText } from '../util/compare';
import { LineIndex } from '../util/lineIndex';

/** From worst to mildest. */
export const SEVERITIES = ['error', 'warning', 'information', 'hint'] as const satisfies readonly Severity[];

/** Which findings are reported, and how bad the user calls them. */
export interface FindingRules {
  readonly severity?: ReadonlyMap<FindingCode, Severity | 'off'>;
  /** Whether findings of occasion `audit` are included. */
  readonly audit?: boolean;
}

/**
 * Leaves out what the user switched off and what belongs to audits alone, applies the user's severities. Findings of occasion `limit` come
 * only where a limit is set, so they pass.
 */
export function ruledFindings(findings: readonly Finding[], { severity, audit = false }: FindingRules): Finding[] {
  return findings.flatMap((finding) => {
    const level = severity?.get(finding.code) ?? finding.severity;
    const occasion = finding.occasion ?? FINDING_CODES[finding.code].occasion;
    if (level === 'off' || (occasion === 'audit' && !audit)) return [];
    return level === finding.severity ? [finding] : [{ ...finding, severity: level }];
  });
}

/** Turns findings into those of the report, sorted: worst first, then by code, subject and place. */
export function reportedFindings(findings: readonly Finding[], facts: FlakeFacts): ReportedFinding[] {
  const texts: Readonly<Record<FlakeFile, string | undefined>> = {
    'flake.nix': facts.flakeNixText,
    'flake.lock': facts.lockText,
  };
  const indexes = new Map<FlakeFile, LineIndex>();
  const indexOf = (file: FlakeFile): LineIndex => {
    const index = indexes.get(file) ?? new LineIndex(texts[file] ?? '');
    indexes.set(file, index);
    return index;
  };
  return findings
    .map(({ code, severity, message, subject, help, evidence, place }): ReportedFinding => {
      const location = place === undefined ? {} : { location: { file: place.file, ...indexOf(place.file).rangeOf(place.span) } };
      return { code, severity, message, subject, ...location, help, ...(evidence === undefined ? {} : { evidence }) };
    })
    .sort(compareFindings);
}

/** Worst first, then by code, subject and place. */
export function compareFindings(a: ReportedFinding, b: ReportedFinding): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    compareText(a.code, b.code) ||
    compareText(a.subject.kind, b.subject.kind) ||
    compareText(a.subject.id, b.subject.id) ||
    compareText(a.location?.file ?? '', b.location?.file ?? '') ||
    (a.location?.line ?? 0) - (b.location?.line ?? 0) ||
    (a.location?.character ?? 0) - (b.location?.character ?? 0) ||
    compareText(a.message, b.message)
  );
}
