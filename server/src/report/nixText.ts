/** What running Nix added to a report, for a terminal: the binaries of inputs, the plan, and the sources that a build downloads. */
import { createColors } from 'picocolors';
import type { ClosureReport } from '../domain/closureReport';
import type { FixedSource } from '../domain/fixedSources';
import type { InputReport } from '../domain/inputsReport';
import { plainText } from '../util/plainText';
import { BUILD_REASONS, downloadCounts, issueWords } from './closureWords';
import { cacheLabel, notAskedWords, plural } from './words';

/** More lines of one kind than these are left to the JSON report. */
const MAX_LINES = 20;

const MAX_HOSTS = 10;

/** Prints what is known of the binaries of inputs; nothing where nothing is. */
export function binariesText(inputs: readonly InputReport[], color: boolean): string {
  const { bold, dim } = createColors(color);
  const lines: string[] = [];
  for (const { path, binaries } of inputs) {
    if (binaries === undefined || path.length > 1) continue;
    const { system, outputs, found, verified, unknown = 0, keyNames, caches, checkedAt } = binaries;
    const keys = keyNames.length === 0 ? '' : ` by ${keyNames.map((name) => plainText(name, 60)).join(', ')}`;
    const where = caches.length === 0 ? '' : `, from ${caches.map(cacheLabel).join(', ')}`;
    const open = unknown === 0 ? '' : `; ${unknown} not checked`;
    const withheld = notAskedWords(binaries);
    lines.push(
      `  ${plainText(path.join('/'), 80)}: ${verified} of ${plural(outputs, 'output path')} signed${keys}, verified; ${found} in caches${where}${open}`,
      dim(`    of its packages for ${plainText(system, 60)}, found out ${checkedAt.slice(0, 10)}`),
      ...(withheld === undefined ? [] : [dim(`    ${withheld}`)]),
    );
  }
  return lines.length === 0 ? '' : ['', bold('Binaries of inputs'), ...lines, ''].join('\n');
}

/** Prints plan and sources of an audit of outputs. */
export function planText(
  { plan, byInput = [], sources }: Pick<ClosureReport, 'plan' | 'byInput' | 'sources'>,
  color: boolean,
): string {
  const { bold, dim, yellow } = createColors(color);
  const lines: string[] = [];
  if (plan !== undefined) {
    lines.push('', bold(`What Nix ${plainText(plan.nix, 40)} would do`));
    lines.push(row(plan.local, 'in the local store'), row(plan.substitute, 'fetched'), row(plan.build.length, 'built here'));
    for (const { drvPath, reason, missing } of plan.build.slice(0, MAX_LINES)) {
      const what = missing === undefined ? '' : ` (${plainText(missing, 200)})`;
      lines.push(`    ${plainText(drvPath, 200)}`, dim(`      ${BUILD_REASONS[reason]}${what}`));
    }
    lines.push(...andMore(plan.build.length));
    for (const path of plan.missing.slice(0, MAX_LINES)) lines.push(yellow(`    needed, and nowhere: ${plainText(path, 200)}`));
    if (plan.unplanned.length > 0) lines.push(yellow(`    not planned: ${plural(plan.unplanned.length, 'derivation')}`));
  }
  if (byInput.length > 0) {
    lines.push('', bold('Paths by input, where it can be shown'));
    for (const { input, paths } of byInput.slice(0, MAX_LINES)) {
      lines.push(
        input === undefined ? dim(row(paths, 'of this flake itself, or not known')) : row(paths, plainText(input.join('/'), 80)),
      );
    }
    lines.push(...andMore(byInput.length));
  }
  if (sources !== undefined && sources.totals.sources > 0) {
    const { totals, list } = sources;
    lines.push('', bold('What the builds download: no signature covers it, only a hash'));
    lines.push(...downloadCounts(sources).map(([count, words]) => row(count, words)));
    const hosts = totals.byHost.map(({ host, sources: count }) => `${plainText(host, 100)} ${count}`);
    if (hosts.length > 0)
      lines.push(
        `    from ${hosts.slice(0, MAX_HOSTS).join(', ')}${hosts.length > MAX_HOSTS ? `, and ${hosts.length - MAX_HOSTS} more hosts` : ''}`,
      );
    const doubtful = list.filter(({ issues }) => issues.some((issue) => issue !== 'no-url'));
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

function sourceLine(source: FixedSource): string {
  const [url] = source.urls;
  return `${plainText(source.name, 100)}: ${issueWords(source)}${url === undefined ? '' : ` (${plainText(url.url, 200)})`}`;
}
