import assert from 'node:assert/strict';
import { parseMessage } from '../../client/src/closureMessages';

describe('messages of the closure view', () => {
  it('are taken when they name a thing that an audit can hold', () => {
    for (const message of [
      { type: 'ready' },
      { type: 'details', storePath: '/nix/store/x' },
      { type: 'copyFill', cache: 0, fill: 1 },
      { type: 'copyCommand', finding: 3 },
      { type: 'open', finding: 0 },
      { type: 'help', code: 'hash-mismatch' },
      { type: 'export', format: 'sarif' },
      { type: 'again' },
      { type: 'restart' },
    ])
      assert.deepEqual(parseMessage(message), message);
  });

  it('are cut down to what is known of them', () => {
    assert.deepEqual(parseMessage({ type: 'restart', command: 'workbench.action.terminal.sendSequence' }), { type: 'restart' });
  });

  it('are dropped when they are anything else', () => {
    for (const message of [
      undefined,
      null,
      'ready',
      [],
      {},
      { type: 'constructor' },
      { type: 'copy', text: 'rm -rf ~' },
      { type: 'details', storePath: 1 },
      { type: 'details', storePath: 'x'.repeat(3000) },
      { type: 'copyFill', cache: -1, fill: 0 },
      { type: 'copyFill', cache: '0', fill: 0 },
      { type: 'copyCommand', finding: 0.5 },
      { type: 'open', finding: Number.NaN },
      { type: 'help', code: '../../../etc/passwd' },
      { type: 'export', format: 'exe' },
      { type: 'export' },
    ])
      assert.equal(parseMessage(message), undefined, JSON.stringify(message));
  });
});
