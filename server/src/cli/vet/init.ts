import { DEFAULT_CRITERIA } from '../../domain/vetting/policy';
import { BUILT_IN_CRITERIA } from '../../domain/vetting/criteria';
import { addRecords, EMPTY_RECORDS, withId } from '../../domain/vetting/edit';
import { dayAfter } from '../../domain/vetting/instant';
import { VETTING_FILES } from '../../domain/vetting/types';
import { nearestInputs } from '../../domain/checks/checkedFlake';
import { nameInFolder } from '../../engine/vetting/readVetting';
import { plainText } from '../../util/plainText';
import { EXIT } from '../exit';
import { authorFields, treeFields, untilField, VetError, type VetContext } from './context';

/** For how long what is there today passes without a review. */
const EXEMPT_DAYS = 90;

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
  const until = command.until === undefined ? { until: dayAfter(now, EXEMPT_DAYS) } : await untilField(context, true);
  const author = await authorFields(context);
  const inputs = nearestInputs(facts.inputs).filter(({ narHash }) => narHash !== undefined);
  const seen = new Set<string>();
  const records = inputs.flatMap((input) => {
    const fields = {
      kind: 'exemption',
      ...treeFields(input),
      criteria,
      ...until,
      ...author,
      notes: 'In use before vetting began.',
    };
    const record = withId(fields);
    const id = String(record['id']);
    return seen.has(id) ? [] : (seen.add(id), [record]);
  });
  const edited = addRecords(EMPTY_RECORDS, records);
  if (edited.kind === 'refused') throw new VetError(edited.problem.message);
  for (const file of [VETTING_FILES.policy, VETTING_FILES.records]) {
    const there = await folder.read(nameInFolder(file), 1, signal);
    if (there.kind !== 'absent') throw new VetError(`${file} is there already, and was left as it is`);
  }
  // The records first: a policy without them would make everything red.
  for (const [file, text] of [
    [VETTING_FILES.records, edited.text],
    [VETTING_FILES.policy, policyText(criteria)],
  ] as const) {
    const outcome = await folder.write(nameInFolder(file), undefined, text);
    if (outcome.kind === 'changed') throw new VetError(`${file} is there already, and was left as it is`);
    if (outcome.kind === 'failed') throw new VetError(`${file} cannot be written: ${outcome.reason}`);
  }
  const day = plainText(String(until['until']), 40);
  print(
    `${VETTING_FILES.policy}: every input needs ${criteria.join(', ')}`,
    `${VETTING_FILES.records}: ${records.length === 1 ? '1 input is' : `${records.length} inputs are`} exempted until ${day}`,
    '',
    'Commit both files. `flake-trust vet check` is green now; `flake-trust vet suggest` says what to review first.',
  );
  return EXIT.ok;
}

function policyText(criteria: readonly string[]): string {
  return `// What has to hold for the inputs of this flake, and for what is built from it. See docs/vetting.md of Flake Trust.
{
  "version": 1,

  // Later rules that match replace, field by field, what earlier ones say.
  "inputs": [
    { "criteria": ${JSON.stringify(criteria)} },
    // { "match": "nixpkgs", "owners": ["NixOS"], "refs": ["nixos-*", "nixpkgs-*"], "maxAgeDays": 90 },
  ],

  // Who may vouch. Empty: everybody who can write to this repository.
  "reviewers": [
    // { "who": "Ada Example <ada@example.org>", "keys": ["ada-1:…"] },
  ],
}
`;
}
