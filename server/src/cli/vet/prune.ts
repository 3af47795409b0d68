import { pruneAdvice } from '../../domain/vetting/prune';
import { personWords } from '../../domain/vetting/vetFlake';
import { plainText } from '../../util/plainText';
import { EXIT } from '../exit';
import { givenAuthorFields, needPolicy, writeRecords, type VetContext } from './context';

/** `vet prune`: says of every exemption and every trust why it is needed or not; `--write` revokes those that are not. Nothing is deleted. */
export async function vetPrune(context: VetContext): Promise<number> {
  needPolicy(context);
  const { command, vetting, now, print } = context;
  const advice = pruneAdvice(vetting, now);
  for (const { record, needed, reason } of advice) {
    const what = plainText(record.source ?? record.narHash ?? '', 60);
    print(
      `${needed ? 'keep  ' : 'revoke'}  ${record.id.slice(0, 12)}  ${record.kind} of ${what} by ${personWords(record)}: ${plainText(reason, 200)}`,
    );
  }
  const surplus = advice.filter(({ needed }) => !needed);
  if (surplus.length === 0) {
    print(advice.length === 0 ? 'No exemption and no trust is in force.' : 'Every one is needed.');
    return EXIT.ok;
  }
  if (!command.write) {
    print('', `${surplus.length} can go: \`flake-trust vet prune --write\` revokes them.`);
    return EXIT.ok;
  }
  const author = await givenAuthorFields(context);
  await writeRecords(
    context,
    surplus.map(({ record: { id, source }, reason }) => ({
      kind: 'revocation',
      ...(source === undefined ? {} : { source }),
      revokes: id,
      notes: `Not needed any more: ${reason}.`,
      ...author,
    })),
  );
  return EXIT.ok;
}
