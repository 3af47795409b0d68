/** Reads policy.jsonc. A policy with a mistake still counts for the rest; what is wrong is told of, so that no rule goes missing silently. */
import { FINDING_CODES, type FindingCode } from '../finding';
import { parseSubstituter } from '../substituter';
import { BUILT_IN_CRITERIA, isCriterionName, type Criterion } from './criteria';
import { parseUntil } from './instant';
import { readJsonc, type FileProblem, type JsonPath } from './jsonc';
import { Shape } from './shape';
import type { ImportRule, InputRule, OutputsRule, Policy, Reviewer, Suppression } from './types';

export interface ReadPolicy {
  /** Absent when the text could not be read at all. */
  readonly policy?: Policy;
  readonly problems: readonly FileProblem[];
}

/** What is asked of an input for which no rule says anything. */
export const DEFAULT_CRITERIA: readonly string[] = ['safe-to-build'];

/**
 * Evidence that something is forged, or that vetting itself does not hold: a repository must not be able to tell people not to look. Whoever
 * runs the tool can still silence them.
 */
export const NEVER_SUPPRESSED: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'lock-tampered',
  'lock-unreadable',
  'hash-mismatch',
  'caches-disagree',
  'signature-invalid',
  'key-name-reused',
  'denied',
  'policy-invalid',
  'record-signature',
]);

/** Reads a text; never throws, linear in its length. */
export function readPolicy(text: string): ReadPolicy {
  const read = readJsonc(text);
  if (read.kind === 'failed') return { problems: [read.problem] };
  const shape = new Shape();
  const policy = policyOf(read.value, shape);
  const problems = shape.problems.map(({ path, message, part }) => ({ message, span: read.places.of(path, part) }));
  return { ...(policy === undefined ? {} : { policy }), problems };
}

const FIELDS = ['$schema', 'version', 'criteria', 'inputs', 'reviewers', 'signatures', 'imports', 'outputs', 'suppressions'];

function policyOf(value: unknown, shape: Shape): Policy | undefined {
  const top = shape.object(value, [], FIELDS);
  if (top === undefined) return undefined;
  if (top['version'] !== 1) {
    shape.problem(['version'], 'version has to be 1: this file is of another version of Flake Trust');
    return undefined;
  }
  const criteria = criteriaOf(top['criteria'], shape);
  const known = (names: readonly string[], path: JsonPath) => knownCriteria(names, path, criteria, shape);
  const outputs = top['outputs'] === undefined ? undefined : outputsOf(top['outputs'], shape);
  const signatures =
    top['signatures'] === undefined ? 'optional' : shape.oneOf(top['signatures'], ['signatures'], ['optional', 'required']);
  return {
    criteria,
    inputs: shape.list(top['inputs'], ['inputs']).flatMap((rule, index) => inputRule(rule, ['inputs', index], shape, known)),
    reviewers: shape
      .list(top['reviewers'], ['reviewers'])
      .flatMap((reviewer, index) => reviewerOf(reviewer, ['reviewers', index], shape, known)),
    // A word that we do not know is taken for the stricter one.
    signaturesRequired: signatures !== 'optional',
    imports: importsOf(top['imports'], shape, known),
    ...(outputs === undefined ? {} : { outputs }),
    suppressions: shape
      .list(top['suppressions'], ['suppressions'])
      .flatMap((one, index) => suppressionOf(one, ['suppressions', index], shape) ?? []),
  };
}

type Known = (names: readonly string[], path: JsonPath) => readonly string[];

