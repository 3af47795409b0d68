/** What running Nix added to a report, for a terminal: the binaries of inputs, the plan, and the sources that a build downloads. */
import { createColors } from 'picocolors';
import type { ClosureReport, PlanReport } from '../domain/closureReport';
import type { FixedSource } from '../domain/fixedSources';
import type { InputReport } from '../domain/inputsReport';
import { plainText } from '../util/plainText';
import { cacheLabel, plural } from './words';

/** More lines of one kind than these are left to the JSON report. */
const MAX_LINES = 20;

/** Prints what is known of the binaries of inputs; nothing where nothing is. */
export function binariesText(inputs: readonly InputReport[], color: boolean): string {
  const { bold, dim } = createColors(color);
  const lines: string[] = [];
  for (const { path, binaries } of inputs) {
    if (binaries === undefined || path.length > 1) continue;
    const { system, outputs, found, verified, keyNames, caches, checkedAt } = binaries;
    const keys = keyNames.length === 0 ? '' : ` by ${keyNames.map((name) => plainText(name, 60)).join(', ')}`;
    const where = caches.length === 0 ? '' : `, from ${caches.map(cacheLabel).join(', ')}`;
    lines.push(
      `  ${plainText(path.join('/'), 80)}: ${verified} of ${plural(outputs, 'output path')} signed${keys}, verified; ${found} in caches${where}`,
      dim(`    of its packages for ${plainText(system, 60)}, found out ${checkedAt.slice(0, 10)}`),
    );
  }
  return lines.length === 0 ? '' : ['', bold('Binaries of inputs'), ...lines, ''].join('\n');
}

const REASONS: Readonly<Record<PlanReport['build'][number]['reason'], string>> = {
  'not-in-caches': 'no cache has it with a signature that you trust',
  'broken-closure': 'something that it refers to cannot be had',
  forbidden: 'it says that it is not to be fetched',
  'unknown-path': 'its path is known only after the build',
};

/** Prints plan and sources of an audit of outputs. */
export function planText({ plan, sources }: Pick<ClosureReport, 'plan' | 'sources'>, color: boolean): string {
  const { bold, dim, yellow } = createColors(color);
  const lines: string[] = [];
  if (plan !== undefined) {
    lines.push('', bold(`What Nix ${plainText(plan.nix, 40)} would do`));
    lines.push(row(plan.local, 'in the local store'), row(plan.substitute, 'fetched'), row(plan.build.length, 'built here'));
    for (const { drvPath, reason, missing } of plan.build.slice(0, MAX_LINES)) {
      const what = missing === undefined ? '' : ` (${plainText(missing, 200)})`;
      lines.push(`    ${plainText(drvPath, 200)}`, dim(`      ${REASONS[reason]}${what}`));
    }
    lines.push(...andMore(plan.build.length));
    for (const path of plan.missing.slice(0, MAX_LINES)) lines.push(yellow(`    needed, and nowhere: ${plainText(path, 200)}`));
    if (plan.unplanned.length > 0) lines.push(yellow(`    not planned: ${plural(plan.unplanned.length, 'derivation')}`));
  }
  if (sources !== undefined && sources.totals.sources > 0) {
    const { totals, list } = sources;
    lines.push('', bold('Sources that a build downloads: no signature covers them, only their hash'));
    for (const [algorithm, count] of Object.entries(totals.byAlgorithm)) lines.push(row(count, algorithm));
    lines.push(...totals.byHost.slice(0, MAX_LINES).map(({ host, sources: count }) => row(count, plainText(host, 100))));
    const doubtful = list.filter(({ issues }) => issues.length > 0);
    for (const source of doubtful.slice(0, MAX_LINES)) lines.push(`    ${sourceLine(source)}`);
    lines.push(...andMore(doubtful.length));
  }
  return lines.length === 0 ? '' : [...lines, ''].join('\n');
}

function row(count: number, words: string): string {
  return `${String(count).padStart(8)}  ${words}`;
}

function andMore(count: number): string[] {
  return count > MAX_LINES ? [`    and ${count - MAX_LINES} more, in the JSON report`] : [];
}

function sourceLine({ name, algorithm, urls, issues }: FixedSource): string {
  const words = issues.map((issue) =>
    issue === 'weak-hash' ? `weak hash ${algorithm}` : issue === 'plain-http' ? 'not encrypted' : 'no URL',
  );
  const [url] = urls;
  return `${plainText(name, 100)}: ${words.join(', ')}${url === undefined ? '' : ` (${plainText(url.url, 200)})`}`;
}
