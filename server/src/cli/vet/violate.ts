import { parseNarHash } from '../../domain/hash';
import type { JsonObject } from '../../domain/vetting/shape';
import { treeFields } from '../../domain/vetting/newRecord';
import { EXIT } from '../exit';
import { givenAuthorFields, criteriaField, lockedInput, needPolicy, VetError, writeRecords, type VetContext } from './context';
import { ask } from './terminal';

/** `vet violate`: says that a tree, a revision or a whole source must not be used. It goes before every review. */
export async function vetViolate(context: VetContext): Promise<number> {
  needPolicy(context);
  const { command } = context;
  const name = command.operands[0];
  const subject = name === undefined ? namedSubject(context) : treeFields(lockedInput(context, name));
  const author = await givenAuthorFields(context);
  const notes = command.notes ?? (await ask(context, 'What is wrong with it? '));
  if (notes === undefined) throw new VetError('--notes is needed: say what is wrong with it');
  const criteria = command.criteria.length === 0 ? {} : criteriaField(context, undefined);
  await writeRecords(context, [{ kind: 'violation', ...subject, ...criteria, ...author, notes }]);
  return EXIT.ok;
}

function namedSubject({ command: { narHash, rev, source } }: VetContext): JsonObject {
  const hash = narHash === undefined ? undefined : parseNarHash(narHash);
  if (hash?.ok === false) throw new VetError('--nar-hash is no NAR hash');
  const fields = {
    ...(source === undefined ? {} : { source: source.toLowerCase() }),
    ...(rev === undefined ? {} : { rev }),
    ...(hash === undefined ? {} : { narHash: hash.value }),
  };
  if (Object.keys(fields).length === 0) throw new VetError('an input, --nar-hash, --rev or --source is needed');
  return fields;
}
