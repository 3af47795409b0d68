/** The verdicts about the inputs of a flake, and what is to be told of them. Pure: the same texts at the same time give the same. */
import { plainText } from '../../util/plainText';
import { inputPlace, inputSubject, message, nearestInputs, quoted } from '../checks/checkedFlake';
import { finding, type Finding, type FindingCode, type Severity } from '../finding';
import type { FlakeFacts, InputFacts } from '../flakeFacts/types';
import { sourceIdentity } from '../flakeRef';
import type { InputReport, PolicyRuleOutcome } from '../inputsReport';
import type { PublicKey } from '../publicKey';
import { requirementsOf, ruleOutcomes, type Requirements } from './inputRules';
import { printDay } from './instant';
import { Judge, type Verdict, type VettingSubject } from './judge';
import type { VettingRecord } from './types';
import type { VettingFiles } from './vettingFiles';

export interface VetOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Keys that the user named: then nothing else vouches, whatever the repository says. */
  readonly userKeys?: readonly PublicKey[];
  /** One that was made of the same files and keys, for a time since when nothing has ended or begun. */
  readonly judge?: Judge;
}

/** One source of the flake, judged. */
export interface JudgedInput {
  /** The nearest to the root that leads to it. */
  readonly input: InputFacts;
  readonly subject: VettingSubject;
  readonly requirements: Requirements;
  readonly verdict: Verdict;
  readonly rules: readonly PolicyRuleOutcome[];
}

export interface FlakeVetting {
  readonly files: VettingFiles;
  /** Absent without a readable policy. */
  readonly judge?: Judge;
  /** One for each lock node that has to be vetted, by its key. */
  readonly judged: ReadonlyMap<string, JudgedInput>;
  /** About inputs, with their places in flake.nix and flake.lock. */
  readonly findings: readonly Finding[];
}

/** What a policy is asked of: the sources that the lock pins. The root flake, and what lies in its own tree, is reviewed by whoever commits to it. */
function isSubject({ resolution, type, narHash, attrs }: InputFacts): boolean {
  if (resolution.kind !== 'node') return false;
  const path = attrs?.get('path');
  return !(type === 'path' && narHash === undefined && typeof path === 'string' && !path.startsWith('/'));
}

/** Judges every input that leads to a lock node. */
export function vetFlake(facts: FlakeFacts, files: VettingFiles, options: VetOptions): FlakeVetting {
  const { policy } = files;
  if (policy === undefined || files.broken) return { files, judged: new Map(), findings: [] };
  const judge = options.judge ?? new Judge({ policy, records: files.records, ...options });
  const nearest = nearestInputs(facts.inputs).filter(isSubject);
  const asked = criteriaByNode(facts, files);
  const subjects = nearest.map((input): VettingSubject => {
    const source = sourceOf(input);
    return {
      ...(source === undefined ? {} : { source }),
      ...(input.narHash === undefined ? {} : { narHash: input.narHash }),
      ...(input.rev === undefined ? {} : { rev: input.rev }),
      criteria: [...(asked.get(input.node) ?? [])],
    };
  });
  const verdicts = judge.judge(subjects);
  const judged = new Map<string, JudgedInput>();
  nearest.forEach((input, index) => {
    const [subject, verdict] = [subjects[index], verdicts[index]];
    if (subject === undefined || verdict === undefined) return;
    const requirements = requirementsOf(policy, input.path, subject.source);
    judged.set(input.node, { input, subject, requirements, verdict, rules: ruleOutcomes(requirements, input, options.now) });
  });
  return { files, judge, judged, findings: [...judged.values()].flatMap(findingsOf) };
}

/** The source identity of an input, without secrets. */
export function sourceOf({ attrs }: InputFacts): string | undefined {
  return attrs === undefined ? undefined : sourceIdentity(attrs);
}

/** What is asked of a node under all the names that lead to it: to be known under a lenient rule as well must not make it less. */
function criteriaByNode(facts: FlakeFacts, { policy }: VettingFiles): ReadonlyMap<string, ReadonlySet<string>> {
  const asked = new Map<string, Set<string>>();
  for (const input of facts.inputs) {
    if (policy === undefined || input.resolution.kind !== 'node') continue;
    const criteria = asked.get(input.node) ?? new Set();
    for (const name of requirementsOf(policy, input.path, sourceOf(input)).criteria) criteria.add(name);
    asked.set(input.node, criteria);
  }
  return asked;
}

