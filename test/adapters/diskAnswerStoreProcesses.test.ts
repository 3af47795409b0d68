import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import path from 'node:path';
import { nthHash } from '../support/nthHash';
import { CACHE, found, until, storeBench } from '../support/storeBench';

describe('the disk store', () => {
  const { at, open, onlyFile, onDisk, fill, countRight } = storeBench();

  describe('several processes', () => {
    const writer = (name: string, count: string) =>
      spawn(process.execPath, ['--import', 'tsx', path.join(__dirname, '../support/answerWriter.ts'), at(), name, count], {
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
