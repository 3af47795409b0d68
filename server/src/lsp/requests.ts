/** The requests of protocol.ts: what commands ask. Ids and addresses come from outside: one that names nothing gets an empty answer. */
import type { WorkDoneProgressReporter } from 'vscode-languageserver';
import type { Lookups } from '../engine/engine';
import { checkKey, declaredCaches } from '../features/declaredCaches';
import { detailsMarkdown, evidenceJson } from '../features/details';
import { inputSummary, plural, summarize } from '../features/summary';
import { inputOfPath, type FlakeView } from '../features/view';
import type {
  AuditResult,
  CheckKeyResult,
  DeclaredCachesResult,
  DetailsParams,
  FlakeSummary,
  ReportParams,
  ReportResult,
} from '../protocol';
import { jsonReport } from '../report/json';
import { markdownReport } from '../report/markdown';
import { textReport } from '../report/text';
import type { Checks, Progress } from './checks';
import type { ClosureAudits } from './closureAudits';
import type { ClosureSource } from './closureSource';
import type { Configurations } from './configurations';
import type { EngineHolder } from './engineHolder';
import { flakeNamed, type FlakeRegistry } from './flakeRegistry';
import type { KnownBinaries } from './knownBinaries';
import type { OpenFlake } from './openFlake';
import type { Publisher } from './publisher';
import type { ReferenceTable } from './references';
import { type FlakeSettings, NO_SETTINGS, type SettingsSource } from './settingsSource';
import type { Examined, Views } from './views';

interface Parts {
  readonly flakes: FlakeRegistry;
  readonly views: Views;
  readonly checks: Checks;
  readonly publisher: Publisher;
  readonly engines: EngineHolder;
  readonly configurations: Configurations;
  readonly settings: SettingsSource;
  readonly references: ReferenceTable;
  readonly source: ClosureSource;
  readonly audits: ClosureAudits;
  readonly binaries: KnownBinaries;
}

/** So many look-ups an audit makes without asking the user first. */
const UNASKED_LOOKUPS = 200;

const EMPTY: ReportResult = { text: '' };

export class Requests {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Lists the flakes that hold state, and those at the roots of the workspace's folders. */
  async flakes(signal: AbortSignal): Promise<FlakeSummary[]> {
    const { flakes, views, references } = this.#parts;
    const held = flakes.all();
    const others = views.folders.filter((dir) => flakes.get(dir) === undefined).map((dir) => flakes.make(dir));
    const summaries: FlakeSummary[] = [];
    for (const flake of [...held, ...others]) {
      const view = await views.view(flake, signal);
      if (view?.documents['flake.nix'] === undefined) continue;
      summaries.push({
        id: references.idOf({ kind: 'flake', dir: flake.dir }),
        uri: flake.uri,
        inputs: view.facts.inputs.map((input) => ({
          id: references.idOf({ kind: 'input', dir: flake.dir, path: input.path }),
          path: input.path,
          reference: input.reference,
          summary: inputSummary(view, input),
        })),
      });
    }
    return summaries;
  }

