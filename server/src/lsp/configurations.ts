/** The user's Nix configuration and settings put together, read once for each set of settings until something may have changed. */
import { NO_TRUSTED_SETTINGS, type TrustedSettings } from '../domain/trustedSettings';
import { readTrustedSettings } from '../engine/declaredCaches';
import type { Logger } from '../engine/ports';
import { type ConfigurationRequest, loadTrustConfiguration, type TrustConfiguration } from '../engine/trustConfiguration';
import type { Settings } from '../settings';
import type { ServerHost } from './host';

/** What the user said, whatever a flake says. */
export interface UserConfiguration {
  readonly configuration: TrustConfiguration;
  readonly trustedSettings: TrustedSettings;
}

export class Configurations {
  readonly #host: ServerHost;
  readonly #log: Logger;
  #read = new Map<string, Promise<UserConfiguration>>();

  constructor(host: ServerHost, log: Logger) {
    this.#host = host;
    this.#log = log;
  }

  /** Reads the configuration for some settings. Never rejects. */
  of(settings: Settings): Promise<UserConfiguration> {
    const request = requestOf(settings);
    const key = JSON.stringify(request);
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const reading = this.#load(request, settings.readNixConf);
    this.#read.set(key, reading);
    return reading;
  }

  /** Has the files read again when next asked. */
  forget(): void {
    this.#read = new Map();
  }

  async #load(request: ConfigurationRequest, readNixFiles: boolean): Promise<UserConfiguration> {
    const { files, environment } = this.#host;
    // Not bound to a request: what is read serves all.
    const { signal } = new AbortController();
    const [configuration, accepted] = await Promise.all([
      loadTrustConfiguration(request, files, environment, signal),
      readNixFiles ? readTrustedSettings(files, environment, signal) : { settings: NO_TRUSTED_SETTINGS, problems: [] },
    ]);
    for (const { message, file, line } of [...configuration.problems, ...accepted.problems]) {
      const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
      this.#log.warn(place + message);
    }
    return { configuration, trustedSettings: accepted.settings };
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
