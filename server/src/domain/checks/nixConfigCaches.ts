/** The caches and keys that a flake's `nixConfig` would add, and which belong together. For the checks; nothing is trusted because of it. */
import { pairKeys } from '../keyPairing';
import { knownKeysOfName } from '../knownKeys';
import type { NixConfigElement, NixConfigSetting } from '../flakeNix';
import { parsePublicKey, type PublicKey } from '../publicKey';
import { parseSubstituter, type Substituter } from '../substituter';
import type { CheckedFlake } from './checkedFlake';

/** Nix's names for them, the old ones too. */
const SUBSTITUTER_SETTINGS: ReadonlySet<string> = new Set(['substituters', 'binary-caches']);
const KEY_SETTINGS: ReadonlySet<string> = new Set(['trusted-public-keys', 'binary-cache-public-keys']);

/** A cache as written; absent when the text is no store. */
export interface SubstituterElement {
  readonly element: NixConfigElement;
  readonly cache?: Substituter;
}

/** A key as written; absent when the text is no key. */
export interface KeyElement {
  readonly element: NixConfigElement;
  readonly key?: PublicKey;
}

/** Lists the caches that `nixConfig` names, in text order. */
export function substituterElements(flake: CheckedFlake): readonly SubstituterElement[] {
  return elementsOf(flake, SUBSTITUTER_SETTINGS).map((element) => {
    const cache = parseSubstituter(element.value);
    return cache.ok ? { element, cache: cache.value } : { element };
  });
}

/** Lists the keys that `nixConfig` names, in text order. */
export function keyElements(flake: CheckedFlake): readonly KeyElement[] {
  return elementsOf(flake, KEY_SETTINGS).map((element) => {
    const key = parsePublicKey(element.value);
    return key.ok ? { element, key: key.value } : { element };
  });
}

/** Tells whether all caches and keys of `nixConfig` are known: what is computed could be anything. */
export function isComplete(flake: CheckedFlake): boolean {
  return settingsOf(flake, new Set([...SUBSTITUTER_SETTINGS, ...KEY_SETTINGS])).every(({ computed }) => !computed);
}

/** Nobody has so many; pairing them is work that grows with both numbers. */
const MAX_ELEMENTS = 300;

function elementsOf(flake: CheckedFlake, names: ReadonlySet<string>): readonly NixConfigElement[] {
  return settingsOf(flake, names)
    .flatMap(({ elements }) => elements)
    .slice(0, MAX_ELEMENTS);
}

function settingsOf({ flakeNix }: CheckedFlake, names: ReadonlySet<string>): readonly NixConfigSetting[] {
  return (flakeNix?.nixConfig ?? []).filter(({ name }) => names.has(name.replace(/^extra-/, '')));
}

/** What belongs together, and what is left on either side. */
export interface Pairing {
  readonly cachesWithoutKey: readonly SubstituterElement[];
  readonly keysWithoutCache: readonly KeyElement[];
  /** The cache of each key, by the key's text. */
  readonly cacheOfKey: ReadonlyMap<string, Substituter>;
}

/** Pairs the keys of `nixConfig` with its caches, as far as names and known keys tell. */
export function pairing(flake: CheckedFlake): Pairing {
  const caches = substituterElements(flake).filter((each): each is Required<SubstituterElement> => each.cache !== undefined);
  const keys = keyElements(flake).filter((each): each is Required<KeyElement> => each.key !== undefined);
  const texts = keys.map(({ key }) => key.text);
  const pairs = pairKeys(
    caches.map(({ cache }) => cache),
    texts,
  );
  const cacheOfKey = new Map<string, Substituter>();
  for (const [index, { cache }] of caches.entries()) {
    for (const text of pairs[index] ?? []) if (!cacheOfKey.has(text)) cacheOfKey.set(text, cache);
  }
  return {
    cachesWithoutKey: caches.filter((_, index) => (pairs[index] ?? []).length === 0),
    keysWithoutCache: keys.filter(({ key }) => !cacheOfKey.has(key.text)),
    cacheOfKey,
  };
}

/** Tells whether a key is named after a cache or known to be its. */
export function isKeyOf(key: { readonly text: string; readonly name: string }, cacheUrl: string): boolean {
  const known = knownKeysOfName(key.name).find((each) => each.key === key.text);
  if (known !== undefined) return known.cache === cacheUrl;
  return hostOf(cacheUrl) === key.name.replace(/-\d{1,4}$/, '').toLowerCase();
}

const DEFAULT_CACHE = 'https://cache.nixos.org';

/** Tells whether a cache serves what the official one does, signed by its key: itself, and the mirrors by the name of their folder. */
export function isOfficialOrMirror(url: string): boolean {
  return url === DEFAULT_CACHE || url.endsWith('/nix-channels/store');
}

/** The caches that the user has, the official one among them. */
export function configuredCaches({ options }: CheckedFlake): readonly string[] {
  return [DEFAULT_CACHE, ...(options.configuredCaches ?? [])];
}

function hostOf(url: string): string {
  return /^[a-z0-9+.-]+:\/\/([^/:]*)/.exec(url)?.[1]?.toLowerCase() ?? '';
}
