import assert from 'node:assert/strict';
import { ReferenceTable } from '../../server/src/lsp/references';

describe('ReferenceTable', () => {
  it('gives one target one id, which tells nothing', () => {
    const table = new ReferenceTable();
    const id = table.idOf({ kind: 'input', dir: '/home/me/secret', path: ['a', 'b'] });
    assert.equal(id, 'ref-1');
    assert.equal(table.idOf({ kind: 'input', dir: '/home/me/secret', path: ['a', 'b'] }), id);
    assert.notEqual(table.idOf({ kind: 'input', dir: '/home/me/secret', path: ['a/b'] }), id);
    assert.deepEqual(table.find(id), { kind: 'input', dir: '/home/me/secret', path: ['a', 'b'] });
  });

  it('finds nothing for what it did not issue', () => {
    const table = new ReferenceTable();
    for (const id of ['ref-1', 'ref-', '', '/home', undefined, null, 7, {}]) assert.equal(table.find(id), undefined);
  });

  it('forgets the oldest', () => {
    const table = new ReferenceTable();
    const first = table.idOf({ kind: 'flake', dir: '/0' });
    for (let n = 1; n <= 20_000; n++) table.idOf({ kind: 'flake', dir: `/${n}` });
    assert.equal(table.find(first), undefined);
    assert.notEqual(table.idOf({ kind: 'flake', dir: '/0' }), first);
  });
});
