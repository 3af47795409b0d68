/** What the HTML report shows of a closure besides its paths: verdicts, signers, caches, plan, downloads, chains. */
import type { CacheCoverage, ClosureReport, PlanReport } from '../../domain/closureReport';
import { escapeHtml } from '../../util/html';
import {
  BUILD_REASONS,
  bytesWords,
  downloadCounts,
  fillCommand,
  issueWords,
  stopWords,
  VERDICTS,
  whyChain,
  type ChainStep,
} from '../closureWords';
import { isChallenge, type FinishedClosure } from '../finishedAudit';
import { cacheLabel, plural } from '../words';
import {
  bar,
  block,
  code,
  details,
  grouped,
  list,
  more,
  paragraph,
  percent,
  section,
  stackedBar,
  storePath,
  table,
  toned,
} from './parts';

const MAX_ROOTS = 50;
const MAX_ROWS = 200;
const MAX_MISSING = 50;
/** A command of more paths is for the JSON report. */
const MAX_FILL = 2000;

/** The charts: who vouches, which keys, which caches. */
export function closureSections({ summary }: FinishedClosure): string {
  const { roots, stopped, totals } = summary;
  return [
    section(
      'closure',
      'Who vouches for the store paths',
      [
        stopped === undefined ? '' : `<p class="notice"><strong>Not complete:</strong> ${escapeHtml(stopWords(stopped))}.</p>\n`,
        paragraph(`Everything that ${roots.length === 1 ? 'this path needs' : `these ${grouped(roots.length)} paths need`}:`),
        list(roots.slice(0, MAX_ROOTS).map(storePath)),
        more(roots.length, MAX_ROOTS),
        verdictChart(totals),
      ].join(''),
    ),
    section('signers', 'Signers', signerTable(totals)),
    section('caches', 'Caches', cacheTables(summary)),
  ].join('');
}

function verdictChart({ byVerdict, paths, differ }: ClosureReport['totals']): string {
  const present = VERDICTS.flatMap((words) => {
    const count = byVerdict[words.verdict] ?? 0;
    return count === 0 ? [] : [{ ...words, count }];
  });
  const rows = present.map(({ verdict, words, tone, count }) => [
    `<span class="key v-${verdict}"></span>${toned(words, tone)}`,
    bar(count, paths, `v-${verdict}`),
    grouped(count),
    percent(count, paths),
  ]);
  if (differ > 0)
    rows.push([
      toned('different content in different caches', 'bad'),
      bar(differ, paths, 'v-invalid-signature'),
      grouped(differ),
      percent(differ, paths),
    ]);
  return [
    stackedBar(present.map(({ verdict, count }) => ({ kind: verdict, count }))),
    table(
      'Verdicts. A path counts under the best that any cache gives.',
      [{ title: 'Verdict' }, { title: '', kind: 'wide' }, { title: 'Paths', kind: 'number' }, { title: 'Share', kind: 'number' }],
      rows,
    ),
  ].join('');
}

function signerTable({ byKey, paths }: ClosureReport['totals']): string {
  const keys = Object.entries(byKey).sort(([, a], [, b]) => b - a);
  if (keys.length === 0) return paragraph('No signature by a key that you trust verified.');
  return [
    table(
      'Keys that you trust, and for how many paths a signature by each verified. A path counts under every key that vouches for it.',
      [{ title: 'Key' }, { title: '', kind: 'wide' }, { title: 'Paths', kind: 'number' }, { title: 'Share', kind: 'number' }],
      keys.slice(0, MAX_ROWS).map(([name, count]) => [code(name), bar(count, paths), grouped(count), percent(count, paths)]),
    ),
    more(keys.length, MAX_ROWS),
  ].join('');
}

function cacheTables(summary: Omit<ClosureReport, 'paths'>): string {
  const { coverage, totals } = summary;
  if (coverage.length === 0) return paragraph('No cache was asked.');
  const taken = table(
    'From which cache Nix would take the paths: the first in its order whose narinfo it accepts.',
    [{ title: 'Cache' }, { title: '', kind: 'wide' }, { title: 'Paths', kind: 'number' }, { title: 'Share', kind: 'number' }],
    coverage.map(({ url }) => {
      const count = totals.byCache[url] ?? 0;
      return [code(cacheLabel(url)), bar(count, totals.paths), grouped(count), percent(count, totals.paths)];
    }),
  );
  if (!isChallenge(summary)) {
    return `${taken}${paragraph('What each cache has was not asked: --challenge asks every cache for every path.', 'dim')}`;
  }
  return [
    taken,
    '<h3>What each cache has</h3>\n',
    table(
      'Coverage of each cache.',
      [
        { title: 'Cache' },
        { title: '', kind: 'wide' },
        { title: 'Has', kind: 'number' },
        { title: 'Share', kind: 'number' },
        { title: 'Unpacked', kind: 'number' },
        { title: 'Only there', kind: 'number' },
        { title: 'Missing', kind: 'number' },
      ],
      coverage.map(({ url, paths, bytes, onlyHere = 0, missing }) => [
        code(cacheLabel(url)),
        bar(paths, totals.paths),
        grouped(paths),
        percent(paths, totals.paths),
        bytesWords(bytes),
        grouped(onlyHere),
        grouped(missing.length),
      ]),
    ),
    ...coverage.map(missingPart),
  ].join('');
}

