/** The rules of a policy for inputs that need no record: age, owner, host, branch or channel, commit signature. */
import { pathGlob } from '../../util/pathGlob';
import { plainText } from '../../util/plainText';
import type { InputFacts } from '../flakeFacts/types';
import { forgeRepository, referenceHost, sourceOwner, stringAttr } from '../flakeRef';
import { nixosChannel } from '../flakeRef/identity';
import { parseNixUrl } from '../flakeRef/url';
import type { PolicyRuleOutcome } from '../inputsReport';
import { FIRST_PLAUSIBLE_SEC } from '../plausibleDate';
import { DEFAULT_CRITERIA } from './policy';
import { matchesInput } from './sources';
import type { InputRule, Policy } from './types';

/** All that a policy asks of one input. */
export type Requirements = Omit<InputRule, 'match' | 'criteria'> & { readonly criteria: readonly string[] };

/** Puts the rules that match together: a later one replaces, field by field, what earlier ones say. */
export function requirementsOf(policy: Policy, path: readonly string[], source: string | undefined): Requirements {
  let merged: InputRule = {};
  for (const { match, ...rule } of policy.inputs) {
    if (match === undefined || matchesInput(match, path, source)) merged = { ...merged, ...rule };
  }
  return { ...merged, criteria: merged.criteria ?? DEFAULT_CRITERIA };
}

const DAY_MS = 86_400_000;

/** Looks at each rule that is set. */
export function ruleOutcomes(rules: Requirements, input: InputFacts, now: number): readonly PolicyRuleOutcome[] {
  const outcomes: PolicyRuleOutcome[] = [];
  const add = (rule: PolicyRuleOutcome['rule'], met: boolean | undefined, actual: string | undefined): void => {
    const outcome = met === undefined ? 'unknown' : met ? 'met' : 'violated';
    outcomes.push({ rule, outcome, ...(actual === undefined ? {} : { actual: plainText(actual, 120) }) });
  };
  const { maxAgeDays, owners, hosts, refs, signedCommits } = rules;
  if (maxAgeDays !== undefined) {
    const days = ageOf(input, now);
    add('max-age', days === undefined ? undefined : days <= maxAgeDays, days === undefined ? undefined : `${days} days`);
  }
  if (owners !== undefined) {
    const owner = input.attrs === undefined ? undefined : sourceOwner(input.attrs);
    const names = owner === undefined ? [] : [owner.name, `${owner.host}/${owner.name}`].map((name) => name.toLowerCase());
    const met = owners.some((allowed) => names.includes(allowed.toLowerCase()));
    add('owner', owner === undefined ? undefined : met, owner === undefined ? undefined : `${owner.host}/${owner.name}`);
  }
  if (hosts !== undefined) {
    const host = hostOf(input);
    add('host', host === undefined ? undefined : hosts.some((allowed) => allowed.toLowerCase() === host.toLowerCase()), host);
  }
  if (refs !== undefined) {
    const ref = refOf(input);
    add('ref', ref === undefined ? undefined : refs.some((allowed) => pathGlob(allowed)(ref)), ref);
  }
  if (signedCommits === true) {
    // Nix itself checks the signature of a git input that says so, and fails without it. Of others nobody has looked.
    add(
      'commit-signature',
      input.attrs?.get('verifyCommit') === true || input.attrs?.get('verifyCommit') === 1 ? true : undefined,
      undefined,
    );
  }
  return outcomes;
}

function ageOf({ lastModified }: InputFacts, now: number): number | undefined {
  if (lastModified === undefined || lastModified < FIRST_PLAUSIBLE_SEC) return undefined;
  return Math.floor((now - lastModified * 1000) / DAY_MS);
}

function hostOf({ attrs }: InputFacts): string | undefined {
  if (attrs === undefined) return undefined;
  return forgeRepository(attrs)?.host ?? referenceHost(attrs);
}

/** The branch, tag or channel that the input follows, as far as its reference says. */
function refOf({ original, attrs }: InputFacts): string | undefined {
  const ref =
    (original === undefined ? undefined : stringAttr(original, 'ref')) ??
    (attrs === undefined ? undefined : stringAttr(attrs, 'ref'));
  if (ref !== undefined) return ref;
  const url = parseNixUrl((original === undefined ? undefined : stringAttr(original, 'url')) ?? '');
  return url === undefined ? undefined : nixosChannel(url);
}