/** The `vetting` of an input in the report. */
export function vettingReport({ files, judge, judged }: FlakeVetting, node: string): InputReport['vetting'] {
  if (files.broken) return { state: 'unvetted' };
  const one = judged.get(node);
  if (one === undefined || judge === undefined) return { state: 'no-policy' };
  const report = verdictReport(one, judge);
  return one.rules.length === 0 ? report : { ...report, rules: one.rules };
}

/** By verdict: a judge gives the same one for the same subject, however often the flake around it is typed anew. */
const verdictReports = new WeakMap<Verdict, InputReport['vetting']>();

function verdictReport({ verdict, subject }: JudgedInput, judge: Judge): InputReport['vetting'] {
  const known = verdictReports.get(verdict);
  if (known !== undefined) return known;
  const records = recordsOf(verdict);
  const missing = verdict.criteria.filter(({ basis }) => basis === undefined).map(({ criterion }) => criterion);
  const scope = [...new Set(records.flatMap(scopeWords))];
  const until = firstEnd(records);
  const passed = verdict.state === 'vetted' || verdict.state === 'exempted';
  const reviews = needlessExemption(verdict);
  const report: InputReport['vetting'] = {
    state: verdict.state,
    ...(records.length === 0 ? {} : { by: byWords(records) }),
    ...(reviews.length === 0 ? {} : { reviewedBy: byWords(reviews) }),
    criteria: subject.criteria.map((name) => plainText(name, 80)),
    ...(until === undefined ? {} : { until }),
    ...(passed ? { basis: weakest(verdict) } : {}),
    ...(missing.length === 0 ? {} : { missing }),
    ...(scope.length === 0 ? {} : { scope }),
    ...(passed ? { signed: records.every((record) => judge.vouchers.signatureOf(record).kind === 'verified') } : {}),
    ...(records.length === 0 ? {} : { records: records.map(({ id }) => id) }),
  };
  verdictReports.set(verdict, report);
  return report;
}

/** The records that a verdict is about: those it rests on, else those that deny it, have expired, or cover another tree (the newest). */
export function recordsOf({ state, criteria, denials, others }: Verdict): readonly VettingRecord[] {
  if (state === 'denied') return denials;
  if (state === 'vetted' || state === 'exempted') return [...new Set(criteria.flatMap(({ chain }) => chain))];
  return state === 'other-hash' ? others.slice(0, 1) : others;
}

/** The reviews for which an input would be vetted if it were not exempted; none where they would not suffice. */
export function needlessExemption({ state, criteria }: Verdict): readonly VettingRecord[] {
  if (state !== 'exempted' || criteria.some(({ basis, reviews }) => basis !== 'review' && reviews === undefined)) return [];
  return [...new Set(criteria.flatMap(({ chain, reviews }) => reviews ?? chain))];
}

function weakest({ criteria }: Verdict): 'review' | 'exemption' | 'trust' {
  const bases = criteria.map(({ basis }) => basis);
  return bases.includes('trust') ? 'trust' : bases.includes('exemption') ? 'exemption' : 'review';
}

