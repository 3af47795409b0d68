import assert from 'node:assert/strict';
import { parseFlakeRef, sourceIdentity, sourceOwner } from '../../../server/src/domain/flakeRef';
import { archiveRepository, gitUrl } from '../../../server/src/domain/flakeRef/identity';
import { parseNixUrl } from '../../../server/src/domain/flakeRef/url';

const REV = '4afb7898317ab2ba968232c7f993dc56baf17925';

function identity(text: string): string {
  const parsed = parseFlakeRef(text);
  assert.ok(parsed.ok);
  return sourceIdentity(parsed.value);
}

describe('sourceIdentity', () => {
  const groups: readonly (readonly string[])[] = [
    [
      'github:NixOS/nixpkgs',
      'github:nixos/nixpkgs/nixos-unstable',
      `github:NixOS/nixpkgs/${REV}?dir=lib`,
      'git+https://github.com/NixOS/nixpkgs',
      'git+https://github.com/NixOS/nixpkgs.git?ref=master',
      'git+ssh://git@github.com/NixOS/nixpkgs.git',
      `https://github.com/NixOS/nixpkgs/archive/${REV}.tar.gz`,
      'https://github.com/NixOS/nixpkgs/tarball/nixos-24.05',
    ],
    [
      'https://flakehub.com/f/NixOS/nixpkgs/0.1',
      'https://flakehub.com/f/nixos/nixpkgs/*',
      'https://api.flakehub.com/f/pinned/NixOS/nixpkgs/0.1.1/x/source.tar.gz',
    ],
    ['https://channels.nixos.org/nixos-unstable/nixexprs.tar.xz', 'https://releases.nixos.org/nixos/unstable/x/nixexprs.tar.xz'],
    ['nixpkgs', 'nixpkgs/nixos-24.05'],
    ['gitlab:g/r', 'git+https://gitlab.com/g/r.git'],
    ['https://codeberg.org/o/r/archive/main.tar.gz', `https://codeberg.org/api/v1/repos/o/r/archive/${REV}.tar.gz`],
    ['https://h/x.tar.gz?a=1', 'https://h/x.tar.gz'],
    ['path:/x', 'path:/x?rev=' + REV],
  ];
  for (const group of groups) {
    it(`is one for ${group[0] ?? ''} in all its forms`, () => assert.equal(new Set(group.map(identity)).size, 1));
  }
  it('tells different sources apart', () =>
    assert.equal(new Set(groups.map(([first]) => identity(first ?? ''))).size, groups.length));
});

describe('archiveRepository', () => {
  const cases: [url: string, repository: string | undefined][] = [
    ['https://github.com/o/r/archive/refs/heads/main.tar.gz', 'o/r'],
    ['https://api.github.com/repos/o/r/tarball/main', 'o/r'],
    ['https://gh.example/api/v3/repos/o/r/tarball/main', 'o/r'],
    ['https://gitlab.com/g/sub/r/-/archive/main/r-main.tar.gz', 'g/sub/r'],
    ['https://gitlab.com/api/v4/projects/g%2Fr/repository/archive.tar.gz?sha=main', 'g/r'],
    ['https://git.lix.systems/api/v1/repos/lix-project/lix/archive/x.tar.gz', 'lix-project/lix'],
    ['https://h/archive/x.tar.gz', undefined],
    ['https://h/x.tar.gz', undefined],
  ];
  for (const [text, repository] of cases) {
    it(`reads ${text}`, () => {
      const url = parseNixUrl(text);
      assert.ok(url);
      assert.equal(archiveRepository(url), repository);
    });
  }
});

describe('sourceOwner', () => {
  const cases: [text: string, owner: string | undefined][] = [
    ['github:NixOS/nixpkgs', 'github.com/NixOS'],
    ['git+https://codeberg.org/o/r.git', 'codeberg.org/o'],
    ['https://flakehub.com/f/NixOS/nixpkgs/0.1', 'flakehub.com/NixOS'],
    ['gitlab:g%2Fsub/r', 'gitlab.com/g'],
    ['git+https://h/x.git', undefined],
    ['path:/x', undefined],
    ['nixpkgs', undefined],
  ];
  for (const [text, owner] of cases) {
    it(`of ${text} is ${owner ?? 'not known'}`, () => {
      const parsed = parseFlakeRef(text);
      assert.ok(parsed.ok);
      const found = sourceOwner(parsed.value);
      assert.equal(found && `${found.host}/${found.name}`, owner);
    });
  }
});

describe('gitUrl', () => {
  const cases: [text: string, url: string][] = [
    ['git@github.com:o/r.git', 'ssh://git@github.com/o/r.git'],
    ['git+https://h/x', 'https://h/x'],
    ['/srv/x', 'file:///srv/x'],
    ['sub/x', 'file:sub/x'],
    ['file:./x', 'file:./x'],
    ['ssh://git@h/x', 'ssh://git@h/x'],
  ];
  for (const [text, url] of cases) it(`makes ${url} of ${text}`, () => assert.equal(gitUrl(text), url));
});
