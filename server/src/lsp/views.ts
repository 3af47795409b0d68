/** Brings together what features read: texts, settings, configuration, what is known of caches. Every step is remembered until it changes. */
import { relative } from 'node:path';
import type { FlakeFacts, FlakeOptions } from '../domain/flakeFacts';
import type { InputsReport } from '../domain/inputsReport';
import { acceptedConfiguration, declaredTrust } from '../engine/declaredCaches';
import type { AuditScope, Engine } from '../engine/engine';
import type { Logger } from '../engine/ports';
import type { DeclaredCache, TrustConfiguration } from '../engine/trustConfiguration';
import type { Finding } from '../domain/finding';
import { withBinaries } from '../engine/binaries';
import { ruledFindings } from '../engine/reportedFindings';
import { withVetting } from '../engine/vetting/withVetting';
import { currentFindings, type FoundIn, isBroken, steadyFindings } from '../features/findings';
import type { Access, FlakeView, VettingView } from '../features/view';
import { isExcluded } from '../util/pathGlob';
import type { Configurations, UserConfiguration } from './configurations';
import type { EngineHolder } from './engineHolder';
import type { BinariesByInput, KnownBinaries } from './knownBinaries';
import { isInside } from './flakeUri';
import type { ServerHost } from './host';
import { describeThrown } from './log';
import type { FlakeState, OpenFlake } from './openFlake';
import type { ReferenceTable } from './references';
import type { FlakeSettings, SettingsSource } from './settingsSource';
import type { Vettings } from './vettings';

/** What a flake is looked at under. */
export interface Circumstances extends FlakeSettings {
  readonly access: Access;
  /** Switched off, or excluded by a glob. */
  readonly disabled: boolean;
  readonly user: UserConfiguration;
}

/** A view with what the engine needs to ask for more. */
export interface Examined {
  readonly view: FlakeView;
  readonly scope: AuditScope;
  /** Rejects only when it cannot be made. */
  readonly openEngine: () => Promise<Engine>;
  readonly circumstances: Circumstances;
}

interface Remembered {
  readonly options: { readonly key: readonly unknown[]; readonly value: Omit<FlakeOptions, 'now'> };
  readonly configuration?: {
    readonly key: readonly unknown[];
    readonly value: { readonly configuration: TrustConfiguration; readonly declared: readonly DeclaredCache[] };
  };
  readonly report?: PendingReport;
  /** A report together with what is known of binaries, and with verdicts. */
  readonly whole?: { readonly key: readonly unknown[]; readonly value: InputsReport };
  readonly good?: FoundIn;
}

interface PendingReport {
  readonly key: readonly unknown[];
  readonly value: Promise<InputsReport | undefined>;
  /** The value is there; it may be that nothing could be known. */
  done: boolean;
}

/** How long a hover waits for the disk: then it says what the two texts say, and the next one more. */
const PATIENCE_MS = 250;

export class Views {
  readonly #host: ServerHost;
  readonly #log: Logger;
  readonly #settings: SettingsSource;
  readonly #configurations: Configurations;
  readonly #engines: EngineHolder;
  readonly #references: ReferenceTable;
  readonly #binaries: KnownBinaries;
  readonly #vettings: Vettings;
  readonly #remembered = new WeakMap<OpenFlake, Remembered>();
  /** Local paths of the workspace's folders, for globs. */
  folders: readonly string[] = [];
  trusted: boolean;
  /** Called when what is known of caches came too late for whoever asked first. */
  onLate: (flake: OpenFlake) => void = () => undefined;
  /** What audits of outputs say against inputs of a flake, by its folder. */
  closureAlarms: (dir: string, facts: FlakeFacts) => readonly Finding[] = () => [];
  /** Counts what made earlier reports old: a check that ended, answers that were forgotten. */
  #generation = 0;

  constructor(parts: {
    readonly host: ServerHost;
    readonly log: Logger;
    readonly settings: SettingsSource;
    readonly configurations: Configurations;
    readonly engines: EngineHolder;
    readonly references: ReferenceTable;
    readonly binaries: KnownBinaries;
    readonly vettings: Vettings;
    readonly trusted: boolean;
  }) {
    this.#host = parts.host;
    this.#log = parts.log;
    this.#settings = parts.settings;
    this.#configurations = parts.configurations;
    this.#engines = parts.engines;
    this.#references = parts.references;
    this.#binaries = parts.binaries;
    this.#vettings = parts.vettings;
    this.trusted = parts.trusted;
  }

