/** Remembers on disk, beside the answers of each cache, what the last audit understood of them. */
import { constants, type Stats } from 'node:fs';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { storePathHash } from '../domain/storePath';
import type { CacheFacts } from '../domain/cacheFacts';
import type { FactsStore } from '../engine/ports';
import type { LogState } from './answerLog';
import { scanRecords } from './answerRecords';
import { ANSWERS_FOLDER, answersFileName } from './diskAnswerStore';
import { decodeFacts, encodeFacts } from './factsFile';
import { isOurs, makePrivateFolder, privateFolderState } from './privateFolder';

/** Room for 500,000 paths. */
const MAX_BYTES = 256 * 1024 * 1024;

/** So much may have been answered since the facts were collected; beyond, they are collected anew. */
const MAX_NEWER_BYTES = 4 * 1024 * 1024;

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = constants;
/** Not on Windows: there a link cannot be planted in a folder of ours. */
const O_NOFOLLOW = (constants.O_NOFOLLOW as number | undefined) ?? 0;

export class DiskFactsStore implements FactsStore {
  readonly #folder: string;
  readonly #collected = new Map<string, CacheFacts>();

  /** @param directory The tool's own folder, for example `$XDG_CACHE_HOME/flake-trust`; need not exist. */
  constructor(directory: string) {
    this.#folder = path.join(directory, ANSWERS_FOLDER);
  }

  async open(cacheUrl: string): Promise<CacheFacts | undefined> {
    try {
      return await this.#read(path.join(this.#folder, answersFileName(cacheUrl)));
    } catch {
      // Whatever it is, the answers themselves are still there.
      return undefined;
    }
  }

  put(cacheUrl: string, facts: CacheFacts): void {
    this.#collected.set(cacheUrl, facts);
  }

  /** Writes what was put, after the answers were written; `logOf` tells what their files are now. */
  async save(logOf: (cacheUrl: string) => LogState | undefined): Promise<void> {
    const collected = [...this.#collected];
    this.#collected.clear();
    if (collected.length === 0 || (await makePrivateFolder(this.#folder)) !== 'usable') return;
    for (const [cacheUrl, facts] of collected) {
      const log = logOf(cacheUrl);
      if (log === undefined) continue;
      await replaceFile(path.join(this.#folder, `${answersFileName(cacheUrl)}.facts`), encodeFacts({ facts, log }));
    }
  }

  async #read(file: string): Promise<CacheFacts | undefined> {
    if ((await privateFolderState(this.#folder)) !== 'usable') return undefined;
    const bytes = await readOurs(`${file}.facts`);
    const read = bytes === undefined ? undefined : await decodeFacts(bytes);
    if (read === undefined) return undefined;
    const log = await stat(`${file}.log`);
    // Cleared or written anew meanwhile: then nobody knows what is newer.
    if (log.ino !== read.log.ino || log.dev !== read.log.dev || log.size < read.log.size) return undefined;
    if (log.size === read.log.size) return read.facts;
    if (log.size - read.log.size > MAX_NEWER_BYTES) return undefined;
    const newer = await newerKeys(`${file}.log`, read.log.size, log);
    return newer === undefined ? undefined : without(read.facts, newer);
  }
}

async function readOurs(file: string): Promise<Buffer | undefined> {
  const handle = await open(file, O_RDONLY | O_NOFOLLOW);
  try {
    const stats = await handle.stat();
    // Who can write this file could make an unsigned path look verified.
    if (!stats.isFile() || !isOurs(stats) || stats.size > MAX_BYTES) return undefined;
    const bytes = Buffer.from(new ArrayBuffer(stats.size));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    return bytesRead === bytes.length ? bytes : undefined;
  } finally {
    await handle.close();
  }
}

/** The store path hashes of answers that came after `start`. */
async function newerKeys(file: string, start: number, { size, ino }: Stats): Promise<ReadonlySet<string> | undefined> {
  const handle = await open(file, O_RDONLY | O_NOFOLLOW);
  try {
    if ((await handle.stat()).ino !== ino) return undefined;
    const bytes = Buffer.allocUnsafe(size - start);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
    const keys = new Set<string>();
    scanRecords(bytes.subarray(0, bytesRead), 0, true, ({ key }) => keys.add(key));
    return keys;
  } finally {
    await handle.close();
  }
}

/** Takes rows out by giving them a place that is none. */
function without(facts: CacheFacts, keys: ReadonlySet<string>): CacheFacts {
  const paths = Uint32Array.from(facts.paths, (place) => {
    const name = facts.names[place];
    return name !== undefined && keys.has(storePathHash(name)) ? facts.names.length : place;
  });
  return { ...facts, paths };
}

async function replaceFile(file: string, pieces: Iterable<Uint8Array>): Promise<void> {
  // Named as what is cleared, and cleaned up where a process was killed.
  const temporary = `${file}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
  let handle: FileHandle | undefined;
  try {
    handle = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    let size = 0;
    for (const piece of pieces) {
      size += piece.length;
      if (size > MAX_BYTES) throw new Error('too many facts');
      if ((await handle.write(piece)).bytesWritten < piece.length) throw new Error('the disk is full');
    }
    await handle.close();
    await rename(temporary, file);
  } catch {
    // A full disk, for example: the next audit takes longer, and that is all.
    await handle?.close().catch(() => undefined);
    await rm(temporary, { force: true });
  }
}
