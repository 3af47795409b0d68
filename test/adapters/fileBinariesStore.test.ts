import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { FileBinariesStore } from '../../server/src/adapters/fileBinariesStore';
import type { StoredPackages } from '../../server/src/engine/ports';
import { pathOf } from '../support/buildGraph';

const KEY = 'a'.repeat(64);

const packages = (system: string, at = 1): StoredPackages => ({
  system,
  sampled: true,
  outputs: [{ attribute: 'bash', output: 'out', path: pathOf('bash'), position: '/nix/store/x/bash.nix:1' }],
  failed: ['linux'],
  at,
});

describe('the store of packages', () => {
  let dir: string;
  let folder: string;
  let store: FileBinariesStore;
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'flake-trust-binaries-'));
    folder = path.join(dir, 'tool', 'binaries-1');
    store = new FileBinariesStore(path.join(dir, 'tool'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('is empty before the first time', async () => assert.deepEqual(await store.get(KEY), []));

  it('remembers one for each system, the newest', async () => {
    await store.put(KEY, packages('x86_64-linux'));
    await store.put(KEY, packages('aarch64-darwin'));
    await store.put(KEY, packages('x86_64-linux', 5));
    assert.deepEqual(await new FileBinariesStore(path.join(dir, 'tool')).get(KEY), [
      packages('aarch64-darwin'),
      packages('x86_64-linux', 5),
    ]);
    assert.deepEqual(await store.get('b'.repeat(64)), []);
  });

  it('is for its owner alone', async () => {
    await store.put(KEY, packages('x86_64-linux'));
    assert.equal((await stat(folder)).mode & 0o077, 0);
  });

  it('does not believe what others may write', async () => {
    await store.put(KEY, packages('x86_64-linux'));
    await chmod(folder, 0o777);
    assert.deepEqual(await store.get(KEY), []);
  });

  it('does not follow a folder that is a link', async () => {
    await mkdir(path.join(dir, 'tool'));
    await mkdir(path.join(dir, 'elsewhere'));
    await symlink(path.join(dir, 'elsewhere'), folder);
    await store.put(KEY, packages('x86_64-linux'));
    assert.deepEqual(await readdir(path.join(dir, 'elsewhere')), []);
  });

  for (const [what, text] of [
    ['nothing', ''],
    ['half a file', '[{"system":"x86_64-linux"'],
    ['another shape', '{"__proto__":1}'],
    ['a system that is none', JSON.stringify([{ ...packages('x86_64-linux'), system: '../x' }])],
    ['too much', `[${' '.repeat(9 * 1024 * 1024)}]`],
  ] as const) {
    it(`takes ${what} for nothing, and writes over it`, async () => {
      await store.put(KEY, packages('x86_64-linux'));
      await writeFile(path.join(folder, `${KEY}.json`), text);
      assert.deepEqual(await store.get(KEY), []);
      await store.put(KEY, packages('x86_64-linux'));
      assert.equal((await store.get(KEY)).length, 1);
    });
  }

  it('leaves out what is no store path', async () => {
    await store.put(KEY, packages('x86_64-linux'));
    const hostile = { ...packages('x86_64-linux'), outputs: [{ attribute: 'a', output: 'out', path: '/etc/passwd' }] };
    await writeFile(path.join(folder, `${KEY}.json`), JSON.stringify([hostile]));
    assert.deepEqual((await store.get(KEY))[0]?.outputs, []);
  });

  it('takes no key for a path', async () => {
    await store.put('../../x', packages('x86_64-linux'));
    assert.deepEqual(await readdir(dir), []);
  });

  it('forgets', async () => {
    await store.put(KEY, packages('x86_64-linux'));
    await store.clear();
    assert.deepEqual(await store.get(KEY), []);
    assert.deepEqual(await readdir(path.join(dir, 'tool')), []);
  });
});
