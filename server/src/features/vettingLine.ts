/** The line about the vetting of an input: what the repository's own records say of it, who says so, and what that rests on. */
import type { FindingCode } from '../domain/finding';
import type { InputFacts } from '../domain/flakeFacts';
import type { Verdict } from '../domain/vetting/judge';
import { reviewedTrees } from '../domain/vetting/nearest';
import { verdictWords } from '../domain/vetting/verdictWords';
import { personWords, type JudgedInput } from '../domain/vetting/vetFlake';
import { vainRecords, whyNot } from '../domain/vetting/whyNot';
import { reportedVetting } from '../engine/vetting/withVetting';
import type { Icon, Line, Piece } from './richText';
import { plural } from './summary';
import { findingsOf, hasPolicy, type FlakeView, type VettingView } from './view';
import { SHORT_WORDS } from './words';

/** Findings about an input that stand on this line. */
export const VETTING_CODES: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'not-vetted',
  'vetting-expired',
  'vetting-other-hash',
  'denied',
  'policy-input',
]);

/** Those that a record may answer. Nothing that the policy forbids becomes right by a review. */
export const REVIEWABLE_CODES: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'not-vetted',
  'vetting-expired',
  'vetting-other-hash',
]);

/** Makes the line. */
export function vettingLine(view: FlakeView, input: InputFacts): Line {
  const label = 'Vetting';
  const { vetting } = view;
  if (vetting === undefined) return { icon: 'circle-outline', label, facts: [['its files are being read']] };
  if (!hasPolicy(vetting)) return { icon: 'circle-outline', label, facts: [['no policy'], startPieces(view)] };
  if (vetting.flake.files.broken) {
    return { icon: 'warning', label, facts: [['the vetting files have a mistake, so nothing is known: see the Problems there']] };
  }
  const one = vetting.flake.judged.get(input.node);
  if (one === undefined) {
    return { icon: 'circle-outline', label, facts: [['lies in this flake\u2019s own tree: whoever commits to it reviews it']] };
  }
  const restricted = view.access === 'restricted';
  const { facts, read, tone } = verdictWords(reportedVetting(vetting.flake, input.node, vetting.rules));
  const [verdict = '', ...others] = facts;
  const forbidden = findingsOf(view, input.path).some(({ code }) => code === 'policy-input');
  return {
    icon: iconOf(view, input, tone),
    label,
    facts: [
      [isClaim(vetting) && tone !== 'doubtful' ? 'this repository says: ' : '', verdict],
      ...others.map((fact): Piece[] => [fact]),
      ...chainFacts(one.verdict),
      ...(read === undefined ? [] : [['read: ', read]]),
      ...(vetting.userKeys && tone === 'good' ? [['signed with a key that you named']] : []),
      ...vainFacts(vetting, one, view.now),
      ...(forbidden ? [[{ strong: SHORT_WORDS['policy-input'] }]] : []),
      ...(restricted ? [[{ strong: 'not believed in Restricted Mode' }]] : []),
      ...actionFacts(view, input),
    ],
  };
}

/** Whoever writes to the repository decides what its records say, unless the user named keys that have to have signed them. */
function isClaim({ userKeys }: VettingView): boolean {
  return !userKeys;
}

function iconOf(view: FlakeView, input: InputFacts, tone: 'good' | 'bad' | 'doubtful' | 'plain'): Icon {
  const findings = findingsOf(view, input.path).filter(({ code }) => VETTING_CODES.has(code));
  if (findings.some(({ severity }) => severity === 'error')) return 'error';
  if (findings.some(({ severity }) => severity === 'warning')) return 'warning';
  return tone === 'good' && view.access !== 'restricted' ? 'checklist' : 'circle-outline';
}

/** A verdict that rests on differences says so: each of them was read, and nobody read the whole at once. */
function chainFacts({ criteria }: Verdict): Piece[][] {
  const longest = Math.max(0, ...criteria.map(({ chain }) => chain.length));
  return longest > 1 ? [[`over ${plural(longest - 1, 'reviewed difference')}`]] : [];
}

/** Whoever recorded a review and sees no verdict wants to know why. */
function vainFacts({ flake }: VettingView, one: JudgedInput, now: number): Piece[][] {
  const [newest, ...others] = vainRecords(flake, one);
  // That it has ended is the verdict already.
  if (newest === undefined || one.verdict.state === 'expired') return [];
  const what = newest.kind === 'exemption' ? 'the exemption' : 'the review';
  const more = others.length === 0 ? '' : ` (and ${plural(others.length, 'other record')})`;
  return [[`${what} by ${personWords(newest)} ${whyNot(newest, one, flake, now)}${more}`]];
}

function startPieces(view: FlakeView): Piece[] {
  if (!mayRecord(view)) return [];
  const argument = view.references.idOf({ kind: 'flake', dir: view.dir });
  return [{ command: 'startVetting', label: 'Start Vetting Here', argument }];
}

function actionFacts(view: FlakeView, input: InputFacts): Piece[][] {
  if (!mayRecord(view) || input.narHash === undefined) return [];
  const argument = view.references.idOf({ kind: 'input', dir: view.dir, path: input.path });
  const open = findingsOf(view, input.path).some(({ code }) => REVIEWABLE_CODES.has(code));
  return [
    ...(open && canCompare(view, input) ? [[{ command: 'reviewChanges', label: 'Review Changes', argument } as const]] : []),
    [{ command: 'recordReview', label: 'Record a Review…', argument }],
  ];
}

/** Whether records may be written: never for a repository that the user does not trust, nor where there is no lock to bind them to. */
export function mayRecord(view: FlakeView): boolean {
  return view.access !== 'restricted' && view.facts.lock.state === 'ok';
}

const comparable = new WeakMap<JudgedInput, boolean>();

/** Whether another tree of the same source meets what is asked, so that the difference is enough; looked up once, since it judges them all. */
export function canCompare({ vetting }: FlakeView, input: InputFacts): boolean {
  const one = vetting?.flake.judged.get(input.node);
  if (vetting === undefined || one === undefined) return false;
  const known = comparable.get(one);
  if (known !== undefined) return known;
  const found = reviewedTrees(vetting.flake, one).length > 0;
  comparable.set(one, found);
  return found;
}
