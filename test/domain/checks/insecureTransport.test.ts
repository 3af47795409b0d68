import assert from 'node:assert/strict';
import { applied, findingsOf } from '../../support/checkFlake';
import { lockText, SAMPLE_HASH } from '../../support/lockText';

function flake(url: string): string {
  return `{ inputs.a.url = "${url}"; }`;
}

describe('insecure-transport', () => {
  const insecure: [url: string, scheme: string, fixed: string][] = [
    ['http://h.example/x.tar.gz', 'http', 'https://h.example/x.tar.gz'],
    ['git+http://h.example/x', 'git+http', 'git+https://h.example/x'],
    ['tarball+http://h.example/x', 'tarball+http', 'tarball+https://h.example/x'],
    ['git://h.example/x', 'git', 'git+https://h.example/x'],
  ];
  for (const [url, scheme, fixed] of insecure) {
    it(`tells of ${url} at the scheme`, () => {
      const [found] = findingsOf('insecure-transport', { nix: flake(url) });
      assert.equal(found?.at, `flake.nix:${scheme}`);
      assert.equal(applied(flake(url), found), flake(fixed));
    });
  }

  for (const url of [
    'https://h/x',
    'git+https://h/x',
    'git+ssh://h/x',
    'git+file:///x',
    'github:http/git',
    'http://localhost:8080/x',
    'http://127.0.0.1/x',
    'http://[::1]/x',
  ]) {
    it(`says nothing of ${url}`, () => assert.deepEqual(findingsOf('insecure-transport', { nix: flake(url) }), []));
  }

  it('is not misled by a user name', () => {
    assert.equal(findingsOf('insecure-transport', { nix: flake('http://localhost@evil.example/x') }).length, 1);
  });

  it('tells of overrides and of the attribute form', () => {
    const nix = '{ inputs.a = { type = "git"; url = "http://h.example/x"; inputs.b.url = "http://h.example/y.tar.gz"; }; }';
    assert.deepEqual(
      findingsOf('insecure-transport', { nix }).map(({ id }) => id),
      ['a', 'a/b'],
    );
  });

  it('tells of what only the lock says, at the node', () => {
    const source = { type: 'git', url: 'http://h.example/x' };
    const lock = lockText({ a: 'n' }, { n: { locked: { ...source, narHash: SAMPLE_HASH }, original: source } });
    assert.deepEqual(
      findingsOf('insecure-transport', { lock }).map(({ at }) => at),
      ['flake.lock:"n"'],
    );
    assert.deepEqual(
      findingsOf('insecure-transport', { nix: flake('git+http://h.example/x'), lock }).map(({ at }) => at),
      ['flake.nix:git+http'],
    );
  });
});
