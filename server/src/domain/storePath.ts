/** Store paths: `/nix/store/<32 characters of Nix base-32>-<name>`. */
import type { Brand } from './brand';
import { isNixBase32 } from './nixBase32';
import { err, ok, type Result } from './result';

/** An absolute path directly in the store directory, cleaned up. Only ASCII letters, digits and `+-._?=/` occur in it. */
export type StorePath = Brand<string, 'StorePath'>;

/** The 32 characters that name a path in a binary cache. */
export type StorePathHash = Brand<string, 'StorePathHash'>;

/** Where Nix keeps its store unless it was built otherwise. It is part of every store path's hash. */
export const STORE_DIR = '/nix/store';

const HASH_LENGTH = 32;
const MAX_NAME_LENGTH = 211;

/** Which rule a text breaks; `text` is its beginning, at most 100 characters, as foreign as it came. */
export interface StorePathError {
  readonly kind: 'not-absolute' | 'outside-store' | 'too-short' | 'bad-hash' | 'bad-name' | 'long-name';
  readonly text: string;
}

/** Says what is wrong with a store path, without repeating it. */
export function describeStorePathError(error: StorePathError): string {
  switch (error.kind) {
    case 'not-absolute':
      return 'is not an absolute path';
    case 'outside-store':
      return 'is not directly in the store directory';
    case 'too-short':
      return 'is too short for a store path';
    case 'bad-hash':
      return 'does not begin with a store path hash and a dash';
    case 'bad-name':
      return 'has a name that is empty or contains a character not allowed in store paths';
    case 'long-name':
      return `has a name of more than ${MAX_NAME_LENGTH} characters`;
  }
}

/**
 * Parses an absolute store path. As Nix does, repeated slashes, `.`, `..` and a slash at the end are cleaned up first; a path below a
 * store path is refused. Source: Nix, `Store::parseStorePath`.
 */
export function parseStorePath(text: string, storeDir: string = STORE_DIR): Result<StorePath, StorePathError> {
  if (text.startsWith(storeDir) && text[storeDir.length] === '/' && !text.includes('/', storeDir.length + 1)) {
    const problem = checkBaseName(text, storeDir.length + 1);
    if (problem === undefined) return ok(text as StorePath);
  }
  if (!text.startsWith('/')) return fail('not-absolute', text);
  const canonical = cleanUp(text);
  const lastSlash = canonical.lastIndexOf('/');
  if (canonical.slice(0, lastSlash) !== storeDir) return fail('outside-store', text);
  const problem = checkBaseName(canonical, lastSlash + 1);
  return problem === undefined ? ok(canonical as StorePath) : fail(problem, text);
}

/** Parses `<hash>-<name>`, as References and Deriver have it, and puts the store directory before it. */
export function parseStoreBaseName(text: string, storeDir: string = STORE_DIR): Result<StorePath, StorePathError> {
  const problem = checkBaseName(text, 0);
  return problem === undefined ? ok(`${storeDir}/${text}` as StorePath) : fail(problem, text);
}

/** Takes the hash out of a store path. */
export function storePathHash(path: StorePath): StorePathHash {
  const start = path.lastIndexOf('/') + 1;
  return path.slice(start, start + HASH_LENGTH) as StorePathHash;
}

/** Takes the name, what follows the hash and its dash. */
export function storePathName(path: StorePath): string {
  return path.slice(path.lastIndexOf('/') + 1 + HASH_LENGTH + 1);
}

/** Parses the 32 characters alone. */
export function parseStorePathHash(text: string): StorePathHash | undefined {
  return text.length === HASH_LENGTH && isNixBase32(text) ? (text as StorePathHash) : undefined;
}

/** Tells whether `name` may be the name of a store path, by the rules of Nix 2.34. */
export function isStorePathName(name: string): boolean {
  return checkName(name, 0) === undefined;
}

function fail(kind: StorePathError['kind'], text: string): Result<never, StorePathError> {
  return err({ kind, text: text.slice(0, 100) });
}

/** Checks `text` from `start` on as `<hash>-<name>`. Nix does not look at the dash; we do. */
function checkBaseName(text: string, start: number): StorePathError['kind'] | undefined {
  if (text.length < start + HASH_LENGTH + 1) return 'too-short';
  if (!isNixBase32(text, start, start + HASH_LENGTH) || text[start + HASH_LENGTH] !== '-') return 'bad-hash';
  return checkName(text, start + HASH_LENGTH + 1);
}

/** Which ASCII characters a name may have. */
const IN_NAME = new Uint8Array(128);
for (const character of '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-._?=')
  IN_NAME[character.charCodeAt(0)] = 1;

function checkName(text: string, start: number): 'bad-name' | 'long-name' | undefined {
  const length = text.length - start;
  if (length === 0) return 'bad-name';
  if (length > MAX_NAME_LENGTH) return 'long-name';
  for (let i = start; i < text.length; i++) {
    if (IN_NAME[text.charCodeAt(i)] !== 1) return 'bad-name';
  }
  // `.` and `..` before the first dash: refused since such a name could be taken for a directory entry.
  if (text[start] === '.' && /^\.{1,2}(?:-|$)/.test(text.slice(start, start + 3))) return 'bad-name';
  return undefined;
}

/** Resolves `.`, `..` and empty parts by name alone, as Nix's `canonPath` does; never looks at the disk. */
function cleanUp(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
