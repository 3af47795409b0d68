/**
 * One append-only file of remembered answers. Several processes may read and append at once: each batch is one write at the end of the
 * file, and what others wrote is found when we look behind our own. Losing an answer is harmless, since it is asked again; believing a
 * damaged one is not, so every record is checked whenever it is read.
 */
import { constants } from 'node:fs';
import type * as fs from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import {
  answerFile,
  appendRecords,
  copyNewest,
  findNewRecords,
  isWasteful,
  placeLength,
  placeStart,
  readAnswers,
  type AnswerFile,
} from './answerFile';
import { decodeRecord, encodeRecord, type Answer } from './answerRecords';
import { isOurs } from './privateFolder';

/** What {@link AnswerLog} uses of the disk, so that a test can break it. */
export type Disk = Pick<typeof fs, 'open' | 'rename' | 'stat' | 'unlink'>;

export interface AnswerLogOptions {
  readonly path: string;
  /** Makes sure that the folder is there and ours. @param create Whether it may be made. */
  readonly folder: (create: boolean) => Promise<boolean>;
  /** The file is compacted to half of it when it grows beyond. */
  readonly maxBytes: number;
  readonly disk: Disk;
  /** Called once when answers can no longer be written. */
  readonly onTrouble: (reason: string) => void;
}

/** So many answers are kept in memory when the disk takes none. */
const MAX_IN_MEMORY = 2000;

const BATCH_BYTES = 1024 * 1024;

/** So long an answer may wait for others, in milliseconds: what a killed process loses. */
const FLUSH_MS = 20;

const { O_RDWR, O_RDONLY, O_APPEND, O_CREAT, O_EXCL } = constants;
/** Not on Windows: there a link cannot be planted in a folder of ours. */
const O_NOFOLLOW = (constants.O_NOFOLLOW as number | undefined) ?? 0;

/** Which file it is, and how far it was read: what comes behind is newer. */
export interface LogState {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
}

/** Kept as it is written: a text as well would take as much again, and live just long enough to be a burden. */
interface Waiting {
  readonly key: string;
  readonly record: Buffer;
}

export class AnswerLog {
  readonly #options: AnswerLogOptions;
  /** What is not on disk (yet), newest last. */
  readonly #memory = new Map<string, Waiting>();
  /** Of {@link #memory}, what is still to be written. */
  readonly #unwritten = new Set<Waiting>();
  #file: AnswerFile | undefined;
  #writable = true;
  #opened: Promise<void> | undefined;
  /** Everything that changes the file, one after another. */
  #work: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #state: LogState | undefined;

  constructor(options: AnswerLogOptions) {
    this.#options = options;
  }

