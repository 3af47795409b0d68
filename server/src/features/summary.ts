/** A flake in one line: how many inputs, how many of them checked, how many problems. The same in lens, status and messages. */
import { FIRST_PLAUSIBLE_SEC } from '../domain/plausibleDate';
import type { InputFacts } from '../domain/flakeFacts';
import { findingsOf, reportOf, type FlakeView } from './view';
import { ageOf, SHORT_WORDS, shortRev } from './words';

export interface Summary {
  /** Sources, transitive ones too; an input that follows another is not counted again. */
  readonly inputs: number;
  /** Those of which at least one cache is known to have or not to have the source. */
  readonly checked: number;
  /** Those that the policy calls vetted, exemptions not counted; absent without a policy, and where it is not believed. */
  readonly vetted?: number;
  readonly errors: number;
  readonly warnings: number;
  readonly informations: number;
}

/** Counts. */
export function summarize(view: FlakeView): Summary {
  const own = view.facts.inputs.filter((input) => input.follows === undefined);
  const count = (severity: string): number => view.findings.filter((finding) => finding.severity === severity).length;
  return {
    inputs: own.length,
    checked: own.filter((input) => isChecked(view, input)).length,
    ...vettedOf(view, own),
    errors: count('error'),
    warnings: count('warning'),
    informations: count('information'),
  };
}

function vettedOf({ vetting, access }: FlakeView, inputs: readonly InputFacts[]): Pick<Summary, 'vetted'> {
  if (vetting?.flake.judge === undefined || access === 'restricted') return {};
  return { vetted: inputs.filter(({ node }) => vetting.flake.judged.get(node)?.verdict.state === 'vetted').length };
}

function isChecked(view: FlakeView, input: InputFacts): boolean {
  return reportOf(view, input.path)?.answers.some(({ answer }) => answer === 'found' || answer === 'absent') ?? false;
}

/** Writes `1 problem`, `2 problems`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Writes `7 inputs · 5 checked · 3 vetted · 1 problem`; errors and warnings are problems. */
export function summaryText({ inputs, checked, vetted, errors, warnings }: Summary): string {
  const problems = errors + warnings;
  return [
    plural(inputs, 'input'),
    checked === 0 ? 'not checked yet' : `${checked} checked`,
    ...(vetted === undefined ? [] : [`${vetted} vetted`]),
    ...(problems > 0 ? [plural(problems, 'problem')] : []),
  ].join(' · ');
}

/** Writes one input in a few words, for a list to choose from: revision, age, whether it is vetted, what was found. */
export function inputSummary(view: FlakeView, input: InputFacts): string {
  const [finding] = findingsOf(view, input.path);
  return [
    ...(input.rev === undefined ? [] : [shortRev(input.rev).slice(0, 40)]),
    ...(input.lastModified === undefined || input.lastModified < FIRST_PLAUSIBLE_SEC
      ? []
      : [ageOf(input.lastModified * 1000, view.now)]),
    ...vettingWords(view, input),
    ...(finding === undefined ? [] : [SHORT_WORDS[finding.code]]),
  ].join(' · ');
}

/** A verdict that lets the input pass, in a word. Nothing in Restricted Mode: a few words have no room to say whose claim it is. */
export function vettingWords({ vetting, access }: FlakeView, { node }: InputFacts): string[] {
  const state = access === 'restricted' ? undefined : vetting?.flake.judged.get(node)?.verdict.state;
  return state === 'vetted' || state === 'exempted' ? [state] : [];
}
