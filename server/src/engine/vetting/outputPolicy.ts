/** Applies the rules of a policy for outputs to a closure that was walked. */
import type { TrustedKeys } from '../../domain/publicKey';
import { OutputRules, outputFindings } from '../../domain/vetting/outputRules';
import { markSuppressed, suppressionsInForce } from '../../domain/vetting/suppress';
import type { Policy } from '../../domain/vetting/types';
import { Slices } from '../../util/inSlices';
import { closureReportedFindings, compareFindings, type ClosureAudit } from '../closure/auditReport';
import type { ClosureEntry } from '../closure/closure';
import type { FindingRules } from '../reportedFindings';

export interface OutputPolicyRules extends Pick<FindingRules, 'severity'> {
  readonly policy: Policy;
  readonly trusted: TrustedKeys;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Adds what breaks the rules, and marks what the policy suppresses. */
export async function withOutputPolicy(
  audit: ClosureAudit,
  { policy, trusted, now, severity }: OutputPolicyRules,
): Promise<ClosureAudit> {
  const { closure, describe, report } = audit;
  const rules = policy.outputs === undefined ? undefined : new OutputRules(policy.outputs, trusted);
  if (rules !== undefined) {
    const slices = new Slices();
    for (const entry of closure.entries()) {
      if (slices.due) await slices.pause();
      const path = closure.describe(entry);
      const { storePath, verdict, keyNames, built, local, agreement } = describe === undefined ? path : describe(path);
      rules.add({
        storePath,
        verdict,
        keyNames: [...keyNames, ...(local?.keyNames ?? [])],
        ...cachesOf(entry, closure.lanes),
        ...(built === undefined ? {} : { built }),
        ...(agreement === undefined ? {} : { agreement }),
      });
    }
  }
  const outputs = rules?.judgement;
  const suppressions = suppressionsInForce(policy.suppressions, now);
  const levels = { audit: true, ...(severity === undefined ? {} : { severity }) };
  const found = closureReportedFindings(outputs === undefined ? [] : outputFindings(outputs), levels);
  const findings = markSuppressed([...report.findings, ...found].sort(compareFindings), suppressions);
  return { ...audit, report: { ...report, findings }, policy: { ...(outputs === undefined ? {} : { outputs }), suppressions } };
}

function cachesOf({ answers }: ClosureEntry, lanes: ClosureAudit['closure']['lanes']) {
  const caches: string[] = [];
  const answered: string[] = [];
  for (const lane of lanes) {
    const answer = answers[lane.order];
    if (answer?.kind !== 'found' && answer?.kind !== 'absent') continue;
    answered.push(lane.url);
    if (answer.kind === 'found' && answer.check?.accepted === true) caches.push(lane.url);
  }
  return { caches, answered };
}
