/** Findings that the policy says to live with: marked, never taken away. */
import { pathGlob } from '../../util/pathGlob';
import { plainText } from '../../util/plainText';
import type { ReportedFinding } from '../inputsReport';
import { NEVER_SUPPRESSED } from './policy';
import type { Suppression } from './types';

/** A suppression that has not ended; JSON can hold it. */
export interface SuppressionInForce {
  readonly code: string;
  /** Glob over the subject's id; all when absent. */
  readonly subject?: string;
  readonly reason: string;
  /** As written. */
  readonly until: string;
}

/** Leaves out those that have ended, so that their findings count again. @param now Milliseconds since 1970. */
export function suppressionsInForce(suppressions: readonly Suppression[], now: number): SuppressionInForce[] {
  return suppressions.flatMap(({ code, subject, reason, until, untilText }) =>
    until > now ? [{ code, ...(subject === undefined ? {} : { subject }), reason, until: untilText }] : [],
  );
}

/** Marks what is suppressed. */
export function markSuppressed(
  findings: readonly ReportedFinding[],
  suppressions: readonly SuppressionInForce[],
): readonly ReportedFinding[] {
  const suppressionOf = suppressor(suppressions);
  return findings.map((finding) => {
    const found = suppressionOf(finding);
    return found === undefined
      ? finding
      : { ...finding, suppressed: { reason: plainText(found.reason, 300), until: found.until } };
  });
}

/** Finds the suppression of a finding. */
export function suppressor(
  suppressions: readonly SuppressionInForce[],
): (finding: Pick<ReportedFinding, 'code' | 'subject'>) => SuppressionInForce | undefined {
  const tests = suppressions.map((one) => ({ one, test: one.subject === undefined ? () => true : subjectTest(one.subject) }));
  return (finding) => {
    if (tests.length === 0 || NEVER_SUPPRESSED.has(finding.code)) return undefined;
    return tests.find(({ one, test }) => one.code === finding.code && test(finding.subject.id))?.one;
  };
}

function subjectTest(pattern: string): (id: string) => boolean {
  const glob = pathGlob(pattern);
  return (id) => id === pattern || glob(id);
}
