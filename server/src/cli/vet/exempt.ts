import { treeFields } from '../../domain/vetting/newRecord';
import { EXIT } from '../exit';
import { givenAuthorFields, criteriaField, lockedInput, needPolicy, untilField, writeRecords, type VetContext } from './context';

/** `vet exempt INPUT... --until DATE`: lets inputs pass as they are locked, and says so. */
export async function vetExempt(context: VetContext): Promise<number> {
  needPolicy(context);
  const inputs = context.command.operands.map((name) => lockedInput(context, name));
  const until = await untilField(context, true);
  const author = await givenAuthorFields(context);
  await writeRecords(
    context,
    inputs.map((input) => ({
      kind: 'exemption',
      ...treeFields(input),
      ...criteriaField(context, input.node),
      ...until,
      ...author,
    })),
  );
  return EXIT.ok;
}
