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
    const known = this.#engines.get(key);
    if (known !== undefined) return known;
    const opening = this.#host.openEngine(options, this.#log, this.#editor);
    this.#engines.set(key, opening);
    opening.catch(() => this.#engines.delete(key));
    return opening;
  }

  /** Forgets every answer, in memory and on disk. */
  async clear(): Promise<void> {
    await Promise.all((await this.#opened()).map((engine) => engine.clear()));
  }

  /** Gives up what is under way. The next question opens a new engine. */
  async close(): Promise<void> {
    const engines = await this.#opened();
    this.#engines.clear();
    await Promise.all(engines.map((engine) => engine.close()));
  }

  async #opened(): Promise<readonly Engine[]> {
    const results = await Promise.allSettled(this.#engines.values());
    return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }
}

function networkOptions(settings: Settings): Pick<EngineOptions, 'transport' | 'maxRequestsPerHost' | 'timeoutMs'> {
  return {
    transport: settings['network.transport'],
    maxRequestsPerHost: settings['network.maxRequestsPerHost'],
    timeoutMs: settings['network.timeoutSeconds'] * 1000,
  };
}
