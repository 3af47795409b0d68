/** The requests about closures and binaries. What comes from the editor is looked up, never believed; Nix runs for these requests alone. */
import type { WorkDoneProgressReporter } from 'vscode-languageserver';
import { checkBinaries } from '../engine/binaries';
import type { ClosureAudit } from '../engine/closure/auditReport';
import type { Clock, NixFailure } from '../engine/ports';
import { binariesSummary } from '../features/binariesLine';
import { columnsFrom, pathDetails } from '../features/closureRows';
import { plural } from '../features/summary';
import { inputOfPath } from '../features/view';
import type {
  AuditOutputsParams,
  AuditOutputsResult,
  CheckBinariesResult,
  ClosureColumns,
  ClosureExportParams,
  ClosureExportResult,
  ClosureOverview,
  ClosurePathDetails,
  ClosurePathParams,
  ClosurePathsParams,
  OutputsResult,
  RequestFailure,
} from '../protocol';
import { finishedAudit } from '../report/finishedAudit';
import { REPORT_FORMATS, reportPieces } from '../report/reportPieces';
import { Slices } from '../util/inSlices';
import { plainText } from '../util/plainText';
import { AuditProgress } from './auditProgress';
import type { ClosureAudits, HeldAudit } from './closureAudits';
import type { ClosureSource } from './closureSource';
import type { Configurations } from './configurations';
import { flakeNamed, type FlakeRegistry } from './flakeRegistry';
import { isInside } from './flakeUri';
import { WalksEnded } from './host';
import type { KnownBinaries } from './knownBinaries';
import type { OpenFlake } from './openFlake';
import type { Publisher } from './publisher';
import type { ReferenceTable } from './references';
import type { Examined, Views } from './views';

interface Parts {
  readonly flakes: FlakeRegistry;
  readonly views: Views;
  readonly publisher: Publisher;
  readonly configurations: Configurations;
  readonly references: ReferenceTable;
  readonly source: ClosureSource;
  readonly audits: ClosureAudits;
  readonly binaries: KnownBinaries;
  readonly clock: Clock;
}

/** What comes from the editor. */
type Given<T> = Partial<Record<keyof T, unknown>>;

/** So many outputs are audited at once; more are more than a command line can hold. */
const MAX_INSTALLABLES = 500;

/** A piece of a text: about so many characters. */
const PIECE = 256 * 1024;

/** So many texts are handed out in pieces at the same time. */
const MAX_EXPORTS = 4;

export class ClosureRequests {
  readonly #parts: Parts;
  /** Texts of which an editor has had the beginning. */
  readonly #exports = new Map<string, Iterator<string>>();
  #nextExport = 1;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Lists what a flake offers. */
  async outputs(uri: unknown, signal: AbortSignal): Promise<OutputsResult> {
    const ready = await this.#ready(flakeNamed(this.#parts, uri), signal);
    if ('kind' in ready) return ready;
    const { dir } = ready.flake;
    const nix = await this.#parts.source.openNix(this.#foreignFolders(dir), ready.examined.scope.configuration.storeDir);
    const listed = await nix.listOutputs({ dir }, signal);
    if (listed.kind === 'failed') return failureOf(listed, 'the outputs');
    const { system, outputs } = listed.value;
    return {
      kind: 'ok',
      system,
      outputs: outputs.map(({ kind, installable, attrPath, name, description }) => ({
        installable,
        group: kind,
        label: plainText(attrPath.at(-1) ?? installable, 200),
        ...(name === undefined ? {} : { name: plainText(name, 200) }),
        ...(description === undefined ? {} : { description: plainText(description, 300) }),
      })),
    };
  }

