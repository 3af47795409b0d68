/** What reports say of a closure in plain words; text, Markdown and HTML differ in layout alone. */
import type { CacheFill, ClosurePath, ClosureReport, PlanReport } from '../domain/closureReport';
import type { FixedSource } from '../domain/fixedSources';
import type { PathVerdict } from '../domain/inputsReport';
import { plainText } from '../util/plainText';
import type { FinishedClosure } from './finishedAudit';
import { cacheLabel, plural, type Tone } from './words';

interface VerdictWords {
  readonly verdict: PathVerdict;
  /** For a table's cell. */
  readonly label: string;
  /** To follow a number of paths. */
  readonly words: string;
  readonly tone: Tone;
}

/** What each verdict means for the reader, from best to worst, and at the end what nobody knows. */
export const VERDICTS: readonly VerdictWords[] = [
  { verdict: 'verified', label: 'verified', words: 'signed by a key that you trust, verified', tone: 'good' },
  {
    verdict: 'content-addressed',
    label: 'content-addressed',
    words: 'need no signature: their name follows from their content',
    tone: 'good',
  },
  { verdict: 'untrusted-key', label: 'untrusted key', words: 'signed only by keys that you do not trust', tone: 'doubtful' },
  { verdict: 'unsigned', label: 'unsigned', words: 'served without a signature', tone: 'doubtful' },
  { verdict: 'invalid-signature', label: 'invalid signature', words: 'with a signature that does not verify', tone: 'bad' },
  { verdict: 'hash-mismatch', label: 'hash mismatch', words: 'other content than flake.lock pins', tone: 'bad' },
  { verdict: 'absent', label: 'absent', words: 'in none of the caches that answered', tone: 'plain' },
  { verdict: 'unknown', label: 'not checked', words: 'not checked: no cache gave an answer', tone: 'plain' },
];

/** The words of a verdict. */
export function verdictWords(verdict: PathVerdict): VerdictWords {
  return VERDICTS.find((one) => one.verdict === verdict) ?? { verdict, label: verdict, words: verdict, tone: 'plain' };
}

/** What to look at first. */
const WORST_FIRST: readonly PathVerdict[] = [
  'hash-mismatch',
  'invalid-signature',
  'unsigned',
  'untrusted-key',
  'unknown',
  'absent',
];

export interface Problems {
  /** Paths that no trusted key vouches for, or about which caches disagree; worst first, at most as many as asked for. */
  readonly paths: readonly ClosurePath[];
  readonly total: number;
}

/** Collects the paths that a reader should look at. */
export function problemPaths({ paths, summary: { totals } }: FinishedClosure, max: number): Problems {
  const differing: ClosurePath[] = [];
  const byVerdict = new Map<PathVerdict, ClosurePath[]>(WORST_FIRST.map((verdict) => [verdict, []]));
  let total = 0;
  const none = totals.differ === 0 && WORST_FIRST.every((verdict) => (totals.byVerdict[verdict] ?? 0) === 0);
  for (const path of none ? [] : paths()) {
    const list = path.agreement === 'differ' ? differing : byVerdict.get(path.verdict);
    if (list === undefined) continue;
    total++;
    if (list.length < max) list.push(path);
  }
  return { paths: [...differing, ...[...byVerdict.values()].flat()].slice(0, max), total };
}

/** A path on the way from a root to another. */
export interface ChainStep {
  readonly storePath: string;
  /** Who vouches for it, and which cache Nix would take it from; empty for a build in between, which no cache serves. */
  readonly words: string;
}

/** The shortest chain from a root to a path, both included, with the keys and caches along it; empty when the closure does not have the path. */
export function whyChain(closure: FinishedClosure, storePath: string): readonly ChainStep[] {
  const steps = closure.why(storePath);
  const wanted = new Set(steps);
  const known = new Map<string, ClosurePath>();
  for (const path of wanted.size === 0 ? [] : closure.paths()) if (wanted.has(path.storePath)) known.set(path.storePath, path);
  return steps.map((step) => ({ storePath: step, words: standingWords(known.get(step)) }));
}

function standingWords(path: ClosurePath | undefined): string {
  if (path === undefined) return '';
  const { verdict, keyNames, from, built, local } = path;
  return [
    `${verdictWords(verdict).label}${byWords(keyNames)}`,
    ...(from === undefined ? [] : [`from ${cacheLabel(from)}`]),
    ...(local === undefined
      ? []
      : [`in the local store${local.keyNames.length === 0 ? '' : ` signed${byWords(local.keyNames)}`}`]),
    ...(built === undefined ? [] : [built === 'local' ? 'built here' : 'to be built here']),
  ].join(', ');
}

function byWords(keyNames: readonly string[]): string {
  return keyNames.length === 0 ? '' : ` by ${keyNames.map((name) => plainText(name, 60)).join(', ')}`;
}

/** Why Nix would build something here. */
export const BUILD_REASONS: Readonly<Record<PlanReport['build'][number]['reason'], string>> = {
  'not-in-caches': 'no cache has it with a signature that you trust',
  'broken-closure': 'something that it refers to cannot be had',
  forbidden: 'it says that it is not to be fetched',
  'unknown-path': 'its path is known only after the build',
};

/** What is to be said of a download. */
export function issueWords({ algorithm, issues }: FixedSource): string {
  return issues
    .map((issue) => (issue === 'weak-hash' ? `weak hash ${algorithm}` : issue === 'plain-http' ? 'not encrypted' : 'no URL'))
    .join(', ');
}

/** Counts of downloads, each to follow its number. */
export function downloadCounts({ totals, list }: NonNullable<ClosureReport['sources']>): readonly (readonly [number, string])[] {
  const mirrored = list.filter(({ urls }) => urls[0]?.mirror !== undefined).length;
  const counts: readonly (readonly [number, string])[] = [
    [totals.sources, totals.sources === 1 ? 'download' : 'downloads'],
    [totals.byIssue['weak-hash'], 'pinned by a weak hash (MD5, SHA-1)'],
    [totals.byIssue['plain-http'], 'not encrypted (http, ftp, git, svn)'],
    [mirrored, 'from a list of mirrors in nixpkgs'],
    [totals.byIssue['no-url'], 'without a URL, as sets of vendored dependencies are'],
  ];
  return counts.filter(([count], index) => index === 0 || count > 0);
}

/** The command that fills a cache, line by line and harmless to show; absent where it is too long for a reader. */
export function fillCommand({ command, paths }: CacheFill, maxPaths: number): readonly string[] | undefined {
  return paths.length > maxPaths ? undefined : command.split('\n').map((line) => plainText(line, 100_000));
}

/** What ended the walk early. */
export function stopWords({ reason, limit, unvisited }: NonNullable<ClosureReport['stopped']>): string {
  const why = {
    'max-paths': `the limit of ${limit ?? '?'} paths was reached`,
    'max-references': `the limit of ${limit ?? '?'} references was reached`,
    'max-chain': `a chain of references is longer than the limit of ${limit ?? '?'}`,
    cancelled: 'it was cancelled',
  }[reason];
  return `${why}; ${plural(unvisited, 'known path')} not looked at`;
}

/** `1.7 GiB`. */
export function bytesWords(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = count;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}
