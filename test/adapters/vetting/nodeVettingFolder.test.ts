import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { nodeVettingFolder } from '../../../server/src/adapters/vetting/nodeVettingFolder';
import { addRecords, EMPTY_RECORDS, withId } from '../../../server/src/domain/vetting/edit';
import { readRecords } from '../../../server/src/domain/vetting/records';
import { VETTING_FILES } from '../../../server/src/domain/vetting/types';
import { changeFile } from '../../../server/src/engine/vetting/changeFile';
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