  /** Audits outputs. Rejects when `signal` aborts before caches are asked. */
  async auditOutputs(
    params: Given<AuditOutputsParams>,
    reporter: WorkDoneProgressReporter,
    signal: AbortSignal,
  ): Promise<AuditOutputsResult> {
    const { audits, binaries, publisher, flakes } = this.#parts;
    const installables = Array.isArray(params.installables)
      ? params.installables.filter((text): text is string => typeof text === 'string' && text.trim() !== '')
      : [];
    if (installables.length === 0) return failed('No output was named.');
    if (installables.length > MAX_INSTALLABLES) return failed(`More than ${MAX_INSTALLABLES} outputs cannot be audited at once.`);
    const ready = await this.#ready(flakeNamed(this.#parts, params.uri), signal);
    if ('kind' in ready) return ready;
    const { flake, examined } = ready;
    const telling = new AuditProgress(reporter, this.#parts.clock, 'Auditing an output closure');
    try {
      const outcome = await audits.run(
        {
          dir: flake.dir,
          uri: flake.uri,
          installables: [...new Set(installables)],
          challenge: params.challenge === true,
          refresh: params.refresh === true,
          allowImportFromDerivation: params.allowImportFromDerivation === true,
          foreignFolders: this.#foreignFolders(flake.dir),
        },
        examined,
        telling,
        signal,
      );
      if (outcome.kind === 'failed') return failureOf(outcome, installables.length === 1 ? 'this output' : 'these outputs');
      const { id, cancelled, audit } = outcome.value;
      const counts = countsOf(outcome.value);
      return { kind: 'ok', audit: id, cancelled, counts, summary: auditSummary(installables, audit, cancelled, counts) };
    } catch (error) {
      return endedOf(error);
    } finally {
      telling.done();
      // Answers of caches are known now by which binaries are judged, and the audit may say something against an input.
      binaries.changed();
      const held = flakes.get(flake.dir);
      if (held !== undefined) void publisher.now(held);
    }
  }

  /** Finds out which binaries an input has, and who signed them. */
  async checkBinaries(id: unknown, reporter: WorkDoneProgressReporter, signal: AbortSignal): Promise<CheckBinariesResult> {
    const { references, flakes, source, binaries, publisher, clock } = this.#parts;
    const target = references.find(id);
    const flake = target?.kind === 'input' ? (flakes.get(target.dir) ?? flakes.make(target.dir)) : undefined;
    const ready = await this.#ready(flake, signal);
    if ('kind' in ready) return ready;
    const { view, scope, circumstances } = ready.examined;
    const input = target?.kind === 'input' ? inputOfPath(view.facts, target.path) : undefined;
    if (input === undefined) return failed('This flake has no such input any more.');
    const name = plainText(input.path.join('/'), 60);
    if (!input.flake) return failed(`"${name}" is not a flake, so it names no packages.`);
    const { configuration } = scope;
    const telling = new AuditProgress(reporter, clock, `Checking the binaries of ${name}`);
    const walks = await source.openWalks(circumstances, configuration.sslCertFile);
    try {
      const nix = await source.openNix(this.#foreignFolders(ready.flake.dir), configuration.storeDir);
      telling.stage('evaluating');
      const checked = await checkBinaries(
        view.facts,
        input,
        { dir: ready.flake.dir },
        {
          nix,
          walk: (asked, walking) => {
            telling.stage('walking');
            return walks.walk(
              { ...asked, configuration, challenge: false, offline: false, onProgress: (now) => telling.progress(now) },
              walking,
            );
          },
          store: await source.binaries(),
          clock,
        },
        signal,
      );
      if (checked.kind === 'failed') return failureOf(checked, `the packages of "${name}"`);
      binaries.learned(ready.flake.dir, view.facts, scope.configuration, input.path.join('/'), checked.value);
      return { kind: 'ok', summary: `${name}: ${binariesSummary(checked.value)}.` };
    } catch (error) {
      return endedOf(error);
    } finally {
      telling.done();
      // Only when they are closed is everything on disk by which binaries are judged from now on.
      await walks.close();
      binaries.changed();
      await publisher.now(ready.flake);
    }
  }

  /** A finished audit without its paths. */
  overview(id: unknown): ClosureOverview | null {
    const held = this.#parts.audits.find(id);
    if (held === undefined) return null;
    const { uri, installables, finishedAt, cancelled, audit } = held;
    const { roots, totals, ...rest } = audit.summary;
    return {
      uri,
      installables,
      finishedAt: new Date(finishedAt).toISOString(),
      cancelled,
      report: { ...audit.report, closure: { roots, paths: [], totals, ...rest } },
    };
  }

  /** A piece of its paths. */
  async paths({ audit, offset }: Given<ClosurePathsParams>): Promise<ClosureColumns | null> {
    const held = this.#parts.audits.find(audit);
    if (held === undefined) return null;
    const from = typeof offset === 'number' && Number.isSafeInteger(offset) && offset > 0 ? offset : 0;
    return columnsFrom(await held.rows, from);
  }

  /** One of its paths. */
  async path({ audit, storePath }: Given<ClosurePathParams>): Promise<ClosurePathDetails | null> {
    const held = this.#parts.audits.find(audit);
    if (held === undefined || typeof storePath !== 'string') return null;
    return pathDetails(await held.rows, storePath, held.describe) ?? null;
  }

  /** A piece of its text. */
  async export({ audit, format, next }: Given<ClosureExportParams>, signal: AbortSignal): Promise<ClosureExportResult> {
    const key = typeof next === 'string' ? next : `export-${this.#nextExport++}`;
    const pieces = typeof next === 'string' ? this.#exports.get(next) : this.#beginExport(audit, format);
    this.#exports.delete(key);
    if (pieces === undefined) return { text: '' };
    const slices = new Slices();
    let text = '';
    while (text.length < PIECE) {
      const piece = pieces.next();
      if (piece.done === true) return { text };
      text += piece.value;
      if (slices.due) await slices.pause();
      signal.throwIfAborted();
    }
    this.#exports.set(key, pieces);
    const [oldest] = this.#exports.keys();
    if (this.#exports.size > MAX_EXPORTS && oldest !== undefined) this.#exports.delete(oldest);
    return { text, next: key };
  }

  #beginExport(audit: unknown, wanted: unknown): Iterator<string> | undefined {
    const held = this.#parts.audits.find(audit);
    const format = REPORT_FORMATS.find((known) => known === wanted);
    if (held === undefined || format === undefined) return undefined;
    const options = {
      now: held.finishedAt,
      color: false,
      width: 100,
      audit: true,
      why: [],
      rules: held.scope,
      repositoryRoot: this.#repositoryOf(held.dir),
    };
    return inPieces(reportPieces(format, finishedAudit(held.audit), options));
  }

  /** The flake as Nix may be run on it, or why it may not. */
  async #ready(
    flake: OpenFlake | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly flake: OpenFlake; readonly examined: Examined } | RequestFailure> {
    if (flake === undefined) return failed('This is not the address of a flake.');
    const { configurations, views } = this.#parts;
    await configurations.renew();
    // Nix reads the disk; where the editor does not, so do we.
    flake.texts.forgetDisk();
    const examined = await views.examine(flake, signal, { patient: true });
    if (examined === undefined) return failed('Flake Trust is switched off for this flake.');
    switch (examined.view.access) {
      case 'restricted':
        return {
          ...failed('This folder is in Restricted Mode: Nix is not run on its flake, and no cache is asked.'),
          reason: 'restricted',
        };
      case 'offline':
        return {
          ...failed('Offline mode: Nix is not run, because it might download what the flake needs, and no cache is asked.'),
          hint: 'The setting flakeTrust.network.mode decides.',
        };
      case 'auto':
      case 'manual':
        break;
    }
    if (examined.view.facts.flakeNixText === undefined) return failed('There is no flake.nix in this folder.');
    return { flake, examined };
  }

  /** The open folder that the flake is in: what code scanning will find there is named from it. */
  #repositoryOf(dir: string): string {
    const around = this.#parts.views.folders.filter((folder) => isInside(dir, folder));
    return around.sort((a, b) => a.length - b.length)[0] ?? dir;
  }

