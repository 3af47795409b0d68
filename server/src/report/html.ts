/**
 * The report as one HTML file that needs nothing else and asks nobody: its content policy allows its own style sheet and its own script, by their
 * hashes, and nothing more. Complete without the script, readable on paper.
 */
import { sha256Of } from '../domain/digest';
import type { InputReport, InputsReport, ReportedFinding } from '../domain/inputsReport';
import { SEVERITIES } from '../engine/reportedFindings';
import { gathered } from '../util/gathered';
import { escapeHtml } from '../util/html';
import { plainText } from '../util/plainText';
import { bytesWords } from './closureWords';
import type { FinishedAudit } from './finishedAudit';
import { closureSections, downloadSection, planSection, whySection } from './html/closureParts';
import { badge, block, code, details, grouped, list, more, paragraph, percent, section, table, toned } from './html/parts';
import { pathList } from './html/pathList';
import { SCRIPT } from './html/script';
import { STYLE } from './html/style';
import type { ReportRules } from './markdown';
import { notChecked } from './notChecked';
import {
  cacheLabel,
  cacheWords,
  dateOf,
  NOT_PROVED,
  NOT_PROVED_WITH_BINARIES,
  notAskedWords,
  plural,
  shortRev,
  signerWords,
  suppressedWords,
  vettingWords,
  type Tone,
} from './words';

export interface HtmlOptions {
  readonly why: readonly string[];
  readonly rules?: ReportRules;
}

/** Prints the file, piece by piece. The same facts give the same bytes. */
export function htmlReport(audit: FinishedAudit, options: HtmlOptions): Generator<string> {
  return gathered(document(audit, options));
}

