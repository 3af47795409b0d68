/**
 * What a flake's own `nixConfig` asks for, and how much of it the user has agreed to. A cache is never asked, and a key never
 * trusted, because a repository names it: opening the repository would tell a stranger so, or let it vouch for itself.
 */
import { pairKeys } from '../domain/keyPairing';
import type { NixConfigSetting } from '../domain/flakeNix';
import { canonicalName } from '../domain/nixConf';
import { trustedKeys } from '../domain/publicKey';
import { parseSubstituter, type Substituter } from '../domain/substituter';
import { NO_TRUSTED_SETTINGS, parseTrustedSettings, type TrustedSettings } from '../domain/trustedSettings';
import type { ConfigurationProblem } from './nixConfiguration';
import type { Environment, Files } from './ports';
import { configuredCache, type ConfiguredCache, type TrustConfiguration } from './trustConfiguration';

/** A cache that a flake's `nixConfig` names. */
export interface DeclaredCache {
  /** Canonical. */
  readonly url: string;
  readonly substituter: Substituter;
  /** Keys of the same `nixConfig` that seem to belong to it. Trusting one trusts it for every cache. */
  readonly keys: readonly string[];
  /**
   * `in-use`: the user's own configuration asks it. `accepted`, `refused`: Nix's trusted-settings.json says so of exactly
   * this setting and value. `not-accepted`: nobody said anything.
   */
  readonly state: 'in-use' | 'accepted' | 'not-accepted' | 'refused';
}

/** All that a `nixConfig` says of caches and keys. */
export interface DeclaredTrust {
  /** In text order, each canonical URL once; words that name no store are left out. */
  readonly caches: readonly DeclaredCache[];
  /** Keys that the user accepted in Nix, whichever cache they belong to. */
  readonly acceptedKeys: readonly string[];
}

/** More than any flake has: of a hostile one no more words of a kind are looked at. */
const MAX_WORDS = 256;
const MAX_TRUSTED_SETTINGS_BYTES = 4 * 1024 * 1024;

/** Reads Nix's trusted-settings.json. Without a readable one nothing counts as accepted. */
export async function readTrustedSettings(
  files: Files,
  { variables, home }: Environment,
  signal: AbortSignal,
): Promise<{ readonly settings: TrustedSettings; readonly problems: readonly ConfigurationProblem[] }> {
  const directory = variables['NIX_DATA_HOME'] ?? `${variables['XDG_DATA_HOME'] ?? `${home}/.local/share`}/nix`;
  const file = `${directory}/trusted-settings.json`;
  const read = await files.read(file, MAX_TRUSTED_SETTINGS_BYTES, signal);
  if (read.kind === 'absent') return { settings: NO_TRUSTED_SETTINGS, problems: [] };
  const parsed = read.kind === 'read' ? parseTrustedSettings(read.text) : undefined;
  if (parsed?.ok === true) return { settings: parsed.value, problems: [] };
  const reason = read.kind === 'failed' ? read.reason : 'it is not what Nix writes';
  return {
    settings: NO_TRUSTED_SETTINGS,
    problems: [{ file, message: `The file cannot be read (${reason}), so what you accepted in Nix does not count here.` }],
  };
}

/** Says which caches and keys a `nixConfig` names, and what the user has said of them so far. */
export function declaredTrust(
  nixConfig: readonly NixConfigSetting[],
  config: Pick<TrustConfiguration, 'caches'>,
  trustedSettings: TrustedSettings,
): DeclaredTrust {
  const inUse = new Set(config.caches.map(({ substituter }) => substituter.url));
  const caches = new Map<string, { substituter: Substituter; answers: (boolean | undefined)[] }>();
  const keys: string[] = [];
  const acceptedKeys: string[] = [];
  for (const setting of nixConfig) {
    const { name } = canonicalName(setting.name);
    const answer = answerTo(setting, trustedSettings);
    const words = setting.elements.slice(0, MAX_WORDS).map(({ value }) => value);
    if (name === 'trusted-public-keys') {
      keys.push(...words.slice(0, MAX_WORDS - keys.length));
      if (answer === true) acceptedKeys.push(...words);
    } else if (name === 'substituters' || name === 'trusted-substituters') {
      for (const word of words) {
        const parsed = parseSubstituter(word);
        if (!parsed.ok) continue;
        const known = caches.get(parsed.value.url);
        // `trusted-substituters` makes nobody ask a cache, so agreeing to it is no agreement to ask.
        const counted = name === 'substituters' || answer === false ? answer : undefined;
        if (known !== undefined) known.answers.push(counted);
        else if (caches.size < MAX_WORDS) caches.set(parsed.value.url, { substituter: parsed.value, answers: [counted] });
      }
    }
  }
  const named = [...caches.values()];
  const pairs = pairKeys(
    named.map(({ substituter }) => substituter),
    keys,
  );
  return {
    caches: named.map(({ substituter, answers }, index) => ({
      url: substituter.url,
      substituter,
      keys: pairs[index] ?? [],
      state: inUse.has(substituter.url) ? 'in-use' : stateOf(answers),
    })),
    acceptedKeys,
  };
}

/** The caches of {@link declaredTrust}. */
export function declaredCaches(
  nixConfig: readonly NixConfigSetting[],
  config: Pick<TrustConfiguration, 'caches'>,
  trustedSettings: TrustedSettings,
): readonly DeclaredCache[] {
  return declaredTrust(nixConfig, config, trustedSettings).caches;
}

/**
 * The configuration for one flake: its accepted caches and keys added behind the user's own, so that a key of the user's hides
 * one of the same name; its other caches listed as not asked. In an untrusted workspace nothing is added.
 */
export function acceptedConfiguration(
  config: TrustConfiguration,
  { caches, acceptedKeys }: DeclaredTrust,
  { workspaceTrusted }: { readonly workspaceTrusted: boolean },
): TrustConfiguration {
  const added = caches
    .filter(({ state }) => state !== 'in-use')
    .map((cache) => flakeCache(cache, config.storeDir, workspaceTrusted));
  const keys = workspaceTrusted ? acceptedKeys : [];
  if (added.length === 0 && keys.length === 0) return config;
  const { byName, shadowed, problems } = config.trusted;
  const own = [...byName.values(), ...shadowed, ...problems].map(({ text }) => text);
  return {
    ...config,
    caches: [...config.caches, ...added],
    trusted: keys.length === 0 ? config.trusted : trustedKeys([...own, ...keys]),
  };
}

const NOT_ASKED: Readonly<Record<DeclaredCache['state'], string>> = {
  'in-use': 'asked as a cache of yours',
  accepted: 'declared by this flake, not asked in an untrusted workspace',
  'not-accepted': 'declared by this flake, not asked until you accept it',
  refused: 'declared by this flake, and you told Nix to refuse it',
};

function flakeCache({ substituter, state }: DeclaredCache, storeDir: string, workspaceTrusted: boolean): ConfiguredCache {
  const cache = configuredCache(substituter, 'flake', false, storeDir);
  return state === 'accepted' && workspaceTrusted ? cache : { ...cache, ask: false, reason: NOT_ASKED[state] };
}

/** What the user said of a setting when Nix asked: it counts for exactly the value that Nix showed. */
function answerTo({ name, value }: NixConfigSetting, trustedSettings: TrustedSettings): boolean | undefined {
  return value === undefined ? undefined : trustedSettings.get(name)?.get(value);
}

function stateOf(answers: readonly (boolean | undefined)[]): DeclaredCache['state'] {
  if (answers.includes(true)) return 'accepted';
  return answers.includes(false) ? 'refused' : 'not-accepted';
}
