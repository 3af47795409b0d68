/** The verdicts of a policy in the reports of `inputs` and `audit`. */
import type { FlakeFacts } from '../../domain/flakeFacts';
import type { InputsReport } from '../../domain/inputsReport';
import type { TrustedKeys } from '../../domain/publicKey';
import { vetFlake } from '../../domain/vetting/vetFlake';
import { placeWords } from '../../domain/vetting/vettingFiles';
import type { VettingFiles } from '../../domain/vetting/vettingFiles';
import type { ClosureAudit } from '../../engine/closure/auditReport';
import type { Logger } from '../../engine/ports';
import { withOutputPolicy } from '../../engine/vetting/outputPolicy';
import { readVetting } from '../../engine/vetting/readVetting';
import { withVetting } from '../../engine/vetting/withVetting';
import type { BaseRuntime } from '../../baseRuntime';
import { plainText } from '../../util/plainText';
import type { ReportCommand } from '../options';
import type { CliProcess } from '../printReport';
import { reviewerKey, VetError, vettingReader } from './context';

type Named = Pick<ReportCommand, 'policy' | 'reviewerKeys' | 'audit'>;

/** The policy, where there is one, and the texts that it was read from. */
export type ReadPolicy = Pick<VettingFiles, 'policy' | 'texts'>;

interface Around {
  readonly runtime: BaseRuntime;
  readonly io: CliProcess;
  readonly log: Logger;
}

/** Adds the verdicts. Gives nothing where the command cannot be followed, which has been said then. */
export async function vetReport(
  report: InputsReport,
  facts: FlakeFacts,
  command: Named,
  { dir, runtime, io, log }: Around & { readonly dir: string },
  signal: AbortSignal,
): Promise<{ readonly report: InputsReport; readonly files: ReadPolicy } | undefined> {
  try {
    const files = await readVetting(vettingReader(command.policy, dir, runtime, io), signal);
    if (command.policy !== undefined && files.policy === undefined && !files.broken) {
      throw new VetError(`--policy: there is no policy.jsonc in ${plainText(command.policy, 300)}`);
    }
    const now = runtime.clock.now();
    const userKeys = command.reviewerKeys?.map(reviewerKey);
    const vetting = vetFlake(facts, files, { now, ...(userKeys === undefined ? {} : { userKeys }) });
    const rules = { now, audit: command.audit, foreignPolicy: command.policy !== undefined };
    return { report: withVetting(report, facts, vetting, rules), files };
  } catch (error) {
    if (!(error instanceof VetError)) throw error;
    log.error(error.message);
    return undefined;
  }
}

/** Applies the rules for outputs, where there is a policy. */
export function applyOutputPolicy(
  audit: ClosureAudit,
  { policy }: ReadPolicy,
  { trusted, now }: { readonly trusted: TrustedKeys; readonly now: number },
): Promise<ClosureAudit> {
  return policy === undefined ? Promise.resolve(audit) : withOutputPolicy(audit, { policy, trusted, now });
}

/** The policy that `--policy` names, for an audit of store paths, which has no flake. A mistake in it is no detail: nothing is audited then. */
export async function namedPolicy(
  command: Named,
  { runtime, io, log }: Around,
  signal: AbortSignal,
): Promise<ReadPolicy | undefined> {
  if (command.policy === undefined) return { texts: {} };
  const { texts, policy, problems } = await readVetting(vettingReader(command.policy, io.cwd, runtime, io), signal);
  for (const { file, span, message } of problems) log.error(`${placeWords(file, span, texts[file])}: ${plainText(message, 300)}`);
  if (policy !== undefined && problems.length === 0) return { policy, texts };
  if (problems.length === 0) log.error(`--policy: there is no policy.jsonc in ${plainText(command.policy, 300)}`);
  return undefined;
}
