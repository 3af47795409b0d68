import assert from 'node:assert/strict';
import { checksOf } from '../../client/src/checks';
import manifest from '../../package.json';

describe('checksOf', () => {
  it('finds the codes in the manifest', () => {
    const hashMismatch = checksOf(manifest).find(({ code }) => code === 'hash-mismatch');
    assert.equal(hashMismatch?.severity, 'error');
  });
  it('finds none in a manifest without them', () => {
    for (const other of [undefined, {}, { contributes: { configuration: [{ properties: {} }] } }])
      assert.deepEqual(checksOf(other), []);
  });
});