/** No request can leave the file, whatever a name in it tries; `data:`, forms, frames and other bases are refused as well. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${sha256Of(STYLE, 'base64')}'`,
  `script-src 'sha256-${sha256Of(SCRIPT, 'base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

function* document(audit: FinishedAudit, { why, rules }: HtmlOptions): Generator<string> {
  const { report, closure } = audit;
  const title = titleOf(audit);
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="${escapeHtml(report.tool.name)} ${escapeHtml(report.tool.version)}">
<title>Flake Trust: ${escapeHtml(title, 120)}</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the report</a>
<header>
<h1>Flake Trust report</h1>
<p class="path">${escapeHtml(title, 300)}</p>
</header>
${contents(audit, why)}<main id="content">
`;
  yield totals(audit);
  if (closure !== undefined) yield closureSections(closure);
  yield section('findings', 'Findings', findingList(report.findings));
  if (closure === undefined || report.flake !== undefined) yield section('inputs', 'Inputs', inputTables(report.inputs));
  if (closure !== undefined) {
    const { plan, sources } = closure.summary;
    if (plan !== undefined) yield planSection(plan);
    if (sources !== undefined && sources.totals.sources > 0) yield downloadSection(sources);
    if (why.length > 0) yield whySection(closure, why);
    yield* pathList(closure);
  }
  yield section('not-checked', 'Not checked', notCheckedList(audit));
  yield section('environment', 'Environment', environment(report, rules));
  const looked = closure !== undefined || report.inputs.some(({ binaries }) => binaries !== undefined);
  yield section('not-proved', 'What this report does not prove', paragraph(looked ? NOT_PROVED_WITH_BINARIES : NOT_PROVED));
  yield `</main>
<footer><p>Made by ${escapeHtml(report.tool.name)} ${escapeHtml(report.tool.version)}. This file asks nobody anything.</p></footer>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function titleOf({ report, closure }: FinishedAudit): string {
  if (report.flake !== undefined) return report.flake;
  const [root = 'no store path', ...others] = closure?.summary.roots ?? [];
  return others.length === 0 ? root : `${root} and ${plural(others.length, 'other path')}`;
}

function contents({ report, closure }: FinishedAudit, why: readonly string[]): string {
  const { plan, sources } = closure?.summary ?? {};
  const parts: readonly (readonly [string, string, boolean])[] = [
    ['closure', 'Verdicts', closure !== undefined],
    ['signers', 'Signers', closure !== undefined],
    ['caches', 'Caches', closure !== undefined],
    ['findings', 'Findings', true],
    ['inputs', 'Inputs', closure === undefined || report.flake !== undefined],
    ['plan', 'Plan', plan !== undefined],
    ['downloads', 'Downloads', sources !== undefined && sources.totals.sources > 0],
    ['why', 'Why', closure !== undefined && why.length > 0],
    ['paths', 'Store paths', closure !== undefined],
    ['not-checked', 'Not checked', true],
    ['environment', 'Environment', true],
    ['not-proved', 'Not proved', true],
  ];
  const links = parts.flatMap(([id, title, there]) => (there ? [`<li><a href="#${id}">${title}</a></li>`] : []));
  return `<nav aria-label="Parts of this report"><ul>${links.join('')}</ul></nav>\n`;
}

function totals({ report, closure }: FinishedAudit): string {
  const { caches, findings, inputs } = report;
  const cards: (readonly [string, string, Tone])[] = SEVERITIES.flatMap((severity): [string, string, Tone][] => {
    const count = findings.filter((finding) => finding.severity === severity && finding.suppressed === undefined).length;
    return count === 0 && (severity === 'information' || severity === 'hint')
      ? []
      : [
          [
            count === 1 ? SEVERITY_WORDS[severity].one : SEVERITY_WORDS[severity].many,
            grouped(count),
            count === 0 ? 'good' : SEVERITY_WORDS[severity].tone,
          ],
        ];
  });
  if (closure !== undefined) {
    const { byVerdict, narBytes, paths } = closure.summary.totals;
    const good = (byVerdict.verified ?? 0) + (byVerdict['content-addressed'] ?? 0);
    cards.push(
      ['store paths', grouped(paths), 'plain'],
      ['of them vouched for', percent(good, paths), good === paths ? 'good' : 'doubtful'],
      ['unpacked', bytesWords(narBytes), 'plain'],
    );
  }
  if (closure === undefined || report.flake !== undefined) {
    cards.push(['inputs', grouped(inputs.filter(({ follows }) => follows === undefined).length), 'plain']);
  }
  const answered = caches.filter(({ state }) => state === 'reachable').length;
  cards.push([
    'caches answered',
    `${grouped(answered)} of ${grouped(caches.length)}`,
    answered < caches.length ? 'doubtful' : 'plain',
  ]);
  const items = cards.map(
    ([words, value, tone]) =>
      `<div><dt>${escapeHtml(words)}</dt><dd${tone === 'plain' ? '' : ` class="${tone}"`}>${escapeHtml(value)}</dd></div>\n`,
  );
  return `<dl class="cards" aria-label="Totals">\n${items.join('')}</dl>\n`;
}

const SEVERITY_WORDS = {
  error: { one: 'error', many: 'errors', tone: 'bad' },
  warning: { one: 'warning', many: 'warnings', tone: 'doubtful' },
  information: { one: 'note', many: 'notes', tone: 'plain' },
  hint: { one: 'hint', many: 'hints', tone: 'plain' },
} as const satisfies Record<ReportedFinding['severity'], object>;

const MAX_FINDINGS = 500;

function findingList(findings: readonly ReportedFinding[]): string {
  if (findings.length === 0) return paragraph('None.');
  const parts: string[] = [];
  const shown = findings.slice(0, MAX_FINDINGS);
  for (let at = 0; at < shown.length;) {
    // They are sorted by code: what a hundred paths have in common is folded after the first few.
    const { code: name, severity } = shown[at] ?? {};
    const from = at;
    while (shown[at]?.code === name && shown[at]?.severity === severity) at++;
    const open = at - from <= MAX_OPEN + 1 ? at : from + MAX_OPEN;
    parts.push(findingItems(shown.slice(from, open)));
    if (open < at) parts.push(details(`${grouped(at - open)} more of ${name ?? ''}`, findingItems(shown.slice(open, at))));
  }
  return `${parts.join('')}${more(findings.length, MAX_FINDINGS)}`;
}

/** Of one code; what is more is folded. */
const MAX_OPEN = 10;

