import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomically } from '../../server/src/adapters/writeFileAtomically';
import { temporaryFolder } from '../support/flakeDir';

describe('writeFileAtomically', () => {
  let dir: string;
  let remove: () => void;
  beforeEach(() => {
    ({ dir, remove } = temporaryFolder());
  });
  afterEach(() => {
    remove();
  });

  it('makes a file, and leaves nothing beside it', async () => {
    await writeFileAtomically(path.join(dir, 'report'), 'text');
    assert.deepEqual(readdirSync(dir), ['report']);
    assert.equal(readFileSync(path.join(dir, 'report'), 'utf8'), 'text');
  });

  it('replaces a file, with the permissions it had', async () => {
    const file = path.join(dir, 'report');
    writeFileSync(file, 'a long text that was there before');
    chmodSync(file, 0o640);
    const { ino } = statSync(file);
    await writeFileAtomically(file, 'new');
    assert.equal(readFileSync(file, 'utf8'), 'new');
    assert.equal(statSync(file).mode & 0o777, 0o640);
    assert.notEqual(statSync(file).ino, ino, 'who has the old one open keeps reading it whole');
  });

  it('follows a symbolic link', async () => {
    writeFileSync(path.join(dir, 'real'), 'old');
    symlinkSync('real', path.join(dir, 'link'));
    await writeFileAtomically(path.join(dir, 'link'), 'new');
    assert.deepEqual(readdirSync(dir).sort(), ['link', 'real']);
    assert.equal(readFileSync(path.join(dir, 'real'), 'utf8'), 'new');
  });

  it('rejects for a folder and in a folder that is missing, and leaves nothing behind', async () => {
    mkdirSync(path.join(dir, 'folder'));
    await assert.rejects(writeFileAtomically(path.join(dir, 'folder'), 'x'), { code: 'EISDIR' });
    await assert.rejects(writeFileAtomically(path.join(dir, 'missing', 'x'), 'x'), { code: 'ENOENT' });
    assert.deepEqual(readdirSync(dir), ['folder']);
  });

  it('writes to a device instead of replacing it', async () => {
    await writeFileAtomically('/dev/null', 'x');
    assert.equal(statSync('/dev/null').isCharacterDevice(), true);
  });
});
