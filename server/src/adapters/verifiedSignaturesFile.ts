/**
 * Remembers on disk which signatures verified, so that no later session verifies them again: a digest of each exact triple of text,
 * signature and key, one a line. A damaged line is the digest of nothing, so at worst something is verified once more.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { VerifiedSignatures } from '../engine/ports';
import { isOurs, makePrivateFolder, privateFolderState } from './privateFolder';

/** Lies among the answers of caches, and is named like them, so that whatever clears and bounds those does so with this. */
const FILE = `${createHash('sha256').update('verified signatures').digest('hex').slice(0, 32)}.log`;
const FOLDER = 'answers-1';

const DIGEST = /^[\w-]{43}$/;

/** Room for 180,000; a larger file is begun anew. */
const MAX_BYTES = 8 * 1024 * 1024;

const { O_RDONLY, O_WRONLY, O_APPEND, O_CREAT, O_TRUNC } = constants;
/** Not on Windows: there a link cannot be planted in a folder of ours. */
const O_NOFOLLOW = (constants.O_NOFOLLOW as number | undefined) ?? 0;

/** A {@link VerifiedSignatures} that remembers for this process alone. */
export class VerifiedSignaturesMemory implements VerifiedSignatures {
  readonly #digests = new Set<string>();

  load(): Promise<void> {
    return Promise.resolve();
  }

  get empty(): boolean {
    return this.#digests.size === 0;
  }

  has(digest: string): boolean {
    return this.#digests.has(digest);
  }

  add(digest: string): void {
    this.#digests.add(digest);
  }
}

export class VerifiedSignaturesFile implements VerifiedSignatures {
  readonly #folder: string;
  readonly #digests = new Set<string>();
  #fresh: string[] = [];
  #full = false;
  #loaded: Promise<void> | undefined;

  /** @param directory The tool's own folder, for example `$XDG_CACHE_HOME/flake-trust`; need not exist. */
  constructor(directory: string) {
    this.#folder = path.join(directory, FOLDER);
  }

  load(): Promise<void> {
    return (this.#loaded ??= this.#read().catch(() => undefined));
  }

  get empty(): boolean {
    return this.#digests.size === 0;
  }

  has(digest: string): boolean {
    return this.#digests.has(digest);
  }

  add(digest: string): void {
    if (this.#digests.has(digest)) return;
    this.#digests.add(digest);
    this.#fresh.push(digest);
  }

  /** Appends what is new. Whatever the disk says about it, nothing is lost but time. */
  async save(): Promise<void> {
    if (this.#fresh.length === 0) return;
    const lines = `\n${this.#fresh.join('\n')}\n`;
    this.#fresh = [];
    if ((await makePrivateFolder(this.#folder)) !== 'usable') return;
    let file: FileHandle | undefined;
    try {
      file = await this.#open(O_WRONLY | O_APPEND | O_CREAT | (this.#full ? O_TRUNC : 0));
      await file?.write(lines);
    } catch {
      // The disk is full or read-only.
    } finally {
      await file?.close().catch(() => undefined);
    }
  }

  async #read(): Promise<void> {
    if ((await privateFolderState(this.#folder)) !== 'usable') return;
    const file = await this.#open(O_RDONLY).catch(() => undefined);
    if (file === undefined) return;
    try {
      this.#full = (await file.stat()).size > MAX_BYTES;
      if (this.#full) return;
      for (const line of (await file.readFile('latin1')).split('\n')) if (DIGEST.test(line)) this.#digests.add(line);
    } finally {
      await file.close();
    }
  }

  async #open(flags: number): Promise<FileHandle | undefined> {
    const file = await open(path.join(this.#folder, FILE), flags | O_NOFOLLOW, 0o600);
    const stats = await file.stat();
    // Who can write this file could make an unsigned path look verified.
    if (stats.isFile() && isOurs(stats)) return file;
    await file.close();
    return undefined;
  }
}
