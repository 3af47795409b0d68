import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import { nthHash } from '../support/nthHash';
import { CACHE, found, until, storeBench } from '../support/storeBench';

const root = process.getuid?.() === 0;

describe('the disk store', () => {
  const { at, open, folder, files, onlyFile, fill, countRight } = storeBench();

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
      const victim = at('victim');
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
      await fs.rename(folder(), at('elsewhere'));
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
      const home = at('home');
      await fs.mkdir(home);
      await fs.chown(home, 65534, 65534);
      const store = open({ directory: path.join(home, '.cache', 'flake-trust') });
      store.putNarinfo(CACHE, nthHash(1), found('x'), 1);
      await until(() => store.log.lines.length > 0);
      assert.equal((await store.getNarinfo(CACHE, nthHash(1)))?.at, 1);
      assert.deepEqual(await fs.readdir(home), []);
    });
  });
});