function criteriaOf(value: unknown, shape: Shape): ReadonlyMap<string, Criterion> {
  const criteria = new Map<string, Criterion>();
  if (value === undefined) return criteria;
  for (const [name, one] of Object.entries(shape.object(value, ['criteria'], 'any') ?? {})) {
    const path = ['criteria', name];
    if (!isCriterionName(name)) shape.problem(path, 'a criterion is named with small letters, digits and hyphens', 'name');
    else if (BUILT_IN_CRITERIA.has(name))
      shape.problem(path, `"${name}" is defined for everybody and cannot be redefined`, 'name');
    else {
      const fields = shape.object(one, path, ['description', 'implies']) ?? {};
      const description = shape.text(fields['description'], [...path, 'description']) ?? '';
      criteria.set(name, { description, implies: shape.texts(fields['implies'], [...path, 'implies']) });
    }
  }
  for (const [name, { implies }] of criteria) knownCriteria(implies, ['criteria', name, 'implies'], criteria, shape);
  return criteria;
}

function knownCriteria(
  names: readonly string[],
  path: JsonPath,
  criteria: ReadonlyMap<string, Criterion>,
  shape: Shape,
): readonly string[] {
  names.forEach((name, index) => {
    if (!criteria.has(name) && !BUILT_IN_CRITERIA.has(name)) {
      shape.problem([...path, index], 'this criterion is not defined: add it to "criteria"');
    }
  });
  // One that nobody defined stays: no record can meet it, which is stricter than to forget it.
  return names;
}

const INPUT_FIELDS = ['match', 'criteria', 'level', 'maxAgeDays', 'owners', 'hosts', 'refs', 'signedCommits'];

function inputRule(value: unknown, path: JsonPath, shape: Shape, known: Known): InputRule[] {
  const rule = shape.object(value, path, INPUT_FIELDS);
  if (rule === undefined) return [];
  const has = <T>(name: string, read: (value: unknown, at: JsonPath) => T | undefined): T | undefined =>
    rule[name] === undefined ? undefined : read(rule[name], [...path, name]);
  const match = has('match', (one, at) => shape.textOrTexts(one, at));
  const fields = {
    match,
    criteria: has('criteria', (one, at) => known(shape.texts(one, at), at)),
    level: has('level', (one, at) => shape.oneOf(one, at, ['error', 'warning', 'information', 'hint'] as const)),
    maxAgeDays: has('maxAgeDays', (one, at) => shape.integer(one, at, 0, 36_500)),
    owners: has('owners', (one, at) => shape.texts(one, at)),
    hosts: has('hosts', (one, at) => shape.texts(one, at)),
    refs: has('refs', (one, at) => shape.texts(one, at)),
    signedCommits: has('signedCommits', (one, at) => shape.boolean(one, at)),
  };
  return [Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== undefined))];
}

function reviewerOf(value: unknown, path: JsonPath, shape: Shape, known: Known): Reviewer[] {
  const one = shape.object(value, path, ['who', 'keys', 'criteria']);
  const who = one === undefined ? undefined : shape.text(one['who'], [...path, 'who']);
  if (one === undefined || who === undefined) return [];
  const keys = shape.keys(one['keys'], [...path, 'keys']);
  // Somebody who had to sign must not become somebody who need not, because of a mistake in the key.
  if (one['keys'] !== undefined && keys.length === 0) return [];
  const criteria =
    one['criteria'] === undefined
      ? {}
      : { criteria: known(shape.texts(one['criteria'], [...path, 'criteria']), [...path, 'criteria']) };
  return [{ who, keys, ...criteria }];
}

function importsOf(value: unknown, shape: Shape, known: Known): ImportRule[] {
  if (value === undefined) return [];
  return Object.entries(shape.object(value, ['imports'], 'any') ?? {}).flatMap(([name, one]) => {
    const path = ['imports', name];
    if (!isCriterionName(name)) {
      shape.problem(path, 'an import is named with small letters, digits and hyphens', 'name');
      return [];
    }
    const rule = shape.object(one, path, ['from', 'criteria', 'exclude', 'keys']);
    const from = rule === undefined ? undefined : shape.text(rule['from'], [...path, 'from']);
    if (rule === undefined || from === undefined) return [];
    const keys = shape.keys(rule['keys'], [...path, 'keys']);
    if (rule['keys'] !== undefined && keys.length === 0) return [];
    const criteria = new Map<string, readonly string[]>();
    if (rule['criteria'] !== undefined) {
      for (const [theirs, ours] of Object.entries(shape.object(rule['criteria'], [...path, 'criteria'], 'any') ?? {})) {
        const at = [...path, 'criteria', theirs];
        criteria.set(theirs, known(shape.textOrTexts(ours, at), at));
      }
    }
    return [{ name, from, criteria, exclude: shape.texts(rule['exclude'], [...path, 'exclude']), keys }];
  });
}

