/** Findings that the policy says to live with: marked, never taken away. */
import { pathGlob } from '../../util/pathGlob';
import { plainText } from '../../util/plainText';
import type { ReportedFinding } from '../inputsReport';
import { NEVER_SUPPRESSED } from './policy';
import type { Suppression } from './types';

/** Marks what is suppressed at this time. One that has ended marks nothing, so that its finding counts again. */
export function suppressFindings(
  findings: readonly ReportedFinding[],
  suppressions: readonly Suppression[],
  now: number,
): readonly ReportedFinding[] {
  const inForce = suppressions
    .filter(({ until }) => until > now)
    .map((one) => ({ ...one, test: one.subject === undefined ? () => true : subjectTest(one.subject) }));
  if (inForce.length === 0) return findings;
  return findings.map((finding) => {
    const found = inForce.find(({ code, test }) => code === finding.code && test(finding.subject.id));
    if (found === undefined || NEVER_SUPPRESSED.has(finding.code)) return finding;
    return { ...finding, suppressed: { reason: plainText(found.reason, 300), until: found.untilText } };
  });
}

function subjectTest(pattern: string): (id: string) => boolean {
  const glob = pathGlob(pattern);
  return (id) => id === pattern || glob(id);
}
