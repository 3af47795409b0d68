import type { JsonObject } from '../../domain/vetting/shape';
import { EXIT } from '../exit';
import { givenAuthorFields, needPolicy, untilField, VetError, writeRecords, type VetContext } from './context';
import { recordById } from './ids';

const DAY_MS = 86_400_000;

/** Said anew, or not said again. */
const RENEWED: ReadonlySet<string> = new Set(['who', 'when', 'until', 'notes', 'evidence', 'id', 'signature']);

/** `vet renew`: writes records that end, or have ended, anew with a later date. The old ones stay, and end as they said. */
export async function vetRenew(context: VetContext): Promise<number> {
  needPolicy(context);
  const { command, vetting, now, print } = context;
  const { files, judge } = vetting;
  const named = command.operands.map((id) => recordById(files.own, id));
  const { expiring } = command;
  if (named.length === 0 && expiring === undefined) throw new VetError('ids of records, or --expiring DAYS, are needed');
  // What has ended long ago, or was written anew already, is left alone.
  const ending =
    expiring === undefined
      ? []
      : files.own.filter(
          (record) =>
            record.until !== undefined &&
            record.until > now &&
            record.until <= now + expiring * DAY_MS &&
            judge?.isLive(record) === true &&
            !files.own.some(
              (other) => other !== record && isSameStatement(other, record) && (other.until ?? Infinity) > (record.until ?? 0),
            ),
        );
  const records = [...new Set([...named, ...ending])];
  if (records.length === 0) {
    print('Nothing ends so soon.');
    return EXIT.ok;
  }
  const until = await untilField(context, true);
  const author = await givenAuthorFields(context);
  const renewed = records.map((record): JsonObject => {
    if (record.until === undefined) throw new VetError(`record ${record.id} has no end`);
    const rest = Object.fromEntries(Object.entries(record.fields).filter(([name]) => !RENEWED.has(name)));
    return { ...rest, ...until, notes: `Renews ${record.id}.`, ...author };
  });
  await writeRecords(context, renewed);
  return EXIT.ok;
}

function isSameStatement(
  a: { kind: string; narHash?: string; source?: string; from?: { narHash: string }; criteria: readonly string[] },
  b: typeof a,
): boolean {
  return (
    a.kind === b.kind &&
    a.narHash === b.narHash &&
    a.source === b.source &&
    a.from?.narHash === b.from?.narHash &&
    b.criteria.every((criterion) => a.criteria.includes(criterion))
  );
}
