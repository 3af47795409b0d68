/** A folder that only its owner can read and write, and that is believed only then. */
import type { Stats } from 'node:fs';
import { lstat, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

export type FolderState = 'usable' | 'absent' | 'not-ours';

/** Looks whether `folder` is there and ours. What others may write, others may have written. */
export async function privateFolderState(folder: string): Promise<FolderState> {
  try {
    const stats = await lstat(folder);
    return stats.isDirectory() && isOurs(stats) ? 'usable' : 'not-ours';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : 'not-ours';
  }
}

/** Makes `folder`, mode 0700, and those above it. Does nothing inside the folders of another user, as when run by `sudo`. */
export async function makePrivateFolder(folder: string): Promise<FolderState> {
  const state = await privateFolderState(folder);
  if (state !== 'absent') return state;
  try {
    const uid = process.getuid?.();
    const { uid: above } = await nearestExisting(path.dirname(folder));
    if (uid !== undefined && above !== uid && above !== 0) return 'not-ours';
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch {
    return 'absent';
  }
  return privateFolderState(folder);
}

/** Tells whether a file or folder belongs to us and nobody else can write it. Where there are no such owners it is taken to be so. */
export function isOurs({ uid, mode }: Stats): boolean {
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
}

async function nearestExisting(folder: string): Promise<Stats> {
  try {
    return await stat(folder);
  } catch (error) {
    const above = path.dirname(folder);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === folder) throw error;
    return nearestExisting(above);
  }
}
