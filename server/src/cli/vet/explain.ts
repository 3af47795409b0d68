import { EXIT } from '../exit';
import { explainVerdict } from '../../report/vettingExplain';
import { lockedInput, needPolicy, VetError, type VetContext } from './context';

/** `vet explain INPUT`: the verdict with the records that make it so, and why others do not count. */
export function vetExplain(context: VetContext): Promise<number> {
  needPolicy(context);
  const { command, vetting, now, print } = context;
  const name = command.operands[0] ?? '';
  const input = lockedInput(context, name);
  const one = vetting.judged.get(input.node);
  if (one === undefined) throw new VetError(`"${name}" lies in this flake's own tree: whoever commits to it reviews it`);
  print(...explainVerdict(vetting, one, input.path, now));
  return Promise.resolve(EXIT.ok);
}
