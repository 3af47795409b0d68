/** Everything that is known of one input: as Markdown for people, as JSON for a ticket. */
import { browseUrl } from '../domain/flakeRef';
import type { Finding } from '../domain/finding';
import type { InputFacts } from '../domain/flakeFacts';
import type { CacheAnswer } from '../domain/inputsReport';
import { printDay } from '../domain/vetting/instant';
import type { VettingRecord } from '../domain/vetting/types';
import { VERSION } from '../version';
import { codeSpan, escapeMarkdown, link } from '../util/markdown';
import { factLines } from './inputLines';
import { renderText } from './richText';
import { findingsOf, inputId, reportOf, type FlakeView } from './view';
import { dateOf, oldness } from './words';

/** At most so many other paths are listed that lead to the same node. */
const MAX_PATHS = 20;

/** Writes a Markdown document. Everything foreign in it is escaped; its only link is the one to the source. */
export function detailsMarkdown(view: FlakeView, input: InputFacts): string {
  const facts = renderText([factLines(view, input)], { markdown: true, icons: false, commands: false });
  const sections = [
    `# ${escapeMarkdown(inputId(input.path), 120)}`,
    facts,
    section('Locked', lockedRows(view, input)),
    findingsSection(findingsOf(view, input.path)),
    cachesSection(view, input),
    section('Binaries', binariesRows(view, input)),
    section('Vetting, as the records of this repository say', vettingRows(view, input)),
    section('Also known as', otherPaths(view, input)),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

/** Writes the contract's JSON of one input with its findings: same facts, same bytes. */
export function evidenceJson(view: FlakeView, input: InputFacts): string {
  const report = view.report;
  const id = inputId(input.path);
  const evidence = {
    schemaVersion: 1,
    tool: { name: 'flake-trust', version: VERSION },
    ...(report?.flake === undefined ? {} : { flake: report.flake }),
    input: reportOf(view, input.path) ?? { path: input.path, node: input.node, type: input.type, reference: input.reference },
    findings: (report?.findings ?? []).filter(({ subject }) => subject.kind === 'input' && subject.id === id),
  };
  return `${JSON.stringify(evidence, undefined, 2)}\n`;
}

function section(title: string, rows: readonly string[]): string {
  return rows.length === 0 ? '' : `## ${title}\n\n${rows.map((row) => `- ${row}`).join('\n')}`;
}

function lockedRows(view: FlakeView, input: InputFacts): string[] {
  const { reference, node, follows, rev, lastModified, narHash, storePath, privateReason, attrs } = input;
  const page = privateReason === undefined && attrs !== undefined ? browseUrl(attrs) : undefined;
  const time = lastModified === undefined ? undefined : lastModified * 1000;
  const date = time === undefined ? undefined : dateOf(time);
  return [
    ...(reference === '' ? [] : [`Reference: ${codeSpan(reference, 300)}`]),
    ...(node === '' ? [] : [`Node in flake.lock: ${codeSpan(node, 200)}`]),
    ...(follows === undefined ? [] : [`Follows: ${codeSpan(follows.join('/'), 200)}`]),
    ...(rev === undefined ? [] : [`Revision: ${codeSpan(rev, 100)}`]),
    ...(date === undefined || time === undefined
      ? []
      : [`Last modified: ${date}, ${oldness(time, view.now)}; flake.lock says so, nothing vouches for it`]),
    ...(narHash === undefined ? [] : [`Hash of the source: ${codeSpan(narHash, 100)}`]),
    ...(storePath === undefined ? [] : [`Store path of the source: ${codeSpan(storePath, 300)}`]),
    ...(privateReason === undefined ? [] : [`Private: ${escapeMarkdown(privateReason)}; public caches are not asked about it`]),
    ...(page === undefined ? [] : [link('Source at this revision', page)]),
  ];
}

function findingsSection(findings: readonly Finding[]): string {
  return section(
    'Findings',
    findings.map(({ severity, code, message, help, evidence }) => {
      const proof = evidence === undefined ? '' : `\n\n${fenced(JSON.stringify(evidence, undefined, 2))}\n`;
      return `**${severity}** ${link(code, help)}: ${escapeMarkdown(message)}${proof}`;
    }),
  );
}

/** A code block inside a list item. JSON has no line that begins with a fence; longer runs of backticks get a longer fence. */
function fenced(text: string): string {
  let longest = 2;
  for (const run of text.match(/`+/g) ?? []) longest = Math.max(longest, run.length);
  const fence = '`'.repeat(longest + 1);
  return [`${fence}json`, ...text.split('\n'), fence].map((line) => `  ${line}`).join('\n');
}

function cachesSection(view: FlakeView, input: InputFacts): string {
  const answers = reportOf(view, input.path)?.answers ?? [];
  return section('What caches say of the source', answers.map(answerRow));
}

function answerRow({ url, answer, reason, narHash, contentAddressed, signatures = [], checkedAt }: CacheAnswer): string {
  const facts = [
    ANSWERS[answer],
    ...(reason === undefined ? [] : [escapeMarkdown(reason)]),
    ...(narHash === undefined ? [] : [`hash ${codeSpan(narHash, 100)}`]),
    ...(contentAddressed === true ? ['its content address was recomputed and agrees'] : []),
    ...signatures.slice(0, 20).map(({ keyName, verdict }) => `${codeSpan(keyName)}: ${SIGNATURES[verdict]}`),
    ...(checkedAt === undefined ? [] : [`asked ${codeSpan(checkedAt)}`]),
  ];
  return `${codeSpan(url, 200)}: ${facts.join('; ')}`;
}

/** What the line about binaries has no room for. */
function binariesRows(view: FlakeView, input: InputFacts): string[] {
  const binaries = reportOf(view, input.path)?.binaries;
  if (binaries === undefined) return [];
  const { system, outputs, found, verified, unknown = 0, sampled = false, keyNames, caches, checkedAt } = binaries;
  return [
    `System: ${codeSpan(system, 60)}`,
    sampled
      ? `Output paths: ${outputs}, of a sample of its packages, because it has too many to look at all`
      : `Output paths of its packages: ${outputs}`,
    `In caches: ${found}; signed by a key that you trust, verified: ${verified}${unknown > 0 ? `; could not be checked: ${unknown}` : ''}`,
    ...(keyNames.length === 0
      ? []
      : [
          `Signed by: ${keyNames
            .slice(0, 20)
            .map((name) => codeSpan(name, 100))
            .join(', ')}`,
        ]),
    ...(caches.length === 0
      ? []
      : [
          `From: ${caches
            .slice(0, 20)
            .map((url) => codeSpan(url, 200))
            .join(', ')}`,
        ]),
    `Which paths these are was found out by Nix: ${codeSpan(checkedAt)}`,
  ];
}

/** What of each criterion makes the verdict: the records, in the order in which they build on each other. */
function vettingRows({ vetting }: FlakeView, { node }: InputFacts): string[] {
  const one = vetting?.flake.judged.get(node);
  if (one === undefined) return [];
  const { criteria, denials } = one.verdict;
  return [
    ...denials.map((record) => `Denied by ${recordWords(record)}: ${escapeMarkdown(record.notes ?? '', 300)}`),
    ...criteria.map(({ criterion, basis, chain }) => {
      const what = basis === undefined ? 'nothing meets it' : BASES[basis];
      return `${codeSpan(criterion, 80)}: ${what}${chain.map((record) => `\n  - ${recordWords(record)}`).join('')}`;
    }),
    ...one.rules.map(({ rule, outcome, actual }) => {
      const found = actual === undefined ? '' : ` (${escapeMarkdown(actual, 120)})`;
      return `Rule ${rule.replace('-', ' ')}: ${outcome === 'unknown' ? 'not known' : outcome}${found}`;
    }),
  ];
}

const BASES = { review: 'reviewed', exemption: 'exempted', trust: 'its source is trusted' } as const;

function recordWords({ id, kind, who, when, from, scope, paths, untilText, importedFrom }: VettingRecord): string {
  const what = kind !== 'audit' ? kind : from === undefined ? 'review of all of it' : 'review of a difference';
  return [
    `${what} by ${escapeMarkdown(who, 100)}`,
    printDay(when),
    ...(untilText === undefined ? [] : [`until ${escapeMarkdown(untilText, 30)}`]),
    ...(scope === undefined ? [] : [`read: ${escapeMarkdown(scope, 200)}`]),
    ...(paths === undefined ? [] : [`of it: ${codeSpan(paths.join(' '), 200)}`]),
    ...(importedFrom === undefined ? [] : [`import ${codeSpan(importedFrom, 60)}`]),
    `record ${codeSpan(id, 40)}`,
  ].join(', ');
}

const ANSWERS: Readonly<Record<CacheAnswer['answer'], string>> = {
  found: 'has it',
  absent: 'does not have it',
  unauthorized: 'could not be checked, it would not say',
  unreachable: 'could not be checked, it did not answer',
  malformed: 'could not be checked, its answer is not usable',
  'not-asked': 'not asked',
};

const SIGNATURES = {
  verified: 'signature verified with a key that you trust',
  invalid: 'signature does not verify',
  'untrusted-key': 'signature by a key that you do not trust, not verified',
} as const;

function otherPaths({ facts }: FlakeView, input: InputFacts): string[] {
  if (input.resolution.kind !== 'node') return [];
  const others = facts.inputs.filter(({ node, path }) => node === input.node && path !== input.path);
  return [
    ...others.slice(0, MAX_PATHS).map(({ path }) => codeSpan(path.join('/'), 200)),
    ...(others.length > MAX_PATHS ? [`${others.length - MAX_PATHS} more`] : []),
  ];
}
