/** The report for a terminal: three claims apart (source, signer, vetting), the findings, what was not checked, what is not proved. */
import { createColors } from 'picocolors';
import { parseNarHash, shortHash } from '../domain/hash';
import type { Severity } from '../domain/finding';
import type { CacheAnswer, InputReport, InputsReport, ReportedFinding } from '../domain/inputsReport';
import { compareText } from '../util/compare';
import { plainText } from '../util/plainText';
import { closureBlocks } from './closureText';
import type { FinishedClosure } from './finishedAudit';
import { binariesText, planText } from './nixText';
import { notChecked } from './notChecked';
import {
  cacheLabel,
  cacheWords,
  countWords,
  dateOf,
  inputLabel,
  NOT_PROVED,
  NOT_PROVED_WITH_BINARIES,
  plural,
  shortRev,
  signerWords,
  suppressedWords,
  vettingWords,
} from './words';
import type { Words } from './words';

export interface TextOptions {
  /** Milliseconds since 1970: ages are told from it. */
  readonly now: number;
  readonly color: boolean;
  /** With what was not checked and what is not proved, as an audit ends. */
  readonly audit: boolean;
  /** Columns for running text; default 100. */
  readonly width?: number;
  /** Paths whose chain from a root is shown. */
  readonly why?: readonly string[];
}

type Colors = ReturnType<typeof createColors>;

/** Prints the report as lines of text. Nothing of files or caches can act on a terminal: see {@link plainText}. */
export function textReport(report: InputsReport, options: TextOptions, closure?: FinishedClosure): string {
  const colors = createColors(options.color);
  const ofFlake = closure === undefined || report.flake !== undefined;
  const blocks = [
    ...(ofFlake ? [heading(report, colors), ...inputBlocks(report, options, colors)] : []),
    linesOf(binariesText(report.inputs, options.color)),
    ...(closure === undefined
      ? []
      : [
          linesOf(planText(closure.summary, options.color)),
          ...closureBlocks(closure, { color: options.color, why: options.why ?? [] }),
        ]),
    findingLines(report.findings, colors, closure === undefined ? Infinity : MAX_FINDINGS),
    cacheLines(report, colors),
    ...(options.audit ? [notCheckedLines(report, colors, closure), notProvedLines(report, options, colors, closure)] : []),
    [conclusion(report, colors, closure)],
  ];
  return blocks.flatMap((lines) => (lines.length === 0 ? [] : [lines.join('\n'), ''])).join('\n');
}

/** Of a closure; the rest is counted. */
const MAX_FINDINGS = 50;

/** The lines of a part that is printed on its own. */
function linesOf(text: string): string[] {
  return text === '' ? [] : text.trim().split('\n');
}

function heading({ flake, lock }: InputsReport, { bold, dim }: Colors): string[] {
  const name = flake === undefined ? 'Flake' : plainText(flake, 200);
  const state = {
    ok: `flake.lock, version ${lock.version ?? '?'}`,
    missing: 'no flake.lock',
    unreadable: `flake.lock cannot be read: ${plainText(lock.message ?? '', 300)}`,
  }[lock.state];
  return [bold(name), dim(state)];
}

/** One block for each source; inputs that follow another take one line, together. */
function inputBlocks({ inputs, caches }: InputsReport, options: TextOptions, colors: Colors): string[][] {
  const silent = new Set(caches.filter(({ state }) => state !== 'reachable').map(({ url }) => url));
  const blocks: string[][] = [];
  const following: string[] = [];
  for (const input of inputs) {
    if (input.follows === undefined) blocks.push(inputBlock(input, silent, options, colors));
    else following.push(`${inputLabel(input.path)} ${colors.dim(`follows ${followed(input.follows)}`)}`);
  }
  return following.length === 0 ? blocks : [...blocks, following];
}

function followed(follows: readonly string[]): string {
  return follows.length === 0 ? 'this flake itself' : inputLabel(follows);
}

