/** What is asked before a record is made, and the record that the answers make. No editor in it: `multiStep.ts` asks. */
import type { l10n } from 'vscode';
import type { VettingDraft, VettingFormResult } from '../../../server/src/protocol';
import type { Answers, Option, Question } from '../multiStep';
import { dayAfterMonths, judgeDay } from './days';

export type RecordKind = VettingDraft['kind'];
export type VettingForm = Extract<VettingFormResult, { kind: 'ok' }>;

/** Translates; VS Code's own, or a plain one in tests. */
type Translate = (message: string, ...args: (string | number | boolean)[]) => ReturnType<typeof l10n.t>;

export interface RecordFormContext {
  readonly kind: RecordKind;
  readonly form: VettingForm;
  readonly now: Date;
  readonly t: Translate;
}

/** Sources that nobody reads whole: there, a part of it is proposed. */
const TOO_LARGE = /(^|\/)nixpkgs$/;

/** As the record file takes them. */
const MAX_TEXT = 16_384;

/** The questions, with the answers of now filled in; what is asked later depends on what was said before. */
export function recordQuestions(context: RecordFormContext, answers: Answers): readonly Question[] {
  const { kind } = context;
  const filled = (question: Question): Question => ({ ...question, value: answers.get(question.key) ?? question.value });
  const questions: Question[] = [];
  const ask = (question: Question): string => {
    const asked = filled(question);
    questions.push(asked);
    return asked.value[0] ?? '';
  };
  if (kind === 'violation') {
    if (context.form.source !== undefined) ask(reach(context, context.form.source));
    ask(criteria(context));
    ask(notes(context));
  } else {
    ask(criteria(context));
    if (kind === 'audit') {
      const extent = context.form.base === undefined ? 'full' : ask(whatWasRead(context));
      if (ask(scope(context, extent)) === 'parts') {
        ask(scopeInWords(context));
        ask(scopeAsPaths(context));
      }
    }
    ask(notes(context));
    if (ask(until(context)) === 'other') ask(otherDay(context));
  }
  ask(who(context));
  return questions;
}

/** The record that the questions' answers make. */
export function recordOf(context: RecordFormContext, answers: Answers): VettingDraft {
  const given = new Map(recordQuestions(context, answers).map(({ key, value }) => [key, value]));
  const text = (key: string) => given.get(key)?.[0]?.trim() ?? '';
  const said = text('notes');
  const fields = {
    who: text('who'),
    criteria: given.get('criteria') ?? [],
    ...(said === '' ? {} : { notes: said }),
  };
  const last = dayOf(context, text('until'), text('day'));
  switch (context.kind) {
    case 'violation':
      return { kind: 'violation', ...fields, everything: text('reach') === 'source' };
    case 'exemption':
      return { kind: 'exemption', ...fields, until: last ?? context.form.exemptUntil };
    case 'audit': {
      const words = text('scope-words');
      const paths = pathsIn(text('scope-paths'));
      return {
        kind: 'audit',
        ...fields,
        delta: text('extent') === 'delta',
        ...(words === '' ? {} : { scope: words }),
        ...(paths.length === 0 ? {} : { paths }),
        ...(last === undefined ? {} : { until: last }),
      };
    }
  }
}

function criteria({ kind, form, t }: RecordFormContext): Question {
  return {
    kind: 'some',
    key: 'criteria',
    prompt:
      kind === 'audit'
        ? t('What does your review say?')
        : kind === 'exemption'
          ? t('What may it be used for without a review?')
          : t('What must it not be used for? Nothing chosen: for anything'),
    options: form.criteria.map(({ name, description, asked }) => ({
      value: name,
      label: name,
      ...(asked ? { description: t('asked by the policy') } : {}),
      detail: description,
    })),
    value: kind === 'violation' ? [] : form.criteria.flatMap(({ name, asked }) => (asked ? [name] : [])),
    problem: (chosen) => (chosen.length > 0 || kind === 'violation' ? undefined : t('Choose at least one')),
  };
}

function whatWasRead({ form: { base, rev }, t }: RecordFormContext): Question {
  const from = shortOf(base?.rev, base?.narHash);
  return {
    kind: 'one',
    key: 'extent',
    prompt: t('What did you review?'),
    options: [
      {
        value: 'delta',
        label: rev === undefined ? t('What changed since {0}', from) : t('What changed from {0} to {1}', from, shortOf(rev)),
        detail: t('{0}: {1}', from, base?.words ?? ''),
      },
      { value: 'full', label: t('The whole tree'), detail: t('as if it had never been reviewed before') },
    ],
    value: ['delta'],
  };
}

function scope({ form: { source = '' }, t }: RecordFormContext, extent: string): Question {
  return {
    kind: 'one',
    key: 'scope',
    prompt: t('How much of it did you read?'),
    options: [
      { value: 'all', label: extent === 'delta' ? t('All that changed') : t('All of it') },
      { value: 'parts', label: t('Parts of it…'), description: t('the verdict says which, wherever it is shown') },
    ],
    value: [TOO_LARGE.test(source) ? 'parts' : 'all'],
  };
}

