import { randomBytes } from 'node:crypto';
import { lstat, open, realpath, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

/**
 * Writes a whole file or nothing: into a new file beside it, which then takes its place with the permissions it had. A device or a pipe
 * (`/dev/stdout`) is written to, not replaced; of a symbolic link the target is. Rejects with the error of the file system.
 */
export function writeFileAtomically(file: string, text: string): Promise<void> {
  return writePiecesAtomically(file, [text]);
}

/** Writes a file as {@link writeFileAtomically} does, from pieces that are taken one after another. */
export async function writePiecesAtomically(file: string, pieces: Iterable<string>): Promise<void> {
  const target = await realpath(file).catch(() => file);
  const existing = await lstat(target).catch(() => undefined);
  if (existing !== undefined && !existing.isFile()) {
    await writeFile(target, pieces);
    return;
  }
  const temporary = path.join(
    path.dirname(target),
    `.${path.basename(target).slice(0, 100)}.${randomBytes(6).toString('hex')}.tmp`,
  );
  let handle: FileHandle | undefined;
  try {
    // `wx`: never through a link that somebody put there in a shared directory.
    handle = await open(temporary, 'wx', existing === undefined ? 0o666 : existing.mode & 0o777);
    for (const piece of pieces) await handle.writeFile(piece);
    await handle.close();
    await rename(temporary, target);
  } catch (error) {
    await handle?.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}
