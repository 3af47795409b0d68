/** `nix path-info --json`: the array of 2.8, the object of 2.19 to 2.32, formats 1, 2 and 3 of later ones. */
import { asCount, asObject, asString, asStrings, mapAll, parseJson, type JsonObject } from './json';
import { parsePathOrBaseName, type FormatError } from './derivations';
import { parseContentAddress } from '../../domain/contentAddress';
import { parseHash, parseNarHash } from '../../domain/hash';
import { encodeNixBase32 } from '../../domain/nixBase32';
import type { LocalPathInfo } from '../../domain/localPathInfo';
import { err, ok, type Result } from '../../domain/result';
import { STORE_DIR, type StorePath } from '../../domain/storePath';
import { compareText } from '../../util/compare';

const NEWEST = 3;

/** Parses what the store says of paths; those that are not valid are left out. */
export function parsePathInfo(text: string, storeDir: string = STORE_DIR): Result<Map<StorePath, LocalPathInfo>, FormatError> {
  const json = parseJson(text);
  const entries = Array.isArray(json) ? entriesOfArray(json) : entriesOfObject(json);
  if (!entries.ok) return entries;
  const infos = new Map<StorePath, LocalPathInfo>();
  for (const [key, value] of entries.value) {
    const path = parsePathOrBaseName(key, storeDir);
    if (path === undefined) return err(`it prints a path that is none: ${key.slice(0, 120)}`);
    if (value === null) continue;
    const entry = asObject(value);
    if (entry?.['valid'] === false) continue;
    if (typeof entry?.['version'] === 'number' && entry['version'] > NEWEST) return err(unknownVersion(entry['version']));
    const info = entry && parseEntry(path, entry, storeDir);
    if (info === undefined) return err(`what it prints of a path is not understood: ${key.slice(0, 120)}`);
    infos.set(path, info);
  }
  return ok(infos);
}

function entriesOfArray(json: readonly unknown[]): Result<(readonly [string, unknown])[], FormatError> {
  const entries = mapAll(json, (element) => {
    const path = asString(asObject(element)?.['path']);
    return path === undefined ? undefined : ([path, element] as const);
  });
  return entries === undefined ? err('it prints a path without its name') : ok(entries);
}

function entriesOfObject(json: unknown): Result<(readonly [string, unknown])[], FormatError> {
  const object = asObject(json);
  if (object === undefined) return err('what it prints of paths is no JSON object');
  const version = object['version'];
  if (version === undefined) return ok(Object.entries(object));
  if (typeof version !== 'number' || version > NEWEST) return err(unknownVersion(version));
  const info = asObject(object['info']);
  return info === undefined ? err('what it prints of paths has no "info"') : ok(Object.entries(info));
}

function unknownVersion(version: unknown): FormatError {
  return `it prints path information in version ${typeof version === 'number' ? version : 'unknown'} of its format; known are those up to ${NEWEST}`;
}

function parseEntry(path: StorePath, entry: JsonObject, storeDir: string): LocalPathInfo | undefined {
  const narHash = parseNarHash(asString(entry['narHash']) ?? '');
  const narSize = asCount(entry['narSize']);
  const listed = asStrings(entry['references']);
  const references = listed && mapAll(listed, (reference) => parsePathOrBaseName(reference, storeDir));
  const signatures = parseSignatures(entry['signatures'] ?? []);
  const ca = parseCa(entry['ca'] ?? undefined);
  if (!narHash.ok || narSize === undefined || references === undefined || signatures === undefined || ca === null) {
    return undefined;
  }
  // A deriver may be a path of a kind that we do not know; nothing depends on it.
  const deriver = parsePathOrBaseName(asString(entry['deriver']) ?? '', storeDir);
  return {
    path,
    narHash: narHash.value,
    narSize,
    references: [...new Set(references)].sort(compareText),
    signatures,
    ultimate: entry['ultimate'] === true,
    ...(deriver === undefined ? {} : { deriver }),
    ...(ca === undefined ? {} : { ca }),
  };
}

function parseSignatures(json: unknown): string[] | undefined {
  if (!Array.isArray(json)) return undefined;
  return mapAll<unknown, string>(json, (element) => {
    if (typeof element === 'string') return element;
    const parts = asObject(element);
    const keyName = asString(parts?.['keyName']);
    const sig = asString(parts?.['sig']);
    return keyName === undefined || sig === undefined ? undefined : `${keyName}:${sig}`;
  });
}

/** Reads a content address, as text or (format 2) in parts, into the spelling of narinfos; `null` for one that is not understood. */
function parseCa(json: unknown): string | undefined | null {
  if (json === undefined) return undefined;
  if (typeof json === 'string') {
    const parsed = parseContentAddress(json);
    // One of a method that is not supported proves nothing here, but the path is as good as one without.
    if (parsed.ok) return json;
    return parsed.error.kind === 'unsupported-method' ? undefined : null;
  }
  const parts = asObject(json);
  const hash = parseHash(asString(parts?.['hash']) ?? '');
  if (!hash.ok) return null;
  const digest = `${hash.value.algorithm}:${encodeNixBase32(hash.value.bytes)}`;
  switch (parts?.['method']) {
    case 'text':
      return `text:${digest}`;
    case 'flat':
      return `fixed:${digest}`;
    case 'nar':
      return `fixed:r:${digest}`;
    case 'git':
      return undefined;
    default:
      return null;
  }
}
