import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { lockMismatches, URL_COMMIT } from '../../../server/src/domain/flakeLock';
import type { AttrValue, FlakeAttrs } from '../../../server/src/domain/flakeRef';
import { parsedLock, SAMPLE_HASH } from '../../support/lockText';

type Fields = Readonly<Record<string, AttrValue>>;

const REV = '4afb7898317ab2ba968232c7f993dc56baf17925';
const OTHER_REV = '6c9a78c09ff4d6c21d0319114873508a6ec01655';
const OTHER_HASH = 'sha256-VQwx4iP0JewFeL/1lqaKWmN9o3VmBeH5l9EKMEnAGik=';

function attrs(fields: Fields): FlakeAttrs {
  return new Map(Object.entries(fields));
}

function fields(original: Fields, locked: Fields): string[] {
  return lockMismatches(attrs(original), attrs(locked)).map(({ field }) => field);
}

/** What fetching adds. */
const FETCHED: Fields = { rev: REV, narHash: SAMPLE_HASH, lastModified: 1_700_000_000 };

const NIXPKGS: Fields = { type: 'github', owner: 'NixOS', repo: 'nixpkgs' };
const GIT: Fields = { type: 'git', url: 'https://git.example/team/lib.git' };
const TARBALL: Fields = { type: 'tarball', url: 'https://example.org/latest.tar.gz' };
const FLAKEHUB: Fields = { type: 'tarball', url: 'https://flakehub.com/f/NixOS/nixpkgs/0.2511' };
const PINNED = `https://api.flakehub.com/f/pinned/NixOS/nixpkgs/0.2511.914302%2Brev-${REV}/019f1c78-b5ab-7af2-8516-c0d5406b0646/source.tar.gz`;
const FORGEJO: Fields = { type: 'tarball', url: 'https://git.lix.systems/lix-project/lix/archive/main.tar.gz' };
const CHANNEL: Fields = { type: 'tarball', url: 'https://channels.nixos.org/nixos-26.05/nixexprs.tar.xz' };

