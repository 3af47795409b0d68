/** Remembers answers of caches on disk, over sessions and for several processes at once: a file per cache in a private folder. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import type { CacheInfo } from '../domain/nixCacheInfo';
import type { StorePathHash } from '../domain/storePath';
import type { AnswerStore, Logger, Remembered, StoredNarinfo } from '../engine/ports';
import { AnswerLog, type Disk, type LogState } from './answerLog';
import { INFO_KEY, type Answer } from './answerRecords';
import { makePrivateFolder, privateFolderState } from './privateFolder';

/** Changes with the layout of the files, so that versions side by side do not read each other's. */
export const ANSWERS_FOLDER = 'answers-1';

const FILE_NAME = /^[0-9a-f]{32}\.(?:log|facts)(?:\.[0-9a-f-]{1,40}\.tmp)?$/;

/** Names the files of a cache, without their ending; the name tells nobody which caches are used. */
export function answersFileName(cacheUrl: string): string {
  return createHash('sha256').update(cacheUrl).digest('hex').slice(0, 32);
}

/** A temporary file of a compaction that was killed. */
const LEFT_OVER_AFTER_MS = 60 * 60 * 1000;

export interface DiskAnswerStoreOptions {
  /** The tool's own folder, for example `$XDG_CACHE_HOME/flake-trust`; need not exist. */
  readonly directory: string;
  readonly log: Logger;
  /** Of one cache's file; default 64 MiB, room for 100,000 narinfos. */
  readonly maxBytes?: number;
  /** Of all files; default 256 MiB. */
  readonly maxTotalBytes?: number;
  readonly disk?: Disk;
}

export class DiskAnswerStore implements AnswerStore {
  readonly #folder: string;
  readonly #options: DiskAnswerStoreOptions;
  readonly #logs = new Map<string, AnswerLog>();
  #cleaned: Promise<void> | undefined;
  #clearing: Promise<void> = Promise.resolve();
  #warned = false;
  #closed = false;

  constructor(options: DiskAnswerStoreOptions) {
    this.#options = options;
    this.#folder = path.join(options.directory, ANSWERS_FOLDER);
  }

  async getNarinfo(cacheUrl: string, hash: StorePathHash): Promise<Remembered<StoredNarinfo> | undefined> {
    const answer = await this.#read(cacheUrl, hash);
    return answer !== undefined && 'narinfo' in answer ? answer.narinfo : undefined;
  }

  async getNarinfos(
    cacheUrl: string,
    hashes: readonly StorePathHash[],
  ): Promise<readonly (Remembered<StoredNarinfo> | undefined)[]> {
    if (this.#closed) return hashes.map(() => undefined);
    const answers = await this.#logOf(cacheUrl).readMany(hashes);
    return answers.map((answer) => (answer !== undefined && 'narinfo' in answer ? answer.narinfo : undefined));
  }

  putNarinfo(cacheUrl: string, hash: StorePathHash, answer: StoredNarinfo, at: number): void {
    this.#write(cacheUrl, { key: hash, narinfo: { value: answer, at } });
  }

  async getInfo(cacheUrl: string): Promise<Remembered<CacheInfo> | undefined> {
    const answer = await this.#read(cacheUrl, INFO_KEY);
    return answer !== undefined && 'info' in answer ? answer.info : undefined;
  }

  putInfo(cacheUrl: string, info: CacheInfo, at: number): void {
    this.#write(cacheUrl, { key: INFO_KEY, info: { value: info, at } });
  }

  clear(): Promise<void> {
    const logs = [...this.#logs.values()];
    this.#logs.clear();
    this.#clearing = this.#clearing.then(async () => {
      await Promise.all(logs.map((log) => log.discard()));
      if ((await privateFolderState(this.#folder)) !== 'usable') return;
      await Promise.all((await this.#files()).map(({ file }) => fs.rm(file, { force: true })));
    });
    return this.#clearing;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#clearing;
    await Promise.all([...this.#logs.values()].map((log) => log.close()));
  }

  /** After {@link close}: what the file of a cache was then. */
  stateOf(cacheUrl: string): LogState | undefined {
    return this.#logs.get(cacheUrl)?.state;
  }

  async #read(cacheUrl: string, key: string): Promise<Answer | undefined> {
    return this.#closed ? undefined : this.#logOf(cacheUrl).read(key);
  }

  #write(cacheUrl: string, answer: Answer): void {
    if (!this.#closed) this.#logOf(cacheUrl).write(answer);
  }

  #logOf(cacheUrl: string): AnswerLog {
    const known = this.#logs.get(cacheUrl);
    if (known !== undefined) return known;
    const name = `${answersFileName(cacheUrl)}.log`;
    const cleared = this.#clearing;
    const log = new AnswerLog({
      path: path.join(this.#folder, name),
      folder: async (create) => {
        await cleared;
        return this.#useFolder(create);
      },
      maxBytes: this.#options.maxBytes ?? 64 * 1024 * 1024,
      disk: this.#options.disk ?? fs,
      onTrouble: (reason) => this.#warn(reason),
    });
    this.#logs.set(cacheUrl, log);
    return log;
  }

  async #useFolder(create: boolean): Promise<boolean> {
    const state = create ? await makePrivateFolder(this.#folder) : await privateFolderState(this.#folder);
    if (state === 'not-ours') this.#warn(`${this.#folder} belongs to somebody else, or others may write it`);
    if (state !== 'usable') return false;
    this.#cleaned ??= this.#cleanUp().catch(() => undefined);
    await this.#cleaned;
    return true;
  }

  /** Removes what killed processes left, and the files used longest ago when there is too much. */
  async #cleanUp(): Promise<void> {
    const { maxTotalBytes = 256 * 1024 * 1024 } = this.#options;
    let total = 0;
    for (const { file, size, mtimeMs } of (await this.#files()).sort((a, b) => b.mtimeMs - a.mtimeMs)) {
      const leftOver = file.endsWith('.tmp') && Date.now() - mtimeMs > LEFT_OVER_AFTER_MS;
      total += size;
      if (leftOver || total > maxTotalBytes) await fs.rm(file, { force: true });
    }
  }

  async #files(): Promise<{ file: string; size: number; mtimeMs: number }[]> {
    const names = (await fs.readdir(this.#folder)).filter((name) => FILE_NAME.test(name));
    const found = await Promise.all(
      names.map(async (name) => {
        const file = path.join(this.#folder, name);
        const stats = await fs.lstat(file).catch(() => undefined);
        return stats === undefined ? [] : [{ file, size: stats.size, mtimeMs: stats.mtimeMs }];
      }),
    );
    return found.flat();
  }

  #warn(reason: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#options.log.warn(`answers of caches are remembered only until the end of this session: ${reason}`);
  }
}
