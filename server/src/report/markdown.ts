/** The report as a document: to read in an editor, to attach to a ticket, to commit and compare. The same facts give the same bytes. */
import { FINDING_CODES } from '../domain/finding';
import type { CacheReport, InputReport, InputsReport, ReportedFinding } from '../domain/inputsReport';
import type { AuditScope } from '../engine/engine';
import { SEVERITIES } from '../engine/reportedFindings';
import { compareText } from '../util/compare';
import { codeCell, codeSpan, escapeMarkdown, link } from '../util/markdown';
import { closureSections } from './closureMarkdown';
import type { FinishedClosure } from './finishedAudit';
import { notChecked } from './notChecked';
import {
  cacheLabel,
  cacheWords,
  countWords,
  dateOf,
  NOT_PROVED,
  NOT_PROVED_WITH_BINARIES,
  plural,
  shortRev,
  signerWords,
  suppressedWords,
  vettingWords,
} from './words';

/** Under which rules the report was made. */
export type ReportRules = Pick<AuditScope, 'configuration' | 'offline' | 'offlineReason' | 'severity'>;

/** Prints the report as Markdown. Foreign text stands in code spans or is escaped: it forms no link, image, HTML or table cell. */
export function markdownReport(
  report: InputsReport,
  rules?: ReportRules,
  closure?: FinishedClosure,
  why: readonly string[] = [],
): string {
  const looked = closure !== undefined || report.inputs.some(({ binaries }) => binaries !== undefined);
  const sections = [
    ['# Flake Trust report', ...summary(report, closure)],
    ['## Findings', ...findings(report.findings)],
    ...(closure === undefined ? [] : closureSections(closure, why)),
    ...(hasFlake(report, closure) ? [['## Inputs', ...inputTable(report.inputs)]] : []),
    ['## Not checked', ...notCheckedList(report, closure)],
    ...(rules === undefined ? [] : [['## Environment', ...environment(report, rules)]]),
    ['## What this report does not prove', looked ? NOT_PROVED_WITH_BINARIES : NOT_PROVED],
  ];
  return `${sections.map((blocks) => blocks.join('\n\n')).join('\n\n')}\n`;
}

/** An audit of store paths alone knows of no flake. */
function hasFlake({ flake }: InputsReport, closure: FinishedClosure | undefined): boolean {
  return closure === undefined || flake !== undefined;
}

function summary(report: InputsReport, closure: FinishedClosure | undefined): string[] {
  const { flake, lock, inputs, findings: found, caches } = report;
  const sources = inputs.filter(({ follows }) => follows === undefined);
  const count = (verdict: string) => sources.filter(({ signer }) => signer.verdict === verdict).length;
  const states = {
    ok: `version ${lock.version ?? '?'}`,
    missing: 'missing',
    unreadable: escapeMarkdown(lock.message ?? 'cannot be read'),
  };
  const verdicts = (
    [
      ['hash-mismatch', 'served with other content than locked'],
      ['invalid-signature', 'with a signature that does not verify'],
      ['verified', 'signed by a key that you trust'],
      ['content-addressed', 'served exactly as locked, which needs no signature'],
      ['untrusted-key', 'signed by unknown keys only'],
      ['unsigned', 'served without a signature'],
      ['absent', 'in no cache, which is normal for sources'],
      ['unknown', 'not checked'],
    ] as const
  ).flatMap(([verdict, words]) => (count(verdict) === 0 ? [] : [`${count(verdict)} ${words}`]));
  const answered = caches.filter(({ state }) => state === 'reachable').length;
  return [
    [
      ...(flake === undefined ? [] : [`- Flake: ${codeSpan(flake, 200)}`]),
      ...(hasFlake(report, closure) ? [`- flake.lock: ${states[lock.state]}`] : []),
      `- Findings: ${countWords(found)}`,
      ...(closure === undefined ? [] : [`- Closure: ${closureWords(closure)}`]),
      ...(hasFlake(report, closure)
        ? [`- Sources: ${plural(sources.length, 'input')}${verdicts.length === 0 ? '' : ` (${verdicts.join('; ')})`}`]
        : []),
      `- Caches: ${answered} of ${caches.length} answered`,
    ].join('\n'),
  ];
}

function closureWords({ summary: { totals } }: FinishedClosure): string {
  const { byVerdict } = totals;
  const good = (byVerdict.verified ?? 0) + (byVerdict['content-addressed'] ?? 0);
  return `${plural(totals.paths, 'store path')}, ${good} of them signed by a key that you trust or in no need of a signature`;
}

/** Of one severity; a closure may have thousands. */
const MAX_FINDINGS = 200;

function findings(found: readonly ReportedFinding[]): string[] {
  if (found.length === 0) return ['None.'];
  return SEVERITIES.flatMap((severity) => {
    const some = found.filter((finding) => finding.severity === severity);
    if (some.length === 0) return [];
    return [`### ${HEADINGS[severity]}`, [...some.slice(0, MAX_FINDINGS).map(findingItem), ...andMore(some.length)].join('\n')];
  });
}

function andMore(count: number): string[] {
  return count > MAX_FINDINGS ? [`- And ${count - MAX_FINDINGS} more, in the JSON report.`] : [];
}

const HEADINGS = { error: 'Errors', warning: 'Warnings', information: 'Notes', hint: 'Hints' } as const;