function findingItems(findings: readonly ReportedFinding[]): string {
  return `<ul class="findings">\n${findings.map(findingItem).join('')}</ul>\n`;
}

function findingItem(finding: ReportedFinding): string {
  const { code: name, severity, message, subject, location, help, evidence } = finding;
  const suppressed = suppressedWords(finding);
  const { one, tone } = SEVERITY_WORDS[severity];
  // The address of a page comes from us, but this report may have been read back from a file.
  const page = help.startsWith('https://')
    ? `<a href="${escapeHtml(help)}" rel="noreferrer">${escapeHtml(name)}</a>`
    : escapeHtml(name);
  const place = location === undefined ? '' : ` · ${escapeHtml(location.file)}:${location.line + 1}:${location.character + 1}`;
  const command = evidence?.['command'];
  return [
    `<li>${badge(one, tone)} ${escapeHtml(message)}\n`,
    `<p class="where">${page} · ${subject.kind} ${code(subject.id)}${place}${suppressed === undefined ? '' : ` · ${escapeHtml(suppressed)}`}</p>\n`,
    typeof command === 'string' ? details('The command that shows the difference', block(command.split(' && '))) : '',
    evidence === undefined ? '' : details('Evidence', block(evidenceLines(evidence))),
    '</li>\n',
  ].join('');
}

/** Of a list that has more, this many. */
const MAX_EVIDENCE = 20;

function evidenceLines(evidence: Readonly<Record<string, unknown>>): string[] {
  const shown = JSON.stringify(
    evidence,
    (key, value: unknown) => {
      if (key === 'command') return undefined;
      if (!Array.isArray(value) || value.length <= MAX_EVIDENCE) return value;
      return [...(value as unknown[]).slice(0, MAX_EVIDENCE), `and ${value.length - MAX_EVIDENCE} more, in the JSON report`];
    },
    2,
  );
  // Escaping collapses white space, so that the indentation becomes one that stays.
  return shown.split('\n').map((line) => line.replace(/^ +/, (blanks) => '\u2007'.repeat(blanks.length)));
}

function inputTables(inputs: readonly InputReport[]): string {
  if (inputs.length === 0) return paragraph('None.');
  const [signed, locked] = [inputs.map(signedRow), inputs.map(lockedRow)];
  const built = inputs.flatMap(({ path, binaries }) =>
    binaries === undefined
      ? []
      : [
          [
            code(path.join('/')),
            `${binaries.verified} of ${binaries.outputs}`,
            binaries.keyNames.map((name) => code(name)).join(', '),
            binaries.caches.map((url) => code(cacheLabel(url))).join(', '),
            escapeHtml(
              [`${binaries.system}, ${binaries.checkedAt.slice(0, 10)}`, notAskedWords(binaries) ?? []].flat().join('; '),
            ),
          ],
        ],
  );
  return [
    table(
      'What the caches say of the sources, and who reviewed them.',
      [{ title: 'Input' }, { title: 'Signer of the source' }, { title: 'Caches' }, { title: 'Vetting' }],
      signed,
    ),
    built.length === 0
      ? ''
      : table(
          'Binaries built from inputs: output paths with a signature by a key that you trust.',
          [{ title: 'Input' }, { title: 'Signed' }, { title: 'Keys' }, { title: 'Caches' }, { title: 'Checked' }],
          built,
        ),
    table('What is locked.', [{ title: 'Input' }, { title: 'Reference' }, { title: 'Revision' }, { title: 'Hash' }], locked),
  ].join('');
}

