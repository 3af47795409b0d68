import assert from 'node:assert/strict';
import {
  flakeDirOf,
  flakeDirOfVettingFolder,
  flakeFileOf,
  flakeTextOf,
  isInside,
  pathOfUri,
  uriOfDir,
  uriOfFile,
} from '../../server/src/lsp/flakeUri';

describe('flakeUri', () => {
  const paths: [uri: string, path: string | undefined][] = [
    ['file:///a/flake.nix', '/a/flake.nix'],
    ['file://localhost/a/b', '/a/b'],
    ['file:///a%20b/%C3%A9', '/a b/é'],
    ['file:///a?query', '/a'],
    ['file://host/a', undefined],
    ['file:///a%2Fb', undefined],
    ['file:///a%', undefined],
    ['git:/a/flake.nix', undefined],
    ['untitled:flake.nix', undefined],
    ['', undefined],
  ];
  for (const [uri, path] of paths)
    it(`${uri || 'nothing'} is ${path ?? 'no local file'}`, () => assert.equal(pathOfUri(uri), path));

  it('knows flake files by their names', () => {
    assert.deepEqual(flakeFileOf('file:///a/flake.nix'), { dir: '/a', file: 'flake.nix' });
    assert.deepEqual(flakeFileOf('file:///a/b%20c/flake.lock'), { dir: '/a/b c', file: 'flake.lock' });
    assert.equal(flakeFileOf('file:///a/default.nix'), undefined);
    assert.equal(flakeFileOf('git:///a/flake.nix'), undefined);
  });

  it('knows the files of the vetting folder, and to which flake a folder belongs', () => {
    for (const file of ['policy.jsonc', 'records.jsonc', 'imports.lock.json']) {
      assert.deepEqual(flakeTextOf(`file:///a/flake-trust/${file}`), { dir: '/a', file: `flake-trust/${file}` });
      assert.equal(flakeTextOf(`file:///a/${file}`), undefined);
      assert.equal(flakeFileOf(`file:///a/flake-trust/${file}`), undefined);
    }
    assert.deepEqual(flakeTextOf('file:///a/flake.lock'), { dir: '/a', file: 'flake.lock' });
    assert.equal(flakeTextOf('file:///a/flake-trust/notes.md'), undefined);
    assert.equal(flakeDirOfVettingFolder('file:///a/flake-trust'), '/a');
    assert.equal(flakeDirOfVettingFolder('file:///a/other'), undefined);
  });

  it('finds the folder of a flake from folder or file', () => {
    for (const uri of ['', '/', '/flake.nix', '/flake.lock', '/flake-trust/policy.jsonc'])
      assert.equal(flakeDirOf(`file:///a/b${uri}`), '/a/b');
    assert.equal(flakeDirOf('file:///'), '/');
    assert.equal(flakeDirOf('https://example.org'), undefined);
  });

  it('makes URIs that lead back', () => {
    for (const dir of ['/a', '/a b/é#?%', '/']) {
      assert.equal(flakeDirOf(uriOfDir(dir)), dir);
      assert.equal(flakeDirOf(uriOfFile(dir, 'flake.lock')), dir);
    }
  });

  it('knows what lies in a folder', () => {
    for (const dir of ['/a', '/a/b', '/a/..b']) assert.ok(isInside(dir, '/a'), dir);
    for (const dir of ['/', '/ab', '/b/a']) assert.ok(!isInside(dir, '/a'), dir);
  });
});
