/** The closure in the Markdown report: totals, signers, caches, plan, downloads, and the paths to look at first. Bounded, whatever the closure's size. */
import type { CacheCoverage, ClosurePath, ClosureReport, PlanReport } from '../domain/closureReport';
import { codeCell, codeSpan, escapeMarkdown } from '../util/markdown';
import {
  BUILD_REASONS,
  bytesWords,
  downloadCounts,
  fillCommand,
  issueWords,
  problemPaths,
  stopWords,
  VERDICTS,
  verdictWords,
  whyChain,
  type ChainStep,
} from './closureWords';
import { isChallenge, type FinishedClosure } from './finishedAudit';
import { cacheLabel, plural } from './words';

const MAX_ROOTS = 20;
const MAX_PATHS = 200;
const MAX_ROWS = 50;
const MAX_MISSING = 10;
const MAX_FILL = 20;

/** A heading and its blocks. */
export type Section = readonly string[];

/** The sections about a closure. */
export function closureSections(closure: FinishedClosure, why: readonly string[]): readonly Section[] {
  const { summary } = closure;
  const { totals, plan, sources } = summary;
  const problems = problemPaths(closure, MAX_PATHS);
  return [
    ['## Closure', ...overview(closure)],
    ['### Signers', ...countTable(['Key', 'Paths'], Object.entries(totals.byKey), totals.paths)],
    ['### Caches', ...cacheTable(summary)],
    ...coverageSections(summary),
    ['### Paths to look at', ...pathTable(problems.paths, problems.total)],
    ...(why.length === 0 ? [] : [['### Why', ...why.map((path) => chain(whyChain(closure, path), path))]]),
    ...(plan === undefined ? [] : [['## What Nix would do', ...planBlocks(plan)]]),
    ...(sources === undefined ? [] : [['## Downloads', ...downloadBlocks(sources)]]),
  ];
}

function overview({ summary: { roots, totals, stopped } }: FinishedClosure): string[] {
  const shown = roots.slice(0, MAX_ROOTS).map((root) => `- ${codeSpan(root, 260)}`);
  if (roots.length > MAX_ROOTS) shown.push(`- and ${plural(roots.length - MAX_ROOTS, 'more root')}`);
  const verdicts = VERDICTS.flatMap(({ verdict, words }): [string, number][] => {
    const count = totals.byVerdict[verdict] ?? 0;
    return count === 0 ? [] : [[words, count]];
  });
  if (totals.differ > 0) verdicts.push(['different content in different caches', totals.differ]);
  return [
    ...(stopped === undefined ? [] : [`**Not complete:** ${stopWords(stopped)}.`]),
    shown.join('\n'),
    `${plural(totals.paths, 'store path')}, ${bytesWords(totals.narBytes)} unpacked.`,
    table(
      ['Verdict', 'Paths', 'Share'],
      verdicts.map(([words, count]) => [words, String(count), share(count, totals.paths)]),
    ),
  ];
}

function countTable(head: readonly string[], counts: readonly (readonly [string, number])[], of: number): string[] {
  if (counts.length === 0) return ['None.'];
  const rows = counts.slice(0, MAX_ROWS).map(([name, count]) => [codeCell(name), String(count), share(count, of)]);
  return [table([...head, 'Share'], rows), ...more(counts.length, MAX_ROWS)];
}

function cacheTable(summary: Omit<ClosureReport, 'paths'>): string[] {
  const { coverage, totals } = summary;
  if (coverage.length === 0) return ['None was asked.'];
  const challenge = isChallenge(summary);
  const rows = coverage.map(({ url, paths, bytes, onlyHere, missing }) => [
    codeCell(cacheLabel(url)),
    String(totals.byCache[url] ?? 0),
    ...(challenge
      ? [`${paths} (${share(paths, totals.paths)})`, bytesWords(bytes), String(onlyHere ?? 0), String(missing.length)]
      : []),
  ]);
  const head = ['Cache', 'Nix would take from it', ...(challenge ? ['Has', 'Unpacked', 'Only there', 'Missing'] : [])];
  return [
    table(head, rows),
    ...(challenge ? [] : ['What each cache has was not asked: `--challenge` asks every cache for every path.']),
  ];
}

function coverageSections(summary: Omit<ClosureReport, 'paths'>): readonly Section[] {
  if (!isChallenge(summary)) return [];
  return summary.coverage.flatMap((cache) => (cache.missing.length === 0 ? [] : [missingSection(cache)]));
}

