/** What suites of the disk store share: a folder and open stores for each test, and what lies on disk. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DiskAnswerStore, type DiskAnswerStoreOptions } from '../../server/src/adapters/diskAnswerStore';
import type { StoredNarinfo } from '../../server/src/engine/ports';
import { fakeLog } from './fakeLog';
import { nthHash } from './nthHash';

export const CACHE = 'https://cache.test';
export const found = (text: string): StoredNarinfo => ({ kind: 'found', text });

/** Makes a folder before each test of the suite in which it is called, closes what was opened and removes the folder after it. */
export function storeBench() {
  let directory = '';
  let stores: DiskAnswerStore[] = [];
  beforeEach(async () => {
    directory = await fs.mkdtemp(path.join(tmpdir(), 'flake-trust-'));
    stores = [];
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await fs.rm(directory, { recursive: true });
  });

  function open(options: Partial<DiskAnswerStoreOptions> = {}) {
    const log = fakeLog();
    const store = new DiskAnswerStore({ directory, log, ...options });
    stores.push(store);
    return Object.assign(store, { log });
  }

  /** A path below the folder of the test; with no name the folder itself. */
  const at = (...names: string[]) => path.join(directory, ...names);
  const folder = () => at('answers-1');
  async function files(): Promise<string[]> {
    return (await fs.readdir(folder())).map((name) => path.join(folder(), name));
  }
  async function onlyFile(): Promise<string> {
    const [file, ...others] = await files();
    assert.deepEqual(others, []);
    return file ?? assert.fail('there is no file');
  }

  /** Everything that lies in the folder now. */
  async function onDisk(): Promise<string> {
    const contents = await Promise.all(
      (await files().catch(() => [])).map((file) => fs.readFile(file, 'latin1').catch(() => '')),
    );
    return contents.join('');
  }

  /** Writes narinfos 0 to `count` and closes. */
  async function fill(count: number, textOf: (i: number) => string = (i) => `text ${i}`): Promise<void> {
    const store = open();
    for (let i = 0; i < count; i++) store.putNarinfo(CACHE, nthHash(i), found(textOf(i)), i);
    await store.close();
  }

  /** How many of narinfos 0 to `count` are remembered; each must be right. */
  async function countRight(
    store: DiskAnswerStore,
    count: number,
    textOf: (i: number) => string = (i) => `text ${i}`,
  ): Promise<number> {
    let right = 0;
    for (let i = 0; i < count; i++) {
      const answer = await store.getNarinfo(CACHE, nthHash(i));
      if (answer === undefined) continue;
      assert.deepEqual(answer, { value: found(textOf(i)), at: i });
      right++;
    }
    return right;
  }

  return { at, open, folder, files, onlyFile, onDisk, fill, countRight };
}

/** Waits, without a fixed pause, for something that another task brings about. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await condition())) {
    assert.ok(Date.now() < end, 'waited in vain');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
