import assert from 'node:assert/strict';
import { findingsOf } from '../../support/checkFlake';
import { lockText, nodeJson } from '../../support/lockText';

describe('follows-root', () => {
  it('tells at the empty text', () => {
    const nix = '{ inputs.a = { url = "github:o/a"; inputs.b.follows = ""; inputs.c.follows = "d"; }; }';
    const found = findingsOf('follows-root', { nix });
    assert.deepEqual(
      found.map(({ id, at }) => [id, at]),
      [['a/b', 'flake.nix:""']],
    );
    assert.equal(found[0]?.finding.severity, 'hint');
  });

  it('tells of the lock when there is no flake.nix', () => {
    const found = findingsOf('follows-root', { lock: lockText({ a: 'a' }, { a: nodeJson({ b: [], c: ['a'] }) }) });
    assert.deepEqual(
      found.map(({ id }) => id),
      ['a/b'],
    );
  });
});
