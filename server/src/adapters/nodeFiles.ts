/** Local files, read so that neither a device, a pipe, an endless file nor a hanging disk holds the tool up. */
import { constants } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import type { FileRead, Files } from '../engine/ports';
import { whileNotAborted } from '../util/abort';
import { LEADS_OUT, placeWithin } from './placeWithin';

// A pipe without a writer would block open() for ever; O_NONBLOCK makes it return (it is 0 where the platform has none).
const FLAGS = constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0);
const NO_FOLLOW = (constants.O_NOFOLLOW as number | undefined) ?? 0;

/** Reads files of this computer. Symbolic links are followed, unless they lead out of the folder that a caller names: what counts is what they lead to. */
export const nodeFiles: Files = {
  read: (path, maxBytes, signal, within) => whileNotAborted(read(path, maxBytes, within), signal),
};

async function read(path: string, maxBytes: number, within: string | undefined): Promise<FileRead> {
  let file: FileHandle | undefined;
  try {
    if (within === undefined) file = await open(path, FLAGS);
    else {
      const place = await placeWithin(path, within);
      if (place.kind === 'refused') return { kind: 'failed', reason: place.reason };
      file = await open(place.path, FLAGS | NO_FOLLOW);
      // Once more, now that nothing can be put in the place of what is open: a folder on the way may have become a link meanwhile. What stands in a
      // repository does not move by itself; a program that swaps files to and fro while they are read has the rights of the user already.
      if ((await realpath(place.path)) !== place.path) return { kind: 'failed', reason: LEADS_OUT };
    }
    const stat = await file.stat();
    if (!stat.isFile()) return unfit(stat.isDirectory() ? 'it is a folder' : 'it is not a regular file');
    if (stat.size > maxBytes) return tooLarge(maxBytes);
    const bytes = await readAtMost(file, maxBytes + 1, stat.size);
    if (bytes.length > maxBytes) return tooLarge(maxBytes);
    const text = bytes.toString('utf8');
    return process.getuid === undefined ? { kind: 'read', text } : { kind: 'read', text, uid: stat.uid };
  } catch (error) {
    return failure(error as NodeJS.ErrnoException);
  } finally {
    await file?.close().catch(() => undefined);
  }
}

/** Reads until the end or `limit` bytes: a file may grow meanwhile, and those of /proc say that their size is 0. */
async function readAtMost(file: FileHandle, limit: number, expected: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < limit) {
    const room = Math.min(limit - length, Math.max(expected + 1 - length, 64 * 1024));
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(room), 0, room, null);
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): FileRead {
  return unfit(`it is larger than ${describeBytes(maxBytes)}`);
}

function unfit(reason: string): FileRead {
  return { kind: 'failed', reason, unfit: true };
}

function failure(error: NodeJS.ErrnoException): FileRead {
  const code = error.code ?? 'unknown error';
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { kind: 'absent' };
    case 'EACCES':
    case 'EPERM':
      return { kind: 'failed', reason: 'permission denied' };
    case 'EISDIR':
      return unfit('it is a folder');
    case 'ELOOP':
      return { kind: 'failed', reason: 'symbolic links lead in a circle' };
    case 'ENXIO':
      return unfit('it is not a regular file');
    case 'ENAMETOOLONG':
      return { kind: 'failed', reason: 'its name is too long' };
    default:
      return { kind: 'failed', reason: `the error is ${code}` };
  }
}

/** Says a size for people, in the largest unit that divides it. */
export function describeBytes(bytes: number): string {
  if (bytes % 1048576 === 0) return `${bytes / 1048576} MiB`;
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} bytes`;
}
