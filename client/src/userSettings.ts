/** Writes what the user decided to the user's own settings: no repository can, and none of it lands in a workspace. */
import * as vscode from 'vscode';
import { SECTION } from '../../server/src/protocol';

interface CacheEntry {
  readonly url: string;
  readonly keys?: readonly string[];
}

/** Adds caches with their keys to `flakeTrust.caches`; entries of the same URL are extended, other properties kept. */
export async function addCaches(accepted: readonly CacheEntry[]): Promise<void> {
  const entries = [...userList('caches')];
  for (const { url, keys = [] } of accepted) {
    const index = entries.findIndex((entry) => isCacheEntry(entry) && sameCache(entry.url, url));
    const existing = entries[index];
    if (!isCacheEntry(existing)) entries.push(keys.length > 0 ? { url, keys } : { url });
    else entries[index] = { ...existing, keys: [...new Set([...(existing.keys ?? []), ...keys])] };
  }
  await vscode.workspace.getConfiguration(SECTION, null).update('caches', entries, vscode.ConfigurationTarget.Global);
}

/** Adds a public key to `flakeTrust.trustedPublicKeys`. Gives false when it is there already. */
export async function addTrustedKey(key: string): Promise<boolean> {
  const keys = userList('trustedPublicKeys');
  if (keys.includes(key)) return false;
  await vscode.workspace
    .getConfiguration(SECTION, null)
    .update('trustedPublicKeys', [...keys, key], vscode.ConfigurationTarget.Global);
  return true;
}

function userList(name: string): readonly unknown[] {
  const value: unknown = vscode.workspace.getConfiguration(SECTION, null).inspect(name)?.globalValue;
  return Array.isArray(value) ? value : [];
}

function isCacheEntry(value: unknown): value is CacheEntry {
  return (
    typeof value === 'object' &&
    value !== null &&
    'url' in value &&
    typeof value.url === 'string' &&
    (!('keys' in value) || Array.isArray(value.keys))
  );
}

function sameCache(a: string, b: string): boolean {
  return a.replace(/\/+$/, '') === b.replace(/\/+$/, '');
}