  /** Caches answered, or answers were forgotten. */
  reportsChanged(): void {
    this.#generation++;
  }

  /** Reads settings and configuration for a flake. Never rejects. */
  async circumstances(flake: OpenFlake): Promise<Circumstances> {
    const read = await this.#settings.of(flake.texts.uriOf('flake.nix'));
    const { settings } = read;
    const user = await this.#configurations.of(settings);
    const mode = settings['network.mode'];
    return {
      ...read,
      user,
      access: this.trusted ? mode : 'restricted',
      disabled: !settings.enable || isExcluded(settings.exclude, this.#pathForGlobs(flake.dir)),
    };
  }

  /** Returns what features read, complete; nothing for a flake that is switched off. Rejects only when `signal` aborts. */
  async view(flake: OpenFlake, signal: AbortSignal): Promise<FlakeView | undefined> {
    return (await this.examine(flake, signal, { patient: true }))?.view;
  }

  /**
   * As {@link view}, with engine and scope. No request leaves. One that is not `patient` gets a view without report when memory and disk
   * take long; {@link onLate} tells when they are done.
   */
  async examine(
    flake: OpenFlake,
    signal: AbortSignal,
    { patient }: { readonly patient: boolean },
  ): Promise<Examined | undefined> {
    for (;;) {
      const circumstances = await this.circumstances(flake);
      signal.throwIfAborted();
      if (circumstances.disabled) return undefined;
      const { settings, access, user } = circumstances;
      const options = this.#options(flake, circumstances);
      const now = this.#host.clock.now();
      const state = await flake.read(options, now, signal);
      const { configuration, declared } = this.#configuration(flake, state.facts, user);
      const openEngine = () => this.#engines.of(circumstances, configuration.sslCertFile);
      const scope: AuditScope = {
        flakeDir: flake.dir,
        configuration,
        offline: access === 'offline' || access === 'restricted',
        ...(access === 'restricted' ? { offlineReason: 'this folder is in Restricted Mode' } : {}),
        severity: settings['diagnostics.severity'],
        audit: flake.audited,
      };
      const pending = this.#report(flake, state.facts, scope, circumstances, openEngine);
      const known = this.#binaries.of(flake.dir, state.facts, scope, circumstances, pending.value);
      const judging = this.#vettings.of(flake, state.facts, {
        settings,
        severity: settings['diagnostics.severity'],
        restricted: access === 'restricted',
      });
      const [asked, binaries, judged] = await Promise.all(
        patient
          ? [pending.value, known.value, judging.value]
          : [this.#soon(flake, pending), this.#soon(flake, known), this.#soon(flake, judging)],
      );
      const vetting = judged ?? judging.before;
      signal.throwIfAborted();
      // Somebody typed while the store was read: what was found has no place in the new text.
      if ((await flake.read(options, now, signal)) !== state) continue;
      return {
        view: {
          dir: flake.dir,
          ...this.#seen(flake, state, this.#whole(flake, state.facts, asked, binaries, vetting), vetting, scope),
          ...(vetting === undefined ? {} : { vetting }),
          ...(binaries === undefined ? { binariesPending: true } : {}),
          configuration,
          declared,
          access,
          now,
          references: this.#references,
        },
        scope,
        openEngine,
        circumstances,
      };
    }
  }

