import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { nodeVettingFolder } from '../../../server/src/adapters/vetting/nodeVettingFolder';
import { addRecords, EMPTY_RECORDS, withId } from '../../../server/src/domain/vetting/edit';
import { readRecords } from '../../../server/src/domain/vetting/records';
import { VETTING_FILES } from '../../../server/src/domain/vetting/types';
import { changeFile } from '../../../server/src/engine/vetting/changeFile';
import { never } from '../../support/abort';
import { temporaryFolder } from '../../support/flakeDir';
import { narHashOf } from '../../support/flakeFacts';

describe('the vetting folder on disk', () => {
  let dir: string;
  let remove: () => void;
  beforeEach(() => ({ dir, remove } = temporaryFolder()));
  afterEach(() => remove());
  const at = (name: string) => path.join(dir, 'flake-trust', name);

  it('is made when the first file is written, and holds nothing else afterwards', async () => {
    assert.deepEqual(await nodeVettingFolder(dir).write('policy.jsonc', undefined, 'one'), { kind: 'written' });
    assert.deepEqual(readdirSync(path.join(dir, 'flake-trust')), ['policy.jsonc']);
    assert.equal(readFileSync(at('policy.jsonc'), 'utf8'), 'one');
  });

  it('writes nothing over what somebody else wrote meanwhile', async () => {
    const folder = nodeVettingFolder(dir);
    await folder.write('records.jsonc', undefined, 'one');
    assert.deepEqual(await folder.write('records.jsonc', undefined, 'two'), { kind: 'changed' });
    assert.deepEqual(await folder.write('records.jsonc', 'other', 'two'), { kind: 'changed' });
    assert.equal(readFileSync(at('records.jsonc'), 'utf8'), 'one');
    assert.deepEqual(await folder.write('records.jsonc', 'one', 'two'), { kind: 'written' });
  });

  it('loses no record of many writers at once', async () => {
    const signal = new AbortController().signal;
    const writers = Array.from({ length: 4 }, (_, n) => {
      const record = withId({
        kind: 'audit',
        narHash: narHashOf(`w${n}`),
        criteria: ['safe-to-build'],
        who: 'Ada',
        when: '2026-11-01T00:00:00Z',
      });
      const add = (text = EMPTY_RECORDS) => addRecords(text, [record]);
      return changeFile(nodeVettingFolder(dir), VETTING_FILES.records, add, signal);
    });
    await Promise.all(writers);
    assert.equal(readRecords(readFileSync(at('records.jsonc'), 'utf8')).records.length, 4);
  });

  it('does not write through a link that a repository brings, neither of the folder nor of a file', async () => {
    const victim = path.join(dir, 'victim');
    mkdirSync(victim);
    writeFileSync(path.join(victim, 'records.jsonc'), 'mine');
    symlinkSync(victim, path.join(dir, 'flake-trust'));
    const linked = await nodeVettingFolder(dir).write('records.jsonc', 'mine', 'theirs');
    assert.deepEqual(linked, { kind: 'failed', reason: 'flake-trust is a symbolic link, and what it leads to is not written' });
    const flake = path.join(dir, 'second');
    mkdirSync(path.join(flake, 'flake-trust'), { recursive: true });
    symlinkSync(path.join(victim, 'records.jsonc'), path.join(flake, 'flake-trust', 'records.jsonc'));
    assert.equal((await nodeVettingFolder(flake).write('records.jsonc', 'mine', 'theirs')).kind, 'failed');
    assert.deepEqual(readdirSync(victim), ['records.jsonc']);
    assert.equal(readFileSync(path.join(victim, 'records.jsonc'), 'utf8'), 'mine');
  });

  describe('which a repository fills with links', () => {
    const OUTSIDE = "it is a symbolic link that leads out of the flake's folder, and what it leads to is not read";
    const NOWHERE = 'it is a symbolic link that leads nowhere';
    let flake: string;
    let secret: string;
    beforeEach(() => {
      flake = path.join(dir, 'flake');
      secret = path.join(dir, 'home', '.netrc');
      for (const folder of ['home', 'flake/flake-trust', 'flake/shared']) mkdirSync(path.join(dir, folder), { recursive: true });
      writeFileSync(secret, 'machine example.org password hunter2');
      writeFileSync(path.join(flake, 'shared', 'policy.jsonc'), 'shared');
    });
    const link = (target: string, ...place: string[]) => symlinkSync(target, path.join(flake, ...place));
    const read = async (from = flake, name = 'policy.jsonc') => {
      const found = await nodeVettingFolder(from).read(name, 1000, never);
      return found.kind === 'read' ? found.text : found.kind === 'failed' ? found.reason : found.kind;
    };

    it('reads what lies in the flake, however its own folder is reached', async () => {
      link('../shared/policy.jsonc', 'flake-trust', 'policy.jsonc');
      assert.equal(await read(), 'shared');
      symlinkSync(flake, path.join(dir, 'way'));
      assert.equal(await read(path.join(dir, 'way')), 'shared');
      assert.equal(await read(`${flake}${path.sep}`), 'shared');
    });

    it('reads a file whose name begins as the way out does', async () => {
      writeFileSync(path.join(flake, '..policy'), 'dots');
      link('../..policy', 'flake-trust', 'policy.jsonc');
      assert.equal(await read(), 'dots');
    });

    it('does not read what lies elsewhere', async () => {
      link(secret, 'flake-trust', 'policy.jsonc');
      link('../../home/.netrc', 'flake-trust', 'records.jsonc');
      link('policy.jsonc', 'flake-trust', 'imports.lock.json');
      for (const name of ['policy.jsonc', 'records.jsonc', 'imports.lock.json']) assert.equal(await read(flake, name), OUTSIDE);
    });

    it('does not read a neighbour whose name begins like its own', async () => {
      mkdirSync(`${flake}-other`);
      writeFileSync(path.join(`${flake}-other`, 'policy.jsonc'), 'theirs');
      link('../../flake-other/policy.jsonc', 'flake-trust', 'policy.jsonc');
      assert.equal(await read(), OUTSIDE);
    });

    it('does not open what would do something when opened', async () => {
      link('/dev/null', 'flake-trust', 'policy.jsonc');
      assert.equal(await read(), OUTSIDE);
    });

    it('does not fall for a file that turns into a link while it is read', async () => {
      const place = path.join(flake, 'flake-trust', 'policy.jsonc');
      const next = path.join(dir, 'next');
      writeFileSync(place, 'ours');
      let swapping = true;
      const swap = async () => {
        for (let n = 0; swapping; n++) {
          if (n % 2 === 0) await writeFile(next, 'ours');
          else await symlink(secret, next);
          await rename(next, place);
        }
      };
      const swapped = swap();
      const seen = new Set<string>();
      for (let n = 0; n < 500; n++) seen.add(await read());
      swapping = false;
      await swapped;
      const circle = 'symbolic links lead in a circle';
      assert.deepEqual(
        [...seen].filter((text) => !['ours', OUTSIDE, circle].includes(text)),
        [],
      );
      assert.ok(seen.has('ours') && seen.has(OUTSIDE), [...seen].join());
    });

    it('holds the folder itself to the same', async () => {
      rmSync(path.join(flake, 'flake-trust'), { recursive: true });
      link('shared', 'flake-trust');
      assert.equal(await read(), 'shared');
      assert.equal(await read(flake, 'records.jsonc'), NOWHERE);
      rmSync(path.join(flake, 'flake-trust'));
      link(path.dirname(secret), 'flake-trust');
      assert.equal(await read(flake, '.netrc'), OUTSIDE);
    });

    it('tells of a link that leads nowhere or in a circle: a policy that is not found must not pass for none', async () => {
      link('../shared/gone.jsonc', 'flake-trust', 'policy.jsonc');
      link(path.join(dir, 'gone'), 'flake-trust', 'records.jsonc');
      link('imports.lock.json', 'flake-trust', 'imports.lock.json');
      assert.equal(await read(), NOWHERE);
      assert.equal(await read(flake, 'records.jsonc'), NOWHERE);
      assert.equal(await read(flake, 'imports.lock.json'), 'symbolic links lead in a circle');
      rmSync(path.join(flake, 'flake-trust'), { recursive: true });
      assert.equal(await read(), 'absent');
      link('gone', 'flake-trust');
      assert.equal(await read(), NOWHERE);
    });
  });

  it('leaves a read-only file alone, and says so', async () => {
    mkdirSync(path.join(dir, 'flake-trust'));
    writeFileSync(at('records.jsonc'), 'one');
    chmodSync(at('records.jsonc'), 0o444);
    assert.deepEqual(await nodeVettingFolder(dir).write('records.jsonc', 'one', 'two'), {
      kind: 'failed',
      reason: 'it is read-only',
    });
    assert.equal(readFileSync(at('records.jsonc'), 'utf8'), 'one');
  });

  it('takes over from a writer that died', async () => {
    mkdirSync(path.join(dir, 'flake-trust'));
    writeFileSync(at('.records.jsonc.lock'), '');
    const long = new Date(Date.now() - 3_600_000);
    utimesSync(at('.records.jsonc.lock'), long, long);
    assert.deepEqual(await nodeVettingFolder(dir).write('records.jsonc', undefined, 'one'), { kind: 'written' });
    assert.ok(!existsSync(at('.records.jsonc.lock')));
  });
});
