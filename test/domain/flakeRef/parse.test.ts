import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describeFlakeRefError, parseFlakeRef, type AttrValue } from '../../../server/src/domain/flakeRef';
import { assertLinear } from '../../support/growth';

type Attrs = Readonly<Record<string, AttrValue>>;

function vectors(version: string): [string, Attrs][] {
  const file = join(__dirname, '../../fixtures/flakeLocks', version, 'parse-flake-ref.json');
  return Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, Attrs>);
}

function parsed(text: string, options?: { flake: boolean }): Attrs {
  const result = parseFlakeRef(text, options);
  assert.ok(result.ok, `${text} is not parsed`);
  return Object.fromEntries(result.value);
}

function refused(text: string): string {
  const result = parseFlakeRef(text);
  assert.ok(!result.ok, `${text} is parsed`);
  return describeFlakeRefError(result.error);
}

const REV = '4afb7898317ab2ba968232c7f993dc56baf17925';

describe('parseFlakeRef', () => {
  for (const [text, attrs] of vectors('2.34')) {
    it(`reads ${text} as Nix 2.34 does`, () => assert.deepEqual(parsed(text), attrs));
  }

  // What 2.34 reads in another way: `lfs` as an attribute, subgroups of GitLab.
  const newer = new Set([
    `git+https://h/x.git?ref=main&rev=${REV}&submodules=1&shallow=1&allRefs=1&lfs=1&foo=bar`,
    'gitlab:g%2Fsub/r',
  ]);
  for (const [text, attrs] of vectors('2.26').filter(([each]) => !newer.has(each))) {
    it(`reads ${text} as Nix 2.26 does`, () => assert.deepEqual(parsed(text), attrs));
  }

  const cases: [name: string, text: string, attrs: Attrs][] = [
    ['a registry name that looks like owner and repository', 'NixOS/nixpkgs', { type: 'indirect', id: 'NixOS', ref: 'nixpkgs' }],
    [
      'a registry name with a branch that has a slash',
      'nixpkgs/release/24.05',
      { type: 'indirect', id: 'nixpkgs', ref: 'release/24.05' },
    ],
    [
      'a branch of 40 hexadecimal digits and more path',
      `github:o/r/${REV}/x`,
      { type: 'github', owner: 'o', repo: 'r', ref: `${REV}/x` },
    ],
    ['a commit in capitals', `github:o/r/${REV.toUpperCase()}`, { type: 'github', owner: 'o', repo: 'r', rev: REV }],
    ['slashes too many', 'github:o//r/', { type: 'github', owner: 'o', repo: 'r' }],
    ['an unknown parameter of a forge', 'github:o/r?foo=1', { type: 'github', owner: 'o', repo: 'r' }],
    ['a FlakeHub range', 'https://flakehub.com/f/o/r/*', { type: 'tarball', url: 'https://flakehub.com/f/o/r/%2A' }],
    ['a file name with a plus', 'https://h/a+b.tar.gz', { type: 'tarball', url: 'https://h/a%2Bb.tar.gz' }],
    ['a host in capitals', 'https://H.Example/x', { type: 'tarball', url: 'https://h.example/x' }],
    ['a repeated parameter: the first counts', 'git+https://h/x?ref=a&ref=b', { type: 'git', url: 'https://h/x', ref: 'a' }],
    ['an ssh address with a port', 'git+ssh://git@h:2222/x', { type: 'git', url: 'ssh://git@h:2222/x' }],
    ['a relative path', './sub', { type: 'path', path: './sub' }],
    ['a relative path with dir', './sub?dir=a', { type: 'path', path: './sub', dir: 'a' }],
    ['the flake itself', '.', { type: 'path', path: '.' }],
    ['an empty dir', 'github:o/r?dir=', { type: 'github', owner: 'o', repo: 'r' }],
  ];
  for (const [name, text, attrs] of cases) it(`reads ${name}`, () => assert.deepEqual(parsed(text), attrs));

  it('takes a URL without archive suffix for a file when the input is no flake', () => {
    assert.equal(parsed('https://h/x', { flake: false })['type'], 'file');
    assert.equal(parsed('https://h/x.tar.gz', { flake: false })['type'], 'tarball');
    assert.equal(parsed('https://h/x', { flake: true })['type'], 'tarball');
  });

  const refusals: [text: string, why: RegExp][] = [
    ['', /empty/],
    ['nixpkgs#hello', /fragment/],
    ['github:o/r#x', /fragment/],
    ['github:o', /lacks an owner or a repository/],
    [`github:o/r/main?ref=x`, /two revisions/],
    [`github:o/r?ref=x&rev=${REV}`, /both a branch and a commit/],
    ['github:o/r?rev=abc', /commit hash/],
    ['github:o/r/a b', /not a valid URL/],
    ['github:o/r?host=h:1', /host/],
    ['svn://h/x', /scheme "svn"/],
    ['path:/x?foo=1', /parameter/],
    ['path://host/x', /host/],
    ['https://h/%zz', /not a valid URL/],
    ['x'.repeat(20_000), /too long/],
  ];
  for (const [text, why] of refusals) it(`refuses ${text.slice(0, 40)}`, () => assert.match(refused(text), why));

  it('does not repeat the text in an error: it may hold a password', () => {
    assert.doesNotMatch(refused('foo://user:secret@host/x'), /secret/);
  });

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.string({ unit: 'binary' })), (text) => void parseFlakeRef(text)));
  });

  const repeated: [what: string, make: (length: number) => string][] = [
    ['at signs', (length) => '@'.repeat(length)],
    ['users', (length) => `git+https://${'@:'.repeat(length / 2)}`],
    ['percent signs', (length) => `x:${'%'.repeat(length)}`],
    ['slashes', (length) => `a/${'/'.repeat(length)}`],
  ];
  for (const [what, make] of repeated)
    it(`takes time in proportion to the text, of many ${what}`, () =>
      assertLinear(200_000, make, (text) => void parseFlakeRef(text)));
});
