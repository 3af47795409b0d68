/**
 * What of a finished audit goes to the view: all that a person can read, bounded, and without characters that nobody sees. The rest
 * stays here, and is exported or copied from here.
 */
import type { ClosureOverview } from '../../server/src/protocol';
import type { CacheState, Finding, FindingGroup, Overview, Severity, Some } from '../webview/messages';
import { plain } from './foreignText';

const MAX_LISTED = 200;
const MAX_MISSING = 50;
const MAX_SOURCES = 20_000;
const MAX_URLS = 5;
const MAX_EVIDENCE = 100;
const MAX_TEXT = 2000;
const COMMAND_PREVIEW = 400;
const SEVERITIES: readonly Severity[] = ['error', 'warning', 'information', 'hint'];

type Report = ClosureOverview['report'];

/** Makes the model. `titleOf` gives the few words that a code is known by. */
export function viewModel(overview: ClosureOverview, flake: string, titleOf: (code: string) => string): Overview {
  const { report, installables, finishedAt, cancelled } = overview;
  const { closure } = report;
  const { plan, sources, stopped } = closure ?? {};
  const model: Overview = {
    flake,
    installables: installables.slice(0, MAX_LISTED),
    finishedAt,
    cancelled,
    ...(stopped === undefined ? {} : { stopped }),
    roots: some(closure?.roots ?? [], MAX_LISTED),
    totals: closure?.totals ?? { paths: 0, narBytes: 0, byVerdict: {}, byKey: {}, byCache: {}, differ: 0 },
    severities: { error: 0, warning: 0, information: 0, hint: 0, ...countBy(report.findings, ({ severity }) => severity) },
    groups: groupsOf(report, titleOf),
    caches: report.caches,
    coverage: (closure?.coverage ?? []).map(cacheState),
    ...(plan === undefined
      ? {}
      : {
          plan: {
            nix: plan.nix,
            local: plan.local,
            substitute: plan.substitute,
            build: some(plan.build, MAX_LISTED),
            missing: some(plan.missing, MAX_LISTED),
            unplanned: some(plan.unplanned, MAX_LISTED),
          },
        }),
    ...(sources === undefined
      ? {}
      : {
          sources: {
            totals: sources.totals,
            list: some(
              sources.list.map(({ name, algorithm, hash, urls, rev, issues }) => ({
                name,
                algorithm,
                hash,
                urls: urls.slice(0, MAX_URLS),
                ...(rev === undefined ? {} : { rev }),
                issues,
              })),
              MAX_SOURCES,
            ),
          },
        }),
    inputs: report.inputs.map(({ path, reference, rev, storePath, signer, binaries, private: isPrivate }) => ({
      path,
      reference,
      ...(rev === undefined ? {} : { rev }),
      ...(storePath === undefined ? {} : { storePath }),
      signer,
      ...(binaries === undefined ? {} : { binaries }),
      private: isPrivate,
    })),
  };
  return harmless(model);
}

/** The command that a finding carries, as the server made it. */
export function commandOf({ evidence }: Report['findings'][number]): string | undefined {
  const command = evidence?.['command'];
  return typeof command === 'string' ? command : undefined;
}

/**
 * Takes out of every text in a value what nobody sees: control characters, and marks that turn the text beside them round. The page
 * shows text as text, so this is not about markup; it is that no name can look like another.
 */
export function harmless<T>(value: T): T {
  return clean(value) as T;
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return plain(value, MAX_TEXT);
  if (Array.isArray(value)) return typeof value[0] === 'number' ? (value as unknown) : value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [plain(key), clean(entry)]));
}

function groupsOf({ findings }: Report, titleOf: (code: string) => string): FindingGroup[] {
  const byCode = new Map<string, Finding[]>();
  findings.forEach((finding, index) => {
    const { code, severity, message, subject, location } = finding;
    const command = commandOf(finding);
    const place =
      location === undefined
        ? undefined
        : `${location.file.split('/').at(-1) ?? ''}:${location.line + 1}:${location.character + 1}`;
    const item: Finding = {
      index,
      severity,
      message,
      subject,
      ...(finding.evidence === undefined ? {} : { evidence: boundedEvidence(finding.evidence) }),
      ...(command === undefined ? {} : { command }),
      ...(place === undefined ? {} : { place }),
    };
    const list = byCode.get(code);
    if (list === undefined) byCode.set(code, [item]);
    else list.push(item);
  });
  const rank = (severity: Severity): number => SEVERITIES.indexOf(severity);
  return [...byCode]
    .map(([code, list]) => ({
      code,
      title: titleOf(code),
      severity: list.reduce<Severity>((worst, { severity }) => (rank(severity) < rank(worst) ? severity : worst), 'hint'),
      findings: list,
    }))
    .sort((a, b) => rank(a.severity) - rank(b.severity) || (a.code < b.code ? -1 : 1));
}

/** Long lists are cut: `total` or the exported report has the rest. The command is shown and copied on its own. */
function boundedEvidence(evidence: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(evidence).filter(([key]) => key !== 'command');
  return Object.fromEntries(
    entries.map(([key, value]) => [key, Array.isArray(value) ? (value.slice(0, MAX_EVIDENCE) as unknown) : value]),
  );
}

function cacheState({
  url,
  answered,
  paths,
  bytes,
  onlyHere,
  missing,
  fill = [],
}: NonNullable<Report['closure']>['coverage'][number]): CacheState {
  return {
    url,
    answered,
    paths,
    bytes,
    ...(onlyHere === undefined ? {} : { onlyHere }),
    missing: some(missing, MAX_MISSING),
    fill: fill.map(({ from, paths: list, command }) => {
      const [line = ''] = command.split('\n', 1);
      const shown = line.slice(0, COMMAND_PREVIEW);
      return { from, paths: list.length, command: shown, cut: shown.length < command.length };
    }),
  };
}

function some<T>(list: readonly T[], limit: number): Some<T> {
  return { first: list.slice(0, limit), count: list.length };
}

function countBy<T, K extends string>(list: readonly T[], keyOf: (item: T) => K): Partial<Record<K, number>> {
  const counts: Partial<Record<K, number>> = {};
  for (const item of list) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts;
}
