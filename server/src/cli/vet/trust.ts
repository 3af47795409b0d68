import { dayAfter, parseUntil } from '../../domain/vetting/instant';
import { sourceOf } from '../../domain/vetting/vetFlake';
import { plainText } from '../../util/plainText';
import { EXIT } from '../exit';
import { givenAuthorFields, criteriaField, needPolicy, untilField, VetError, writeRecords, type VetContext } from './context';

/** Longer than a year nobody knows who will own a source. */
const MAX_DAYS = 366;

/** `vet trust SOURCE --until DATE`: lets every tree of a source pass for a time, whoever commits to it. */
export async function vetTrust(context: VetContext): Promise<number> {
  needPolicy(context);
  const { command, facts, now } = context;
  const given = command.operands[0] ?? '';
  const input = facts.inputs.find(({ path }) => path.join('/') === given);
  const source = input === undefined ? given.toLowerCase() : sourceOf(input);
  if (source === undefined || !/^[^\s/]+\/\S+$/.test(source)) {
    throw new VetError(
      `"${plainText(given, 100)}" is neither an input nor a source such as github.com/nixos/nixpkgs or github.com/nixos/*`,
    );
  }
  const until = await untilField(context, true);
  const end = parseUntil(String(until['until'])) ?? Infinity;
  if (end > (parseUntil(dayAfter(now, MAX_DAYS)) ?? 0))
    throw new VetError(`--until: trust in a source lasts ${MAX_DAYS} days at most`);
  const record = {
    kind: 'trust',
    source,
    ...criteriaField(context, input?.node),
    ...until,
    ...(await givenAuthorFields(context)),
  };
  await writeRecords(context, [record]);
  return EXIT.ok;
}
