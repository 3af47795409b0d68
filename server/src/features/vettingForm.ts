/** The form for a record about an input, and the record that its answers make. What comes from the editor is checked here, field by field. */
import type { InputFacts } from '../domain/flakeFacts';
import { err, ok, type Result } from '../domain/result';
import { exemptUntil } from '../domain/vetting/firstFiles';
import { withId } from '../domain/vetting/edit';
import { printDay } from '../domain/vetting/instant';
import type { ReviewedTree } from '../domain/vetting/nearest';
import { authorFields, judgeUntil, treeField, treeFields, unknownCriterion } from '../domain/vetting/newRecord';
import { readRecord } from '../domain/vetting/records';
import { isObject, type JsonObject } from '../domain/vetting/shape';
import { verdictWords } from '../domain/vetting/verdictWords';
import type { VettingRecord } from '../domain/vetting/types';
import { byWords, personWords, type JudgedInput } from '../domain/vetting/vetFlake';
import { reportedVetting } from '../engine/vetting/withVetting';
import type { RequestFailure, VettingBase, VettingFormResult } from '../protocol';
import { plainText } from '../util/plainText';
import { inputId, type VettingView } from './view';

/** An input about which records may be written. */
export interface VettableInput {
  readonly vetting: VettingView;
  readonly input: InputFacts & { readonly narHash: NonNullable<InputFacts['narHash']> };
  readonly one: JudgedInput;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Makes the form. */
export function vettingForm(
  { vetting, input, one, now }: VettableInput,
  { who, base }: { readonly who: string | undefined; readonly base: ReviewedTree | undefined },
): VettingFormResult {
  const { criteria } = vetting.flake.judge ?? { criteria: undefined };
  const { source } = one.subject;
  return {
    kind: 'ok',
    input: plainText(inputId(input.path), 200),
    ...(source === undefined ? {} : { source: plainText(source, 300) }),
    ...(input.rev === undefined ? {} : { rev: input.rev }),
    narHash: input.narHash,
    state: one.verdict.state,
    summary: verdictSentence(vetting, input),
    ...(who === undefined ? {} : { who: plainText(who, 300) }),
    criteria: (criteria?.names ?? []).map((name) => ({
      name,
      description: plainText(criteria?.describe(name) ?? '', 400),
      asked: one.subject.criteria.includes(name),
    })),
    ...(base === undefined ? {} : { base: vettingBase(base) }),
    exemptUntil: exemptUntil(now),
  };
}

/** The verdict about an input and what it rests on, in a sentence. */
export function verdictSentence(vetting: VettingView, { node }: InputFacts): string {
  const { facts, read } = verdictWords(reportedVetting(vetting.flake, node, vetting.rules));
  const words = `${facts.join(', ')}${read === undefined ? '' : `; read: ${read}`}`;
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;
}

/** The tree from which a difference is reviewed, with who vouches for it. */
export function vettingBase({ narHash, rev, records, state }: ReviewedTree): VettingBase {
  const last = records.at(-1);
  const day = last === undefined ? '' : ` on ${printDay(last.when)}`;
  return {
    narHash,
    ...(rev === undefined ? {} : { rev }),
    words: `${state === 'vetted' ? 'reviewed' : 'exempted'} by ${byWords(records)}${day}`,
  };
}

export interface NewRecord {
  /** With its id. */
  readonly record: JsonObject;
  /** Why it would not count. */
  readonly warning?: string;
}

/** Makes the record that a form's answers mean, with its id; or says in words for people what is wrong with them. */
export function recordFromForm(
  vettable: VettableInput,
  given: unknown,
  base: ReviewedTree | undefined,
): Result<NewRecord, RequestFailure> {
  if (!isObject(given)) return refused('This is not what a form says.');
  const { input, now, vetting } = vettable;
  const who = textOf(given['who']);
  if (who === undefined)
    return refused('It is not said who says so.', 'A record needs a name and a mail: Name <mail@example.org>.');
  const criteria = textsOf(given['criteria']);
  const known = vetting.flake.judge?.criteria;
  const unknown = unknownCriterion(criteria, known);
  if (unknown !== undefined) {
    return refused(
      `"${plainText(unknown, 60)}" is not a criterion of this policy.`,
      `There are ${known?.names.join(', ') ?? 'none'}.`,
    );
  }
  const notes = textOf(given['notes']);
  const author = authorFields({ who, now, ...(notes === undefined ? {} : { notes }) });
  const said = saidOf(vettable, given, criteria, base);
  if (!said.ok) return said;
  const record = withId({ ...said.value, ...(criteria.length === 0 ? {} : { criteria }), ...author });
  // As it will be read from the file: nothing is written that would not count there.
  const read = readRecord(record, 0);
  if ('kind' in read) {
    const warning = whyItWouldNotCount(vettable, read);
    return ok({ record, ...(warning === undefined ? {} : { warning }) });
  }
  return refused(`No record of ${plainText(inputId(input.path), 60)} can be made of this: ${plainText(read.message, 200)}.`);
}

/** Who may vouch is decided by the user's keys, else by the policy; what this program writes for a form is not signed. */
function whyItWouldNotCount({ vetting, one }: VettableInput, record: VettingRecord): string | undefined {
  const { judge, files } = vetting.flake;
  if (record.kind === 'violation' || judge === undefined) return undefined;
  const { criteria } = record;
  if (criteria.every((criterion) => judge.vouchers.mayVouch(record, criterion))) {
    const missing = one.subject.criteria.filter((wanted) => !judge.criteria.covers(criteria, wanted));
    if (missing.length === 0) return undefined;
    return `This does not cover all that is asked of it: ${plainText(missing.join(', '), 200)} stays open.`;
  }
  const sign = 'records are signed with `flake-trust vet … --sign-key`';
  if (vetting.userKeys)
    return `This record will not count for you: only what keys of your settings have signed does, and ${sign}.`;
  if (files.policy?.signaturesRequired === true)
    return `This record will not count: the policy asks for signatures, and ${sign}.`;
  return `This record will not count: the policy does not let ${plainText(personWords(record), 60)} vouch for it, or only with a signature.`;
}

/** What a record says, without criteria and author. */
function saidOf(
  { input, one, now }: VettableInput,
  given: JsonObject,
  criteria: readonly string[],
  base: ReviewedTree | undefined,
): Result<JsonObject, RequestFailure> {
  const { kind } = given;
  if (kind === 'violation') {
    if (textOf(given['notes']) === undefined) return refused('It is not said what is wrong with it.');
    if (given['everything'] !== true) return ok({ kind, ...treeFields(input) });
    const { source } = one.subject;
    return source === undefined ? refused('This input has no source that could be denied as a whole.') : ok({ kind, source });
  }
  if (kind !== 'audit' && kind !== 'exemption') return refused('There is no record of this kind.');
  if (criteria.length === 0) return refused('No criterion was chosen: a record has to say for what it counts.');
  const until = textOf(given['until']);
  if (until === undefined && kind === 'exemption') return refused('An exemption needs an end.', 'A day such as 2027-05-25.');
  const judged = until === undefined ? 'ahead' : judgeUntil(until, now);
  if (judged === 'no-date') return refused(`"${plainText(until ?? '', 40)}" is no date such as 2027-05-25.`);
  if (judged === 'over') return refused(`${plainText(until ?? '', 40)} has passed.`);
  const end = until === undefined ? {} : { until };
  if (kind === 'exemption') return ok({ kind, ...treeFields(input), ...end });
  const delta = given['delta'] === true;
  if (delta && base === undefined) {
    return refused('No other revision of this source is vetted or exempted, so there is no difference to have been reviewed.');
  }
  const scope = textOf(given['scope']);
  const paths = textsOf(given['paths']);
  return ok({
    kind,
    ...treeFields(input),
    ...(delta && base !== undefined ? { from: treeField(base) } : {}),
    ...(scope === undefined ? {} : { scope }),
    ...(paths.length === 0 ? {} : { paths }),
    ...end,
  });
}

/** A text that says something. */
function textOf(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value.trim() : '';
  return text === '' ? undefined : text;
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.flatMap((element) => textOf(element) ?? []) : [];
}

function refused(message: string, hint?: string): Result<never, RequestFailure> {
  return err({ kind: 'failed', message, ...(hint === undefined ? {} : { hint }) });
}
