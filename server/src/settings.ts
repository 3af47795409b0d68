/**
 * Every setting of the section `flakeTrust`: shape, default, and what to say about a value that is none. Read leniently: a bad value is
 * reported by name and replaced by its default, a bad element of a list is left out; the rest keeps working.
 */
import * as z from 'zod/mini';
import { FINDING_CODES, type FindingCode, type Severity } from './domain/finding';

/** A cache that the user lists beside those of nix.conf. */
export interface CacheSetting {
  readonly url: string;
  /** Public keys, `name:base64`, that are trusted with it. */
  readonly keys?: readonly string[];
  /** Private inputs may be asked for there. */
  readonly private?: boolean;
}

/** Severities by code; `off` leaves a check out. */
export type SeveritySettings = ReadonlyMap<FindingCode, Severity | 'off'>;

/** Something in the settings that could not be used. */
export interface SettingProblem {
  /** Full name, for example `flakeTrust.network.mode`; of an element with its index. */
  readonly setting: string;
  readonly message: string;
}

interface Reading<T> {
  readonly value: T;
  readonly problems: readonly { readonly at?: string; readonly message: string }[];
}

interface Setting<T> {
  /** As JSON; what `package.json` has to give as default too. */
  readonly fallback: unknown;
  /** The values of an enumeration, what `package.json` has to give as `enum`. */
  readonly choices?: readonly string[];
  read(value: unknown): Reading<T>;
}

/** A setting of one value, all or nothing. */
function value<T>(
  schema: z.ZodMiniType<T>,
  fallback: T,
  expected: string,
  choices?: readonly string[],
  otherwise = fallback,
): Setting<T> {
  return {
    fallback,
    ...(choices === undefined ? {} : { choices }),
    read(given) {
      const parsed = schema.safeParse(given);
      if (parsed.success) return { value: parsed.data, problems: [] };
      return { value: otherwise, problems: [{ message: `expected ${expected}; ${JSON.stringify(otherwise)} is used instead` }] };
    },
  };
}

/** A setting that is one of several words; `otherwise` is taken for a word that is none of them, the default when not given. */
function choice<const T extends readonly [string, ...string[]]>(
  choices: T,
  fallback: T[number],
  otherwise = fallback,
): Setting<T[number]> {
  return value<T[number]>(
    z.enum(choices),
    fallback,
    choices.map((word) => JSON.stringify(word)).join(' or '),
    choices,
    otherwise,
  );
}

const flag = (fallback: boolean): Setting<boolean> => value(z.boolean(), fallback, 'true or false');

const wholeNumber = (least: number, most: number, fallback: number): Setting<number> =>
  value(z.int().check(z.minimum(least), z.maximum(most)), fallback, `a whole number from ${least} to ${most}`);

/** A setting that is a list; an element that does not fit is left out, the others count. */
function list<T>(element: z.ZodMiniType<T>, expected: string, fallback: readonly T[] = []): Setting<readonly T[]> {
  return {
    fallback,
    read(given) {
      if (!Array.isArray(given)) return { value: fallback, problems: [{ message: `expected a list of ${expected}` }] };
      const good: T[] = [];
      const problems: { at: string; message: string }[] = [];
      for (const [index, item] of given.entries()) {
        const parsed = element.safeParse(item);
        if (parsed.success) good.push(parsed.data);
        else problems.push({ at: `[${index}]`, message: `expected ${expected}; this element is left out` });
      }
      return { value: good, problems };
    },
  };
}

const LEVELS = ['error', 'warning', 'information', 'hint', 'off'] as const;

/** The map from codes to severities; an unknown code or level is left out. */
const severities: Setting<SeveritySettings> = {
  fallback: {},
  read(given) {
    const levels = new Map<FindingCode, Severity | 'off'>();
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      return { value: levels, problems: [{ message: 'expected an object from codes to severities' }] };
    const problems: { at: string; message: string }[] = [];
    for (const [code, level] of Object.entries(given)) {
      const parsed = z.enum(LEVELS).safeParse(level);
      if (!isFindingCode(code)) problems.push({ at: `[${JSON.stringify(code)}]`, message: 'there is no check of this name' });
      else if (!parsed.success)
        problems.push({
          at: `[${JSON.stringify(code)}]`,
          message: `expected one of ${LEVELS.join(', ')}; the default is used instead`,
        });
      else levels.set(code, parsed.data);
    }
    return { value: levels, problems };
  },
};

/** Tells whether a text is the code of a check; `constructor` is none. */
export function isFindingCode(text: string): text is FindingCode {
  return Object.hasOwn(FINDING_CODES, text);
}