function missingPart({ url, missing, fill = [] }: CacheCoverage): string {
  if (missing.length === 0) return '';
  const commands = fill.map((one) => {
    const words = `${plural(one.paths.length, 'verified path')} could be copied from ${cacheLabel(one.from)}`;
    const command = fillCommand(one, MAX_FILL);
    return command === undefined
      ? paragraph(`${words}; the command is in the JSON report.`)
      : `${paragraph(`${words}:`)}${block(command)}`;
  });
  return details(
    `What is missing in ${cacheLabel(url)}: ${plural(missing.length, 'path')}`,
    [
      table(
        'Those that most other paths refer to come first.',
        [{ title: 'Store path' }, { title: 'Referred to by', kind: 'number' }],
        missing.slice(0, MAX_MISSING).map(({ storePath: path, neededBy }) => [storePath(path), grouped(neededBy)]),
      ),
      more(missing.length, MAX_MISSING),
      ...commands,
    ].join(''),
  );
}

/** What Nix would do to have the outputs. */
export function planSection({ nix, local, substitute, build, missing, unplanned }: PlanReport): string {
  const rows = build.slice(0, MAX_ROWS).map(({ drvPath, outputs, reason, missing: lacking }) => [
    storePath(drvPath),
    outputs
      .slice(0, 10)
      .map((output) => code(output, 60))
      .join(', '),
    `${escapeHtml(BUILD_REASONS[reason])}${lacking === undefined ? '' : `: ${storePath(lacking)}`}`,
  ]);
  return section(
    'plan',
    'What Nix would do',
    [
      table(
        `As Nix ${nix} would have it, but counting a path as fetched only if a key that you trust vouches for it.`,
        [{ title: 'Needed paths' }, { title: 'Number', kind: 'number' }],
        [
          ['in the local store', grouped(local)],
          ['fetched from caches', grouped(substitute)],
          ['derivations built here', grouped(build.length)],
          ...(missing.length === 0 ? [] : [[toned('needed, and nowhere', 'bad'), grouped(missing.length)]]),
          ...(unplanned.length === 0
            ? []
            : [[toned('derivations of which Nix does not say enough', 'doubtful'), grouped(unplanned.length)]]),
        ],
      ),
      list(missing.slice(0, MAX_ROWS).map((path) => `needed, and nowhere: ${storePath(path)}`)),
      more(missing.length, MAX_ROWS),
      rows.length === 0
        ? ''
        : table('Derivations that would be built here.', [{ title: 'Derivation' }, { title: 'Outputs' }, { title: 'Why' }], rows),
      more(build.length, MAX_ROWS),
    ].join(''),
  );
}

/** What the builds download. */
export function downloadSection(sources: NonNullable<ClosureReport['sources']>): string {
  const { totals, list: all } = sources;
  const doubtful = all.filter(({ issues }) => issues.some((issue) => issue !== 'no-url'));
  return section(
    'downloads',
    'Downloads',
    [
      paragraph(
        'What the builds download, should they be needed. No signature of a cache covers it: what it is rests on its hash alone.',
      ),
      list(downloadCounts(sources).map(([count, words]) => `${grouped(count)} ${escapeHtml(words)}`)),
      totals.byHost.length === 0
        ? ''
        : table(
            'Hosts of the first address of each download.',
            [
              { title: 'Host' },
              { title: '', kind: 'wide' },
              { title: 'Downloads', kind: 'number' },
              { title: 'Share', kind: 'number' },
            ],
            totals.byHost
              .slice(0, MAX_ROWS)
              .map(({ host, sources: count }) => [
                code(host, 100),
                bar(count, totals.sources),
                grouped(count),
                percent(count, totals.sources),
              ]),
          ),
      more(totals.byHost.length, MAX_ROWS),
      doubtful.length === 0
        ? ''
        : table(
            'Downloads with a weak hash or without encryption.',
            [{ title: 'Download' }, { title: 'What is to be said of it' }, { title: 'First address' }],
            doubtful
              .slice(0, MAX_ROWS)
              .map((source) => [
                code(source.name, 100),
                toned(issueWords(source), source.issues.includes('weak-hash') ? 'doubtful' : 'plain'),
                source.urls[0] === undefined ? '' : code(source.urls[0].url),
              ]),
          ),
      more(doubtful.length, MAX_ROWS),
    ].join(''),
  );
}

/** The chains that were asked for. */
export function whySection(closure: FinishedClosure, why: readonly string[]): string {
  const chains = why.map((path) => {
    const chain = whyChain(closure, path);
    if (chain.length === 0) return `<p>${storePath(path)} is not in this closure.</p>\n`;
    return `<ol>\n${chain.map(chainItem).join('')}</ol>\n`;
  });
  return section('why', 'Why', `${paragraph('The shortest chain of references from a root:')}${chains.join('')}`);
}

function chainItem({ storePath: step, words }: ChainStep): string {
  return `<li>${storePath(step)}${words === '' ? '' : ` <span class="dim">${escapeHtml(words)}</span>`}</li>\n`;
}
