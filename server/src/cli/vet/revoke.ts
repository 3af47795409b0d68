import { EXIT } from '../exit';
import { givenAuthorFields, needPolicy, VetError, writeRecords, type VetContext } from './context';
import { recordById } from './ids';
import { ask } from './terminal';

/** `vet revoke ID...`: takes records out by newer ones. */
export async function vetRevoke(context: VetContext): Promise<number> {
  needPolicy(context);
  const { command, vetting } = context;
  const records = command.operands.map((id) => recordById(vetting.files.records, id));
  const notes = command.notes ?? (await ask(context, 'Why? '));
  if (notes === undefined) throw new VetError('--notes is needed: say why');
  const author = await givenAuthorFields(context);
  await writeRecords(
    context,
    records.map(({ id, source }) => ({
      kind: 'revocation',
      ...(source === undefined ? {} : { source }),
      revokes: id,
      ...author,
      notes,
    })),
  );
  return EXIT.ok;
}
