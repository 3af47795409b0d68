import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import type { DiskAnswerStore } from '../../server/src/adapters/diskAnswerStore';
import { nthHash } from '../support/nthHash';
import { assertLinearAsync } from '../support/growth';
import { CACHE, found, storeBench } from '../support/storeBench';

const INFO = { storeDir: '/nix/store', priority: 40, wantMassQuery: true };

describe('the disk store', () => {
  const { at, open, folder, files, onlyFile, fill, countRight } = storeBench();

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
      const store = open({ directory: at('deep', 'below') });
      assert.equal(await store.getNarinfo(CACHE, nthHash(1)), undefined);
      assert.deepEqual(await fs.readdir(at()), []);
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
      assert.deepEqual(await fs.readdir(at()), []);
    });

    it('opens in time that grows with the number of narinfos and not faster, and keeps little of them in memory', async function () {
      this.timeout(120_000);
      const text = `StorePath: ${'x'.repeat(560)}\n`;
      const filled = async (count: number) => {
        const own = at(String(count));
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
      assert.equal((await open({ directory: at('50000') }).getNarinfo(CACHE, nthHash(0)))?.at, 0);
      const grownBy = process.memoryUsage().heapUsed - heap;
      assert.ok(grownBy < 40_000_000, `${grownBy} bytes`);
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
});
