import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { writePieces, type CliProcess } from '../../server/src/cli/printReport';
import { fakeLog } from '../support/fakeLog';

/** A process whose standard output nobody reads until told so. */
function slowProcess(): { readonly io: CliProcess; readonly stdout: PassThrough } {
  const stdout = new PassThrough({ highWaterMark: 1000 });
  const stream = stdout as unknown as NodeJS.WriteStream;
  return { stdout, io: { cwd: '/', stdout: stream, stderr: stream } };
}

describe('a report on its way to a pipe', () => {
  it('is made no faster than it is read, with no listener left', async () => {
    const { io, stdout } = slowProcess();
    let made = 0;
    function* pieces(): Generator<string> {
      for (; made < 500; made++) yield 'x'.repeat(900);
    }
    const written = writePieces(pieces(), undefined, io, fakeLog());
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    assert.ok(made < 5, `${made} pieces were made for nobody`);
    let length = 0;
    stdout.on('data', (chunk: Buffer) => (length += chunk.length));
    assert.equal(await written, true);
    stdout.end();
    await setImmediate();
    assert.equal(made, 500);
    assert.ok(stdout.listenerCount('close') < 3 && stdout.listenerCount('drain') === 0);
    assert.ok(length > 440_000);
  });

  it('ends when its reader goes away', async () => {
    const { io, stdout } = slowProcess();
    let made = 0;
    function* pieces(): Generator<string> {
      for (; made < 500; made++) yield 'x'.repeat(900);
    }
    const written = writePieces(pieces(), undefined, io, fakeLog());
    await setImmediate();
    stdout.destroy();
    assert.equal(await written, true);
    assert.ok(made < 5);
  });
});
