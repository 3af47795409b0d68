/** The files with which vetting begins: a policy, and one exemption for each input as it is locked, so that the check is green on the first day. */
import { nearestInputs } from '../checks/checkedFlake';
import type { FlakeFacts } from '../flakeFacts/types';
import { addRecords, EMPTY_RECORDS, withId, type EditedText } from './edit';
import { dayAfter } from './instant';
import { authorFields, treeFields, type Author } from './newRecord';

/** For how long what is there today passes without a review, in days. */
const EXEMPT_DAYS = 90;

/** The day until which a new exemption lasts where nobody says another one. */
export function exemptUntil(now: number): string {
  return dayAfter(now, EXEMPT_DAYS);
}

export interface FirstFiles {
  readonly policy: string;
  readonly records: EditedText;
  /** How many inputs are exempted. */
  readonly exempted: number;
}

/** Writes both texts. */
export function firstFiles(
  facts: FlakeFacts,
  { criteria, until, author }: { readonly criteria: readonly string[]; readonly until: string; readonly author: Author },
): FirstFiles {
  const inputs = nearestInputs(facts.inputs).filter(({ narHash }) => narHash !== undefined);
  const records = new Map(
    inputs.map((input) => {
      const fields = authorFields({ ...author, notes: author.notes ?? 'In use before vetting began.' });
      const record = withId({ kind: 'exemption', ...treeFields(input), criteria, until, ...fields });
      return [record['id'], record];
    }),
  );
  return { policy: policyText(criteria), records: addRecords(EMPTY_RECORDS, [...records.values()]), exempted: records.size };
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
