/** `nix derivation show -r`, `nix show-derivation -r`: all shapes from Nix 2.8 to 2.34. */
import {
  FETCH_VARIABLES,
  fixedOutputPath,
  type Derivation,
  type DerivationOutput,
  type FixedOutput,
} from '../../domain/derivation';
import { decodeDigest, parseHash, type Hash } from '../../domain/hash';
import { err, ok, type Result } from '../../domain/result';
import { parseStoreBaseName, parseStorePath, STORE_DIR, type StorePath } from '../../domain/storePath';
import { asObject, asString, asStrings, mapAll, objectMembers, parseJson, type JsonObject } from './json';

/** Which part of the output is of a shape that no known Nix prints; a sentence without a full stop. */
export type FormatError = string;

/** Newest version of the derivation format that is understood. Older ones carry no number. */
const NEWEST = 4;

/**
 * Parses the derivations. A pause is awaited every few milliseconds, since those of a whole system are hundred megabytes and an editor waits
 * on the same thread.
 */
export async function parseDerivations(
  text: string,
  pause: () => Promise<void>,
  storeDir: string = STORE_DIR,
): Promise<Result<Map<StorePath, Derivation>, FormatError>> {
  const unwrapped = unwrap(text);
  if (!unwrapped.ok) return unwrapped;
  const derivations = new Map<StorePath, Derivation>();
  let paused = performance.now();
  for (const [key, value] of objectMembers(unwrapped.value)) {
    const path = parsePathOrBaseName(key, storeDir);
    const json = asObject(parseJson(value));
    const version = json?.['version'];
    if (typeof version === 'number' && version > NEWEST) return err(unknownVersion(version));
    const derivation = path === undefined || json === undefined ? undefined : parseDerivation(path, json, storeDir);
    if (derivation === undefined) return err(`it prints a derivation that is not understood: ${key.slice(0, 120)}`);
    derivations.set(derivation.path, derivation);
    if (performance.now() - paused > 5) {
      await pause();
      paused = performance.now();
    }
  }
  return derivations.size === 0 ? err('it printed no derivation') : ok(derivations);
}

/** Finds the object whose members are the derivations: all of it, or that under `derivations`. */
function unwrap(text: string): Result<string, FormatError> {
  let inner: string | undefined;
  let version: unknown;
  for (const [key, value] of objectMembers(text)) {
    if (key === 'derivations') inner = value;
    else if (key === 'version') version = parseJson(value);
    else return ok(text);
  }
  if (inner === undefined) return err('it printed no derivation');
  if (version !== NEWEST) return err(unknownVersion(version));
  return ok(inner);
}

function unknownVersion(version: unknown): FormatError {
  return `it prints derivations in version ${typeof version === 'number' ? version : 'unknown'} of their format; known are those up to ${NEWEST}`;
}

/** Older versions print absolute paths, newer ones base names. */
export function parsePathOrBaseName(text: string, storeDir: string): StorePath | undefined {
  const parsed = text.startsWith('/') ? parseStorePath(text, storeDir) : parseStoreBaseName(text, storeDir);
  return parsed.ok ? parsed.value : undefined;
}

function parseDerivation(path: StorePath, json: JsonObject, storeDir: string): Derivation | undefined {
  const name = asString(json['name']) ?? path.slice(storeDir.length + 34).replace(/\.drv$/, '');
  const env = asObject(json['env']) ?? {};
  const structured = asObject(json['structuredAttrs']) ?? asObject(parseJson(asString(env['__json']) ?? ''));
  const inputs = asObject(json['inputs']);
  const srcs = asStrings(inputs === undefined ? json['inputSrcs'] : inputs['srcs']);
  const drvs = asObject(inputs === undefined ? json['inputDrvs'] : inputs['drvs']);
  const outputsJson = asObject(json['outputs']);
  const inputSrcs = srcs && mapAll(srcs, (src) => parsePathOrBaseName(src, storeDir));
  if (outputsJson === undefined || drvs === undefined || inputSrcs === undefined) return undefined;

  const inputDrvs = new Map<StorePath, readonly string[]>();
  let dynamic = false;
  for (const [key, value] of Object.entries(drvs)) {
    const drv = parsePathOrBaseName(key, storeDir);
    const detailed = asObject(value);
    const names = asStrings(detailed === undefined ? value : detailed['outputs']);
    if (drv === undefined || names === undefined) return undefined;
    inputDrvs.set(drv, names);
    dynamic ||= Object.keys(asObject(detailed?.['dynamicOutputs']) ?? {}).length > 0;
  }

  const outputs = new Map<string, DerivationOutput>();
  let fixed: FixedOutput | undefined;
  for (const [output, value] of Object.entries(outputsJson)) {
    const described = asObject(value);
    if (described === undefined) return undefined;
    const address = parseFixedHash(described);
    if (address === null) return undefined;
    const printed = described['path'];
    const parsed = typeof printed === 'string' ? parsePathOrBaseName(printed, storeDir) : undefined;
    if (typeof printed === 'string' && parsed === undefined) return undefined;
    const outputPath = parsed ?? (address && fixedOutputPath(address.method, address.hash, name, output, storeDir));
    outputs.set(output, outputPath === undefined ? {} : { path: outputPath });
    if (address !== undefined) fixed = { ...address, variables: fetchVariables(env, structured) };
  }
  return {
    path,
    name,
    system: asString(json['system']) ?? '',
    outputs,
    inputDrvs,
    inputSrcs,
    allowSubstitutes: allowsSubstitutes(env, structured),
    ...(dynamic ? { dynamic } : {}),
    ...(fixed === undefined ? {} : { fixed }),
  };
}

/** Reads the hash that fixes an output; `undefined` where there is none, `null` for one that is not understood. */
function parseFixedHash(output: JsonObject): { method: FixedOutput['method']; hash: Hash } | undefined | null {
  const digest = asString(output['hash']);
  if (digest === undefined) return undefined;
  // 2.8: `r:sha256` and base 16; 2.26: `sha256`, a method, and base 16; 2.34: SRI and a method.
  const algorithm = /^(r:|git:|text:)?(\w+)$/.exec(asString(output['hashAlgo']) ?? '');
  const hash = algorithm === null ? parseHash(digest) : decodeDigest(algorithm[2] ?? '', digest, 'any');
  const method = asString(output['method']) ?? METHOD_OF_PREFIX.get(algorithm?.[1] ?? '') ?? 'flat';
  return hash.ok && isMethod(method) ? { method, hash: hash.value } : null;
}

const METHOD_OF_PREFIX: ReadonlyMap<string, string> = new Map([
  ['r:', 'nar'],
  ['git:', 'git'],
  ['text:', 'text'],
]);

function isMethod(text: string): text is FixedOutput['method'] {
  return ['flat', 'nar', 'text', 'git'].includes(text);
}

function fetchVariables(env: JsonObject, structured: JsonObject | undefined): Map<string, string> {
  const variables = new Map<string, string>();
  for (const name of FETCH_VARIABLES) {
    const value = structured?.[name] ?? env[name];
    const text = asStrings(value)?.join(' ') ?? asString(value);
    if (text !== undefined && text !== '') variables.set(name, text);
  }
  return variables;
}

/** Source: Nix, `ParsedDerivation::substitutesAllowed`: only a value that is there and false forbids it. */
function allowsSubstitutes(env: JsonObject, structured: JsonObject | undefined): boolean {
  const value = structured === undefined ? env['allowSubstitutes'] : structured['allowSubstitutes'];
  return value === undefined || value === true || value === '1';
}
