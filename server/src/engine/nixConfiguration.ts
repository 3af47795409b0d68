/**
 * The user's Nix configuration, read from files and environment as Nix reads it, without running Nix. It says what the
 * *client* asks for; a Nix daemon may ignore what a user who is not in its `trusted-users` sets.
 *
 * @see Nix, src/libstore/globals.cc, `loadConfFile`, and src/libutil/config.cc, `applyConfigFile`
 */
import { applyNixConf, parseNixConf, type NixConfAssignment, type NixConfPlace, type NixSettings } from '../domain/nixConf';
import { parseBoolean } from '../domain/storeParameters';
import { plainText } from '../util/plainText';
import { directoryOf, resolvePath } from '../util/posixPath';
import type { Environment, Files } from './ports';

/** Something wrong in a configuration, as a sentence for people. */
export interface ConfigurationProblem {
  readonly message: string;
  readonly file?: string;
  /** One-based. */
  readonly line?: number;
}

/** What Nix's configuration says that matters for trust. */
export interface NixConfiguration {
  /**
   * By canonical setting name, words joined by one space, Nix's defaults included for the settings below. Without secret
   * settings (`access-tokens`) and without user-info in URLs: it may be shown.
   */
  readonly settings: ReadonlyMap<string, string>;
  /** In configured order, as written; an entry may hold a password. */
  readonly substituters: readonly string[];
  readonly trustedSubstituters: readonly string[];
  readonly trustedPublicKeys: readonly string[];
  readonly requireSigs: boolean;
  /** Empty when the configuration turns netrc off. */
  readonly netrcFile: string;
  /** `ssl-cert-file`, else what the environment says. */
  readonly sslCertFile?: string;
  /** `secret-key-files`: their public keys are trusted as well. */
  readonly secretKeyFiles: readonly string[];
  readonly acceptFlakeConfig: boolean;
  /** Where a word of `substituters` or `trusted-public-keys` is written; a default is written nowhere. */
  readonly places: ReadonlyMap<string, NixConfPlace>;
  readonly problems: readonly ConfigurationProblem[];
}

/** Of one file: real ones have a few kilobytes. */
const MAX_FILE_BYTES = 1024 * 1024;
/** Of includes inside each other, and of files in all: two files that include each other twice would never end. */
const MAX_DEPTH = 20;
const MAX_FILES = 200;

/** The name by which problems call the environment variable. */
const NIX_CONFIG = 'NIX_CONFIG';

/**
 * Reads the whole chain, later wins: the system's nix.conf, the user's files, `NIX_CONFIG`. What Nix would refuse to start
 * with becomes a problem, and the rest still counts: a reader that stays silent would hide the caches that are configured.
 */
export async function readNixConfiguration(files: Files, env: Environment, signal: AbortSignal): Promise<NixConfiguration> {
  const configDir = resolvePath(nonEmpty(env.variables['NIX_CONF_DIR']) ?? '/etc/nix', '/') ?? '/etc/nix';
  const chain = new Chain(files, signal);
  await chain.readFile(`${configDir}/nix.conf`);
  for (const file of userFiles(env)) {
    const path = resolvePath(file);
    // A relative path would mean a file of whatever folder we were started in, perhaps of the repository that is being judged.
    if (path === undefined) chain.problem({ message: 'The file is given by a relative path, so it is not read.', file });
    else await chain.readFile(path);
  }
  const text = env.variables[NIX_CONFIG];
  if (text !== undefined) await chain.readText(text, NIX_CONFIG, undefined, []);
  return configurationOf(applyNixConf(chain.assignments), chain.problems, configDir, env);
}

/** The user's files in the order in which they are applied: the first in the list has the last word. */
function userFiles({ variables, home }: Environment): readonly string[] {
  const listed = variables['NIX_USER_CONF_FILES'];
  if (listed !== undefined) return splitList(listed).reverse();
  const own = nonEmpty(variables['NIX_CONFIG_HOME']) ?? `${variables['XDG_CONFIG_HOME'] ?? `${home}/.config`}/nix`;
  const shared = splitList(variables['XDG_CONFIG_DIRS'] ?? '/etc/xdg').map((directory) => `${directory}/nix`);
  return [own, ...shared].map((directory) => `${directory}/nix.conf`).reverse();
}

/** Collects the assignments of files and what they include, in reading order. */
class Chain {
  readonly assignments: NixConfAssignment[] = [];
  readonly problems: ConfigurationProblem[] = [];
  readonly #files: Files;
  readonly #signal: AbortSignal;
  #filesRead = 0;

  constructor(files: Files, signal: AbortSignal) {
    this.#files = files;
    this.#signal = signal;
  }

