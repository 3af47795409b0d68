/** Which caches may be asked and which keys count: the user's nix.conf, settings and command line put together. */
import type { CacheOrigin } from '../domain/inputsReport';
import { netrcCredentials, parseNetrc, type NetrcEntry } from '../domain/netrc';
import { isPrivateHost } from '../domain/privacy';
import { describePublicKeyError, trustedKeys, type TrustedKeys } from '../domain/publicKey';
import { publicKeyOfSecret } from '../domain/secretKey';
import { STORE_DIR } from '../domain/storePath';
import { describeSubstituterError, parseSubstituter, redactSubstituter, type Substituter } from '../domain/substituter';
import { plainText } from '../util/plainText';
import { resolvePath } from '../util/posixPath';
import { certFileOf, nonEmpty, readNixConfiguration, type ConfigurationProblem, type NixConfiguration } from './nixConfiguration';
import type { Environment, Files } from './ports';

export type { DeclaredCache } from './declaredCaches';

/** What the user asked for, in settings and on the command line. */
export interface ConfigurationRequest {
  /** Whether the nix.conf chain is read; without it no cache and no key is assumed. */
  readonly nixConf: boolean;
  /** `--substituters`: replaces what nix.conf says. */
  readonly substituters?: readonly string[];
  readonly extraSubstituters: readonly string[];
  /** `--trusted-public-keys`: replaces what nix.conf says. */
  readonly trustedPublicKeys?: readonly string[];
  readonly extraTrustedPublicKeys: readonly string[];
  /** `flakeTrust.caches`, user level. */
  readonly caches: readonly { readonly url: string; readonly keys?: readonly string[]; readonly private?: boolean }[];
  /** Replaces nix.conf's; an empty text means that no netrc file is read. */
  readonly netrcFile?: string;
  /** `flakeTrust.trustedPublicKeys`, user level. */
  readonly settingsKeys: readonly string[];
  /** Default: `NIX_STORE_DIR`, else /nix/store. */
  readonly storeDir?: string;
}

/** A cache that somebody named. */
export interface ConfiguredCache {
  readonly substituter: Substituter;
  readonly origin: CacheOrigin;
  /** Whether it may be told which private inputs are used. */
  readonly private: boolean;
  readonly ask: boolean;
  /** Why it is not asked, as words without a full stop. */
  readonly reason?: string;
}

export interface TrustConfiguration {
  /** In configured order; each canonical URL once. */
  readonly caches: readonly ConfiguredCache[];
  readonly trusted: TrustedKeys;
  /** False when nix.conf sets `require-sigs = false`: then Nix takes any path from any cache. */
  readonly requireSignatures: boolean;
  readonly storeDir: string;
  /** Looks a host up in the netrc file; for HTTP Basic auth, never printed. User-info of a substituter's URL goes first. */
  credentialsFor(host: string): { readonly login: string; readonly password: string } | undefined;
  readonly sslCertFile?: string;
  readonly problems: readonly ConfigurationProblem[];
}

const MAX_NETRC_BYTES = 1024 * 1024;
const MAX_SECRET_KEY_BYTES = 4096;

/** Reads the configuration and puts it together. Whatever is wrong in it is a problem, and the rest counts. */
export async function loadTrustConfiguration(
  request: ConfigurationRequest,
  files: Files,
  env: Environment,
  signal: AbortSignal,
): Promise<TrustConfiguration> {
  const nix = request.nixConf ? await readNixConfiguration(files, env, signal) : undefined;
  const problems: ConfigurationProblem[] = [...(nix?.problems ?? [])];
  const storeDir = storeDirOf(request, env);
  const caches = collectCaches(request, nix, storeDir, problems);
  const keys = [
    ...(request.trustedPublicKeys ?? nix?.trustedPublicKeys ?? []),
    ...(nix === undefined ? [] : await ownKeys(nix, files, signal)),
    ...request.extraTrustedPublicKeys,
    ...request.settingsKeys,
    ...request.caches.flatMap((cache) => cache.keys ?? []),
  ];
  const trusted = trustedKeys(keys);
  reportKeys(trusted, nix, problems);
  const netrc = await readNetrc(request, nix, files, problems, signal);
  const sslCertFile = nix === undefined ? certFileOf(env) : nix.sslCertFile;
  return {
    caches,
    trusted,
    requireSignatures: nix?.requireSigs ?? true,
    storeDir,
    credentialsFor: (host) => netrcCredentials(netrc, host),
    ...(sslCertFile === undefined ? {} : { sslCertFile }),
    problems,
  };
}

/**
 * Decides about one cache: private ones may be told of private inputs, and a cache of another store directory has none of our
 * paths (`?store=`; what its nix-cache-info says is seen only when it is asked).
 */
export function configuredCache(
  substituter: Substituter,
  origin: CacheOrigin,
  markedPrivate: boolean,
  storeDir: string,
): ConfiguredCache {
  const isPrivate =
    markedPrivate || substituter.scheme === 'file' || (substituter.host !== undefined && isPrivateHost(substituter.host));
  const theirs = substituter.params.get('store');
  const reason =
    substituter.reason ??
    (theirs !== undefined && resolvePath(theirs) !== storeDir
      ? `made for the store directory ${plainText(theirs)}, not ${storeDir}`
      : undefined);
  return { substituter, origin, private: isPrivate, ask: reason === undefined, ...(reason === undefined ? {} : { reason }) };
}

