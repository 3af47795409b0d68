/** What the exit code of the command line says. */
import type { InputsReport } from '../domain/inputsReport';
import { SEVERITIES } from '../engine/reportedFindings';
import type { ReportCommand } from './options';

export const EXIT = { ok: 0, findings: 1, failed: 2 } as const;

/** 1 when there is a finding that counts, else 0. */
export function exitCode({ findings }: Pick<InputsReport, 'findings'>, { failOn }: Pick<ReportCommand, 'failOn'>): number {
  if (failOn === 'never') return EXIT.ok;
  const limit = SEVERITIES.indexOf(failOn);
  return findings.some(({ severity, suppressed }) => suppressed === undefined && SEVERITIES.indexOf(severity) <= limit)
    ? EXIT.findings
    : EXIT.ok;
}
