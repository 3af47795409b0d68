import assert from 'node:assert/strict';
import { chmod, chown, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { VerifiedSignaturesFile } from '../../server/src/adapters/verifiedSignaturesFile';

const digestOf = (n: number | string) => createHash('sha256').update(String(n)).digest('base64url');

describe('signatures that verified, on disk', () => {
  let directory: string;
  let folder: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'flake-trust-verified-'));
    folder = path.join(directory, 'answers-1');
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function remember(...digests: string[]): Promise<string> {
    const file = new VerifiedSignaturesFile(directory);
    await file.load();
    for (const digest of digests) file.add(digest);
    await file.save();
    const [name = ''] = await readdir(folder);
    return path.join(folder, name);
  }

  async function known(...digests: string[]): Promise<string[]> {
    const file = new VerifiedSignaturesFile(directory);
    await file.load();
    return digests.filter((digest) => file.has(digest));
  }

  it('are known to the next session, and those of two at once to the one after', async () => {
    await remember(digestOf(1));
    const [one, two] = [new VerifiedSignaturesFile(directory), new VerifiedSignaturesFile(directory)];
    await Promise.all([one.load(), two.load()]);
    one.add(digestOf(2));
    two.add(digestOf(3));
    await Promise.all([one.save(), two.save()]);
    assert.deepEqual(await known(digestOf(1), digestOf(2), digestOf(3), digestOf(4)), [1, 2, 3].map(digestOf));
  });

  it('can be read and written by their owner alone', async () => {
    const file = await remember(digestOf(1));
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
  });

  it('are not believed where others may write the file or its folder', async () => {
    const file = await remember(digestOf(1));
    for (const mode of [0o620, 0o602, 0o666]) {
      await chmod(file, mode);
      assert.deepEqual(await known(digestOf(1)), [], mode.toString(8));
      // Nor added to.
      await remember(digestOf(2));
      assert.doesNotMatch(await readFile(file, 'latin1'), new RegExp(digestOf(2)));
    }
    await chmod(file, 0o600);
    assert.deepEqual(await known(digestOf(1)), [digestOf(1)]);
    for (const mode of [0o770, 0o707]) {
      await chmod(folder, mode);
      assert.deepEqual(await known(digestOf(1)), [], mode.toString(8));
    }
  });

  it('are not believed through a link', async () => {
    const file = await remember(digestOf(1));
    await rename(file, path.join(directory, 'elsewhere'));
    await symlink(path.join(directory, 'elsewhere'), file);
    assert.deepEqual(await known(digestOf(1)), []);
    await rm(file);
    await rename(path.join(directory, 'elsewhere'), file);
    await rename(folder, path.join(directory, 'other'));
    await symlink(path.join(directory, 'other'), folder);
    assert.deepEqual(await known(digestOf(1)), []);
  });

  it('are not believed where the file or its folder is somebody else’s', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    const file = await remember(digestOf(1));
    await chown(file, 12345, 12345);
    assert.deepEqual(await known(digestOf(1)), []);
    await chown(file, 0, 0);
    await chown(folder, 12345, 12345);
    assert.deepEqual(await known(digestOf(1)), []);
  });

  it('are begun anew when they have become too many', async () => {
    const file = await remember(digestOf(1));
    await writeFile(file, `${digestOf(2)}\n`.repeat(200_000), { mode: 0o600 });
    assert.deepEqual(await known(digestOf(2)), []);
    await remember(digestOf(3));
    assert.deepEqual(await known(digestOf(2), digestOf(3)), [digestOf(3)]);
    assert.ok((await stat(file)).size < 1000);
  });

  it('damaged in whatever way are fewer, never others, and are added to again', async () => {
    const all = Array.from({ length: 40 }, (_, n) => digestOf(n));
    const whole = await remember(...all);
    const text = await readFile(whole);
    const change = fc.record({ at: fc.nat(text.length), remove: fc.nat(60), insert: fc.uint8Array({ maxLength: 60 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        let damaged = text;
        for (const { at, remove, insert } of changes)
          damaged = Buffer.concat([damaged.subarray(0, at), insert, damaged.subarray(at + remove)]);
        await writeFile(whole, damaged, { mode: 0o600 });
        const left = await known(...all);
        // Each is there letter by letter.
        for (const digest of left) assert.ok(damaged.includes(digest));
        // 60 bytes are parts of no more than three lines of 44.
        assert.ok(left.length >= all.length - 3 * changes.length);
        await remember(digestOf('new'));
        assert.deepEqual(await known(digestOf('new'), digestOf('never')), [digestOf('new')]);
      }),
      { numRuns: 60 },
    );
  });
});
