import { compareUrl } from '../../domain/vetting/compareUrl';
import { nearestBase, type ReviewBase } from '../../engine/vetting/suggest';
import { comparisonLines } from '../../report/vettingDiff';
import { plainText } from '../../util/plainText';
import { EXIT } from '../exit';
import { clonesOf, lockedInput, needPolicy, VetError, type VetContext } from './context';
import { byWords } from '../../domain/vetting/vetFlake';

/** `vet diff INPUT`: what changed since the nearest vetted revision. Fetches nothing. */
export async function vetDiff(context: VetContext): Promise<number> {
  needPolicy(context);
  const { command, vetting, git, signal, print } = context;
  const name = command.operands[0] ?? '';
  const input = lockedInput(context, name);
  const one = vetting.judged.get(input.node);
  const clones = clonesOf(context);
  if (command.from !== undefined) {
    if (input.rev === undefined) throw new VetError(`"${plainText(name, 80)}" is locked without a revision`);
    const compared = await git.compare({ from: command.from, to: input.rev, clones }, signal);
    const url = input.attrs === undefined ? undefined : compareUrl(input.attrs, command.from, input.rev);
    if (compared.kind === 'unavailable' && url === undefined) throw new VetError(`${compared.reason}: name a clone with --clone`);
    print(
      ...comparisonLines({
        from: command.from,
        to: input.rev,
        ...(compared.kind === 'compared' ? { comparison: compared } : {}),
        ...(url === undefined ? {} : { url }),
      }),
    );
    return EXIT.ok;
  }
  const base: ReviewBase | undefined = one === undefined ? undefined : await nearestBase(vetting, one, { git, clones }, signal);
  if (base === undefined) {
    print(
      `No revision of ${plainText(name, 80)} is vetted or exempted: all of it would have to be read. --from REV compares with any other.`,
    );
    return EXIT.ok;
  }
  const { tree, comparison, compareUrl: url } = base;
  print(`${plainText(name, 80)}: since the ${tree.state === 'vetted' ? 'review' : 'exemption'} by ${byWords(tree.records)}`);
  if (tree.rev === undefined || input.rev === undefined)
    print('  There is no revision to compare: the record or the lock has only a hash.');
  else
    print(
      ...comparisonLines({
        from: tree.rev,
        to: input.rev,
        ...(comparison === undefined ? {} : { comparison }),
        ...(url === undefined ? {} : { url }),
      }),
    );
  return EXIT.ok;
}