  problem(problem: ConfigurationProblem): void {
    this.problems.push(problem);
  }

  /** @param includers The files that led here, outermost first. */
  async readFile(
    file: string,
    includedAt?: NixConfPlace & { readonly optional: boolean },
    includers: readonly string[] = [],
  ): Promise<void> {
    if (includers.includes(file)) {
      this.problem({
        ...placeOf(includedAt),
        message: `The included file ${plainText(file, 200)} includes itself, which Nix does not survive.`,
      });
      return;
    }
    if (includers.length >= MAX_DEPTH || this.#filesRead >= MAX_FILES) {
      this.problem({
        ...placeOf(includedAt),
        message: `The included file ${plainText(file, 200)} is not read: there are too many includes.`,
      });
      return;
    }
    this.#filesRead++;
    const read = await this.#files.read(file, MAX_FILE_BYTES, this.#signal);
    switch (read.kind) {
      case 'read':
        return this.readText(read.text, file, directoryOf(file), [...includers, file]);
      case 'absent':
        if (includedAt?.optional === false) {
          this.problem({
            ...placeOf(includedAt),
            message: `The included file ${plainText(file, 200)} does not exist: Nix refuses to start.`,
          });
        }
        return;
      case 'failed':
        this.problem({ file, message: `The file cannot be read (${read.reason}), so what it sets is not known here.` });
    }
  }

  /** @param directory To which includes are relative; absent for the environment variable. */
  async readText(text: string, file: string, directory: string | undefined, includers: readonly string[]): Promise<void> {
    for (const parsed of parseNixConf(text)) {
      const place = { file, line: parsed.line };
      switch (parsed.kind) {
        case 'setting':
          this.assignments.push({ ...place, name: parsed.name, words: parsed.words });
          break;
        case 'problem':
          this.problem({ ...place, message: parsed.message });
          break;
        case 'include': {
          const path = resolvePath(parsed.file, directory);
          if (path === undefined)
            this.problem({ ...place, message: 'An include in NIX_CONFIG needs an absolute path: it is not read.' });
          else await this.readFile(path, { ...place, optional: parsed.optional }, includers);
        }
      }
    }
  }
}

function configurationOf(
  { values, problems }: NixSettings,
  readingProblems: readonly ConfigurationProblem[],
  configDir: string,
  env: Environment,
): NixConfiguration {
  const list = (name: string): readonly string[] => (values.get(name) ?? []).map(({ text }) => text);
  const text = (name: string): string | undefined => (values.has(name) ? list(name).join(' ') : undefined);
  const places = new Map<string, NixConfPlace>();
  for (const { text: word, place } of [...(values.get('substituters') ?? []), ...(values.get('trusted-public-keys') ?? [])]) {
    if (place !== undefined && !places.has(word)) places.set(word, place);
  }
  const sslCertFile = nonEmpty(text('ssl-cert-file')) ?? certFileOf(env);
  return {
    settings: new Map([...values.keys()].map((name) => [name, list(name).map(withoutUserInfo).join(' ')])),
    substituters: list('substituters'),
    trustedSubstituters: [...new Set(list('trusted-substituters'))],
    trustedPublicKeys: list('trusted-public-keys'),
    requireSigs: parseBoolean(text('require-sigs') ?? '') ?? true,
    netrcFile: text('netrc-file') ?? `${configDir}/netrc`,
    ...(sslCertFile === undefined ? {} : { sslCertFile }),
    secretKeyFiles: list('secret-key-files'),
    acceptFlakeConfig: parseBoolean(text('accept-flake-config') ?? '') ?? false,
    places,
    problems: [...readingProblems, ...problems],
  };
}

function placeOf(place: NixConfPlace | undefined): Partial<NixConfPlace> {
  return place === undefined ? {} : { file: place.file, line: place.line };
}

/** Removes the password that a substituter's URL may carry. */
function withoutUserInfo(word: string): string {
  const authority = word.indexOf('://') + 3;
  if (authority < 3) return word;
  const end = word.slice(authority).search(/[/?]/);
  const at = word.slice(authority, end < 0 ? undefined : authority + end).lastIndexOf('@');
  return at < 0 ? word : word.slice(0, authority) + word.slice(authority + at + 1);
}

/** Splits a colon-separated list as Nix does: empty elements count for nothing. */
function splitList(list: string): string[] {
  return list.split(':').filter((element) => element !== '');
}

/** The file of certificate authorities that the environment names, in Nix's order of precedence. */
export function certFileOf({ variables }: Environment): string | undefined {
  return nonEmpty(variables['NIX_SSL_CERT_FILE']) ?? nonEmpty(variables['SSL_CERT_FILE']);
}

/** Takes an empty text for none, as Nix does with most variables. */
export function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
