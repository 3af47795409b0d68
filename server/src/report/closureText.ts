/** The report of a closure for a terminal: totals first, then what is wrong, then what each cache has. */
import { createColors } from 'picocolors';
import type { InputsReport, PathVerdict } from '../domain/inputsReport';
import { plainText } from '../util/plainText';
import { isChallenge, type FinishedClosure } from './finishedAudit';
import { cacheLabel, countWords, plural } from './words';

export interface ClosureTextOptions {
  readonly color: boolean;
  /** `--why`: paths whose chain from a root is shown. */
  readonly why: readonly string[];
}

/** What each verdict means for the reader, from best to worst. */
const VERDICTS: readonly (readonly [PathVerdict, string])[] = [
  ['verified', 'signed by a key that you trust, verified'],
  ['content-addressed', 'need no signature: their name follows from their content'],
  ['untrusted-key', 'signed only by keys that you do not trust'],
  ['unsigned', 'served without a signature'],
  ['invalid-signature', 'with a signature that does not verify'],
  ['hash-mismatch', 'other content than flake.lock pins'],
  ['absent', 'in none of the caches that answered'],
  ['unknown', 'not checked: no cache gave an answer'],
];

const MAX_FINDINGS = 50;
const MAX_MISSING = 5;

/** Prints the report as lines of text. Nothing of files or caches can act on a terminal: see {@link plainText}. */
export function closureTextReport(report: InputsReport, closure: FinishedClosure, { color, why }: ClosureTextOptions): string {
  const { summary } = closure;
  const { bold, dim, red, yellow } = createColors(color);
  const { totals, stopped, coverage } = summary;
  const lines: string[] = [];
  for (const root of summary.roots.slice(0, 10)) lines.push(bold(plainText(root, 300)));
  if (summary.roots.length > 10) lines.push(dim(`and ${plural(summary.roots.length - 10, 'more root')}`));
  lines.push(dim(`${plural(totals.paths, 'store path')}, ${bytes(totals.narBytes)} unpacked`), '');
  for (const [verdict, words] of VERDICTS) {
    const number = totals.byVerdict[verdict] ?? 0;
    if (number > 0) lines.push(`${String(number).padStart(8)}  ${words}`);
  }
  if (totals.differ > 0) lines.push(red(`${String(totals.differ).padStart(8)}  different content in different caches`));
  lines.push(...table('Signed by', totals.byKey, (name) => plainText(name, 80)));
  lines.push(...table('Nix would take from', totals.byCache, cacheLabel));
  if (isChallenge(summary)) {
    lines.push('', 'What each cache has');
    for (const { url, paths, bytes: size, onlyHere = 0, missing, fill = [] } of coverage) {
      lines.push(
        `${String(paths).padStart(8)}  ${cacheLabel(url)}: ${bytes(size)}, ${onlyHere} only there, ${missing.length} missing`,
      );
      for (const { storePath, neededBy } of missing.slice(0, MAX_MISSING)) {
        lines.push(dim(`${''.padStart(10)}${plainText(storePath, 300)} (${plural(neededBy, 'path')} refer to it)`));
      }
      for (const { from, paths: list, command } of fill) {
        const short = list.length <= 3 ? command : 'the command is in the JSON report';
        lines.push(
          dim(
            `${''.padStart(10)}${plural(list.length, 'verified path')} could be copied from ${cacheLabel(from)}: ${plainText(short, 1000)}`,
          ),
        );
      }
    }
  }
  for (const path of why) lines.push('', ...whyLines(closure.why(path), path));
  if (stopped !== undefined) lines.push('', yellow(`Not complete: ${plural(stopped.unvisited, 'known path')} not looked at.`));
  // Where a flake is known, its report has told findings and caches already.
  if (report.flake !== undefined) return [...lines, ''].join('\n');
  const shown = report.findings.slice(0, MAX_FINDINGS);
  if (shown.length > 0) lines.push('', 'Findings');
  for (const { severity, code, message, evidence } of shown) {
    const word = severity === 'error' ? red(severity) : severity === 'warning' ? yellow(severity) : severity;
    lines.push(`  ${word} ${code}: ${plainText(message, 300)}`);
    const command = evidence?.['command'];
    if (typeof command === 'string') lines.push(dim(`    ${plainText(command, 1000)}`));
  }
  if (report.findings.length > shown.length)
    lines.push(dim(`  and ${report.findings.length - shown.length} more, in the JSON report`));
  const silent = report.caches.filter(({ state }) => state !== 'reachable');
  if (silent.length > 0) lines.push('', 'Caches that did not answer');
  for (const { url, state, reason } of silent) {
    lines.push(
      `  ${cacheLabel(url)}: ${state === 'not-asked' ? 'not asked' : state}${reason === undefined ? '' : `, ${plainText(reason, 200)}`}`,
    );
  }
  lines.push('', countWords(report.findings), '');
  return lines.join('\n');
}

function table(title: string, counts: Readonly<Record<string, number>>, label: (key: string) => string): string[] {
  const rows = Object.entries(counts).filter(([, number]) => number > 0);
  if (rows.length === 0) return [];
  return ['', title, ...rows.map(([key, number]) => `${String(number).padStart(8)}  ${label(key)}`)];
}

function whyLines(chain: readonly string[], path: string): string[] {
  if (chain.length === 0) return [`${plainText(path, 300)} is not in this closure`];
  return chain.map((step, depth) => `${'  '.repeat(depth)}${depth === 0 ? '' : '→ '}${plainText(step, 300)}`);
}

function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = count;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}
