import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Disk } from '../../server/src/adapters/answerLog';
import { DiskAnswerStore, type DiskAnswerStoreOptions } from '../../server/src/adapters/diskAnswerStore';
import type { StoredNarinfo } from '../../server/src/engine/ports';
import { fakeLog } from '../support/fakeLog';
import { nthHash } from '../support/nthHash';
import { assertLinearAsync } from '../support/growth';

const CACHE = 'https://cache.test';
const INFO = { storeDir: '/nix/store', priority: 40, wantMassQuery: true };
const root = process.getuid?.() === 0;
const found = (text: string): StoredNarinfo => ({ kind: 'found', text });

describe('DiskAnswerStore', () => {
  let directory: string;
  let stores: DiskAnswerStore[];
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

  const folder = () => path.join(directory, 'answers-1');
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

  describe('remembering', () => {
    it('gives back what it was given: at once, and in another session', async () => {
      const first = open();
      const give = async (store: DiskAnswerStore) => [
        await store.getNarinfo(CACHE, nthHash(1)),
        await store.getNarinfo(CACHE, nthHash(2)),
        await store.getNarinfo(CACHE, nthHash(3)),
        await store.getNarinfo('https://other.test', nthHash(1)),
        await store.getInfo(CACHE),
        await store.getInfo('https://other.test'),
      ];
      const expected = [
        { value: found('grüße 🦊\n'), at: 1.5 },
        { value: { kind: 'absent' }, at: 1_700_000_000_000 },
        undefined,
        { value: { kind: 'absent' }, at: 4 },
        { value: INFO, at: 5 },
        { value: { priority: -1, wantMassQuery: false }, at: 6 },
      ];
      first.putNarinfo(CACHE, nthHash(1), found('grüße 🦊\n'), 1.5);
      first.putNarinfo(CACHE, nthHash(2), { kind: 'absent' }, 1_700_000_000_000);
      first.putNarinfo('https://other.test', nthHash(1), { kind: 'absent' }, 4);
      first.putInfo(CACHE, INFO, 5);
      first.putInfo('https://other.test', { priority: -1, wantMassQuery: false }, 6);
      assert.deepEqual(await give(first), expected);
      await first.close();
      assert.deepEqual(await give(open()), expected);
    });

    it('gives the newest answer', async () => {
      const store = open();
      for (let i = 0; i < 5; i++) store.putNarinfo(CACHE, nthHash(1), found(`version ${i}`), i);
      assert.deepEqual(await store.getNarinfo(CACHE, nthHash(1)), { value: found('version 4'), at: 4 });
      await store.close();
      const again = open();
      assert.deepEqual(await again.getNarinfo(CACHE, nthHash(1)), { value: found('version 4'), at: 4 });
      again.putNarinfo(CACHE, nthHash(1), { kind: 'absent' }, 9);
      await again.close();
      assert.deepEqual(await open().getNarinfo(CACHE, nthHash(1)), { value: { kind: 'absent' }, at: 9 });
    });

    it('makes nothing on disk by reading', async () => {
      const store = open({ directory: path.join(directory, 'deep', 'below') });
      assert.equal(await store.getNarinfo(CACHE, nthHash(1)), undefined);
      assert.deepEqual(await fs.readdir(directory), []);
      assert.deepEqual(store.log.lines, []);
    });

    it('lets only its owner read, and names no cache in file names', async () => {
      await fill(1);
      assert.equal((await fs.stat(folder())).mode & 0o777, 0o700);
      assert.equal((await fs.stat(await onlyFile())).mode & 0o777, 0o600);
      assert.match(path.basename(await onlyFile()), /^[0-9a-f]{32}\.log$/);
    });

    it('forgets everything, on disk too, and goes on', async () => {
      const store = open();
      store.putNarinfo(CACHE, nthHash(1), found('old'), 1);
      await store.clear();
      assert.equal(await store.getNarinfo(CACHE, nthHash(1)), undefined);
      assert.deepEqual(await fs.readdir(folder()).catch(() => []), []);
      store.putNarinfo(CACHE, nthHash(2), found('new'), 2);
      const clearing = store.clear();
      store.putNarinfo(CACHE, nthHash(3), found('newer'), 3);
      await clearing;
      assert.equal(await store.getNarinfo(CACHE, nthHash(2)), undefined);
      await store.close();
      const again = open();
      assert.equal(await again.getNarinfo(CACHE, nthHash(1)), undefined);
      assert.equal(await again.getNarinfo(CACHE, nthHash(2)), undefined);
      assert.equal((await again.getNarinfo(CACHE, nthHash(3)))?.at, 3);
    });

    it('leaves alone what is not its own when it forgets', async () => {
      await fill(1);
      await fs.writeFile(path.join(folder(), 'notes.txt'), 'mine');
      await open().clear();
      assert.deepEqual(await files(), [path.join(folder(), 'notes.txt')]);
    });

    it('writes and reads nothing after it was closed', async () => {
      const store = open();
      await store.close();
      store.putNarinfo(CACHE, nthHash(1), found('late'), 1);
      assert.equal(await store.getNarinfo(CACHE, nthHash(1)), undefined);
      await store.close();
      assert.deepEqual(await fs.readdir(directory), []);
    });

    it('opens in time that grows with the number of narinfos and not faster, and keeps little of them in memory', async function () {
      this.timeout(120_000);
      const text = `StorePath: ${'x'.repeat(560)}\n`;
      const filled = async (count: number) => {
        const own = path.join(directory, String(count));
        const store = open({ directory: own });
        for (let i = 0; i < count; i++) store.putNarinfo(CACHE, nthHash(i), found(text), i);
        await store.close();
        return { own, last: count - 1 };
      };
      await assertLinearAsync(50_000, filled, async ({ own, last }) => {
        const store = open({ directory: own });
        assert.equal((await store.getNarinfo(CACHE, nthHash(last)))?.at, last);
      });
      const heap = process.memoryUsage().heapUsed;
      assert.equal((await open({ directory: path.join(directory, '50000') }).getNarinfo(CACHE, nthHash(0)))?.at, 0);
      const grownBy = process.memoryUsage().heapUsed - heap;
      assert.ok(grownBy < 40_000_000, `${grownBy} bytes`);
    });
  });

  describe('damage', () => {
    it('a file cut off at any byte costs the records behind it, and is written on', async () => {
      await fill(6);
      const file = await onlyFile();
      const whole = await fs.readFile(file);
      const recordLength = whole.length / 6;
      for (let length = 0; length < whole.length; length++) {
        await fs.writeFile(file, whole.subarray(0, length));
        const store = open();
        assert.equal(await countRight(store, 6), Math.floor(length / recordLength), `cut at ${length}`);
        store.putNarinfo(CACHE, nthHash(5), found('text 5'), 5);
        await store.close();
        const again = open();
        assert.deepEqual(
          await again.getNarinfo(CACHE, nthHash(5)),
          { value: found('text 5'), at: 5 },
          `written after a cut at ${length}`,
        );
        await again.close();
      }
    });

    it('a changed byte costs one record, wherever it is', async () => {
      await fill(5);
      const file = await onlyFile();
      const whole = await fs.readFile(file);
      for (let at = 0; at < whole.length; at++) {
        for (const flip of [0x01, 0x80, 0xff]) {
          const damaged = Buffer.from(whole);
          damaged.writeUInt8((damaged[at] ?? 0) ^ flip, at);
          await fs.writeFile(file, damaged);
          const store = open();
          assert.equal(await countRight(store, 5), 4, `byte ${at}`);
          await store.close();
        }
      }
    }).timeout(60_000);

    it('a record damaged after the file was opened is not given out', async () => {
      await fill(3);
      const store = open();
      assert.equal(await countRight(store, 3), 3);
      const file = await onlyFile();
      const bytes = await fs.readFile(file);
      bytes.writeUInt8(0x7f, bytes.indexOf('text 1'));
      await fs.writeFile(file, bytes);
      assert.equal(await countRight(store, 3), 2);
    });

    for (const [name, content] of [
      ['empty', ''],
      ['another format', '{"version":1}\n'.repeat(1000)],
      ['zeros', Buffer.alloc(100_000)],
      [
        'nothing but beginnings of records',
        Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.from([0xff, 0xf7, 0x46, 0x54]))),
      ],
    ] as const)
      it(`a file that is ${name} counts as empty and is written on`, async () => {
        await fill(1);
        const file = await onlyFile();
        await fs.writeFile(file, content);
        await fill(2);
        assert.equal(await countRight(open(), 2), 2);
      });

    it('a text cannot pass for a record', async () => {
      await fill(1, () => 'x');
      const record = (await fs.readFile(await onlyFile())).toString('latin1');
      await fs.rm(await onlyFile());
      const store = open();
      store.putNarinfo(CACHE, nthHash(9), found(record), 9);
      await store.close();
      const bytes = await fs.readFile(await onlyFile());
      bytes.writeUInt8(0, 0);
      await fs.writeFile(await onlyFile(), bytes);
      assert.equal(await open().getNarinfo(CACHE, nthHash(0)), undefined);
    });

    it('a folder in the place of the file, and a link, are not written through', async () => {
      await fill(1);
      const file = await onlyFile();
      await fs.rm(file);
      const victim = path.join(directory, 'victim');
      await fs.writeFile(victim, 'precious');
      await fs.symlink(victim, file);
      const linked = open();
      linked.putNarinfo(CACHE, nthHash(1), found('a'), 1);
      await linked.close();
      assert.equal(await fs.readFile(victim, 'utf8'), 'precious');
      await fs.rm(file);
      await fs.mkdir(file);
      const blocked = open();
      blocked.putNarinfo(CACHE, nthHash(1), found('a'), 1);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal((await blocked.getNarinfo(CACHE, nthHash(1)))?.at, 1);
    });
  });

  describe('owners', () => {
    async function isIgnored(): Promise<void> {
      const store = open();
      assert.equal(await store.getNarinfo(CACHE, nthHash(0)), undefined);
      const before = await Promise.all((await files()).map((file) => fs.readFile(file)));
      store.putNarinfo(CACHE, nthHash(1), found('new'), 1);
      await until(() => store.log.lines.length > 0);
      assert.deepEqual(await store.getNarinfo(CACHE, nthHash(1)), { value: found('new'), at: 1 }, 'remembered in memory');
      await store.close();
      assert.deepEqual(await Promise.all((await files()).map((file) => fs.readFile(file))), before, 'nothing is written');
      assert.match(
        store.log.lines.join('\n'),
        /^warn: answers of caches are remembered only until the end of this session: .*belongs to somebody else/,
      );
      assert.equal(store.log.lines.length, 1);
    }

    it('does not believe a folder that others may write', async () => {
      await fill(1);
      for (const mode of [0o770, 0o702, 0o777]) {
        await fs.chmod(folder(), mode);
        await isIgnored();
      }
    });

    it('does not believe a file that others may write', async () => {
      await fill(1);
      await fs.chmod(await onlyFile(), 0o666);
      await isIgnored();
    });

    it('does not believe a folder that is a link', async () => {
      await fill(1);
      await fs.rename(folder(), path.join(directory, 'elsewhere'));
      await fs.symlink('elsewhere', folder());
      await isIgnored();
    });

    it('does not believe a folder or a file of somebody else', async function () {
      if (!root) return this.skip();
      await fill(1);
      await fs.chown(await onlyFile(), 65534, 65534);
      await isIgnored();
      await fs.chown(await onlyFile(), 0, 0);
      await fs.chown(folder(), 65534, 65534);
      await isIgnored();
    });

    it('makes nothing in the home of somebody else, as under sudo', async function () {
      if (!root) return this.skip();
      const home = path.join(directory, 'home');
      await fs.mkdir(home);
      await fs.chown(home, 65534, 65534);
      const store = open({ directory: path.join(home, '.cache', 'flake-trust') });
      store.putNarinfo(CACHE, nthHash(1), found('x'), 1);
      await until(() => store.log.lines.length > 0);
      assert.equal((await store.getNarinfo(CACHE, nthHash(1)))?.at, 1);
      assert.deepEqual(await fs.readdir(home), []);
    });
  });

  describe('a disk that fails', () => {
    /** The real disk, but writing goes wrong from the `nth` write on: it takes `partial` bytes, or fails with `code`. */
    function failingDisk(nth: number, how: { readonly code: string } | { readonly partial: number }): Disk {
      let writes = 0;
      return {
        ...fs,
        open: async (...args: Parameters<typeof fs.open>) => {
          const handle = await fs.open(...args);
          const write = handle.write.bind(handle) as (
            bytes: Buffer,
            offset?: number,
            length?: number,
          ) => ReturnType<typeof handle.write>;
          handle.write = (async (bytes: Buffer) => {
            if (++writes < nth) return write(bytes);
            if ('partial' in how) return write(bytes, 0, how.partial);
            throw Object.assign(new Error(how.code), { code: how.code });
          }) as unknown as typeof handle.write;
          return handle;
        },
      };
    }

    for (const [how, message] of [
      [{ code: 'ENOSPC' }, /the disk is full/],
      [{ code: 'EDQUOT' }, /the disk is full/],
      [{ code: 'EIO' }, /the error is EIO/],
      [{ partial: 20 }, /the disk is full/],
      [{ partial: 0 }, /the disk is full/],
    ] as const)
      it(`goes on in memory: ${JSON.stringify(how)}`, async () => {
        await fill(3);
        const store = open({ disk: failingDisk(2, how) });
        store.putNarinfo(CACHE, nthHash(3), found('text 3'), 3);
        await until(async () => (await onDisk()).includes('text 3'));
        for (let i = 4; i < 9; i++) store.putNarinfo(CACHE, nthHash(i), found(`text ${i}`), i);
        await until(() => store.log.lines.length > 0);
        assert.match(store.log.lines[0] ?? '', message);
        for (let i = 9; i < 3000; i++) store.putNarinfo(CACHE, nthHash(i), found(`text ${i}`), i);
        const remembered = await countRight(store, 3000);
        assert.equal(remembered, 4 + 2000, 'all that is on disk, and a bounded number in memory');
        await store.close();
        assert.equal(await countRight(open(), 3000), 4);
        await fill(6);
        assert.equal(await countRight(open(), 6), 6, 'whoever writes later is not harmed');
      });

    it('reads where it may not write', async function () {
      await fill(2);
      const readOnly = async (...[file, flags, mode]: Parameters<typeof fs.open>) => {
        if (Number(flags) & 3) throw Object.assign(new Error('EROFS'), { code: 'EROFS' });
        return fs.open(file, flags, mode);
      };
      const store = open({ disk: { ...fs, open: readOnly } });
      assert.equal(await countRight(store, 2), 2);
      store.putNarinfo(CACHE, nthHash(2), found('text 2'), 2);
      assert.equal(await countRight(store, 3), 3);
      assert.match(store.log.lines.join('\n'), /the folder cannot be written/);
    });

    it('survives a really full disk', async function () {
      const text = (i: number) => `${'x'.repeat(200)} ${i}`;
      const mount = path.join(directory, 'mount');
      await fs.mkdir(mount);
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mount], { stdio: 'ignore' });
      } catch {
        return this.skip();
      }
      try {
        const store = open({ directory: mount });
        for (let i = 0; i < 1000; i++) {
          store.putNarinfo(CACHE, nthHash(i), found(text(i)), i);
          if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        await until(() => store.log.lines.length > 0);
        assert.equal(await countRight(store, 1000, text), 1000);
        await store.close();
        const again = open({ directory: mount });
        const kept = await countRight(again, 1000, text);
        assert.ok(kept > 100 && kept < 1000, String(kept));
        await again.close();
      } finally {
        execFileSync('umount', ['-l', mount]);
      }
    });

    it('survives a really read-only disk', async function () {
      const mount = path.join(directory, 'mount');
      await fs.mkdir(mount);
      try {
        execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', mount], { stdio: 'ignore' });
      } catch {
        return this.skip();
      }
      try {
        const first = open({ directory: mount });
        first.putNarinfo(CACHE, nthHash(0), found('text 0'), 0);
        await first.close();
        execFileSync('mount', ['-o', 'remount,ro', mount]);
        const store = open({ directory: mount });
        assert.equal(await countRight(store, 1), 1);
        store.putNarinfo(CACHE, nthHash(1), found('text 1'), 1);
        assert.equal(await countRight(store, 2), 2);
        await store.close();
      } finally {
        execFileSync('umount', ['-l', mount]);
      }
    });
  });

  describe('size', () => {
    it('keeps the newest answers within its limit', async () => {
      const text = (i: number) => `${'x'.repeat(500)} ${i}`;
      const store = open({ maxBytes: 100_000 });
      for (let i = 0; i < 1000; i++) {
        store.putNarinfo(CACHE, nthHash(i), found(text(i)), i);
        if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await store.close();
      assert.ok((await fs.stat(await onlyFile())).size <= 100_000, 'the file is small');
      const again = open({ maxBytes: 100_000 });
      const kept = await countRight(again, 1000, text);
      assert.ok(kept >= 50, String(kept));
      for (let i = 1000 - kept; i < 1000; i++) assert.ok(await again.getNarinfo(CACHE, nthHash(i)), `the newest, so ${i}`);
    });

    it('throws replaced answers away', async () => {
      const store = open({ maxBytes: 1_000_000 });
      for (let i = 0; i < 2000; i++) {
        store.putNarinfo(CACHE, nthHash(i % 5), found('x'.repeat(200)), i);
        if (i % 5 === 4) await new Promise((resolve) => setImmediate(resolve));
      }
      await store.close();
      assert.ok((await fs.stat(await onlyFile())).size < 100_000, 'the file is small');
    });

    it('removes the caches used longest ago when there is too much in all', async () => {
      const store = open();
      for (const name of ['a', 'b', 'c']) store.putNarinfo(`https://${name}.test`, nthHash(1), found('x'.repeat(1000)), 1);
      await store.close();
      const all = await files();
      assert.equal(all.length, 3);
      for (const [index, file] of all.entries()) await fs.utimes(file, 1000 + index, 1000 + index);
      const again = open({ maxTotalBytes: 2500 });
      await again.getNarinfo('https://a.test', nthHash(1));
      assert.deepEqual((await files()).sort(), all.slice(1).sort());
    });

    it('removes what a killed compaction left behind', async () => {
      await fill(1);
      const [old, young] = ['1-00', '2-00'].map((name) => path.join(folder(), `${'a'.repeat(32)}.log.${name}.tmp`)) as [
        string,
        string,
      ];
      for (const file of [old, young]) await fs.writeFile(file, 'half');
      await fs.utimes(old, 1000, 1000);
      await open().getNarinfo(CACHE, nthHash(1));
      const left = await files();
      assert.ok(!left.includes(old) && left.includes(young), 'another process may be at work on the young one');
    });

    it('stores no answer that is larger than any can be', async () => {
      const store = open();
      store.putNarinfo(CACHE, nthHash(1), found('x'.repeat(400 * 1024)), 1);
      assert.equal(await store.getNarinfo(CACHE, nthHash(1)), undefined);
    });
  });

  describe('several processes', () => {
    const writer = (name: string, count: string) =>
      spawn(process.execPath, ['--import', 'tsx', path.join(__dirname, '../support/answerWriter.ts'), directory, name, count], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });

    async function check(name: string, count: number): Promise<number> {
      const store = open();
      let right = 0;
      for (let i = 0; i < count; i++) {
        const answer = await store.getNarinfo('https://shared.test', nthHash(i, name));
        if (answer === undefined) continue;
        assert.deepEqual(answer, { value: found(`${name} ${i} ${'x'.repeat(i % 700)}`), at: i });
        right++;
      }
      await store.close();
      return right;
    }

    it('lose nothing when they write at once', async function () {
      this.timeout(60_000);
      const children = ['one', 'two'].map((name) => writer(name, '3000'));
      for (const [code] of await Promise.all(children.map((child) => once(child, 'exit')))) assert.equal(code, 0);
      assert.equal(await check('one', 3000), 3000);
      assert.equal(await check('two', 3000), 3000);
    });

    it('see what the other wrote once they write themselves', async () => {
      const [a, b] = [open(), open()];
      a.putNarinfo(CACHE, nthHash(0), found('text 0'), 0);
      await until(async () => (await onDisk()).includes('text 0'));
      assert.equal(await countRight(b, 1), 1);
      a.putNarinfo(CACHE, nthHash(1), found('text 1'), 1);
      await until(async () => (await onDisk()).includes('text 1'));
      b.putNarinfo(CACHE, nthHash(2), found('text 2'), 2);
      await until(async () => (await countRight(b, 3)) === 3);
    });

    it('lose nothing of what was written when one is killed', async function () {
      this.timeout(60_000);
      for (let round = 0; round < 3; round++) {
        const child = writer(`killed${round}`, 'endless');
        await until(async () => (await onDisk()).includes(`killed${round} 50 `));
        child.kill('SIGKILL');
        await once(child, 'exit');
        assert.equal(await check(`killed${round}`, 51), 51);
      }
      await fill(2);
      assert.equal(await countRight(open(), 2), 2);
    });

    it('go on when one compacts or clears under the other', async function () {
      this.timeout(60_000);
      const exits = [writer('small', '3000'), writer('large', '3000')].map((child) => once(child, 'exit'));
      const clearing = open();
      await until(async () => (await onDisk()).includes('large '));
      await clearing.clear();
      for (const [code] of await Promise.all(exits)) assert.equal(code, 0);
      await check('small', 3000);
      await check('large', 3000);
      await fill(3);
      assert.equal(await countRight(open(), 3), 3);
    });

    it('keep on reading an old file after another process compacted it', async () => {
      const text = (i: number) => `${'x'.repeat(500)} ${i}`;
      await fill(50, text);
      const reader = open();
      assert.equal(await countRight(reader, 50, text), 50);
      const compacting = open({ maxBytes: 20_000 });
      compacting.putNarinfo(CACHE, nthHash(50), found(text(50)), 50);
      await compacting.close();
      assert.ok((await fs.stat(await onlyFile())).size < 20_000, 'the file is small');
      assert.equal(await countRight(reader, 50, text), 50);
      reader.putNarinfo(CACHE, nthHash(51), found(text(51)), 51);
      await reader.close();
      const again = open();
      assert.equal((await again.getNarinfo(CACHE, nthHash(51)))?.at, 51);
      assert.equal((await again.getNarinfo(CACHE, nthHash(50)))?.at, 50);
    });
  });
});

/** Waits, without a fixed pause, for something that another task brings about. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await condition())) {
    assert.ok(Date.now() < end, 'waited in vain');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
