import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeBytes, nodeFiles } from '../../server/src/adapters/nodeFiles';
import { aborted, never } from '../support/abort';

describe('nodeFiles', () => {
  let directory: string;
  before(async () => (directory = await mkdtemp(path.join(tmpdir(), 'flake-trust-'))));
  after(() => rm(directory, { recursive: true }));

  it('reads text, with its owner', async () => {
    const file = path.join(directory, 'a');
    await writeFile(file, 'grüße\n');
    const read = await nodeFiles.read(file, 100, never);
    assert.deepEqual(read, { kind: 'read', text: 'grüße\n', ...(process.getuid && { uid: process.getuid() }) });
  });

  it('reads exactly up to the limit', async () => {
    const file = path.join(directory, 'b');
    await writeFile(file, 'x'.repeat(200_000));
    assert.equal((await nodeFiles.read(file, 200_000, never)).kind, 'read');
    assert.deepEqual(await nodeFiles.read(file, 199_999, never), {
      kind: 'failed',
      reason: 'it is larger than 199999 bytes',
      unfit: true,
    });
  });

  it('bounds a file that says its size is 0', async function () {
    if (process.platform !== 'linux') return this.skip();
    assert.equal((await nodeFiles.read('/proc/self/status', 100_000, never)).kind, 'read');
    assert.equal((await nodeFiles.read('/proc/self/status', 10, never)).kind, 'failed');
  });

  it('knows what is not there and what is no file', async () => {
    const kinds = async (file: string) => {
      const read = await nodeFiles.read(file, 100, never);
      return read.kind === 'failed' ? read.reason : read.kind;
    };
    assert.equal(await kinds(path.join(directory, 'none')), 'absent');
    assert.equal(await kinds(path.join(directory, 'a', 'below a file')), 'absent');
    assert.equal(await kinds(directory), 'it is a folder');
    assert.equal(await kinds('/dev/null'), 'it is not a regular file');
    assert.match(await kinds('a\0b'), /the error is/);
    assert.equal(await kinds(path.join(directory, 'x'.repeat(5000))), 'its name is too long');
  });

  it('rejects when the signal aborts', () => assert.rejects(nodeFiles.read(directory, 1, aborted)));

  it('says sizes', () => assert.deepEqual([262144, 4194304, 1000].map(describeBytes), ['256 KiB', '4 MiB', '1000 bytes']));
});
