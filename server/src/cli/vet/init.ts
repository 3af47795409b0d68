import { DEFAULT_CRITERIA } from '../../domain/vetting/policy';
import { BUILT_IN_CRITERIA } from '../../domain/vetting/criteria';
import { exemptUntil, firstFiles } from '../../domain/vetting/firstFiles';
import { VETTING_FILES } from '../../domain/vetting/types';
import { writeFirstFiles } from '../../engine/vetting/changeFile';
import { vetFlake } from '../../domain/vetting/vetFlake';
import { readVettingFiles } from '../../domain/vetting/vettingFiles';
import { plainText } from '../../util/plainText';
import { EXIT, exitCode } from '../exit';
import { checkReport } from './check';
import { authorOf, untilField, VetError, type VetContext } from './context';

/** `vet init`: a policy, and one exemption for each input as it is locked. Files that are there stay as they are. */
export async function vetInit(context: VetContext): Promise<number> {
  const { command, facts, folder, now, print, signal } = context;
  if (facts.lock.state !== 'ok') throw new VetError('there is no flake.lock that can be read: run `nix flake lock` first');
  const criteria = command.criteria.length > 0 ? command.criteria : DEFAULT_CRITERIA;
  for (const name of criteria) {
    if (!BUILT_IN_CRITERIA.has(name)) {
      throw new VetError(
        `--criteria: there is no "${plainText(name, 60)}" yet; there are ${[...BUILT_IN_CRITERIA.keys()].join(', ')}, and others once the policy defines them`,
      );
    }
  }
  const until = command.until === undefined ? exemptUntil(now) : String((await untilField(context, true))['until']);
  const { policy, records, exempted } = firstFiles(facts, { criteria, until, author: await authorOf(context) });
  if (records.kind === 'refused') throw new VetError(records.problem.message);
  const outcome = await writeFirstFiles(folder, { policy, records: records.text }, signal);
  if (outcome.kind === 'failed') throw new VetError(outcome.message);
  print(
    `${VETTING_FILES.policy}: every input needs ${criteria.join(', ')}`,
    `${VETTING_FILES.records}: ${exempted === 1 ? '1 input is' : `${exempted} inputs are`} exempted until ${plainText(until, 40)}`,
    '',
    `Commit both files. ${checkWords(context, policy, records.text)}; \`flake-trust vet suggest\` says what to review first.`,
  );
  return EXIT.ok;
}

/** What `vet check` will say of the new files: a lock that was tampered with is red whatever is exempted. */
function checkWords(context: VetContext, policy: string, records: string): string {
  const files = readVettingFiles({ [VETTING_FILES.policy]: policy, [VETTING_FILES.records]: records });
  const report = checkReport(context, vetFlake(context.facts, files, { now: context.now }));
  return exitCode(report, context.command) === EXIT.ok
    ? '`flake-trust vet check` is green now'
    : '`flake-trust vet check` fails all the same: flake.lock has errors, which no exemption covers';
}
