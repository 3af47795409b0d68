/** Binary caches made for a test, as files: over HTTP with {@link served}, in a directory with {@link writeCache}. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text, type Behaviour } from './cacheServer';
import { narinfoText, type NarinfoFields } from './signer';

/** Texts by name: `nix-cache-info` and `<hash>.narinfo`. */
export type CacheFiles = ReadonlyMap<string, string>;

/** Makes a cache that describes these paths, each signed by whom its fields name (see `makeSigner`). */
export function signedCache(
  paths: readonly NarinfoFields[],
  { priority = 40, storeDir = '/nix/store' }: { readonly priority?: number; readonly storeDir?: string } = {},
): CacheFiles {
  return new Map([
    ['nix-cache-info', `StoreDir: ${storeDir}\nWantMassQuery: 1\nPriority: ${priority}\n`],
    ...paths.map((fields): [string, string] => [`${hashOf(fields.storePath)}.narinfo`, narinfoText(fields)]),
  ]);
}

/** What a server does to be such a cache; `prefix` is its path, for example `/team`. */
export function served(files: CacheFiles, prefix = ''): Record<string, Behaviour> {
  return Object.fromEntries([...files].map(([name, contents]) => [`${prefix}/${name}`, text(contents)]));
}

/** Writes a cache into a directory, which is made when it is missing. */
export async function writeCache(directory: string, files: CacheFiles): Promise<void> {
  await mkdir(directory, { recursive: true });
  await Promise.all([...files].map(([name, contents]) => writeFile(path.join(directory, name), contents)));
}

function hashOf(storePath: string): string {
  const start = storePath.lastIndexOf('/') + 1;
  return storePath.slice(start, start + 32);
}