function missingSection({ url, missing, fill = [] }: CacheCoverage): Section {
  const list = missing.slice(0, MAX_MISSING).map(({ storePath, neededBy }) => {
    return `- ${codeSpan(storePath, 260)}, ${neededBy === 1 ? '1 path refers' : `${neededBy} paths refer`} to it`;
  });
  return [
    `### Missing in ${codeSpan(cacheLabel(url))}`,
    [...list, ...more(missing.length, MAX_MISSING).map((words) => `- ${words}`)].join('\n'),
    ...fill.flatMap((one) => {
      const words = `${plural(one.paths.length, 'verified path')} could be copied from ${codeSpan(cacheLabel(one.from))}`;
      const command = fillCommand(one, MAX_FILL);
      // `$(` could become an icon in VS Code, and no address of a cache has a use for it.
      const unfit = command === undefined || command.some((line) => line.includes('$('));
      return unfit ? [`${words}; the command is in the HTML and JSON reports.`] : [`${words}:`, fenced(command)];
    }),
  ];
}

function pathTable(paths: readonly ClosurePath[], total: number): string[] {
  if (total === 0) return ['None: a key that you trust vouches for every path, or it needs none.'];
  const rows = paths.map((path) => [
    codeCell(path.storePath, 260),
    pathVerdict(path),
    path.from === undefined ? 'nowhere' : codeCell(cacheLabel(path.from)),
    path.narSize === undefined ? '' : bytesWords(path.narSize),
  ]);
  return [table(['Store path', 'Verdict', 'Nix would take it from', 'Size'], rows), ...more(total, MAX_PATHS)];
}

/** The verdict, and what else is to be said of a path. */
function pathVerdict({ verdict, agreement, built, local, input }: ClosurePath): string {
  return [
    verdictWords(verdict).label,
    ...(agreement === 'differ' ? ['**caches differ**'] : []),
    ...(built === undefined ? [] : [built === 'local' ? 'built here' : 'would be built here']),
    ...(local === undefined ? [] : [`in the local store: ${verdictWords(local.verdict).label}`]),
    ...(input === undefined ? [] : [`of input ${codeCell(input.join('/'))}`]),
  ].join(', ');
}

function chain(steps: readonly ChainStep[], path: string): string {
  if (steps.length === 0) return `${codeSpan(path, 260)} is not in this closure.`;
  return steps
    .map(
      ({ storePath, words }, index) =>
        `${index + 1}. ${codeSpan(storePath, 260)}${words === '' ? '' : `, ${escapeMarkdown(words, 300)}`}`,
    )
    .join('\n');
}

function planBlocks({ nix, local, substitute, build, missing, unplanned }: PlanReport): string[] {
  const rows = build
    .slice(0, MAX_ROWS)
    .map(({ drvPath, reason, missing: lacking }) => [
      codeCell(drvPath, 260),
      `${BUILD_REASONS[reason]}${lacking === undefined ? '' : `: ${codeCell(lacking, 260)}`}`,
    ]);
  return [
    [
      `- Nix ${escapeMarkdown(nix, 40)}`,
      `- In the local store: ${local}`,
      `- Fetched: ${substitute}`,
      `- Built here: ${build.length}`,
      ...(unplanned.length === 0
        ? []
        : [`- Not planned, since Nix does not say enough: ${plural(unplanned.length, 'derivation')}`]),
      ...missing.slice(0, MAX_ROWS).map((path) => `- Needed, and nowhere: ${codeSpan(path, 260)}`),
    ].join('\n'),
    ...(rows.length === 0 ? [] : [table(['Built here', 'Why'], rows), ...more(build.length, MAX_ROWS)]),
  ];
}

function downloadBlocks(sources: NonNullable<ClosureReport['sources']>): string[] {
  const { totals, list } = sources;
  if (totals.sources === 0) return ['The builds download nothing.'];
  const doubtful = list.filter(({ issues }) => issues.some((issue) => issue !== 'no-url'));
  const rows = doubtful
    .slice(0, MAX_ROWS)
    .map((source) => [
      codeCell(source.name, 100),
      issueWords(source),
      source.urls[0] === undefined ? '' : codeCell(source.urls[0].url, 200),
    ]);
  const hosts = totals.byHost.map(({ host, sources: count }): [string, number] => [host, count]);
  return [
    'What the builds download, should they be needed. No signature of a cache covers it: what it is rests on its hash alone.',
    downloadCounts(sources)
      .map(([count, words]) => `- ${count} ${words}`)
      .join('\n'),
    ...countTable(['Host', 'Downloads'], hosts, totals.sources),
    ...(rows.length === 0
      ? []
      : [table(['Download', 'What is to be said of it', 'First address'], rows), ...more(doubtful.length, MAX_ROWS)]),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = rows.map((row) => `| ${row.join(' | ')} |`);
  return [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...lines].join('\n');
}

/** A block of code that its text cannot end. */
function fenced(lines: readonly string[]): string {
  const longest = Math.max(2, ...lines.flatMap((line) => (line.match(/`+/g) ?? []).map((run) => run.length)));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}sh`, ...lines, fence].join('\n');
}

function more(total: number, max: number): string[] {
  return total > max ? [`And ${total - max} more, in the JSON report.`] : [];
}

function share(count: number, of: number): string {
  return of === 0 ? '' : `${((100 * count) / of).toFixed(1)} %`;
}