function inputBlock(input: InputReport, silent: ReadonlySet<string>, options: TextOptions, colors: Colors): string[] {
  const { path, reference } = input;
  const title = `${colors.bold(inputLabel(path))}  ${plainText(reference, 120)}${input.private ? `  ${colors.dim('private')}` : ''}`;
  const row = (label: string, { text, tone }: Words) => `  ${colors.dim(label.padEnd(8))} ${paint(text, tone, colors)}`;
  return [
    title,
    row('source', { text: sourceWords(input, options), tone: 'plain' }),
    row('signer', signerWords(input)),
    row('caches', { text: answerWords(input, silent, options), tone: 'plain' }),
    row('vetting', vettingWords(input)),
  ];
}

function sourceWords({ node, rev, lastModified, narHash, flake }: InputReport, { now }: TextOptions): string {
  const date = lastModified === undefined ? undefined : dateOf(lastModified * 1000);
  const parts = [
    ...(rev === undefined ? [] : [shortRev(rev)]),
    ...(date === undefined || lastModified === undefined ? [] : [`${date} (${age(lastModified * 1000, now)})`]),
    narHash === undefined ? 'no hash' : shorten(narHash),
    ...(flake ? [] : ['not a flake']),
  ];
  return node === '' && narHash === undefined ? 'not locked' : `locked ${parts.join(', ')}`;
}

/** What the caches said, grouped: found, not in, failed. What holds for a cache as a whole stands in the section about caches. */
function answerWords({ answers }: InputReport, silent: ReadonlySet<string>, { now }: TextOptions): string {
  const told = answers.filter(({ answer }) => answer === 'found' || answer === 'absent');
  const untold = answers.filter(({ answer }) => answer !== 'found' && answer !== 'absent');
  const found = told.filter(({ answer }) => answer === 'found');
  const absent = told.filter(({ answer }) => answer === 'absent');
  const own = untold.filter(({ url }) => !silent.has(url));
  const parts = [
    ...(found.length === 0 ? [] : [`found in ${found.map(foundWords).join(', ')}`]),
    ...(absent.length === 0 ? [] : [`not in ${absent.map(({ url }) => cacheLabel(url)).join(', ')}`]),
    ...new Set(own.map(untoldWords)),
  ];
  if (parts.length === 0) return silenceWords(untold);
  const oldest = told.map(({ checkedAt }) => checkedAt ?? '').sort(compareText)[0];
  const at = oldest === undefined ? NaN : Date.parse(oldest);
  return `${parts.join('; ')}${Number.isNaN(at) ? '' : ` (checked ${dateOf(at) ?? ''}, ${ago(at, now)})`}`;
}

/** Why no cache told anything, where the reason lies in the caches: in words when it is one, else they stand below. */
function silenceWords(untold: readonly CacheAnswer[]): string {
  const words = new Set(untold.map(untoldWords));
  if (words.size === 0) return 'none configured';
  return words.size === 1 ? [...words].join() : 'none could be asked, see below';
}

function untoldWords({ url, answer, reason = '' }: CacheAnswer): string {
  const why = plainText(reason, 120);
  return answer === 'not-asked' ? `not asked: ${why}` : `${cacheLabel(url)} ${answer}: ${why}`;
}

function foundWords({ url, reason }: CacheAnswer): string {
  return reason === undefined ? cacheLabel(url) : `${cacheLabel(url)} (${plainText(reason, 160)})`;
}

function findingLines(findings: readonly ReportedFinding[], colors: Colors, max: number): string[] {
  if (findings.length === 0) return [];
  const lines = findings.slice(0, max).flatMap((finding) => {
    const { code, severity, message, location, evidence } = finding;
    const suppressed = suppressedWords(finding);
    const place =
      location === undefined ? '' : ` · ${plainText(location.file, 80)}:${location.line + 1}:${location.character + 1}`;
    return [
      `  ${colorOf(severity, colors)(SHORT_SEVERITY[severity].padEnd(7))} ${plainText(message, 200)}`,
      `          ${colors.dim(`${code}${place}`)}`,
      ...(suppressed === undefined ? [] : [`          ${colors.dim(suppressed)}`]),
      ...(typeof evidence?.['command'] === 'string' ? [`          ${colors.dim(plainText(evidence['command'], 1000))}`] : []),
    ];
  });
  if (findings.length > max) lines.push(colors.dim(`  and ${findings.length - max} more, in the JSON report`));
  return [colors.bold('Findings'), ...lines];
}