  #foreignFolders(dir: string): readonly string[] {
    return [dir, ...this.#parts.views.folders];
  }
}

function failed(message: string): RequestFailure {
  return { kind: 'failed', message };
}

/** What walked is gone: a failure for people. Everything else that is thrown is not for them. */
function endedOf(error: unknown): RequestFailure {
  if (error instanceof WalksEnded) return failed(error.message);
  throw error;
}

function failureOf({ reason, message, hint }: NixFailure, what: string): RequestFailure {
  const known = reason === 'not-found' ? 'no-nix' : reason === 'needs-import-from-derivation' ? reason : undefined;
  return {
    kind: 'failed',
    ...(known === undefined ? {} : { reason: known }),
    message: `Nix does not tell ${what}: ${message}${/[.!?]$/.test(message) ? '' : '.'}`,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** Cuts texts that are longer than a piece. */
function* inPieces(texts: Iterable<string>): Generator<string> {
  for (const text of texts) for (let at = 0; at < text.length; at += PIECE) yield text.slice(at, at + PIECE);
}

function countsOf({ findings, audit }: HeldAudit): Extract<AuditOutputsResult, { kind: 'ok' }>['counts'] {
  const count = (severity: string): number => findings.filter((found) => found.severity === severity).length;
  return {
    paths: audit.summary.totals.paths,
    errors: count('error'),
    warnings: count('warning'),
    informations: count('information'),
  };
}

function auditSummary(
  installables: readonly string[],
  { summary: { totals } }: ClosureAudit,
  cancelled: boolean,
  { errors, warnings, informations }: Extract<AuditOutputsResult, { kind: 'ok' }>['counts'],
): string {
  const [only = ''] = installables;
  const what = installables.length === 1 ? plainText(only, 80) : plural(installables.length, 'output');
  const { verified = 0, absent = 0, unknown = 0, ...others } = totals.byVerdict;
  const contentAddressed = others['content-addressed'] ?? 0;
  const rest = totals.paths - verified - absent - unknown - contentAddressed;
  const parts = [
    `${verified} with a signature that you trust`,
    ...(contentAddressed > 0 ? [`${contentAddressed} content-addressed`] : []),
    ...(rest > 0 ? [`${rest} without one`] : []),
    ...(absent > 0 ? [`${absent} in no cache`] : []),
    ...(unknown > 0 ? [`${unknown} not checked`] : []),
  ];
  const found = [
    ...(errors > 0 ? [plural(errors, 'error')] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
    ...(informations > 0 ? [plural(informations, 'note')] : []),
  ];
  const words = found.length === 0 ? '' : ` Found: ${found.join(', ')}.`;
  return `${cancelled ? 'Audit cancelled: ' : ''}${what}: ${plural(totals.paths, 'path')}, ${parts.join(', ')}.${words}`;
}