  async read(key: string): Promise<Answer | undefined> {
    const waiting = this.#memory.get(key);
    if (waiting !== undefined) return decodeRecord(waiting.record);
    if (this.#closed) return undefined;
    this.#opened ??= this.#do(() => this.#open(false));
    await this.#opened;
    return this.#inMemory(key) ?? (await this.#readFile(key));
  }

  /** The same as many {@link read}, with few reads of the file; in the order of `keys`. */
  async readMany(keys: readonly string[]): Promise<readonly (Answer | undefined)[]> {
    if (this.#closed) return keys.map(() => undefined);
    this.#opened ??= this.#do(() => this.#open(false));
    await this.#opened;
    const file = this.#file;
    const onDisk = keys.filter((key) => !this.#memory.has(key));
    // Compacted or closed meanwhile, or the disk fails: then nothing is remembered.
    const answers =
      file === undefined || onDisk.length === 0 ? undefined : await readAnswers(file, onDisk).catch(() => undefined);
    return keys.map((key) => this.#inMemory(key) ?? answers?.get(key));
  }

  /** Remembers an answer, at once for {@link read}, soon on disk. */
  write(answer: Answer): void {
    const record = encodeRecord(answer);
    if (record === undefined || this.#closed) return;
    const old = this.#memory.get(answer.key);
    if (old !== undefined) this.#unwritten.delete(old);
    const waiting = { key: answer.key, record };
    this.#memory.delete(answer.key);
    this.#memory.set(answer.key, waiting);
    if (this.#writable) {
      this.#unwritten.add(waiting);
      this.#flushSoon();
    } else this.#boundMemory();
  }

  /** Writes what is still to be written, then lets go of the file. */
  async close(): Promise<void> {
    await this.#do(() => this.#flush());
    await this.#do(async () => {
      if (this.#file === undefined || !this.#writable) return;
      const { dev, ino } = await this.#file.handle.stat();
      this.#state = { dev, ino, size: this.#file.scannedTo };
    });
    await this.discard();
  }

  /** What the file was when it was closed; `undefined` when it was not opened, or could not be written. */
  get state(): LogState | undefined {
    return this.#state;
  }

  /** Lets go of the file and forgets what was not written. */
  async discard(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#unwritten.clear();
    await this.#do(() => this.#letGo());
    this.#memory.clear();
  }

  #inMemory(key: string): Answer | undefined {
    const waiting = this.#memory.get(key);
    return waiting === undefined ? undefined : decodeRecord(waiting.record);
  }

  async #readFile(key: string): Promise<Answer | undefined> {
    const file = this.#file;
    const place = file?.index.get(key);
    if (file === undefined || place === undefined) return undefined;
    const record = Buffer.allocUnsafe(placeLength(place));
    try {
      const { bytesRead } = await file.handle.read(record, 0, record.length, placeStart(place));
      const answer = bytesRead === record.length ? decodeRecord(record) : undefined;
      if (answer?.key === key) return answer;
    } catch {
      // Compacted or closed meanwhile, or the disk fails: then nothing is remembered.
    }
    return undefined;
  }

  #do(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((error: unknown) => this.#giveUpWriting(describe(error)));
    return this.#work;
  }

  #flushSoon(): void {
    // Answers that arrive at about the same time share one write.
    this.#timer ??= setTimeout(() => void this.#do(() => this.#flush()), FLUSH_MS);
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#unwritten.size > 0 && this.#writable) {
      if (!(await this.#isCurrent())) await this.#letGo();
      if (this.#file === undefined) await this.#open(true);
      if (this.#file === undefined) {
        this.#giveUpWriting('its folder cannot be used');
        return;
      }
      await this.#append(this.#file, this.#takeBatch());
    }
  }

  #takeBatch(): readonly Waiting[] {
    const batch: Waiting[] = [];
    let bytes = 0;
    for (const waiting of this.#unwritten) {
      bytes += waiting.record.length;
      if (batch.length > 0 && bytes > BATCH_BYTES) break;
      batch.push(waiting);
      this.#unwritten.delete(waiting);
    }
    return batch;
  }

  async #append(file: AnswerFile, batch: readonly Waiting[]): Promise<void> {
    await appendRecords(file, batch);
    for (const { key, record } of batch) {
      if (this.#memory.get(key)?.record === record && file.index.has(key)) this.#memory.delete(key);
    }
    if (isWasteful(file, this.#options.maxBytes)) await this.#compact(file);
  }

  /** Tells whether the file at our path is still the one that we have open: another process may have compacted or deleted it. */
  async #isCurrent(): Promise<boolean> {
    if (this.#file === undefined) return true;
    const [ours, there] = await Promise.all([
      this.#file.handle.stat(),
      this.#options.disk.stat(this.#options.path).catch(() => undefined),
    ]);
    return there?.ino === ours.ino && there.dev === ours.dev;
  }

  async #open(create: boolean): Promise<void> {
    const { folder, path, maxBytes } = this.#options;
    if (this.#file !== undefined || !(await folder(create))) return;
    const handle = await this.#openHandle(create);
    if (handle === undefined) return;
    const stats = await handle.stat();
    if (!stats.isFile() || !isOurs(stats)) {
      await handle.close();
      this.#giveUpWriting(`${path} belongs to somebody else`);
      return;
    }
    const file = answerFile(handle);
    await findNewRecords(file);
    this.#file = file;
    if (this.#writable && isWasteful(file, maxBytes)) await this.#compact(file);
  }

  async #openHandle(create: boolean): Promise<FileHandle | undefined> {
    const { disk, path } = this.#options;
    try {
      return await disk.open(path, O_RDWR | O_APPEND | O_NOFOLLOW | (create ? O_CREAT : 0), 0o600);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && !create) return undefined;
      this.#giveUpWriting(describe(error));
      return disk.open(path, O_RDONLY | O_NOFOLLOW).catch(() => undefined);
    }
  }

  /**
   * Writes the newest records into a new file, half the limit at most, and puts it in the place of the old one. Another process that has
   * the old one open goes on reading it, and finds the new one before it appends again; what it appends in the very moment of the change
   * is lost, and will be asked again.
   */
  async #compact(old: AnswerFile): Promise<void> {
    const { disk, path, maxBytes } = this.#options;
    const temporary = `${path}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
    const handle = await disk.open(temporary, O_RDWR | O_APPEND | O_CREAT | O_EXCL, 0o600);
    try {
      const file = answerFile(handle);
      const copiedTo = old.scannedTo;
      await copyNewest([...old.index.values()], old.handle, handle, maxBytes / 2);
      // What others appended meanwhile.
      await findNewRecords(old);
      await copyNewest(
        [...old.index.values()].filter((place) => placeStart(place) >= copiedTo),
        old.handle,
        handle,
        maxBytes / 2,
      );
      await findNewRecords(file);
      if (!(await this.#isCurrent())) throw new Error('another process was faster');
      await disk.rename(temporary, path);
      this.#file = file;
      await old.handle.close();
    } catch (error) {
      await handle.close().catch(() => undefined);
      await disk.unlink(temporary).catch(() => undefined);
      const { size } = await old.handle.stat();
      // It will be tried again, but not for ever.
      if (size > 2 * maxBytes) throw error;
    }
  }

  async #letGo(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.handle.close();
  }

  #giveUpWriting(reason: string): void {
    if (!this.#writable) return;
    this.#writable = false;
    this.#unwritten.clear();
    this.#boundMemory();
    if (!this.#closed) this.#options.onTrouble(reason);
  }

  #boundMemory(): void {
    for (const key of this.#memory.keys()) {
      if (this.#memory.size <= MAX_IN_MEMORY) return;
      this.#memory.delete(key);
    }
  }
}

function describe(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'the folder cannot be written';
    case undefined:
      return error instanceof Error ? error.message : 'an error occurred';
    default:
      return `the error is ${code}`;
  }
}