/** Who says so; of an import with its name. */
export function byWords(records: readonly VettingRecord[]): string {
  const names = [...new Set(records.map(personWords))];
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/** The author of a record, without the mail where there is a name. */
export function personWords({ who, importedFrom }: VettingRecord): string {
  const name = plainText(/^\s*(.*?\S)\s*<[^<>]*>\s*$/.exec(who)?.[1] ?? who, 60);
  return importedFrom === undefined ? name : `${name} (import ${plainText(importedFrom, 40)})`;
}

function scopeWords({ scope, paths }: VettingRecord): string[] {
  const parts = [...(scope === undefined ? [] : [scope]), ...(paths === undefined ? [] : [paths.join(', ')])];
  return parts.length === 0 ? [] : [plainText(parts.join(': '), 200)];
}

/** The day, as written, on which the first of the records ends; nothing where none does. */
export function firstEnd(records: readonly VettingRecord[]): string | undefined {
  const ending = records.filter(({ until }) => until !== undefined).sort((a, b) => (a.until ?? 0) - (b.until ?? 0));
  return ending[0]?.untilText;
}

function findingsOf(one: JudgedInput): Finding[] {
  const { requirements, rules } = one;
  const violated = rules.filter(({ outcome }) => outcome === 'violated');
  const byVerdict = verdictFinding(one);
  const level = requirements.level;
  return [
    ...(byVerdict === undefined ? [] : [byVerdict]),
    ...violated.map((rule) =>
      ofInput('policy-input', one.input, ruleWords(rule), { ...rule, allowed: allowedBy(rule, requirements) }, level),
    ),
  ];
}

function verdictFinding({ input, verdict, subject, requirements }: JudgedInput): Finding | undefined {
  if (verdict.state === 'vetted' || verdict.state === 'exempted' || verdict.state === 'no-policy') return undefined;
  const missing = verdict.criteria.filter(({ basis }) => basis === undefined).map(({ criterion }) => criterion);
  const locked = { narHash: input.narHash ?? null, rev: input.rev ?? null, criteria: subject.criteria, missing };
  const [first] = recordsOf(verdict);
  const who = first === undefined ? '' : plainText(personWords(first), 30);
  const { level } = requirements;
  switch (verdict.state) {
    case 'unvetted': {
      const words =
        input.narHash === undefined
          ? 'flake.lock has no hash of it, so that no review can be bound to it'
          : `no review covers this hash (${plainText(missing.join(', '), 40)})`;
      return ofInput('not-vetted', input, words, locked, level);
    }
    case 'expired': {
      const ended = first?.until === undefined ? '' : ` on ${printDay(first.until - 1)}`;
      const what = first?.kind === 'audit' ? 'review' : (first?.kind ?? 'review');
      return ofInput(
        'vetting-expired',
        input,
        `${what} by ${who} ended${ended}`,
        { ...locked, records: evidenceOf(verdict.others) },
        level,
      );
    }
    case 'other-hash': {
      const words = `the ${first?.kind === 'exemption' ? 'exemption' : 'review'} by ${who} covers another hash`;
      return ofInput('vetting-other-hash', input, words, { ...locked, records: evidenceOf(verdict.others.slice(0, 5)) }, level);
    }
    case 'denied': {
      const words = `denied by ${who}: ${plainText(first?.notes ?? '', 60)}`;
      return ofInput('denied', input, words, { ...locked, records: evidenceOf(verdict.denials) });
    }
  }
}

function ofInput(
  code: FindingCode,
  input: InputFacts,
  words: string,
  evidence: Readonly<Record<string, unknown>>,
  level?: Severity,
): Finding {
  return finding(code, {
    message: message(`Input ${quoted(input.path)}: ${words}`),
    subject: inputSubject(input.path),
    ...inputPlace(input),
    evidence,
    ...(level === undefined ? {} : { severity: level }),
  });
}

function evidenceOf(records: readonly VettingRecord[]) {
  return records.slice(0, 20).map(({ id, kind, who, when, narHash, rev, notes, importedFrom }) => ({
    id,
    kind,
    who: plainText(who, 200),
    when: new Date(when).toISOString(),
    ...(narHash === undefined ? {} : { narHash }),
    ...(rev === undefined ? {} : { rev }),
    ...(notes === undefined ? {} : { notes: plainText(notes, 1000) }),
    ...(importedFrom === undefined ? {} : { importedFrom }),
  }));
}

function ruleWords({ rule, actual = '' }: PolicyRuleOutcome): string {
  const value = plainText(actual, 40);
  switch (rule) {
    case 'max-age':
      return `the locked source is ${value} old, more than the policy allows`;
    case 'owner':
      return `owner "${value}" is not among those of the policy`;
    case 'host':
      return `host "${value}" is not among those of the policy`;
    case 'ref':
      return `"${value}" is not a branch or channel that the policy allows`;
    case 'commit-signature':
      return 'its commit is not signed as the policy asks';
  }
}

function allowedBy({ rule }: PolicyRuleOutcome, { maxAgeDays, owners, hosts, refs }: Requirements): unknown {
  return { 'max-age': maxAgeDays, owner: owners, host: hosts, ref: refs, 'commit-signature': true }[rule];
}