/** The caches in configured order. `trusted-substituters` are not among them: that setting lets users choose a cache, it chooses none. */
function collectCaches(
  request: ConfigurationRequest,
  nix: NixConfiguration | undefined,
  storeDir: string,
  problems: ConfigurationProblem[],
): readonly ConfiguredCache[] {
  const byUrl = new Map<string, ConfiguredCache>();
  const add = (text: string, origin: CacheOrigin, markedPrivate = false): void => {
    const place = origin === 'nix.conf' ? placeOf(text, nix) : {};
    const parsed = parseSubstituter(text);
    if (!parsed.ok) {
      problems.push({
        ...place,
        message: `The substituter "${plainText(redactSubstituter(text), 200)}" ${describeSubstituterError(parsed.error)}.`,
      });
      return;
    }
    const substituter = parsed.value;
    for (const parameter of substituter.unknownParams) {
      problems.push({
        ...place,
        message: `The substituter "${plainText(substituter.url, 200)}" has the parameter "${plainText(parameter)}", which Nix ignores.`,
      });
    }
    const known = byUrl.get(substituter.url);
    const cache = configuredCache(substituter, origin, markedPrivate, storeDir);
    byUrl.set(substituter.url, known === undefined ? cache : mergeCaches(known, cache));
  };
  if (request.substituters !== undefined) for (const text of request.substituters) add(text, 'command-line');
  else for (const text of nix?.substituters ?? []) add(text, 'nix.conf');
  for (const text of request.extraSubstituters) add(text, 'command-line');
  for (const cache of request.caches) add(cache.url, 'settings', cache.private === true);
  return [...byUrl.values()];
}

/**
 * One cache named twice, perhaps with other parameters: Nix would ask it twice, so what either entry allows is allowed, and it
 * is asked where the earlier one would be.
 */
function mergeCaches(first: ConfiguredCache, second: ConfiguredCache): ConfiguredCache {
  const [a, b] = [first.substituter, second.substituter];
  const credentials = a.credentials ?? b.credentials;
  const priority = a.priority !== undefined && b.priority !== undefined ? Math.min(a.priority, b.priority) : a.priority;
  const substituter: Substituter = {
    ...a,
    trusted: a.trusted || b.trusted,
    ...(credentials === undefined ? {} : { credentials }),
    ...(priority === undefined ? {} : { priority }),
  };
  return { ...(first.ask ? first : second), substituter, origin: first.origin, private: first.private || second.private };
}

/** The user's own keys, with which Nix signs what it builds and which it therefore trusts; unreadable ones are normal. */
async function ownKeys(nix: NixConfiguration, files: Files, signal: AbortSignal): Promise<readonly string[]> {
  const keys: string[] = [];
  for (const file of nix.secretKeyFiles) {
    if (!file.startsWith('/')) continue;
    const read = await files.read(file, MAX_SECRET_KEY_BYTES, signal);
    const key = read.kind === 'read' ? publicKeyOfSecret(read.text) : undefined;
    if (key !== undefined) keys.push(key);
  }
  return keys;
}

function reportKeys(trusted: TrustedKeys, nix: NixConfiguration | undefined, problems: ConfigurationProblem[]): void {
  for (const { text, error } of trusted.problems) {
    // Only the name is shown: the rest may be a secret key that was pasted by mistake.
    const colon = text.indexOf(':');
    const subject = colon > 0 ? `The trusted public key "${plainText(text.slice(0, colon))}"` : 'A trusted public key';
    problems.push({ ...placeOf(text, nix), message: `${subject} ${describePublicKeyError(error)}.` });
  }
  for (const { name, text } of trusted.shadowed) {
    problems.push({
      ...placeOf(text, nix),
      message: `The trusted public key "${plainText(name)}" is hidden by another one of that name before it.`,
    });
  }
}

async function readNetrc(
  request: ConfigurationRequest,
  nix: NixConfiguration | undefined,
  files: Files,
  problems: ConfigurationProblem[],
  signal: AbortSignal,
): Promise<readonly NetrcEntry[]> {
  const file = request.netrcFile ?? nix?.netrcFile ?? '';
  if (file === '') return [];
  const read = await files.read(file, MAX_NETRC_BYTES, signal);
  switch (read.kind) {
    case 'read':
      return parseNetrc(read.text);
    case 'absent':
      if (request.netrcFile !== undefined) problems.push({ file, message: 'The netrc file does not exist.' });
      return [];
    case 'failed':
      problems.push({
        file,
        message: `The netrc file cannot be read (${read.reason}), so caches that need a login will refuse.`,
      });
      return [];
  }
}

function storeDirOf(request: ConfigurationRequest, { variables }: Environment): string {
  const asked = request.storeDir ?? nonEmpty(variables['NIX_STORE_DIR']) ?? variables['NIX_STORE'] ?? STORE_DIR;
  return resolvePath(asked) ?? STORE_DIR;
}

function placeOf(word: string, nix: NixConfiguration | undefined): { readonly file?: string; readonly line?: number } {
  return nix?.places.get(word) ?? {};
}