function signedRow(input: InputReport): string[] {
  const [signer, vetting] = [signerWords(input), vettingWords(input)];
  const told = (kind: string) =>
    input.answers.filter(({ answer }) => answer === kind).map(({ url }) => escapeHtml(cacheLabel(url)));
  const [found, absent] = [told('found'), told('absent')];
  const words = [
    ...(found.length === 0 ? [] : [`found in ${found.join(', ')}`]),
    ...(absent.length === 0 ? [] : [`not in ${absent.join(', ')}`]),
  ];
  return [
    code(input.path.join('/')),
    toned(signer.text, signer.tone),
    words.length === 0 ? 'not checked' : words.join('; '),
    toned(vetting.text, vetting.tone),
  ];
}

function lockedRow({
  path,
  reference,
  follows,
  private: isPrivate,
  flake,
  rev,
  lastModified,
  narHash,
  node,
}: InputReport): string[] {
  const date = lastModified === undefined ? undefined : dateOf(lastModified * 1000);
  const marks = [
    ...(follows === undefined ? [] : [`follows ${follows.length === 0 ? 'this flake itself' : code(follows.join('/'))}`]),
    ...(isPrivate ? ['private'] : []),
    ...(flake ? [] : ['not a flake']),
  ];
  return [
    code(path.join('/')),
    [...(reference === '' ? [] : [code(reference, 160)]), ...marks].join(', '),
    [...(rev === undefined ? [] : [code(shortRev(rev))]), ...(date === undefined ? [] : [date])].join(', '),
    narHash === undefined ? (node === '' ? 'not locked' : 'no hash') : code(narHash),
  ];
}

function notCheckedList({ report, closure }: FinishedAudit): string {
  const without = closure === undefined ? report.inputs.filter(({ binaries }) => binaries === undefined).length : 0;
  const items = [
    ...notChecked(report, closure?.summary).map(({ what, why }) => `${escapeHtml(what)}: ${escapeHtml(why)}`),
    ...(without === 0 ? [] : [`the binaries built from ${plural(without, 'input')}`]),
  ];
  return items.length === 0 ? paragraph('Everything that was asked for was checked.') : list(items);
}

function environment({ caches, lock, flake }: InputsReport, rules: ReportRules | undefined): string {
  const lockWords = {
    ok: `version ${lock.version ?? '?'}`,
    missing: 'missing',
    unreadable: plainText(lock.message ?? 'cannot be read', 300),
  };
  const rows = caches.map((cache) => {
    const words = cacheWords(cache);
    return [
      code(cache.url, 160),
      cache.origin,
      cache.priority === undefined ? '' : String(cache.priority),
      toned(words.text, words.tone),
    ];
  });
  const facts = [
    ...(flake === undefined ? [] : [`flake.lock: ${escapeHtml(lockWords[lock.state])}`]),
    ...(rules === undefined
      ? []
      : [
          rules.offline ? `nothing was asked (${escapeHtml(rules.offlineReason ?? 'offline')})` : 'caches were asked',
          ...(rules.configuration.requireSignatures
            ? []
            : [
                '<strong>Nix is configured with <code>require-sigs = false</code>: it takes paths without any signature.</strong>',
              ]),
        ]),
  ];
  const keys = rules === undefined ? [] : [...rules.configuration.trusted.byName.values()].map(({ text }) => text).sort();
  return [
    list(facts),
    rows.length === 0
      ? paragraph('No cache is configured.')
      : table(
          'Caches, in the order in which Nix asks them.',
          [{ title: 'Cache' }, { title: 'Named by' }, { title: 'Priority', kind: 'number' }, { title: 'What became of it' }],
          rows,
        ),
    rules === undefined
      ? ''
      : `<h3>Trusted keys</h3>\n${keys.length === 0 ? paragraph('None.') : list(keys.map((text) => code(text, 160)))}`,
  ].join('');
}
