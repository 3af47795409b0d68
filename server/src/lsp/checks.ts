/**
 * Asking caches: when a flake is opened, saved or changed on disk, when the workspace becomes trusted, and when the user says so. Never
 * while typing, never for a hover, never in Restricted Mode or offline.
 */
import type { InputsReport } from '../domain/inputsReport';
import type { Lookups } from '../engine/engine';
import type { Clock, Logger } from '../engine/ports';
import { Debouncer } from '../util/debouncer';
import type { Configurations } from './configurations';
import { describeThrown } from './log';
import type { OpenFlake } from './openFlake';
import type { Examined, Views } from './views';

/** After the last trigger. */
const QUIET_MS = 500;

/** As long as a cache's "no" is believed: then the same question is asked again, but only when something triggers it. */
const BELIEVED_MS = 60 * 60_000;

const PATIENTLY = { patient: true } as const;

/** How far a check is, in look-ups. */
export type Progress = (done: number, total: number, host?: string) => void;

/** What the editor is told while caches are asked, and afterwards. */
export interface CheckEvents {
  progress(flake: OpenFlake, done: number, total: number): void;
  /** All flakes may know more now: they share answers. */
  ended(flake: OpenFlake): void;
}

export class Checks {
  readonly #views: Views;
  readonly #configurations: Configurations;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #events: CheckEvents;
  readonly #delays = new Debouncer();
  readonly #stop = new AbortController();

  constructor(parts: {
    readonly views: Views;
    readonly configurations: Configurations;
    readonly clock: Clock;
    readonly log: Logger;
    readonly events: CheckEvents;
  }) {
    this.#views = parts.views;
    this.#configurations = parts.configurations;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#events = parts.events;
  }

  /** Something happened after which a check may be due. */
  trigger(flake: OpenFlake): void {
    this.#delays.schedule(flake.dir, QUIET_MS, () => void this.#automatic(flake));
  }

  /** The flake is closed: nothing more is asked for it. */
  forget(flake: OpenFlake): void {
    this.#delays.cancel(flake.dir);
    flake.checking?.abort();
  }

  /** Counts what {@link onRequest} would ask about all inputs. No request leaves. Rejects only when the server stops. */
  async lookups(flake: OpenFlake, options: { readonly refresh: boolean }): Promise<Lookups> {
    const { signal } = this.#stop;
    this.#configurations.forget();
    const examined = await this.#views.examine(flake, signal, PATIENTLY);
    if (examined === undefined || examined.scope.offline) return { lookups: 0, caches: 0 };
    const engine = await examined.openEngine();
    return engine.lookups(examined.view.facts, { ...examined.scope, ...options }, signal);
  }

  /** Asks about all inputs, or those that `inputs` picks, because the user said so. Rejects only when `signal` aborts. */
  async onRequest(
    flake: OpenFlake,
    options: {
      readonly refresh: boolean;
      readonly inputs?: (path: readonly string[]) => boolean;
      readonly onProgress?: Progress;
    },
    signal: AbortSignal,
  ): Promise<Examined | undefined> {
    this.#delays.cancel(flake.dir);
    this.#configurations.forget();
    const examined = await this.#views.examine(flake, signal, PATIENTLY);
    if (examined === undefined) return undefined;
    if (!examined.scope.offline) await this.#ask(flake, examined, options, signal);
    return this.#views.examine(flake, signal, PATIENTLY);
  }

  dispose(): void {
    this.#delays.dispose();
    this.#stop.abort();
  }

  /** Never rejects. */
  async #automatic(flake: OpenFlake): Promise<void> {
    try {
      this.#configurations.forget();
      const examined = await this.#views.examine(flake, this.#stop.signal, PATIENTLY);
      if (examined?.view.access !== 'auto' || !flake.texts.hasOpenFile || !this.#isDue(flake, examined)) return;
      flake.checking?.abort();
      const controller = new AbortController();
      flake.checking = controller;
      try {
        await this.#ask(flake, examined, { refresh: false }, AbortSignal.any([controller.signal, this.#stop.signal]));
      } finally {
        if (flake.checking === controller) flake.checking = undefined;
      }
    } catch (error) {
      if (flake.texts.hasOpenFile && !this.#stop.signal.aborted && !isAbort(error))
        this.#log.error(`The check failed: ${describeThrown(error)}`);
    }
  }

  async #ask(
    flake: OpenFlake,
    { view, scope, openEngine }: Examined,
    options: {
      readonly refresh: boolean;
      readonly inputs?: (path: readonly string[]) => boolean;
      readonly onProgress?: Progress;
    },
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const engine = await openEngine();
      const report = await engine.check(
        view.facts,
        {
          ...scope,
          refresh: options.refresh,
          ...(options.inputs === undefined ? {} : { inputs: options.inputs }),
          onProgress: (done, total, host) => {
            this.#events.progress(flake, done, total);
            options.onProgress?.(done, total, host);
          },
        },
        signal,
      );
      if (options.inputs === undefined)
        flake.lastCheck = { pairs: pairsOf(view), at: this.#clock.now(), complete: isComplete(report) };
    } finally {
      this.#views.reportsChanged();
      this.#events.ended(flake);
    }
  }

  #isDue(flake: OpenFlake, { view }: Examined): boolean {
    const pairs = pairsOf(view);
    const last = flake.lastCheck;
    if (pairs === '' || last === undefined) return pairs !== '';
    return last.pairs !== pairs || !last.complete || this.#clock.now() - last.at > BELIEVED_MS;
  }
}

/** The set of (store path, cache) pairs as a text; empty when there is nothing to ask. */
function pairsOf({ facts, configuration }: Examined['view']): string {
  const paths = new Set(facts.inputs.flatMap(({ storePath }) => storePath ?? []));
  const caches = configuration.caches.filter(({ ask }) => ask).map((cache) => `${cache.substituter.url} ${cache.private}`);
  return paths.size === 0 || caches.length === 0 ? '' : JSON.stringify([[...paths].sort(), caches]);
}

/** Tells whether every cache answered; one that did not is asked again at the next occasion, as its host's limits allow. */
function isComplete({ inputs }: InputsReport): boolean {
  return !inputs.some(({ answers }) => answers.some(({ answer }) => answer === 'unreachable'));
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