const SHORT_SEVERITY: Readonly<Record<Severity, string>> = {
  error: 'error',
  warning: 'warning',
  information: 'note',
  hint: 'hint',
};

function cacheLines({ caches }: InputsReport, colors: Colors): string[] {
  if (caches.length === 0) return [colors.bold('Caches'), '  none configured: nothing could be asked'];
  const rows = caches.map((cache) => ({
    priority: cache.priority === undefined ? '-' : String(cache.priority),
    url: plainText(cache.url, 80),
    origin: cache.origin,
    words: cacheWords(cache),
  }));
  const width = (select: (row: (typeof rows)[number]) => string) => Math.max(...rows.map((row) => select(row).length));
  const [priorities, urls, origins] = [width(({ priority }) => priority), width(({ url }) => url), width(({ origin }) => origin)];
  return [
    `${colors.bold('Caches')} ${colors.dim('in the order in which Nix asks them, with their priority')}`,
    ...rows.map(({ priority, url, origin, words }) => {
      const columns = `${priority.padStart(priorities)}  ${url.padEnd(urls)}  ${colors.dim(origin.padEnd(origins))}`;
      return `  ${columns}  ${paint(words.text, words.tone, colors)}`;
    }),
  ];
}

function notCheckedLines(report: InputsReport, colors: Colors, closure: FinishedClosure | undefined): string[] {
  const list = notChecked(report, closure?.summary);
  if (list.length === 0) return [];
  return [colors.bold('Not checked'), ...list.map(({ what, why }) => `  ${what}: ${why}`)];
}

function notProvedLines(
  { inputs }: InputsReport,
  { width = 100 }: TextOptions,
  colors: Colors,
  closure: FinishedClosure | undefined,
): string[] {
  const looked = closure !== undefined || inputs.some(({ binaries }) => binaries !== undefined);
  const words = looked ? NOT_PROVED_WITH_BINARIES : NOT_PROVED;
  return [colors.bold('What this does not prove'), ...wrap(words, width - 2).map((line) => colors.dim(`  ${line}`))];
}

function conclusion({ flake, inputs, findings }: InputsReport, colors: Colors, closure: FinishedClosure | undefined): string {
  const sources = inputs.filter(({ follows }) => follows === undefined).length;
  const worst = findings.find(({ suppressed }) => suppressed === undefined);
  const looked = [
    ...(closure === undefined || flake !== undefined ? [plural(sources, 'input')] : []),
    ...(closure === undefined ? [] : [plural(closure.summary.totals.paths, 'store path')]),
  ].join(', ');
  const text = `${looked}: ${countWords(findings)}`;
  return worst === undefined ? text : colorOf(worst.severity, colors)(text);
}

function paint(text: string, tone: Words['tone'], colors: Colors): string {
  switch (tone) {
    case 'good':
      return colors.green(text);
    case 'bad':
      return colors.red(text);
    case 'doubtful':
      return colors.yellow(text);
    case 'plain':
      return text;
  }
}

function colorOf(severity: Severity, { red, yellow, cyan, dim }: Colors): (text: string) => string {
  return { error: red, warning: yellow, information: cyan, hint: dim }[severity];
}

function shorten(narHash: string): string {
  const parsed = parseNarHash(narHash);
  return parsed.ok ? shortHash(parsed.value) : plainText(narHash, 60);
}

const DAY_MS = 86_400_000;

/** `today`, `20 days old`, `5 months old`, `2 years old`. */
function age(timeMs: number, now: number): string {
  const days = Math.floor((now - timeMs) / DAY_MS);
  if (days < 0) return 'in the future';
  return days === 0 ? 'today' : `${span(days)} old`;
}

/** `just now`, `12 min ago`, `3 h ago`, `2 days ago`. */
function ago(timeMs: number, now: number): string {
  const minutes = Math.floor((now - timeMs) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  return minutes < 1440 ? `${Math.floor(minutes / 60)} h ago` : `${span(Math.floor(minutes / 1440))} ago`;
}

function span(days: number): string {
  if (days < 60) return plural(days, 'day');
  return days < 730 ? plural(Math.floor(days / 30.44), 'month') : plural(Math.floor(days / 365.25), 'year');
}

/** Breaks running text into lines of at most `width` columns. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
