/** The settings of each flake: asked of the editor where it answers, else as it pushed them; bad values are reported once. */
import type { Connection } from 'vscode-languageserver';
import type { Logger } from '../engine/ports';
import { type EditorNetwork, NETWORK_SECTION, SECTION } from '../protocol';
import { DEFAULT_SETTINGS, parseSettings, type SettingProblem, type Settings } from '../settings';

/** An editor that does not answer must not silence the server. */
const DEADLINE_MS = 3000;

export interface FlakeSettings {
  readonly settings: Settings;
  readonly network: EditorNetwork;
  readonly problems: readonly SettingProblem[];
}

export class SettingsSource {
  readonly #connection: Connection;
  readonly #log: Logger;
  readonly #pulls: boolean;
  #pushed: unknown;
  #byScope = new Map<string, Promise<FlakeSettings>>();
  /** What was read last, for when the editor fails to answer. */
  readonly #lastGood = new Map<string, FlakeSettings>();

  /** `pulls`: the editor answers `workspace/configuration`. `initial`: from `initializationOptions`. */
  constructor(connection: Connection, log: Logger, pulls: boolean, initial: unknown) {
    this.#connection = connection;
    this.#log = log;
    this.#pulls = pulls;
    this.#pushed = initial;
  }

  /** Returns the settings for a document; asked once, until {@link changed}. Never rejects. */
  async of(uri: string): Promise<FlakeSettings> {
    const known = this.#byScope.get(uri);
    if (known !== undefined) return known;
    const reading = this.#read(uri).then((settings) => {
      for (const { setting, message } of settings.problems) this.#log.warn(`${setting}: ${message}`);
      return settings;
    });
    this.#byScope.set(uri, reading);
    return reading;
  }

  /** Forgets what was asked; `pushed` is what the editor sent with the news, by section. */
  changed(pushed: unknown): void {
    const section = isObject(pushed) && SECTION in pushed ? pushed[SECTION] : undefined;
    if (section !== undefined && section !== null) this.#pushed = section;
    this.#byScope = new Map();
  }

  /** Forgets the settings of a document that nobody needs any more. */
  drop(uri: string): void {
    this.#byScope.delete(uri);
    this.#lastGood.delete(uri);
  }

  async #read(uri: string): Promise<FlakeSettings> {
    if (!this.#pulls) return { ...parseSettings(this.#pushed), network: {} };
    const answer = await this.#pull(uri);
    // Not knowing whether the user wants to be offline is no reason to ask caches.
    if (answer === undefined) return this.#lastGood.get(uri) ?? SILENT;
    const [section, network] = answer;
    const read = { ...parseSettings(section ?? this.#pushed), network: editorNetwork(network) };
    this.#lastGood.set(uri, read);
    return read;
  }

  /** What the editor answers, `undefined` when it does not. */
  async #pull(uri: string): Promise<readonly unknown[] | undefined> {
    const items = [{ scopeUri: uri, section: SECTION }, { section: NETWORK_SECTION }];
    let timer: NodeJS.Timeout | undefined;
    try {
      const answer: unknown = await Promise.race([
        this.#connection.workspace.getConfiguration(items),
        new Promise((_, reject) => {
          timer = setTimeout(() => reject(new Error('no answer')), DEADLINE_MS);
        }),
      ]);
      return Array.isArray(answer) ? (answer as readonly unknown[]) : [];
    } catch (error) {
      this.#log.warn(
        `The editor gave no settings (${error instanceof Error ? error.message : 'unknown'}); what it said before counts, else no cache is asked.`,
      );
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What counts while the editor keeps the settings to itself. */
const SILENT: FlakeSettings = { ...parseSettings({ 'network.mode': 'offline' }), network: {} };

/** What counts before any settings were read. */
export const NO_SETTINGS: FlakeSettings = { settings: DEFAULT_SETTINGS, network: {}, problems: [] };

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function editorNetwork(given: unknown): EditorNetwork {
  if (!isObject(given)) return {};
  const { proxy, noProxy, proxyStrictSSL } = given as Partial<Record<keyof EditorNetwork, unknown>>;
  return {
    ...(typeof proxy === 'string' && proxy !== '' ? { proxy } : {}),
    ...(Array.isArray(noProxy) ? { noProxy: noProxy.filter((item): item is string => typeof item === 'string') } : {}),
    ...(typeof proxyStrictSSL === 'boolean' ? { proxyStrictSSL } : {}),
  };
}