describe('lockMismatches: what Nix itself writes', () => {
  const legitimate: [name: string, original: Fields, locked: Fields][] = [
    ['a branch that became a commit', { ...NIXPKGS, ref: 'nixos-unstable' }, { ...NIXPKGS, ...FETCHED }],
    ['a commit that was pinned', { ...NIXPKGS, rev: REV }, { ...NIXPKGS, ...FETCHED }],
    ['a commit pinned in capitals', { ...NIXPKGS, rev: REV.toUpperCase() }, { ...NIXPKGS, ...FETCHED }],
    [
      'a hash that was pinned, without padding',
      { ...NIXPKGS, narHash: SAMPLE_HASH.replace('=', '') },
      { ...NIXPKGS, ...FETCHED },
    ],
    [
      'another case of owner and repository on GitHub',
      { ...NIXPKGS, owner: 'nixos' },
      { ...NIXPKGS, ...FETCHED, repo: 'Nixpkgs' },
    ],
    ['the default host spelled out', { ...NIXPKGS, host: 'github.com' }, { ...NIXPKGS, ...FETCHED }],
    ['dir', { ...NIXPKGS, dir: 'lib' }, { ...NIXPKGS, ...FETCHED, dir: 'lib' }],
    ['an indirect input on a forge', { type: 'indirect', id: 'nixpkgs' }, { ...NIXPKGS, ...FETCHED }],
    ['an indirect input with a branch', { type: 'indirect', id: 'nixpkgs', ref: 'nixos-24.05' }, { ...NIXPKGS, ...FETCHED }],
    ['an indirect input with a commit', { type: 'indirect', id: 'nixpkgs', rev: REV }, { ...NIXPKGS, ...FETCHED }],
    [
      'an indirect input that is a path here',
      { type: 'indirect', id: 'x' },
      { type: 'path', path: '/nix/store/x', narHash: SAMPLE_HASH },
    ],
    ['an indirect input with a dir from the registry', { type: 'indirect', id: 'x' }, { ...GIT, ...FETCHED, dir: 'sub' }],
    ['a git branch as 2.8 writes it', GIT, { ...GIT, ...FETCHED, ref: 'main', revCount: 3 }],
    ['a git branch as 2.26 writes it', { ...GIT, ref: 'main' }, { ...GIT, ...FETCHED, ref: 'refs/heads/main' }],
    ['a git tag', { ...GIT, ref: 'v1' }, { ...GIT, ...FETCHED, ref: 'refs/tags/v1' }],
    ['a dirty tree', GIT, { ...GIT, narHash: SAMPLE_HASH, dirtyRev: `${REV}-dirty`, dirtyShortRev: '4afb789-dirty' }],
    [
      'dir in the URL and as attribute',
      { ...GIT, url: `${GIT['url'] as string}?dir=a`, dir: 'a' },
      { ...GIT, ...FETCHED, dir: 'a' },
    ],
    ['submodules', { ...GIT, submodules: true }, { ...GIT, ...FETCHED, submodules: true }],
    ['submodules in the URL', { ...GIT, url: `${GIT['url'] as string}?submodules=1` }, { ...GIT, ...FETCHED, submodules: true }],
    ['a shallow clone', { ...GIT, shallow: true }, { ...GIT, ...FETCHED }],
    [
      'verified commits',
      { ...GIT, publicKey: 'AAAA', verifyCommit: true },
      { ...GIT, ...FETCHED, publicKey: 'AAAA', verifyCommit: true },
    ],
    ['a file', { type: 'file', url: 'https://h/x' }, { type: 'file', url: 'https://h/x', narHash: SAMPLE_HASH }],
    ['a tarball without link', TARBALL, { ...TARBALL, narHash: SAMPLE_HASH }],
    [
      'a tarball with parameters for Nix',
      { ...TARBALL, url: `${TARBALL['url'] as string}?narHash=x` },
      { ...TARBALL, narHash: SAMPLE_HASH },
    ],
    [
      'an archive of GitHub',
      { type: 'tarball', url: `https://github.com/o/r/archive/${REV}.tar.gz` },
      { type: 'tarball', url: `https://github.com/o/r/archive/${REV}.tar.gz`, narHash: SAMPLE_HASH },
    ],
    ['a relative path', { type: 'path', path: './sub' }, { type: 'path', path: './sub' }],
    [
      'a path of Nix 2.8',
      { type: 'path', path: './sub' },
      { type: 'path', path: './sub', narHash: SAMPLE_HASH, lastModified: 1 },
    ],
    [
      'a type of the future',
      { type: 'fossil', url: 'x', a: 1 },
      { type: 'fossil', url: 'x', a: 1, rev: 'y', narHash: SAMPLE_HASH },
    ],
    ['FlakeHub: a range', FLAKEHUB, { type: 'tarball', url: PINNED, ...FETCHED, revCount: 914302 }],
    [
      'FlakeHub: an older pin without the commit',
      FLAKEHUB,
      { type: 'tarball', url: PINNED.replace(/%2Brev-[0-9a-f]+/, ''), ...FETCHED },
    ],
    [
      'FlakeHub: any version',
      { ...FLAKEHUB, url: 'https://flakehub.com/f/NixOS/nixpkgs/%2A.tar.gz' },
      { type: 'tarball', url: PINNED, ...FETCHED },
    ],
    [
      'FlakeHub: no version',
      { ...FLAKEHUB, url: 'https://flakehub.com/f/NixOS/nixpkgs' },
      { type: 'tarball', url: PINNED, ...FETCHED },
    ],
    [
      'FlakeHub: an exact version',
      { ...FLAKEHUB, url: 'https://flakehub.com/f/NixOS/nixpkgs/%3D0.2511.914302' },
      { type: 'tarball', url: PINNED, ...FETCHED },
    ],
    [
      'FlakeHub: another case',
      { ...FLAKEHUB, url: 'https://flakehub.com/f/nixos/nixpkgs/0' },
      { type: 'tarball', url: PINNED, ...FETCHED },
    ],
    ['FlakeHub: fetched by a Nix that knows no links', FLAKEHUB, { ...FLAKEHUB, narHash: SAMPLE_HASH }],
    [
      'Forgejo: a branch',
      FORGEJO,
      {
        type: 'tarball',
        url: `https://git.lix.systems/api/v1/repos/lix-project/lix/archive/${REV}.tar.gz?rev=${REV}`,
        ...FETCHED,
      },
    ],
    [
      'Forgejo: the older form',
      FORGEJO,
      { type: 'tarball', url: `https://git.lix.systems/lix-project/lix/archive/${REV}.tar.gz`, ...FETCHED },
    ],
    [
      'GitLab',
      { type: 'tarball', url: 'https://gl.example/g/sub/r/-/archive/main/r-main.tar.gz' },
      { type: 'tarball', url: `https://gl.example/api/v4/projects/g%2Fsub%2Fr/repository/archive.tar.gz?sha=${REV}`, ...FETCHED },
    ],
    [
      'Tangled: the owner as a lasting identity',
      { type: 'tarball', url: 'https://tangled.org/oppi.li/repo/archive/main.tar.gz' },
      { type: 'tarball', url: `https://tangled.org/did:plc:qfpnj4og/repo/archive/${REV}.tar.gz`, ...FETCHED },
    ],
    [
      'a redirector',
      { type: 'tarball', url: 'https://rime.example/v1/codeberg/o/r/branch/main.tar.gz' },
      { type: 'tarball', url: `https://codeberg.org/api/v1/repos/o/r/archive/${REV}.tar.gz`, ...FETCHED },
    ],
    [
      'a redirector to an own forge',
      { type: 'tarball', url: 'https://rime.example/v1/forgejo/git.example/o/r.tar.gz' },
      { type: 'tarball', url: `https://git.example/o/r/archive/${REV}.tar.gz`, ...FETCHED },
    ],
    [
      'a channel',
      CHANNEL,
      {
        type: 'tarball',
        url: `https://releases.nixos.org/nixos/26.05/nixos-26.05.1947.${REV.slice(0, 12)}/nixexprs.tar.xz`,
        ...FETCHED,
      },
    ],
    [
      'the unstable channel',
      { ...CHANNEL, url: 'https://channels.nixos.org/nixos-unstable-small/nixexprs.tar.xz' },
      {
        type: 'tarball',
        url: `https://releases.nixos.org/nixos/unstable-small/nixos-26.11pre1015892.${REV.slice(0, 12)}/nixexprs.tar.xz`,
        ...FETCHED,
      },
    ],
    [
      'the channel nixpkgs-unstable',
      { ...CHANNEL, url: 'https://channels.nixos.org/nixpkgs-unstable/nixexprs.tar.xz' },
      {
        type: 'tarball',
        url: `https://releases.nixos.org/nixpkgs/nixpkgs-26.05pre944764.${REV.slice(0, 12)}/nixexprs.tar.xz`,
        ...FETCHED,
      },
    ],
    [
      'a channel for macOS',
      { ...CHANNEL, url: 'https://channels.nixos.org/nixpkgs-26.05-darwin/nixexprs.tar.xz' },
      {
        type: 'tarball',
        url: `https://releases.nixos.org/nixpkgs/26.05-darwin/nixpkgs-darwin-26.05pre1.${REV.slice(0, 12)}/nixexprs.tar.xz`,
        ...FETCHED,
      },
    ],
    [
      'a channel by its old address',
      { ...CHANNEL, url: 'https://nixos.org/channels/nixos-26.05/nixexprs.tar.xz' },
      {
        type: 'tarball',
        url: `https://releases.nixos.org/nixos/26.05/nixos-26.05.1947.${REV.slice(0, 12)}/nixexprs.tar.xz`,
        ...FETCHED,
      },
    ],
    [
      'a channel release without commit',
      CHANNEL,
      {
        type: 'tarball',
        url: 'https://releases.nixos.org/nixos/26.05/nixos-26.05.1947.dirty/nixexprs.tar.xz',
        narHash: SAMPLE_HASH,
      },
    ],
    ['a link on the same host', TARBALL, { type: 'tarball', url: `https://example.org/${REV}.tar.gz`, ...FETCHED }],
    [
      'a link on the same host without commit',
      TARBALL,
      { type: 'tarball', url: 'https://example.org/v1.2.3/x.tar.gz', narHash: SAMPLE_HASH },
    ],
    [
      'a file with a link on the same host',
      { type: 'file', url: 'https://install.example/stable/x' },
      { type: 'file', url: 'https://install.example/tag/v3.22.0/x', narHash: SAMPLE_HASH },
    ],
    [
      'a link from http to https',
      { ...TARBALL, url: 'http://example.org/latest.tar.gz' },
      { type: 'tarball', url: `https://example.org/${REV}.tar.gz`, ...FETCHED },
    ],
  ];
  for (const [name, original, locked] of legitimate) {
    it(`accepts ${name}`, () => assert.deepEqual(fields(original, locked), []));
  }
});