function findingItem(finding: ReportedFinding): string {
  const { code, message, subject, location, help } = finding;
  const suppressed = suppressedWords(finding);
  const place = location === undefined ? '' : `, ${codeSpan(`${location.file}:${location.line + 1}:${location.character + 1}`)}`;
  return `- ${escapeMarkdown(message)}  \n  ${link(code, help)}, ${subject.kind} ${codeSpan(subject.id, 260)}${place}${suppressed === undefined ? '' : `; ${escapeMarkdown(suppressed)}`}`;
}

/** What was found about each input, then what flake.lock says of it: hashes and references are too wide for a table. */
function inputTable(inputs: readonly InputReport[]): string[] {
  if (inputs.length === 0) return ['None.'];
  const rows = inputs.map((input) =>
    [
      codeCell(input.path.join('/')),
      escapeMarkdown(signerWords(input).text),
      cachesCell(input),
      escapeMarkdown(vettingWords(input).text),
    ].join(' | '),
  );
  const head = ['Input', 'Signer of the source', 'Caches', 'Vetting'];
  const table = [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...rows.map((row) => `| ${row} |`)].join('\n');
  return [table, '### What is locked', inputs.map(lockedItem).join('\n')];
}

function lockedItem({
  path,
  node,
  reference,
  follows,
  private: isPrivate,
  flake,
  rev,
  lastModified,
  narHash,
}: InputReport): string {
  const date = lastModified === undefined ? undefined : dateOf(lastModified * 1000);
  const facts = [
    ...(reference === '' ? [] : [codeSpan(reference, 160)]),
    ...(follows === undefined
      ? []
      : [follows.length === 0 ? 'follows this flake itself' : `follows ${codeSpan(follows.join('/'))}`]),
    ...(isPrivate ? ['private'] : []),
    ...(flake ? [] : ['not a flake']),
    ...(rev === undefined ? [] : [codeSpan(shortRev(rev))]),
    ...(date === undefined ? [] : [date]),
    narHash === undefined ? (node === '' ? 'not locked' : 'no hash') : codeSpan(narHash),
  ];
  return `- ${codeSpan(path.join('/'))}: ${facts.join(', ')}`;
}

/** What each cache said, with the day of the oldest answer. */
function cachesCell({ answers }: InputReport): string {
  const told = answers.filter(({ answer }) => answer === 'found' || answer === 'absent');
  if (told.length === 0) return 'not checked';
  const names = (kind: string) => told.filter(({ answer }) => answer === kind).map(({ url }) => codeCell(cacheLabel(url)));
  const [found, absent] = [names('found'), names('absent')];
  const parts = [
    ...(found.length === 0 ? [] : [`found in ${found.join(', ')}`]),
    ...(absent.length === 0 ? [] : [`not in ${absent.join(', ')}`]),
  ];
  const day =
    told
      .map(({ checkedAt }) => checkedAt ?? '')
      .sort(compareText)[0]
      ?.slice(0, 10) ?? '';
  return `${parts.join('; ')}${day === '' ? '' : `, ${day}`}`;
}

function notCheckedList(report: InputsReport, closure: FinishedClosure | undefined): string[] {
  const list = notChecked(report, closure?.summary).map(({ what, why }) => `- ${escapeMarkdown(what)}: ${escapeMarkdown(why)}`);
  const without = report.inputs.filter(({ binaries }) => binaries === undefined).length;
  const binaries =
    without === 0 || closure !== undefined ? [] : [`- The binaries built from ${plural(without, 'input')}: not checked.`];
  const all = [...list, ...binaries];
  return [all.length === 0 ? 'Everything that was asked for was checked.' : all.join('\n')];
}

function environment(
  { tool, caches, inputs }: InputsReport,
  { configuration, offline, offlineReason, severity }: ReportRules,
): string[] {
  const times = inputs.flatMap(({ answers }) => answers.flatMap(({ checkedAt }) => (checkedAt === undefined ? [] : [checkedAt])));
  const sorted = times.sort(compareText);
  const [oldest, newest] = [sorted[0], sorted.at(-1)];
  const off = [...(severity ?? [])].flatMap(([code, level]) => (level === 'off' && code in FINDING_CODES ? [code] : []));
  const keys = [...configuration.trusted.byName.values()].map(({ text }) => text).sort(compareText);
  return [
    [
      `- ${tool.name} ${escapeMarkdown(tool.version)}, report schema 1`,
      `- Mode: ${offline ? `nothing was asked (${escapeMarkdown(offlineReason ?? 'offline')})` : 'caches were asked'}`,
      ...(inputs.length === 0 ? [] : [`- Answers: ${oldest === undefined ? 'none' : `from ${oldest} to ${newest ?? oldest}`}`]),
      ...(configuration.requireSignatures
        ? []
        : ['- **Nix is configured with `require-sigs = false`: it takes paths without any signature.**']),
      `- Checks switched off: ${
        off.length === 0
          ? 'none'
          : off
              .sort(compareText)
              .map((code) => `\`${code}\``)
              .join(', ')
      }`,
    ].join('\n'),
    'Caches, in the order in which Nix asks them:',
    caches.length === 0 ? 'None.' : caches.map(cacheItem).join('\n'),
    'Trusted keys:',
    keys.length === 0 ? 'None.' : keys.map((text) => `- ${codeSpan(text, 160)}`).join('\n'),
  ];
}

function cacheItem(cache: CacheReport, index: number): string {
  const priority = cache.priority === undefined ? '' : `, priority ${cache.priority}`;
  return `${index + 1}. ${codeSpan(cache.url, 160)} from ${cache.origin}${priority}: ${escapeMarkdown(cacheWords(cache).text)}`;
}
