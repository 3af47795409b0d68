import assert from 'node:assert/strict';
import { findingsOf } from '../../support/checkFlake';
import { lockText, nodeJson } from '../../support/lockText';

const SOURCE = { type: 'github', owner: 'o', repo: 'a' };

function lockWith(locked: object, more: object = {}): string {
  return lockText({ a: 'a' }, { a: { locked, original: SOURCE, ...more } });
}

describe('lock-no-hash', () => {
  it('tells of an entry without narHash, at the name of the input', () => {
    const [found] = findingsOf('lock-no-hash', {
      nix: '{ inputs.a.url = "github:o/a"; }',
      lock: lockWith({ ...SOURCE, rev: 'a'.repeat(40) }),
    });
    assert.equal(found?.message, 'Input "a": lock entry has no narHash');
    assert.equal(found.at, 'flake.nix:a');
  });

  it('tells of a narHash that is none', () => {
    const [found] = findingsOf('lock-no-hash', {
      lock: lockWith({ ...SOURCE, narHash: 'sha256:0gh0pjkhg3ykk61ygnmqpahqnc35cqc3b8y8lk3ibx3fjnyldvkp' }),
    });
    assert.equal(found?.message, 'Input "a": narHash "sha256:0gh0pjkh…" in flake.lock is not in the form "sha256-…"');
    assert.equal(found.at, 'flake.lock:"a"');
  });

  it('says nothing of relative paths: they are part of another source', () => {
    for (const more of [{}, { parent: [] }]) {
      assert.deepEqual(findingsOf('lock-no-hash', { lock: lockWith({ type: 'path', path: './sub' }, more) }), []);
    }
    assert.equal(findingsOf('lock-no-hash', { lock: lockWith({ type: 'path', path: '/srv/x' }) }).length, 1);
  });

  it('says nothing of an entry with one', () => {
    assert.deepEqual(findingsOf('lock-no-hash', { lock: lockText({ a: 'a' }, { a: nodeJson() }) }), []);
  });
});
