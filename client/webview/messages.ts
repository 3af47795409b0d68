/**
 * What the closure view (a web page without rights) and the extension say to each other. Types only, shared by both sides.
 * The view never sends text to be copied, opened or run: it names a thing that the audit holds, and the extension looks it up.
 */
import type { ClosureColumns, ClosureExportParams, ClosureOverview, ClosurePathDetails } from '../../server/src/protocol';

type Report = ClosureOverview['report'];
type Closure = NonNullable<Report['closure']>;
type Coverage = Closure['coverage'][number];
type Sources = NonNullable<Closure['sources']>;

export type Totals = Closure['totals'];
export type Verdict = keyof Totals['byVerdict'];
export type Input = Pick<
  Report['inputs'][number],
  'path' | 'reference' | 'rev' | 'storePath' | 'signer' | 'binaries' | 'private'
>;
export type Source = Pick<Sources['list'][number], 'name' | 'algorithm' | 'hash' | 'urls' | 'rev' | 'issues'>;
export type ExportFormat = ClosureExportParams['format'];
export type Severity = Report['findings'][number]['severity'];

/** The first of many, and how many there are. */
export interface Some<T> {
  readonly first: readonly T[];
  readonly count: number;
}

export interface Finding extends Pick<Report['findings'][number], 'severity' | 'message' | 'subject' | 'evidence'> {
  /** Position in the report; names the finding in {@link FromView}. */
  readonly index: number;
  /** Shows the difference that the finding is about. */
  readonly command?: string;
  /** `flake.nix:12`, when it stands in a file. */
  readonly place?: string;
}

export interface FindingGroup {
  readonly code: string;
  readonly title: string;
  /** The worst of the group. */
  readonly severity: Severity;
  readonly findings: readonly Finding[];
}

export interface CacheState extends Pick<Coverage, 'url' | 'answered' | 'paths' | 'bytes' | 'onlyHere'> {
  readonly missing: Some<Coverage['missing'][number]>;
  /** `command` is its beginning; the whole one is copied by its position. */
  readonly fill: readonly { readonly from: string; readonly paths: number; readonly command: string; readonly cut: boolean }[];
}

/** All but the paths, bounded: a view need not hold what nobody can read. */
export interface Overview {
  readonly flake: string;
  readonly installables: readonly string[];
  readonly finishedAt: string;
  readonly cancelled: boolean;
  readonly stopped?: NonNullable<Closure['stopped']>;
  readonly roots: Some<string>;
  readonly totals: Totals;
  readonly severities: Readonly<Record<Severity, number>>;
  readonly groups: readonly FindingGroup[];
  readonly caches: Report['caches'];
  readonly coverage: readonly CacheState[];
  readonly plan?: {
    readonly nix: string;
    readonly local: number;
    readonly substitute: number;
    readonly build: Some<NonNullable<Closure['plan']>['build'][number]>;
    readonly missing: Some<string>;
    readonly unplanned: Some<string>;
  };
  readonly sources?: { readonly totals: Sources['totals']; readonly list: Some<Source> };
  readonly inputs: readonly Input[];
}

/** Why nothing can be shown. */
export type Gone = 'not-held' | 'no-server' | 'failed';

export type ToView =
  | { readonly type: 'overview'; readonly overview: Overview }
  | { readonly type: 'paths'; readonly columns: ClosureColumns }
  | { readonly type: 'gone'; readonly why: Gone; readonly message?: string }
  | { readonly type: 'details'; readonly storePath: string; readonly details: ClosurePathDetails | null }
  | { readonly type: 'server'; readonly running: boolean }
  | { readonly type: 'said'; readonly text: string };

export type FromView =
  | { readonly type: 'ready' }
  | { readonly type: 'details'; readonly storePath: string }
  | { readonly type: 'copyPath'; readonly storePath: string }
  | { readonly type: 'copyFill'; readonly cache: number; readonly fill: number }
  | { readonly type: 'copyCommand'; readonly finding: number }
  | { readonly type: 'open'; readonly finding: number }
  | { readonly type: 'help'; readonly code: string }
  | { readonly type: 'export'; readonly format: ExportFormat }
  | { readonly type: 'again' }
  | { readonly type: 'restart' };