function scopeInWords({ t }: RecordFormContext): Question {
  return {
    kind: 'text',
    key: 'scope-words',
    prompt: t('What did you read? In words, for those who will rely on it.'),
    placeholder: t('lib, and the packages that we build'),
    value: [''],
    problem: ([text = '']) => (text.trim() === '' ? t('Say what you read.') : tooLong(text, t)),
  };
}

function scopeAsPaths({ t }: RecordFormContext): Question {
  return {
    kind: 'text',
    key: 'scope-paths',
    prompt: t('The same as paths or globs, separated by spaces. May stay empty.'),
    placeholder: 'lib/** pkgs/by-name/he/hello/**',
    value: [''],
    problem: ([text = '']) => (pathsIn(text).length > 1000 ? t('At most 1000 paths.') : tooLong(text, t)),
  };
}

function notes({ kind, t }: RecordFormContext): Question {
  const needed = kind === 'violation';
  return {
    kind: 'text',
    key: 'notes',
    prompt: needed ? t('What is wrong with it?') : t('What is to be known about it? May stay empty.'),
    placeholder: needed
      ? t('Sends the environment to a stranger.')
      : kind === 'audit'
        ? t('Two new helpers, no fetch.')
        : t('Next quarter.'),
    value: [''],
    problem: ([text = '']) => (needed && text.trim() === '' ? t('Say what is wrong with it.') : tooLong(text, t)),
  };
}

function until(context: RecordFormContext): Question {
  const { kind, form, t } = context;
  const preset = (value: string, label: string): Option => ({
    value,
    label,
    description: t('the last day is {0}', dayOf(context, value) ?? ''),
  });
  return {
    kind: 'one',
    key: 'until',
    prompt: kind === 'audit' ? t('How long does your review count?') : t('How long may it be used without a review?'),
    options: [
      kind === 'audit'
        ? { value: 'none', label: t('No end'), description: t('it is bound to this hash anyway') }
        : { value: 'proposed', label: t('Until {0}', form.exemptUntil) },
      preset('6-months', t('6 months')),
      preset('1-year', t('1 year')),
      { value: 'other', label: t('Until another day…') },
    ],
    value: [kind === 'audit' ? 'none' : 'proposed'],
  };
}

function otherDay({ form, now, t }: RecordFormContext): Question {
  return {
    kind: 'text',
    key: 'day',
    prompt: t('The last day, in UTC.'),
    placeholder: 'YYYY-MM-DD',
    value: [form.exemptUntil],
    problem: ([text = '']) => {
      const judged = judgeDay(text.trim(), now);
      if (judged === 'ok') return undefined;
      return judged === 'over' ? t('This day is over.') : t('A day is written like {0}.', form.exemptUntil);
    },
  };
}

/** The last day that an answer means; nothing for a record without an end. */
function dayOf({ form, now }: RecordFormContext, answer: string, other = ''): string | undefined {
  switch (answer) {
    case 'proposed':
      return form.exemptUntil;
    case '6-months':
      return dayAfterMonths(now, 6);
    case '1-year':
      return dayAfterMonths(now, 12);
    case 'other':
      return other;
    default:
      return undefined;
  }
}

function reach({ form: { rev, narHash }, t }: RecordFormContext, source: string): Question {
  return {
    kind: 'one',
    key: 'reach',
    prompt: t('What must not be used?'),
    options: [
      { value: 'tree', label: t('The tree that is locked now'), description: shortOf(rev, narHash) },
      { value: 'source', label: t('Everything from {0}', source), description: t('whatever the revision') },
    ],
    value: ['tree'],
  };
}

function who({ form, t }: RecordFormContext): Question {
  return {
    kind: 'text',
    key: 'who',
    prompt: t('Who says so? Name and mail, as in git.'),
    placeholder: 'Ada Example <ada@example.org>',
    value: [form.who ?? ''],
    problem: ([text = '']) => whoProblem(text, t),
  };
}

/** Why a text does not say who somebody is. */
export function whoProblem(text: string, t: Translate): string | undefined {
  return /^[^<>\s][^<>]*<[^<>@\s]+@[^<>@\s]+>$/.test(text.trim()) ? tooLong(text, t) : t('Expected: Name <mail@example.org>');
}

function pathsIn(text: string): string[] {
  return text.split(/[\s,]+/).filter((path) => path !== '');
}

function tooLong(text: string, t: Translate): string | undefined {
  return text.length > MAX_TEXT ? t('At most {0} characters.', MAX_TEXT) : undefined;
}

function shortOf(rev: string | undefined, narHash = ''): string {
  return rev === undefined ? narHash.slice(0, 20) : rev.slice(0, 7);
}