  #seen(
    flake: OpenFlake,
    state: FlakeState,
    report: InputsReport | undefined,
    vetting: VettingView | undefined,
    scope: AuditScope,
  ): Pick<FlakeView, 'documents' | 'facts' | 'report' | 'findings'> {
    const alarms = this.closureAlarms(flake.dir, state.facts);
    const all = [
      ...currentFindings(state.facts, report, scope),
      ...ruledFindings([...alarms, ...(vetting?.flake.findings ?? [])], scope),
    ];
    const found = {
      facts: state.facts,
      findings: vetting === undefined ? all : all.filter((finding) => !vetting.isSuppressed(finding)),
    };
    const { good } = this.#memory(flake);
    const findings = steadyFindings(good, found);
    if (good === undefined || !isBroken(good.facts, state.facts)) this.#remember(flake, { good: found });
    return { ...state, ...(report === undefined ? {} : { report }), findings };
  }

  /** The same report for the same parts: what features work out of it is remembered by it. */
  #whole(
    flake: OpenFlake,
    facts: FlakeFacts,
    report: InputsReport | undefined,
    binaries: BinariesByInput | undefined,
    vetting: VettingView | undefined,
  ): InputsReport | undefined {
    if (report === undefined) return undefined;
    const key = [report, binaries, vetting];
    const { whole } = this.#memory(flake);
    if (whole !== undefined && same(whole.key, key)) return whole.value;
    const checked = binaries === undefined || binaries.size === 0 ? report : withBinaries(report, binaries);
    const value = vetting === undefined ? checked : withVetting(checked, facts, vetting.flake, vetting.rules);
    this.#remember(flake, { whole: { key, value } });
    return value;
  }

  #options(flake: OpenFlake, { settings, user }: Circumstances): Omit<FlakeOptions, 'now'> {
    const { configuration } = user;
    const key = [settings, configuration];
    const { options } = this.#memory(flake);
    if (same(options.key, key)) return options.value;
    const { maxAgeDays, allowedOwners } = settings;
    const value: Omit<FlakeOptions, 'now'> = {
      privatePatterns: settings.privateInputs,
      storeDir: configuration.storeDir,
      trusted: configuration.trusted,
      configuredCaches: configuration.caches.map(({ substituter }) => substituter.url),
      ...(maxAgeDays === null ? {} : { maxAgeDays }),
      ...(allowedOwners.length === 0 ? {} : { allowedOwners }),
    };
    this.#remember(flake, { options: { key, value } });
    return value;
  }

  /** The configuration for one flake; the same object as long as nothing of it changed, because checks are remembered by it. */
  #configuration(flake: OpenFlake, facts: FlakeFacts, user: UserConfiguration) {
    const nixConfig = facts.flakeNix?.nixConfig ?? [];
    const key = [
      user,
      this.trusted,
      JSON.stringify(nixConfig.map(({ name, value, elements }) => [name, value, elements.map((word) => word.value)])),
    ];
    const { configuration: known } = this.#memory(flake);
    if (known !== undefined && same(known.key, key)) return known.value;
    const trust = declaredTrust(nixConfig, user.configuration, user.trustedSettings);
    const configuration = acceptedConfiguration(user.configuration, trust, { workspaceTrusted: this.trusted });
    const value = { configuration, declared: trust.caches };
    this.#remember(flake, { configuration: { key, value } });
    return value;
  }

  #report(
    flake: OpenFlake,
    facts: FlakeFacts,
    scope: AuditScope,
    { settings, network }: Circumstances,
    openEngine: () => Promise<Engine>,
  ): PendingReport {
    const { configuration, offline, offlineReason, audit } = scope;
    const key = [facts, configuration, offline, offlineReason, audit, settings, network, this.#generation];
    const { report: known } = this.#memory(flake);
    if (known !== undefined && same(known.key, key)) return known;
    const look = async (): Promise<InputsReport | undefined> => {
      try {
        // Not bound to a request: it is shared, and only memory and disk are looked into.
        return await (await openEngine()).known(facts, scope, new AbortController().signal);
      } catch (error) {
        this.#log.error(`What is known of caches could not be read: ${describeThrown(error)}`);
        return undefined;
      } finally {
        report.done = true;
      }
    };
    const report: PendingReport = { key, done: false, value: Promise.resolve().then(look) };
    this.#remember(flake, { report });
    return report;
  }

  /** Waits a little. */
  async #soon<T>(
    flake: OpenFlake,
    { value, done }: { readonly value: Promise<T>; readonly done: boolean },
  ): Promise<T | undefined> {
    if (done) return value;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        resolve(undefined);
        void value.then(() => this.onLate(flake));
      }, PATIENCE_MS);
    });
    try {
      return await Promise.race([value, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #memory(flake: OpenFlake): Remembered {
    return this.#remembered.get(flake) ?? { options: { key: [], value: { privatePatterns: [] } } };
  }

  #remember(flake: OpenFlake, part: Partial<Remembered>): void {
    this.#remembered.set(flake, { ...this.#memory(flake), ...part });
  }

  /** Relative to the workspace folder that holds it, where one does. */
  #pathForGlobs(dir: string): string {
    const inside = this.folders.filter((folder) => isInside(dir, folder)).map((folder) => relative(folder, dir));
    const shortest = inside.sort((a, b) => a.length - b.length)[0];
    return (shortest ?? dir).replaceAll('\\', '/');
  }
}

function same(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index]);
}
