/** Store paths: `/nix/store/<32 characters of Nix base-32>-<name>`. */
import type { Brand } from './brand';
import { nixBase32Digit } from './nixBase32';
import { err, ok, type Result } from './result';

/** An absolute path directly in the store directory, cleaned up. Only ASCII letters, digits and `+-._?=/` occur in it. */
export type StorePath = Brand<string, 'StorePath'>;

/** The 32 characters that name a path in a binary cache. */
export type StorePathHash = Brand<string, 'StorePathHash'>;

/** Where Nix keeps its store unless it was built otherwise. It is part of every store path's hash. */
export const STORE_DIR = '/nix/store';

const HASH_LENGTH = 32;
const MAX_NAME_LENGTH = 211;

/** Nix base-32 leaves out e, o, t and u. */
const HASH = /^[0-9a-df-np-sv-z]{32}$/;
/** `.` and `..` before the first dash are refused, since such a name could be taken for a directory entry. */
const NAME = /^(?!\.{1,2}(?:-|$))[0-9a-zA-Z+\-._?=]{1,211}$/;
/** Both with the dash between them, at which Nix does not look; we do. One expression, since this is the busiest check of all. */
const BASE_NAME = /^[0-9a-df-np-sv-z]{32}-(?!\.{1,2}(?:-|$))[0-9a-zA-Z+\-._?=]{1,211}$/;

/** One or more base names with single blanks between them, as References has them. */
const BASE_NAMES =
  /^[0-9a-df-np-sv-z]{32}-(?!\.{1,2}(?:[- ]|$))[0-9a-zA-Z+\-._?=]{1,211}(?: [0-9a-df-np-sv-z]{32}-(?!\.{1,2}(?:[- ]|$))[0-9a-zA-Z+\-._?=]{1,211})*$/;

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
  if (text.startsWith(storeDir) && text[storeDir.length] === '/' && BASE_NAME.test(text.slice(storeDir.length + 1))) {
    return ok(text as StorePath);
  }
  if (!text.startsWith('/')) return fail('not-absolute', text);
  const path = cleanUp(text);
  const lastSlash = path.lastIndexOf('/');
  if (path.slice(0, lastSlash) !== storeDir) return fail('outside-store', text);
  return parseStoreBaseName(path.slice(lastSlash + 1), storeDir);
}

/** Parses `<hash>-<name>`, as References and Deriver have it, and puts the store directory before it. */
export function parseStoreBaseName(text: string, storeDir: string = STORE_DIR): Result<StorePath, StorePathError> {
  return BASE_NAME.test(text) ? ok(`${storeDir}/${text}` as StorePath) : fail(brokenRule(text), text);
}

/**
 * Parses base names with single blanks between them, in order and each once, all in one go. `undefined` when it is anything else: then the
 * slow way tells what.
 */
export function parseStoreBaseNames(text: string, storeDir: string): StorePath[] | undefined {
  if (!BASE_NAMES.test(text)) return undefined;
  const names = text.split(' ');
  const prefix = `${storeDir}/`;
  let previous = '';
  for (let i = 0; i < names.length; i++) {
    const name = names[i] ?? '';
    if (name <= previous) return undefined;
    previous = name;
    names[i] = prefix + name;
  }
  return names as StorePath[];
}

/** Tells whether a store path is in that store directory. */
export function isInStore(path: StorePath, storeDir: string): boolean {
  return (
    path.startsWith(storeDir) &&
    path.indexOf('/', storeDir.length) === storeDir.length &&
    !path.includes('/', storeDir.length + 1)
  );
}

/** Takes the hash out of a store path. Takes less time with the store directory where it is. */
export function storePathHash(path: StorePath, storeDir?: string): StorePathHash {
  const start = (storeDir !== undefined && isInStore(path, storeDir) ? storeDir.length : path.lastIndexOf('/')) + 1;
  return path.slice(start, start + HASH_LENGTH) as StorePathHash;
}

/** So many digits of base 32 a double holds exactly. */
const ORDER_DIGITS = 10;

/**
 * Gives a number that orders paths of one store directory as their texts are ordered, as far as the first ten characters of their hashes
 * tell. Thousands of numbers are compared in the time of a few hundred texts.
 */
export function storePathOrder(path: StorePath): number {
  const start = path.lastIndexOf('/') + 1;
  let order = 0;
  for (let at = start; at < start + ORDER_DIGITS; at++) order = order * 32 + nixBase32Digit(path.charCodeAt(at));
  return order;
}

/** Takes the name, what follows the hash and its dash. */
export function storePathName(path: StorePath): string {
  return path.slice(path.lastIndexOf('/') + 1 + HASH_LENGTH + 1);
}

/** Parses the 32 characters alone. */
export function parseStorePathHash(text: string): StorePathHash | undefined {
  return HASH.test(text) ? (text as StorePathHash) : undefined;
}

/** Tells whether `name` may be the name of a store path, by the rules of Nix 2.34. */
export function isStorePathName(name: string): boolean {
  return NAME.test(name);
}

function fail(kind: StorePathError['kind'], text: string): Result<never, StorePathError> {
  return err({ kind, text: text.slice(0, 100) });
}

function brokenRule(baseName: string): StorePathError['kind'] {
  if (baseName.length <= HASH_LENGTH) return 'too-short';
  if (!HASH.test(baseName.slice(0, HASH_LENGTH)) || baseName[HASH_LENGTH] !== '-') return 'bad-hash';
  return baseName.length - HASH_LENGTH - 1 > MAX_NAME_LENGTH ? 'long-name' : 'bad-name';
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