describe('lockMismatches: what a pull request may try', () => {
  const attacks: [name: string, original: Fields, locked: Fields, field: string][] = [
    ['another owner', NIXPKGS, { ...NIXPKGS, ...FETCHED, owner: 'evil' }, 'owner'],
    ['an owner that looks alike', NIXPKGS, { ...NIXPKGS, ...FETCHED, owner: 'NixOS-' }, 'owner'],
    ['an owner with a Cyrillic letter', NIXPKGS, { ...NIXPKGS, ...FETCHED, owner: 'Niх0S' }, 'owner'],
    ['another repository', NIXPKGS, { ...NIXPKGS, ...FETCHED, repo: 'nixpkgs-fork' }, 'repo'],
    ['a host added', NIXPKGS, { ...NIXPKGS, ...FETCHED, host: 'github.example' }, 'host'],
    ['a host changed', { ...NIXPKGS, host: 'gh.corp.example' }, { ...NIXPKGS, ...FETCHED }, 'host'],
    ['another forge', NIXPKGS, { ...NIXPKGS, ...FETCHED, type: 'gitlab' }, 'type'],
    ['git instead of a forge', NIXPKGS, { type: 'git', url: 'https://github.com/NixOS/nixpkgs', ...FETCHED }, 'type'],
    [
      'a tarball instead of a forge',
      NIXPKGS,
      { type: 'tarball', url: 'https://github.com/NixOS/nixpkgs/archive/x.tar.gz', narHash: SAMPLE_HASH },
      'type',
    ],
    ['a path instead of a forge', NIXPKGS, { type: 'path', path: '/tmp/x', narHash: SAMPLE_HASH }, 'type'],
    ['no type at all', NIXPKGS, { owner: 'NixOS', repo: 'nixpkgs', ...FETCHED }, 'type'],
    ['another commit than pinned', { ...NIXPKGS, rev: OTHER_REV }, { ...NIXPKGS, ...FETCHED }, 'rev'],
    ['no commit where one is pinned', { ...NIXPKGS, rev: REV }, { ...NIXPKGS, narHash: SAMPLE_HASH }, 'rev'],
    ['another hash than pinned', { ...NIXPKGS, narHash: OTHER_HASH }, { ...NIXPKGS, ...FETCHED }, 'narHash'],
    ['no hash where one is pinned', { ...NIXPKGS, narHash: SAMPLE_HASH }, { ...NIXPKGS, rev: REV }, 'narHash'],
    ['dir added', NIXPKGS, { ...NIXPKGS, ...FETCHED, dir: 'evil' }, 'dir'],
    ['dir changed', { ...GIT, dir: 'a' }, { ...GIT, ...FETCHED, dir: 'b' }, 'dir'],
    ['dir removed', { ...GIT, dir: 'a' }, { ...GIT, ...FETCHED }, 'dir'],
    [
      'an indirect input with another commit than pinned',
      { type: 'indirect', id: 'x', rev: OTHER_REV },
      { ...NIXPKGS, ...FETCHED },
      'rev',
    ],
    [
      'an indirect input on another branch',
      { type: 'indirect', id: 'x', ref: 'main' },
      { ...GIT, ...FETCHED, ref: 'refs/heads/evil' },
      'ref',
    ],
    ['another git host', GIT, { ...GIT, ...FETCHED, url: 'https://git.evil.example/team/lib.git' }, 'url'],
    ['another git path', GIT, { ...GIT, ...FETCHED, url: 'https://git.example/evil/lib.git' }, 'url'],
    ['another git port', GIT, { ...GIT, ...FETCHED, url: 'https://git.example:444/team/lib.git' }, 'url'],
    ['git over http', GIT, { ...GIT, ...FETCHED, url: 'http://git.example/team/lib.git' }, 'url'],
    ['a host in front of an @', GIT, { ...GIT, ...FETCHED, url: 'https://git.example@evil.example/team/lib.git' }, 'url'],
    ['another user of ssh', { ...GIT, url: 'ssh://git@h/x' }, { ...GIT, ...FETCHED, url: 'ssh://evil@h/x' }, 'url'],
    ['another branch', { ...GIT, ref: 'main' }, { ...GIT, ...FETCHED, ref: 'refs/heads/evil' }, 'ref'],
    ['submodules left out', { ...GIT, submodules: true }, { ...GIT, ...FETCHED }, 'submodules'],
    [
      'verification switched off',
      { ...GIT, verifyCommit: true, publicKey: 'A' },
      { ...GIT, ...FETCHED, publicKey: 'A' },
      'verifyCommit',
    ],
    ['another signing key', { ...GIT, publicKey: 'A' }, { ...GIT, ...FETCHED, publicKey: 'B' }, 'publicKey'],
    ['another path', { type: 'path', path: './sub' }, { type: 'path', path: './evil' }, 'path'],
    ['an absolute path', { type: 'path', path: './sub' }, { type: 'path', path: '/sub', narHash: SAMPLE_HASH }, 'path'],
    [
      'another file',
      { type: 'file', url: 'https://raw.githubusercontent.com/o/r/main/x' },
      { type: 'file', url: `https://raw.githubusercontent.com/evil/r/${REV}/x`, narHash: SAMPLE_HASH },
      'url',
    ],
    ['a type of the future with another attribute', { type: 'fossil', url: 'x' }, { type: 'fossil', url: 'y' }, 'url'],
    ['a tarball of another host', TARBALL, { type: 'tarball', url: `https://evil.example/${REV}.tar.gz`, ...FETCHED }, 'url'],
    ['a tarball over http', TARBALL, { type: 'tarball', url: `http://example.org/${REV}.tar.gz`, ...FETCHED }, 'url'],
    [
      'a tarball of another user of the host',
      { type: 'tarball', url: 'https://example.org/~alice/x.tar.gz' },
      { type: 'tarball', url: 'https://example.org/~mallory/x.tar.gz', ...FETCHED },
      'url',
    ],
    [
      'a tarball of another bucket',
      { type: 'tarball', url: 'https://storage.googleapis.com/good/x.tar.gz' },
      { type: 'tarball', url: `https://storage.googleapis.com/evil/${REV}.tar.gz`, ...FETCHED },
      'url',
    ],
    [
      'a release of another repository',
      { type: 'tarball', url: 'https://github.com/o/r/releases/download/v1/x.tar.gz' },
      { type: 'tarball', url: 'https://github.com/evil/r/releases/download/v1/x.tar.gz', ...FETCHED },
      'url',
    ],
    [
      'an archive of another repository',
      { type: 'tarball', url: 'https://github.com/o/r/archive/main.tar.gz' },
      { type: 'tarball', url: `https://github.com/evil/r/archive/${REV}.tar.gz`, ...FETCHED },
      'url',
    ],
    [
      'a moving URL instead of another',
      TARBALL,
      { type: 'tarball', url: 'https://example.org/other.tar.gz', narHash: SAMPLE_HASH },
      'url',
    ],
    ['a URL that nobody can read', TARBALL, { type: 'tarball', url: 'https://example.org/ x', narHash: SAMPLE_HASH }, 'url'],
    [
      'FlakeHub: an address of somebody',
      FLAKEHUB,
      {
        type: 'tarball',
        url: `https://evil.example/f/pinned/NixOS/nixpkgs/0.2511.914302%2Brev-${REV}/x/source.tar.gz`,
        ...FETCHED,
      },
      'url',
    ],
    [
      'FlakeHub: a host that looks alike',
      FLAKEHUB,
      { type: 'tarball', url: PINNED.replace('flakehub.com', 'flakehub.com.evil.example'), ...FETCHED },
      'url',
    ],
    ['FlakeHub: over http', FLAKEHUB, { type: 'tarball', url: PINNED.replace('https', 'http'), ...FETCHED }, 'url'],
    [
      'FlakeHub: another organisation',
      FLAKEHUB,
      { type: 'tarball', url: PINNED.replace('NixOS', 'NixOS-evil'), ...FETCHED },
      'FlakeHub flake',
    ],
    [
      'FlakeHub: another flake',
      FLAKEHUB,
      { type: 'tarball', url: PINNED.replace('/nixpkgs/', '/nixpkgs-weekly/'), ...FETCHED },
      'FlakeHub flake',
    ],
    [
      'FlakeHub: a version outside the range',
      FLAKEHUB,
      { type: 'tarball', url: PINNED.replace('0.2511.914302', '0.2305.1'), ...FETCHED },
      'version',
    ],
    ['FlakeHub: another commit in the URL', FLAKEHUB, { type: 'tarball', url: PINNED, ...FETCHED, rev: OTHER_REV }, URL_COMMIT],
    [
      'Forgejo: another owner',
      FORGEJO,
      { type: 'tarball', url: `https://git.lix.systems/api/v1/repos/evil/lix/archive/${REV}.tar.gz`, ...FETCHED },
      'url',
    ],
    [
      'Forgejo: another repository',
      FORGEJO,
      { type: 'tarball', url: `https://git.lix.systems/lix-project/evil/archive/${REV}.tar.gz`, ...FETCHED },
      'url',
    ],
    [
      'Forgejo: another commit in the URL',
      FORGEJO,
      { type: 'tarball', url: `https://git.lix.systems/lix-project/lix/archive/${OTHER_REV}.tar.gz`, ...FETCHED },
      URL_COMMIT,
    ],
    [
      'Forgejo: something that is no archive',
      FORGEJO,
      { type: 'tarball', url: `https://git.lix.systems/attachments/${REV}`, ...FETCHED },
      'url',
    ],
    [
      'Tangled: another repository',
      { type: 'tarball', url: 'https://tangled.org/oppi.li/repo/archive/main.tar.gz' },
      { type: 'tarball', url: `https://tangled.org/did:plc:evil/other/archive/${REV}.tar.gz`, ...FETCHED },
      'url',
    ],
    [
      'a redirector to another owner',
      { type: 'tarball', url: 'https://rime.example/v1/github/o/r.tar.gz' },
      { type: 'tarball', url: `https://github.com/evil/r/archive/${REV}.tar.gz`, ...FETCHED },
      'url',
    ],
    [
      'a redirector to another host',
      { type: 'tarball', url: 'https://rime.example/v1/github/o/r.tar.gz' },
      { type: 'tarball', url: `https://evil.example/o/r/archive/${REV}.tar.gz`, ...FETCHED },
      'url',
    ],
    [
      'a channel: another one',
      CHANNEL,
      {
        type: 'tarball',
        url: `https://releases.nixos.org/nixos/20.03/nixos-20.03.1.${REV.slice(0, 12)}/nixexprs.tar.xz`,
        ...FETCHED,
      },
      'channel',
    ],
    [
      'a channel: another commit in the URL',
      CHANNEL,
      {
        type: 'tarball',
        url: 'https://releases.nixos.org/nixos/26.05/nixos-26.05.1947.0123456789ab/nixexprs.tar.xz',
        ...FETCHED,
      },
      URL_COMMIT,
    ],
    [
      'a channel: another host',
      CHANNEL,
      {
        type: 'tarball',
        url: `https://releases.nixos.example/nixos/26.05/nixos-26.05.1947.${REV.slice(0, 12)}/nixexprs.tar.xz`,
        ...FETCHED,
      },
      'url',
    ],
    [
      'a channel: a place above',
      CHANNEL,
      { type: 'tarball', url: `https://releases.nixos.org/nixos/26.05/../../evil/nixexprs.tar.xz`, ...FETCHED },
      'channel',
    ],
  ];
  for (const [name, original, locked, field] of attacks) {
    it(`sees ${name}`, () => assert.ok(fields(original, locked).includes(field), fields(original, locked).join() || 'nothing'));
  }

  it('marks submodules that only locked has as explicable: the input may ask for them itself', () => {
    const [mismatch] = lockMismatches(attrs(GIT), attrs({ ...GIT, ...FETCHED, submodules: true }));
    assert.equal(mismatch?.field, 'submodules');
    assert.equal(mismatch.explicable, true);
  });

  it('shows no password', () => {
    const [mismatch] = lockMismatches(
      attrs({ ...GIT, url: 'https://u:secret@h/a' }),
      attrs({ ...GIT, url: 'https://v:secret@h/b' }),
    );
    assert.ok(mismatch);
    assert.doesNotMatch(JSON.stringify(mismatch), /secret/);
  });

  it('never throws', () => {
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl(), fc.nat(), fc.boolean());
    const names = fc.constantFrom(
      'type',
      'url',
      'owner',
      'repo',
      'ref',
      'rev',
      'path',
      'id',
      'dir',
      'host',
      'narHash',
      'submodules',
    );
    const types = fc.constantFrom('github', 'git', 'hg', 'tarball', 'file', 'path', 'indirect', 'x');
    const set = fc.tuple(types, fc.dictionary(names, value)).map(([type, rest]) => attrs({ ...rest, type }));
    fc.assert(fc.property(set, set, (a, b) => void lockMismatches(a, b)));
    fc.assert(fc.property(set, (a) => assert.deepEqual(lockMismatches(a, a), [])));
  });
});

describe('lockMismatches: locks freshly made by Nix', () => {
  for (const version of ['2.8', '2.26', '2.34']) {
    const folder = join(__dirname, '../../fixtures/flakeLocks', version);
    const flakes = JSON.parse(readFileSync(join(folder, 'flakeNix.json'), 'utf8')) as Record<string, string>;
    for (const name of Object.keys(flakes)) {
      it(`${version} ${name}`, () => {
        const lock = parsedLock(readFileSync(join(folder, `${name}.json`), 'utf8'));
        const found = [...lock.nodes.values()].flatMap(({ original, locked }) =>
          original === undefined || locked === undefined ? [] : lockMismatches(original, locked).map(({ field }) => field),
        );
        // Nix 2.8 keeps the dependency's own reference where flake.nix overrides it.
        assert.deepEqual(found, version === '2.8' && name === 'flake-lock-overrideurl' ? ['type'] : []);
      });
    }
  }
});
