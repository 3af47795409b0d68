import assert from 'node:assert/strict';
import { allFindings, applied, findingsOf } from '../../support/checkFlake';
import { lockText, SAMPLE_HASH } from '../../support/lockText';

function flake(url: string): string {
  return `{ inputs.a.url = "${url}"; }`;
}

describe('credentials-in-url', () => {
  it('tells at the user-info and takes it out', () => {
    const nix = flake('git+https://bob:hunter2@h.example/x');
    const [found] = findingsOf('credentials-in-url', { nix });
    assert.equal(found?.message, 'Input "a": the URL contains a credential');
    assert.equal(found.finding.severity, 'error');
    assert.equal(found.at, 'flake.nix:bob:hunter2');
    assert.equal(applied(nix, found), flake('git+https://h.example/x'));
  });

  it('tells of a token in the query', () => {
    const nix = flake('https://h.example/x.tar.gz?private_token=hunter2&sha=1');
    const [found] = findingsOf('credentials-in-url', { nix });
    assert.equal(found?.at, 'flake.nix:hunter2');
    assert.equal(applied(nix, found), flake('https://h.example/x.tar.gz?sha=1'));
  });

  it('tells of the attribute form and of overrides', () => {
    const nix = '{ inputs.a = { type = "git"; url = "https://u:p@h.example/x"; inputs.b.url = "https://u:p@h.example/y"; }; }';
    assert.deepEqual(
      findingsOf('credentials-in-url', { nix }).map(({ id }) => id),
      ['a', 'a/b'],
    );
  });

  it('marks the whole text when escapes are in between', () => {
    const [found] = findingsOf('credentials-in-url', { nix: flake('https://bob:hunter\\2@h.example/x') });
    assert.equal(found?.at, 'flake.nix:https://bob:hunter\\2@h.example/x');
    assert.deepEqual(found.finding.fixes, []);
  });

  it('tells of what only the lock says, and offers no edit of it', () => {
    const source = { type: 'git', url: 'https://bob:hunter2@h.example/x' };
    const lock = lockText({ a: 'n' }, { n: { locked: { ...source, narHash: SAMPLE_HASH }, original: source } });
    const [found] = findingsOf('credentials-in-url', { lock });
    assert.equal(found?.at, 'flake.lock:bob:hunter2');
    assert.deepEqual(found.finding.fixes, []);
  });

  it('tells of caches in nixConfig', () => {
    const nix = '{ nixConfig.extra-substituters = [ "https://bob:hunter2@cache.example" ]; }';
    const [found] = findingsOf('credentials-in-url', { nix });
    assert.equal(found?.message, 'nixConfig: the URL of cache https://cache.example contains a credential');
    assert.equal(applied(nix, found), '{ nixConfig.extra-substituters = [ "https://cache.example" ]; }');
  });

  it('repeats the secret in no finding at all', () => {
    const source = { type: 'git', url: 'http://bob:hunter2@h.example/x?token=hunter2' };
    const locked = { ...source, url: 'http://bob:hunter2@evil.example/x' };
    const lock = lockText({ a: 'n' }, { n: { locked, original: source } });
    const nix =
      '{ inputs.a.url = "git+http://eve:hunter2@h.example/z"; nixConfig.extra-substituters = "http://bob:hunter2@c.example"; }';
    const found = allFindings({ nix, lock });
    assert.ok(found.length >= 5);
    for (const { finding } of found) assert.doesNotMatch(JSON.stringify(finding), /hunter2/);
  });

  it('says nothing of user names', () => {
    for (const url of ['git+ssh://git@github.com/o/r', 'https://user@h.example/x'])
      assert.deepEqual(findingsOf('credentials-in-url', { nix: flake(url) }), []);
  });
});
