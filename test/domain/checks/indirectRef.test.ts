import assert from 'node:assert/strict';
import { applied, findingsOf } from '../../support/checkFlake';
import { lockText, SAMPLE_HASH } from '../../support/lockText';

const FETCHED = { rev: 'a'.repeat(40), narHash: SAMPLE_HASH };

function lockOf(original: object, locked: object): string {
  return lockText(
    { nixpkgs: 'n' },
    { n: { locked: { ...locked, ...FETCHED }, original: { type: 'indirect', id: 'nixpkgs', ...original } } },
  );
}

const NIXPKGS = { type: 'github', owner: 'NixOS', repo: 'nixpkgs' };

describe('indirect-ref', () => {
  it('says what the registry gave and can write it down, with the branch that was asked for', () => {
    const nix = '{ inputs.nixpkgs.url = "nixpkgs/nixos-24.05"; }';
    const [found] = findingsOf('indirect-ref', { nix, lock: lockOf({ ref: 'nixos-24.05' }, NIXPKGS) });
    assert.equal(
      found?.message,
      'Input "nixpkgs" is looked up in the flake registry, which gave github:NixOS/nixpkgs/nixos-24.05',
    );
    assert.equal(found.at, 'flake.nix:nixpkgs/nixos-24.05');
    assert.equal(applied(nix, found), '{ inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-24.05"; }');
  });

  it('tells of implicit inputs at the argument, with nothing to replace', () => {
    const [found] = findingsOf('indirect-ref', { nix: '{ outputs = { self, nixpkgs }: { }; }', lock: lockOf({}, NIXPKGS) });
    assert.equal(found?.at, 'flake.nix:nixpkgs');
    assert.deepEqual(found.finding.fixes, []);
  });

  it('tells without a lock, and of an input not locked yet', () => {
    const nix = '{ inputs.x.url = "flake:x"; outputs = { self, y, ... }: { }; }';
    for (const texts of [{ nix }, { nix, lock: lockText({}) }]) {
      assert.deepEqual(
        findingsOf('indirect-ref', texts).map(({ id }) => id),
        ['x', 'y'],
      );
    }
  });

  it('does not offer a path of this machine', () => {
    const nix = '{ inputs.nixpkgs.url = "nixpkgs"; }';
    const [found] = findingsOf('indirect-ref', { nix, lock: lockOf({}, { type: 'path', path: '/nix/store/x' }) });
    assert.deepEqual(found?.finding.fixes, []);
  });

  it('says nothing of what names its source', () => {
    assert.deepEqual(findingsOf('indirect-ref', { nix: '{ inputs.a.url = "github:o/a"; }' }), []);
  });
});
