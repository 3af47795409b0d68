import { FINDING_CODES, type FindingCode } from '../../domain/finding';
import { auditInputs } from '../../engine/auditInputs';
import type { InputsReport } from '../../domain/inputsReport';
import type { FlakeVetting } from '../../domain/vetting/vetFlake';
import type { TrustConfiguration } from '../../engine/trustConfiguration';
import { trustedKeys } from '../../domain/publicKey';
import { STORE_DIR } from '../../domain/storePath';
import { withVetting } from '../../engine/vetting/withVetting';
import { vettingText } from '../../report/vettingText';
import { EXIT, exitCode } from '../exit';
import { printReport, wantsColor, writePieces } from '../printReport';
import type { VetContext } from './context';

/** What a record is bound to stands in the lock: where that does not hold, neither do the verdicts. */
const OF_LOCK: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'flake-malformed',
  'lock-missing',
  'lock-out-of-date',
  'lock-no-hash',
  'lock-unreadable',
  'lock-tampered',
]);

/** No cache and no key: nothing is asked. */
const NO_TRUST: TrustConfiguration = {
  caches: [],
  trusted: trustedKeys([]),
  requireSignatures: true,
  storeDir: STORE_DIR,
  credentialsFor: () => undefined,
  problems: [],
};

/** Verdicts and findings from files alone. */
export function checkReport({ command, facts, now, dir }: VetContext, vetting: FlakeVetting): InputsReport {
  const scope = { flakeDir: dir, configuration: NO_TRUST, offline: true, audit: true };
  const bare = auditInputs(facts, [], scope);
  const rules = { now, audit: true, foreignPolicy: command.policy !== undefined };
  const whole = withVetting(bare, facts, vetting, rules);
  return {
    ...whole,
    findings: whole.findings.filter(({ code }) => FINDING_CODES[code].occasion === 'policy' || OF_LOCK.has(code)),
  };
}

/** `vet check`: nobody is asked. */
export async function vetCheck(context: VetContext): Promise<number> {
  const { command, vetting, runtime, io, log } = context;
  const report = checkReport(context, vetting);
  if (vetting.files.policy === undefined && !vetting.files.broken)
    log.warn('there is no policy: `flake-trust vet init` writes one');
  if (command.format !== 'text') {
    const printed = await printReport({ report }, { ...command, audit: false, why: [] }, undefined, runtime, io, log);
    return printed ? exitCode(report, command) : EXIT.failed;
  }
  const color = command.out === undefined && wantsColor(runtime.environment.variables, io.stdout.isTTY);
  const written = await writePieces([vettingText(report, { color })], command.out, io, log);
  return written ? exitCode(report, command) : EXIT.failed;
}
