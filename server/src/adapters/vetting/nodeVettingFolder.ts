/** The folder `flake-trust/` of a flake on this computer: read, and written so that nothing of anybody else gets lost. */
import { createHash, randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { VETTING_FOLDER } from '../../domain/vetting/types';
import type { VettingFolder, WriteOutcome } from '../../engine/vetting/ports';
import { sleep } from '../../util/abort';
import { nodeFiles } from '../nodeFiles';

/** Somebody who holds the lock for longer has died with it. */
const STALE_LOCK_MS = 30_000;
const LOCK_WAIT_MS = 5_000;

/** Opens the folder of the flake in `flakeDir`, which need not be there yet. */
export function nodeVettingFolder(flakeDir: string): VettingFolder {
  const folder = path.join(flakeDir, VETTING_FOLDER);
  return {
    read: (name, maxBytes, signal) => nodeFiles.read(path.join(folder, name), maxBytes, signal, flakeDir),
    write: async (name, expected, text) => {
      try {
        return await write(folder, name, expected, text);
      } catch (error) {
        if (error instanceof Refused) return { kind: 'failed', reason: error.message };
        return { kind: 'failed', reason: reasonOf(error as NodeJS.ErrnoException) };
      }
    },
  };
}

class Refused extends Error {}

async function write(folder: string, name: string, expected: string | undefined, text: string): Promise<WriteOutcome> {
  const file = path.join(folder, name);
  await makeFolder(folder);
  const lock = path.join(folder, `.${name}.lock`);
  await takeLock(lock);
  try {
    const mode = await writableMode(file);
    const current = mode === undefined ? undefined : await digestOf(file);
    if (current !== (expected === undefined ? undefined : digest(Buffer.from(expected, 'utf8')))) return { kind: 'changed' };
    const temporary = path.join(folder, `.${name}.${randomBytes(6).toString('hex')}.tmp`);
    let handle: FileHandle | undefined;
    try {
      handle = await open(temporary, 'wx', mode ?? 0o666);
      await handle.writeFile(text, 'utf8');
      await handle.sync();
      await handle.close();
      await rename(temporary, file);
    } catch (error) {
      await handle?.close().catch(() => undefined);
      await rm(temporary, { force: true });
      throw error;
    }
    return { kind: 'written' };
  } finally {
    await rm(lock, { force: true });
  }
}

/** Makes the folder itself, none above it. A link in its place would lead our writing to wherever a repository likes. */
async function makeFolder(folder: string): Promise<void> {
  const stats = await lstat(folder).catch(absent);
  if (stats === undefined) {
    await mkdir(folder).catch((error: unknown) => {
      // Another writer was faster; what it made is looked at as if it had been there.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return makeFolder(folder);
    });
  } else if (stats.isSymbolicLink())
    throw new Refused(`${VETTING_FOLDER} is a symbolic link, and what it leads to is not written`);
  else if (!stats.isDirectory()) throw new Refused(`${VETTING_FOLDER} is not a folder`);
}

/** The permissions of a file that may be replaced; nothing for an absent one. */
async function writableMode(file: string): Promise<number | undefined> {
  const stats = await lstat(file).catch(absent);
  if (stats === undefined) return undefined;
  if (stats.isSymbolicLink()) throw new Refused('it is a symbolic link, and what it leads to is not written');
  if (!stats.isFile()) throw new Refused('it is not a regular file');
  // To replace a file one needs no right to write to it; whoever took that right away meant it all the same.
  if ((stats.mode & 0o200) === 0) throw new Refused('it is read-only');
  return stats.mode & 0o777;
}

async function digestOf(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | ((constants.O_NOFOLLOW as number | undefined) ?? 0));
  try {
    return digest(await handle.readFile());
  } finally {
    await handle.close();
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Waits for other writers, and takes over from one that has died. */
async function takeLock(lock: string): Promise<void> {
  const start = performance.now();
  for (;;) {
    try {
      await (await open(lock, 'wx', 0o600)).close();
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const stats = await stat(lock).catch(absent);
    if (stats !== undefined && Date.now() - stats.mtimeMs > STALE_LOCK_MS) await rm(lock, { force: true });
    else if (performance.now() - start > LOCK_WAIT_MS)
      throw new Refused(`somebody else is writing it: ${path.basename(lock)} is there`);
    else await sleep(25, new AbortController().signal);
  }
}

function absent(error: NodeJS.ErrnoException): Stats | undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  const known: Readonly<Record<string, string>> = {
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the file system is read-only',
    ENOSPC: 'the disk is full',
    ENOENT: 'the folder of the flake is not there',
    ENOTDIR: 'the folder of the flake is not there',
  };
  return known[code ?? ''] ?? code ?? message;
}
