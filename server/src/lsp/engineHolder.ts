/** The engine, made when first wanted and again when the network settings changed. */
import type { Engine } from '../engine/engine';
import type { Logger, Transport } from '../engine/ports';
import type { Settings } from '../settings';
import type { EngineOptions, ServerHost } from './host';
import type { FlakeSettings } from './settingsSource';

export class EngineHolder {
  readonly #host: ServerHost;
  readonly #log: Logger;
  readonly #storageDir: string | undefined;
  readonly #editor: Transport | undefined;
  readonly #engines = new Map<string, Promise<Engine>>();
  /** Those that were asked for since {@link forgetUse}. */
  #used = new Set<string>();

  constructor(host: ServerHost, log: Logger, storageDir: string | undefined, editor: Transport | undefined) {
    this.#host = host;
    this.#log = log;
    this.#storageDir = storageDir;
    this.#editor = editor;
  }

  /** Returns the engine for some settings. Folders share it unless their network settings differ. */
  of({ settings, network }: FlakeSettings, sslCertFile: string | undefined): Promise<Engine> {
    const options: EngineOptions = {
      ...(this.#storageDir === undefined ? {} : { storageDir: this.#storageDir }),
      ...networkOptions(settings),
      network,
      ...(sslCertFile === undefined ? {} : { sslCertFile }),
    };
    const key = JSON.stringify(options);
    this.#used.add(key);
    const known = this.#engines.get(key);
    if (known !== undefined) return known;
    const opening = this.#host.openEngine(options, this.#log, this.#editor);
    this.#engines.set(key, opening);
    opening.catch(() => this.#engines.delete(key));
    return opening;
  }

  /** Begins to note which engines are asked for: before the settings are read again. */
  forgetUse(): void {
    this.#used = new Set();
  }

  /** Closes the engines of settings that nobody has any more. */
  async closeUnused(): Promise<void> {
    const unused = [...this.#engines].filter(([key]) => !this.#used.has(key));
    for (const [key] of unused) this.#engines.delete(key);
    await Promise.all((await opened(unused.map(([, engine]) => engine))).map((engine) => engine.close()));
  }

  /** Forgets every answer, in memory and on disk; what is on disk also when no engine was needed so far. */
  async clear(settings: FlakeSettings): Promise<void> {
    if (this.#engines.size === 0) await this.of(settings, undefined);
    await Promise.all((await opened(this.#engines.values())).map((engine) => engine.clear()));
  }

  /** Gives up what is under way. The next question opens a new engine. */
  async close(): Promise<void> {
    const engines = await opened(this.#engines.values());
    this.#engines.clear();
    await Promise.all(engines.map((engine) => engine.close()));
  }
}

async function opened(engines: Iterable<Promise<Engine>>): Promise<readonly Engine[]> {
  const results = await Promise.allSettled(engines);
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

function networkOptions(settings: Settings): Pick<EngineOptions, 'transport' | 'maxRequestsPerHost' | 'timeoutMs'> {
  return {
    transport: settings['network.transport'],
    maxRequestsPerHost: settings['network.maxRequestsPerHost'],
    timeoutMs: settings['network.timeoutSeconds'] * 1000,
  };
}
