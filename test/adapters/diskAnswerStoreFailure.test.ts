import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import type { Disk } from '../../server/src/adapters/answerLog';
import { nthHash } from '../support/nthHash';
import { CACHE, found, until, storeBench } from '../support/storeBench';

describe('the disk store', () => {
  const { at, open, onDisk, fill, countRight } = storeBench();

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
      const mount = at('mount');
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
      const mount = at('mount');
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
});
