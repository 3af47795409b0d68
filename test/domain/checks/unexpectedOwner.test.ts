import assert from 'node:assert/strict';
import { findingsOf } from '../../support/checkFlake';
import { lockText, SAMPLE_HASH } from '../../support/lockText';

function lockOf(source: object): string {
  return lockText({ a: 'a' }, { a: { locked: { ...source, narHash: SAMPLE_HASH }, original: source } });
}

const GITHUB = { type: 'github', owner: 'Acme', repo: 'acme' };
const GIT = { type: 'git', url: 'https://codeberg.org/acme/x.git' };
const FLAKEHUB = { type: 'tarball', url: 'https://flakehub.com/f/acme/x/0.1' };

describe('unexpected-owner', () => {
  const cases: [name: string, nix: string, source: object, at: string][] = [
    ['a forge', '{ inputs.a.url = "github:Acme/acme"; }', GITHUB, 'flake.nix:Acme'],
    ['the attribute form', '{ inputs.a = { type = "github"; owner = "Acme"; repo = "acme"; }; }', GITHUB, 'flake.nix:Acme'],
    ['git', '{ inputs.a.url = "git+https://codeberg.org/acme/x.git"; }', GIT, 'flake.nix:acme'],
    ['FlakeHub', '{ inputs.a.url = "https://flakehub.com/f/acme/x/0.1"; }', FLAKEHUB, 'flake.nix:acme'],
    ['a URL that names another owner', '{ inputs.a.url = "github:other/acme"; }', GITHUB, 'flake.nix:a'],
  ];
  for (const [name, nix, source, at] of cases) {
    it(`tells of ${name} at the owner`, () => {
      const [found] = findingsOf('unexpected-owner', { nix, lock: lockOf(source) }, { allowedOwners: ['NixOS'] });
      assert.equal(found?.at, at);
      assert.match(found.message, /^Input "a": owner "[aA]cme" is not in your allowed list$/);
    });
  }

  for (const allowed of ['acme', 'ACME', 'github.com/acme']) {
    it(`lets an owner through that is listed as ${allowed}`, () => {
      assert.deepEqual(findingsOf('unexpected-owner', { lock: lockOf(GITHUB) }, { allowedOwners: ['NixOS', allowed] }), []);
    });
  }

  it('does not let the same name through on another host', () => {
    assert.equal(findingsOf('unexpected-owner', { lock: lockOf(GIT) }, { allowedOwners: ['github.com/acme'] }).length, 1);
    assert.equal(
      findingsOf('unexpected-owner', { lock: lockOf({ ...GITHUB, host: 'gh.example' }) }, { allowedOwners: ['github.com/acme'] })
        .length,
      1,
    );
  });

  it('judges what is locked, not what the lock says was asked for', () => {
    const lock = lockText({ a: 'a' }, { a: { locked: { ...GITHUB, owner: 'evil' }, original: GITHUB } });
    assert.match(findingsOf('unexpected-owner', { lock }, { allowedOwners: ['Acme'] })[0]?.message ?? '', /"evil"/);
  });

  it('says nothing without a list, with an empty one, and of sources without owner', () => {
    assert.deepEqual(findingsOf('unexpected-owner', { lock: lockOf(GITHUB) }), []);
    assert.deepEqual(findingsOf('unexpected-owner', { lock: lockOf(GITHUB) }, { allowedOwners: [] }), []);
    assert.deepEqual(
      findingsOf('unexpected-owner', { lock: lockOf({ type: 'path', path: './x' }) }, { allowedOwners: ['NixOS'] }),
      [],
    );
  });
});