  /**
   * Audits a flake; afterwards it holds state, its problems stay when its files are closed. One that would make many look-ups is not
   * begun before it is `confirmed`. Rejects only for a bug.
   */
  async audit(
    { uri, refresh, confirmed }: { readonly uri: unknown; readonly refresh?: unknown; readonly confirmed?: unknown },
    reporter: WorkDoneProgressReporter,
    signal: AbortSignal,
  ): Promise<AuditResult> {
    const { checks, flakes, publisher, views } = this.#parts;
    const flake = flakeNamed(this.#parts, uri);
    if (flake === undefined) return nothingAudited(String(uri), 'This is not the address of a flake.');
    flake.texts.forgetDisk();
    const before = await views.view(flake, signal);
    if (before === undefined) return nothingAudited(flake.uri, 'Flake Trust is switched off for this flake.');
    if (before.facts.flakeNixText === undefined && before.facts.lockText === undefined)
      return nothingAudited(flake.uri, 'There is no flake.nix in this folder.');
    const asking = { refresh: refresh === true };
    if (confirmed !== true) {
      const wanted = await checks.lookups(flake, asking);
      // Who cancelled meanwhile is not asked whether to go on.
      if (wanted.lookups > UNASKED_LOOKUPS && !signal.aborted) return unconfirmed(flake.uri, wanted);
    }
    flake.audited = true;
    flakes.keep(flake);
    reporter.begin('Auditing flake inputs', 0, undefined, true);
    let cancelled = false;
    try {
      await checks.onRequest(flake, { ...asking, onProgress: reportTo(reporter) }, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      cancelled = true;
    } finally {
      reporter.done();
    }
    await publisher.now(flake);
    // What was found before the user cancelled stays found.
    const view = await views.view(flake, new AbortController().signal);
    return auditResult(flake.uri, view ?? before, cancelled);
  }

  /** Asks again about one input. */
  async checkInput(id: unknown, signal: AbortSignal): Promise<null> {
    const { checks, flakes, publisher, references } = this.#parts;
    const target = references.find(id);
    if (target?.kind !== 'input') return null;
    const flake = flakes.get(target.dir) ?? flakes.make(target.dir);
    const wanted = JSON.stringify(target.path);
    await checks.onRequest(flake, { refresh: true, inputs: (path) => JSON.stringify(path) === wanted }, signal);
    await publisher.now(flake);
    return null;
  }

  /** Writes what is known of a flake. */
  async report({ uri, format }: Partial<Record<keyof ReportParams, unknown>>, signal: AbortSignal): Promise<ReportResult> {
    const flake = flakeNamed(this.#parts, uri);
    const examined = flake === undefined ? undefined : await this.#parts.views.examine(flake, signal, { patient: true });
    return examined === undefined ? EMPTY : { text: reportText(examined, format) };
  }

  /** Writes what is known of one input. */
  async details({ id, as }: Partial<Record<keyof DetailsParams, unknown>>, signal: AbortSignal): Promise<ReportResult> {
    const { flakes, references, views } = this.#parts;
    const target = references.find(id);
    if (target?.kind !== 'input') return EMPTY;
    const view = await views.view(flakes.get(target.dir) ?? flakes.make(target.dir), signal);
    const input = view === undefined ? undefined : inputOfPath(view.facts, target.path);
    if (view === undefined || input === undefined) return EMPTY;
    return { text: as === 'evidence' ? evidenceJson(view, input) : detailsMarkdown(view, input) };
  }

  /** Forgets every result, in memory and on disk, and takes back what only an audit showed. */
  async clear(): Promise<null> {
    const { audits, binaries, engines, flakes, publisher, source, views } = this.#parts;
    // First what may still write, then what is written.
    await audits.clear();
    await (await source.binaries()).clear();
    binaries.forget();
    await engines.clear(await this.#anySettings());
    views.reportsChanged();
    for (const flake of flakes.all()) {
      flake.audited = false;
      flake.lastCheck = undefined;
      if (flake.texts.hasOpenFile) await publisher.now(flake);
      else this.#drop(flake);
    }
    return null;
  }

  /** Lists the caches that a flake names. */
  async declaredCaches(uri: unknown, signal: AbortSignal): Promise<DeclaredCachesResult> {
    const flake = flakeNamed(this.#parts, uri);
    const view = flake === undefined ? undefined : await this.#parts.views.view(flake, signal);
    return view === undefined ? [] : declaredCaches(view);
  }

  /** Judges the text of a public key. */
  async checkKey(text: unknown): Promise<CheckKeyResult> {
    const { settings } = await this.#anySettings();
    const { configuration } = await this.#parts.configurations.of(settings);
    return checkKey(typeof text === 'string' ? text : '', configuration.trusted);
  }

  /** The settings of the first flake that is held: for what no flake is asked about. */
  async #anySettings(): Promise<FlakeSettings> {
    const { flakes, settings } = this.#parts;
    const [flake] = flakes.all();
    return flake === undefined ? NO_SETTINGS : settings.of(flake.texts.uriOf('flake.nix'));
  }

  #drop(flake: OpenFlake): void {
    this.#parts.publisher.withdraw(flake);
    this.#parts.flakes.drop(flake);
  }
}

/** Says how far a check is: `checking 3 of 7 (cache.nixos.org)`. */
function reportTo(reporter: WorkDoneProgressReporter): Progress {
  return (done, total, host) => {
    const where = host === undefined ? '' : ` (${host})`;
    if (total > 0) reporter.report(Math.floor((done / total) * 100), `checking ${done} of ${total}${where}`);
  };
}

function reportText({ view, scope }: Examined, format: unknown): string {
  if (view.report === undefined) return '';
  if (format === 'json') return jsonReport(view.report);
  return format === 'text'
    ? textReport(view.report, { now: view.now, color: false, audit: true })
    : markdownReport(view.report, scope);
}

function nothingAudited(uri: string, summary: string): AuditResult {
  return { uri, cancelled: false, counts: { inputs: 0, errors: 0, warnings: 0, informations: 0 }, summary };
}

function unconfirmed(uri: string, { lookups, caches }: Lookups): AuditResult {
  const summary = `Nothing asked yet: this audit needs ${plural(lookups, 'look-up')} in ${plural(caches, 'cache')}.`;
  return { ...nothingAudited(uri, summary), needsConfirmation: true, lookups, caches };
}

function auditResult(uri: string, view: FlakeView, cancelled: boolean): AuditResult {
  const { inputs, checked, errors, warnings, informations } = summarize(view);
  return {
    uri,
    cancelled,
    counts: { inputs, errors, warnings, informations },
    summary: `${cancelled ? 'Audit cancelled: ' : ''}${plural(inputs, 'input')}, ${checkedWords(view, checked)}: ${foundWords(errors, warnings, informations)}.`,
  };
}

function checkedWords({ access }: FlakeView, checked: number): string {
  switch (access) {
    case 'restricted':
      return 'no cache asked in Restricted Mode';
    case 'offline':
      return `offline, ${checked} known from earlier`;
    case 'auto':
    case 'manual':
      return `${checked} checked in caches`;
  }
}

function foundWords(errors: number, warnings: number, informations: number): string {
  const words = [
    ...(errors > 0 ? [plural(errors, 'error')] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
    ...(informations > 0 ? [plural(informations, 'note')] : []),
  ];
  return words.length === 0 ? 'no problems found' : words.join(', ');
}