const text = z.string().check(z.minLength(1), z.maxLength(4096));
const cache: z.ZodMiniType<CacheSetting> = z.pipe(
  z.object({ url: text, keys: z.optional(z.array(text)), private: z.optional(z.boolean()) }),
  z.transform(({ url, keys, private: isPrivate }) => ({
    url,
    ...(keys === undefined ? {} : { keys }),
    ...(isPrivate === undefined ? {} : { private: isPrivate }),
  })),
);

/** Patterns of private inputs. One written without a list counts too: dropping it would tell public caches what must not be told. */
const patterns: Setting<readonly string[]> = {
  fallback: [],
  read: (given) => {
    const read = list(text, 'patterns').read(given);
    return typeof given === 'string' ? { ...read, value: [given] } : read;
  },
};

/** All settings, by their names behind `flakeTrust.`; the order is that of the README. */
export const SETTINGS = {
  enable: flag(true),
  // Whoever wrote "off" or "Offline" did not mean that caches are asked.
  'network.mode': choice(['auto', 'manual', 'offline'], 'auto', 'offline'),
  'network.transport': choice(['auto', 'direct', 'editor'], 'auto'),
  'network.maxRequestsPerHost': wholeNumber(1, 16, 4),
  'network.auditConnections': wholeNumber(1, 1024, 64),
  'network.timeoutSeconds': wholeNumber(1, 60, 10),
  caches: list<CacheSetting>(cache, '{ "url": …, "keys": […], "private": true or false }'),
  readNixConf: flag(true),
  netrc: flag(true),
  trustedPublicKeys: list(text, 'public keys, "name:base64"'),
  reviewerKeys: list(text, 'public keys, "name:base64"'),
  privateInputs: patterns,
  maxAgeDays: value<number | null>(
    z.nullable(z.number().check(z.positive(), z.maximum(100_000))),
    null,
    'a number of days or null',
  ),
  allowedOwners: list(text, 'owners'),
  'diagnostics.severity': severities,
  'diagnostics.transitive': choice(['summary', 'lockFile', 'off'], 'summary'),
  'inlayHints.mode': choice(['problems', 'all', 'off'], 'problems'),
  'codeLens.enabled': flag(true),
  exclude: list(text, 'globs', ['**/node_modules', '**/result', '**/.direnv', '**/.devenv']),
  'trace.server': choice(['off', 'messages', 'verbose'], 'off'),
} as const satisfies Record<string, Setting<unknown>>;

export type SettingName = keyof typeof SETTINGS;

/** The settings, complete and valid. */
export type Settings = { readonly [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer T> ? T : never };

/**
 * Reads the section `flakeTrust` as an editor hands it over: nested objects, names with dots, or both; `null` and a missing section are no
 * problem. Never throws.
 */
export function parseSettings(section: unknown): { readonly settings: Settings; readonly problems: readonly SettingProblem[] } {
  const problems: SettingProblem[] = [];
  const given = new Map<string, unknown>();
  if (isObject(section)) flatten(section, '', given);
  else if (section !== undefined && section !== null) problems.push({ setting: 'flakeTrust', message: 'expected an object' });

  const settings: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries<Setting<unknown>>(SETTINGS)) {
    const { value: parsed, problems: found } = setting.read(given.has(name) ? given.get(name) : setting.fallback);
    settings[name] = parsed;
    for (const { at = '', message } of found) problems.push({ setting: `flakeTrust.${name}${at}`, message });
    given.delete(name);
  }
  for (const name of given.keys()) problems.push({ setting: `flakeTrust.${name}`, message: 'there is no setting of this name' });
  return { settings: settings as Settings, problems };
}

/** The settings of a user who set none. */
export const DEFAULT_SETTINGS: Settings = parseSettings(undefined).settings;

/** Collects values by dotted name, and stops at the names that are settings themselves (their values may be objects). */
function flatten(value: object, prefix: string, into: Map<string, unknown>): void {
  for (const [key, item] of Object.entries(value)) {
    const name = prefix + key;
    // An editor that knows the names but no value may send null or leave it undefined: that is "not set".
    if (item === undefined || (item === null && name !== 'maxAgeDays')) continue;
    if (!Object.hasOwn(SETTINGS, name) && isObject(item) && isPrefix(name)) flatten(item, `${name}.`, into);
    else into.set(name, item);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPrefix(name: string): boolean {
  return Object.keys(SETTINGS).some((setting) => setting.startsWith(`${name}.`));
}
