/** Why an input has the verdict that it has: the records, in the order in which they build on each other, and those that do not count. */
import { compareText } from '../util/compare';
import { plainText } from '../util/plainText';
import { printDay } from '../domain/vetting/instant';
import { patternsOf } from '../domain/vetting/sources';
import type { VettingRecord } from '../domain/vetting/types';
import { needlessExemption, vettingReport, type FlakeVetting, type JudgedInput } from '../domain/vetting/vetFlake';
import { whyNot } from '../domain/vetting/whyNot';
import { inputLabel, PRUNE_WORDS, shortRev, vettingWords } from './words';

/** So many records that do not count are listed. */
const MAX_OTHERS = 20;

/** Lines for a terminal. */
export function explainVerdict(vetting: FlakeVetting, one: JudgedInput, path: readonly string[], now: number): string[] {
  const { judge, files } = vetting;
  const { verdict, subject, rules } = one;
  const used = new Set([...verdict.criteria.flatMap(({ chain, reviews = [] }) => [...chain, ...reviews]), ...verdict.denials]);
  const others = files.records
    .filter((record) => !used.has(record) && isAbout(record, one))
    .sort((a, b) => b.when - a.when || compareText(a.id, b.id));
  const describe = (record: VettingRecord): string => recordWords(record, vetting);
  return [
    `${inputLabel(path)}  ${plainText(subject.source ?? '', 120)}`,
    `  locked    ${subject.rev === undefined ? '' : `${shortRev(subject.rev)}, `}${subject.narHash ?? 'no hash'}`,
    `  verdict   ${verdict.state}: ${vettingWords({ vetting: vettingReport(vetting, one.input.node) }).text}`,
    '',
    ...verdict.denials.flatMap((record) => [`Denied by ${describe(record)}`, `    ${plainText(record.notes ?? '', 300)}`]),
    ...verdict.criteria.flatMap(({ criterion, basis, chain, reviews = [] }) => [
      `${plainText(criterion, 80)}: ${basis === undefined ? (verdict.denials.length > 0 ? 'denied, whatever else is said' : 'nothing meets it') : { review: 'reviewed', exemption: 'exempted', trust: 'its source is trusted' }[basis]}`,
      ...chain.map((record, index) => `  ${index + 1}. ${describe(record)}`),
      ...(reviews.length === 0 ? [] : ['  reviewed as well:']),
      ...reviews.map((record, index) => `  ${index + 1}. ${describe(record)}`),
    ]),
    ...(needlessExemption(verdict).length === 0 ? [] : [PRUNE_WORDS]),
    ...(rules.length === 0
      ? []
      : [
          '',
          'Other rules of the policy',
          ...rules.map(
            ({ rule, outcome, actual }) =>
              `  ${rule.replace('-', ' ')}: ${outcome === 'unknown' ? 'not known' : outcome}${actual === undefined ? '' : ` (${plainText(actual, 80)})`}`,
          ),
        ]),
    ...(others.length === 0 || judge === undefined
      ? []
      : [
          '',
          'Records that this does not rest on',
          ...others.slice(0, MAX_OTHERS).map((record) => `  ${describe(record)}\n      ${whyNot(record, one, vetting, now)}`),
          ...(others.length > MAX_OTHERS ? [`  and ${others.length - MAX_OTHERS} more`] : []),
        ]),
  ];
}

function isAbout({ kind, source, narHash }: VettingRecord, { subject }: JudgedInput): boolean {
  if (kind === 'revocation') return false;
  if (narHash !== undefined && narHash === subject.narHash) return true;
  return source !== undefined && subject.source !== undefined && patternsOf(subject.source).includes(source.toLowerCase());
}

function recordWords(record: VettingRecord, { judge }: FlakeVetting): string {
  const { id, kind, who, when, rev, from, criteria, scope, paths, untilText, importedFrom } = record;
  const tree = rev === undefined ? '' : ` of ${shortRev(rev)}`;
  const what =
    kind === 'audit'
      ? from === undefined
        ? `full review${tree}`
        : `review of what changed from ${from.rev === undefined ? plainText(from.narHash, 20) : shortRev(from.rev)} to ${rev === undefined ? 'this' : shortRev(rev)}`
      : `${kind}${tree}`;
  const signature = judge?.vouchers.signatureOf(record);
  const signed =
    signature?.kind === 'verified'
      ? `signed by ${plainText(signature.key.name, 60)}, verified`
      : {
          unsigned: 'not signed',
          'unknown-key': 'signed by a key that nobody here knows',
          invalid: 'its signature does not verify',
        }[signature?.kind ?? 'unsigned'];
  const read = [
    ...(scope === undefined ? [] : [plainText(scope, 120)]),
    ...(paths === undefined ? [] : [plainText(paths.join(' '), 120)]),
  ];
  return [
    `${id.slice(0, 12)}  ${what} by ${plainText(who, 80)}, ${printDay(when)}`,
    ...(criteria.length === 0 ? [] : [plainText(criteria.join(' '), 120)]),
    ...(untilText === undefined ? [] : [`until ${plainText(untilText, 30)}`]),
    ...(read.length === 0 ? [] : [`read: ${read.join(': ')}`]),
    ...(importedFrom === undefined ? [] : [`import ${plainText(importedFrom, 40)}`]),
    signed,
  ].join(', ');
}
