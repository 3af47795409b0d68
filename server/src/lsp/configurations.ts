/** The user's Nix configuration and settings put together, read once for each set of settings until something may have changed. */
import { isDeepStrictEqual } from 'node:util';
import { NO_TRUSTED_SETTINGS, type TrustedSettings } from '../domain/trustedSettings';
import { readTrustedSettings } from '../engine/declaredCaches';
import type { FileRead, Files, Logger } from '../engine/ports';
import { type ConfigurationRequest, loadTrustConfiguration, type TrustConfiguration } from '../engine/trustConfiguration';
import type { Settings } from '../settings';
import type { ServerHost } from './host';

/** What the user said, whatever a flake says. */
export interface UserConfiguration {
  readonly configuration: TrustConfiguration;
  readonly trustedSettings: TrustedSettings;
}

/** A configuration with all that was read for it. */
interface Loaded {
  readonly value: UserConfiguration;
  /** By path. */
  readonly reads: ReadonlyMap<string, FileRead>;
}

/** For so many different settings, of several folders, it is remembered what was read. */
const MAX_LOADED = 16;

export class Configurations {
  readonly #host: ServerHost;
  readonly #log: Logger;
  #read = new Map<string, { readonly value: Promise<UserConfiguration>; readonly again: () => Promise<UserConfiguration> }>();
  /** By settings: what was loaded last. */
  readonly #loaded = new Map<string, Loaded>();

  constructor(host: ServerHost, log: Logger) {
    this.#host = host;
    this.#log = log;
  }

  /** Reads the configuration for some settings; the same object as last time where nothing changed, since much is remembered by it. Never rejects. */
  of(settings: Settings): Promise<UserConfiguration> {
    const request = requestOf(settings);
    const key = JSON.stringify(request);
    const known = this.#read.get(key);
    if (known !== undefined) return known.value;
    const again = () => this.#load(key, request, settings.readNixConf);
    const value = again();
    this.#read.set(key, { value, again });
    return value;
  }

  /** Reads the files again. Until that is done others get what was read before. Never rejects. */
  async renew(): Promise<void> {
    const before = this.#read;
    const renewed: typeof before = new Map();
    for (const [key, { again }] of before) renewed.set(key, { value: again(), again });
    await Promise.all([...renewed.values()].map(({ value }) => value));
    // Forgotten meanwhile, it will be read once more.
    if (this.#read === before) this.#read = new Map([...before, ...renewed]);
  }

  /** Has the files read again when next asked. */
  forget(): void {
    this.#read = new Map();
  }

  async #load(key: string, request: ConfigurationRequest, readNixFiles: boolean): Promise<UserConfiguration> {
    const { environment } = this.#host;
    const reads = new Map<string, FileRead>();
    const files: Files = {
      read: async (path, ...rest) => {
        const read = await this.#host.files.read(path, ...rest);
        reads.set(path, read);
        return read;
      },
    };
    // Not bound to a request: what is read serves all.
    const { signal } = new AbortController();
    const [configuration, accepted] = await Promise.all([
      loadTrustConfiguration(request, files, environment, signal),
      readNixFiles ? readTrustedSettings(files, environment, signal) : { settings: NO_TRUSTED_SETTINGS, problems: [] },
    ]);
    const before = this.#loaded.get(key);
    if (before !== undefined && isDeepStrictEqual(before.reads, reads)) return before.value;
    for (const { message, file, line } of [...configuration.problems, ...accepted.problems]) {
      const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
      this.#log.warn(place + message);
    }
    const value = { configuration, trustedSettings: accepted.settings };
    this.#loaded.delete(key);
    this.#loaded.set(key, { value, reads });
    const [oldest] = this.#loaded.keys();
    if (this.#loaded.size > MAX_LOADED && oldest !== undefined) this.#loaded.delete(oldest);
    return value;
  }
}

function requestOf(settings: Settings): ConfigurationRequest {
  return {
    nixConf: settings.readNixConf,
    extraSubstituters: [],
    extraTrustedPublicKeys: [],
    caches: settings.caches,
    settingsKeys: settings.trustedPublicKeys,
    ...(settings.netrc ? {} : { netrcFile: '' }),
  };
}
