import assert from 'node:assert/strict';
import fc from 'fast-check';
import { browseUrl, parseFlakeRef, printFlakeRef, type AttrValue } from '../../../server/src/domain/flakeRef';
import { sameReference } from '../../../server/src/domain/flakeRef/equivalence';

const REV = '4afb7898317ab2ba968232c7f993dc56baf17925';

function attrs(fields: Record<string, AttrValue>): ReadonlyMap<string, AttrValue> {
  return new Map(Object.entries(fields));
}

function roundTrip(text: string): string {
  const parsed = parseFlakeRef(text);
  assert.ok(parsed.ok);
  return printFlakeRef(parsed.value);
}

describe('printFlakeRef', () => {
  const same = [
    'flake:nixpkgs',
    'flake:nixpkgs/nixos-24.05',
    'github:NixOS/nixpkgs/nixos-unstable',
    `github:NixOS/nixpkgs/${REV}`,
    'github:o/r?dir=sub&host=gh.example.com',
    'gitlab:g%2Fsub/r',
    'sourcehut:~u/r/main',
    'git+https://h/x.git?foo=bar&ref=main&submodules=1',
    'git+ssh://h/x.git',
    'git+file:///p',
    'https://flakehub.com/f/NixOS/nixpkgs/0.1.*',
    'https://h/x.tar.gz',
    'path:./sub',
    'path:/abs',
  ];
  for (const text of same) it(`prints ${text} as it is written`, () => assert.equal(roundTrip(text), text));

  const secret: [name: string, text: string, printed: string][] = [
    ['user and password', 'git+https://u:secret@h/x', 'git+https://h/x'],
    ['a token as user', 'https://secret@h/x.tar.gz', 'https://h/x.tar.gz'],
    ['the user of ssh', 'git+ssh://git@h/x', 'git+ssh://h/x'],
    ['a token in the query', 'https://h/x.tar.gz?private_token=secret&sha=1', 'https://h/x.tar.gz?sha=1'],
  ];
  for (const [name, text, printed] of secret) it(`cuts ${name}`, () => assert.equal(roundTrip(text), printed));

  it('shows of a URL that it cannot parse only the scheme', () => {
    assert.equal(printFlakeRef(attrs({ type: 'git', url: 'https://u:secret@h:x y/z' })), 'https:…');
    assert.equal(printFlakeRef(attrs({ type: 'tarball', url: 'https://u:secret@h/ x' })), 'https:…');
  });

  it('prints what the type does not know at least by its name', () => {
    assert.equal(printFlakeRef(attrs({ type: 'fossil', url: 'https://u:p@h/x' })), 'fossil:https://h/x');
    assert.equal(printFlakeRef(new Map()), ':…');
  });

  it('prints scp addresses as the URLs that they are', () => {
    assert.equal(printFlakeRef(attrs({ type: 'git', url: 'git@h:o/r.git' })), 'git+ssh://h/o/r.git');
  });

  it('does not let text from attributes become something else', () => {
    assert.equal(
      printFlakeRef(attrs({ type: 'github', owner: 'a/b?c', repo: 'r#x', ref: 'm n' })),
      'github:a%2Fb%3Fc/r%23x/m%20n',
    );
  });

  it('prints what parses to the same again', () => {
    const segment = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9._-]{0,8}$/);
    fc.assert(
      fc.property(
        segment,
        segment,
        fc.option(segment),
        fc.constantFrom('github', 'gitlab', 'sourcehut'),
        (owner, repo, ref, type) => {
          const original = attrs({ type, owner, repo, ...(ref === null ? {} : { ref }) });
          const again = parseFlakeRef(printFlakeRef(original));
          assert.ok(again.ok && sameReference(again.value, original));
        },
      ),
    );
  });

  it('never throws', () => {
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.nat(), fc.boolean());
    const names = fc.constantFrom('type', 'url', 'owner', 'repo', 'ref', 'rev', 'path', 'id', 'dir', 'host');
    const types = fc.constantFrom('github', 'git', 'hg', 'tarball', 'file', 'path', 'indirect', 'x');
    fc.assert(fc.property(fc.dictionary(names, value), types, (fields, type) => void printFlakeRef(attrs({ ...fields, type }))));
  });
});

describe('browseUrl', () => {
  const cases: [name: string, fields: Record<string, AttrValue>, url: string | undefined][] = [
    ['GitHub', { type: 'github', owner: 'NixOS', repo: 'nixpkgs', rev: REV }, `https://github.com/NixOS/nixpkgs/tree/${REV}`],
    ['GitLab', { type: 'gitlab', owner: 'g/sub', repo: 'r', rev: REV }, `https://gitlab.com/g/sub/r/-/tree/${REV}`],
    ['sourcehut', { type: 'sourcehut', owner: '~u', repo: 'r', rev: REV }, `https://git.sr.ht/~u/r/tree/${REV}`],
    ['git on GitHub', { type: 'git', url: 'https://github.com/o/r.git', rev: REV }, `https://github.com/o/r/tree/${REV}`],
    [
      'git over ssh on Codeberg',
      { type: 'git', url: 'ssh://git@codeberg.org/o/r', rev: REV },
      `https://codeberg.org/o/r/src/commit/${REV}`,
    ],
    [
      'an archive of GitHub',
      { type: 'tarball', url: `https://github.com/o/r/archive/${REV}.tar.gz`, rev: REV },
      `https://github.com/o/r/tree/${REV}`,
    ],
    ['a host of somebody', { type: 'github', owner: 'o', repo: 'r', rev: REV, host: 'gh.evil.example' }, undefined],
    ['a host that only looks right', { type: 'git', url: 'https://github.com.evil.example/o/r', rev: REV }, undefined],
    ['no commit', { type: 'github', owner: 'o', repo: 'r' }, undefined],
    ['a commit that is none', { type: 'github', owner: 'o', repo: 'r', rev: '../../evil' }, undefined],
    ['an owner with a path in it', { type: 'github', owner: '..', repo: 'r', rev: REV }, undefined],
    ['an owner with a query in it', { type: 'github', owner: 'o?x=', repo: 'r', rev: REV }, undefined],
    ['a path', { type: 'path', path: '/x', rev: REV }, undefined],
  ];
  for (const [name, fields, url] of cases) it(`answers for ${name}`, () => assert.equal(browseUrl(attrs(fields)), url));
});