function outputsOf(value: unknown, shape: Shape): OutputsRule | undefined {
  const path = ['outputs'];
  const rule = shape.object(value, path, ['signedBy', 'caches', 'agreement', 'localBuilds']);
  if (rule === undefined) return undefined;
  const signedBy = rule['signedBy'] === undefined ? undefined : signedByOf(rule['signedBy'], shape);
  const caches =
    rule['caches'] === undefined
      ? undefined
      : shape
          .texts(rule['caches'], [...path, 'caches'])
          .map((url, index) => canonicalCache(url, [...path, 'caches', index], shape));
  const agreement = rule['agreement'] === undefined ? undefined : shape.boolean(rule['agreement'], [...path, 'agreement']);
  const localBuilds = rule['localBuilds'] === undefined ? undefined : shape.texts(rule['localBuilds'], [...path, 'localBuilds']);
  return {
    ...(signedBy === undefined ? {} : { signedBy }),
    ...(caches === undefined ? {} : { caches }),
    ...(agreement === undefined ? {} : { agreement }),
    ...(localBuilds === undefined ? {} : { localBuilds }),
  };
}

function signedByOf(value: unknown, shape: Shape): OutputsRule['signedBy'] {
  const path = ['outputs', 'signedBy'];
  const rule = shape.object(value, path, ['keys', 'atLeast']);
  if (rule === undefined) return undefined;
  const keys = shape.keys(rule['keys'], [...path, 'keys']);
  const wanted = rule['atLeast'];
  const written = Array.isArray(rule['keys']) ? rule['keys'].length : 0;
  if (written === 0) {
    shape.problem(path, 'signedBy needs keys');
    return undefined;
  }
  if (wanted === 'all') return { keys, atLeast: written };
  const atLeast = wanted === undefined ? 1 : shape.integer(wanted, [...path, 'atLeast'], 1, written);
  return { keys, atLeast: atLeast ?? written };
}

function canonicalCache(text: string, path: JsonPath, shape: Shape): string {
  const parsed = parseSubstituter(text);
  if (parsed.ok) return parsed.value.url;
  shape.problem(path, 'this is no address of a cache');
  return text;
}

function suppressionOf(value: unknown, path: JsonPath, shape: Shape): Suppression | undefined {
  const one = shape.object(value, path, ['code', 'subject', 'reason', 'until']);
  if (one === undefined) return undefined;
  const code = shape.text(one['code'], [...path, 'code']);
  const reason = shape.text(one['reason'], [...path, 'reason']);
  const untilText = shape.text(one['until'], [...path, 'until']);
  const subject = one['subject'] === undefined ? undefined : shape.text(one['subject'], [...path, 'subject']);
  if (code === undefined || reason === undefined || untilText === undefined) return undefined;
  if (one['subject'] !== undefined && subject === undefined) return undefined;
  if (!Object.hasOwn(FINDING_CODES, code)) {
    shape.problem([...path, 'code'], 'there is no finding with this code');
    return undefined;
  }
  if (NEVER_SUPPRESSED.has(code as FindingCode)) {
    shape.problem(
      [...path, 'code'],
      `"${code}" cannot be suppressed in a repository: it says that something is forged or does not hold`,
    );
    return undefined;
  }
  const until = parseUntil(untilText);
  if (until === undefined) {
    shape.problem([...path, 'until'], 'until has to be a date such as 2027-05-25, or a time in UTC');
    return undefined;
  }
  return { code, ...(subject === undefined ? {} : { subject }), reason, until, untilText };
}
