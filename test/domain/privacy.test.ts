import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FlakeAttrs } from '../../server/src/domain/flakeRef';
import { isPrivateHost, privateReason } from '../../server/src/domain/privacy';
import { assertLinear } from '../support/growth';

describe('isPrivateHost', () => {
  const privates: Readonly<Record<string, readonly string[]>> = {
    'this machine': ['localhost', 'LocalHost.', 'my.localhost', '127.0.0.1', '127.9.9.9', '0.0.0.0', '::1', '[::1]', '::'],
    'private IPv4 networks': ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1'],
    'IPv4 in odd spellings': ['2130706433', '0x7f.1', '0177.0.0.1', '127.1', '１２７.0.0.1'],
    'private IPv6 networks': ['fe80::1', 'fe80::1%eth0', 'febf::1', 'fc00::1', 'fdff:1::2', '[fd00::1]', 'ff02::1'],
    'IPv4 inside IPv6': ['::ffff:10.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::7f00:1', '64:ff9b::10.0.0.1'],
    'names of one label': ['cache', 'nix-cache', 'cache:5000'],
    'suffixes outside the public DNS': [
      'a.local',
      'a.b.internal',
      'a.lan',
      'a.corp',
      'nas.home.arpa',
      'a.intranet',
      'a.private',
      'A.LOCAL',
    ],
    'what is no host': [
      '',
      '.',
      'a b',
      'a/b',
      'me@host.example',
      'a?b',
      'a#b',
      '1.2.3.4.5',
      '[::1',
      ':::',
      'a\\b',
      'x'.repeat(600),
    ],
  };
  for (const [rule, hosts] of Object.entries(privates)) {
    it(`takes for private: ${rule}`, () => {
      for (const host of hosts) assert.equal(isPrivateHost(host), true, host);
    });
  }

  it('takes for public what is in the public DNS and address space', () => {
    const hosts = [
      'cache.nixos.org',
      'cache.nixos.org.',
      'github.com',
      'local.example',
      'mylocal.org',
      'internal.com',
      'home.arpa.com',
      'lan.de',
    ];
    const addresses = [
      '1.1.1.1',
      '172.15.0.1',
      '172.32.0.1',
      '192.169.0.1',
      '100.128.0.1',
      '100.63.0.1',
      '2606:4700::1111',
      '::ffff:1.1.1.1',
      '64:ff9b::1.1.1.1',
      '[2001:db8::1]',
    ];
    for (const host of [...hosts, ...addresses, 'git.example.org:8443']) assert.equal(isPrivateHost(host), false, host);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.ipV6(), fc.ipV4Extended(), fc.domain()),
        (host) => typeof isPrivateHost(host) === 'boolean',
      ),
    );
  });
});

function attrs(values: Readonly<Record<string, string>>): FlakeAttrs {
  return new Map(Object.entries(values));
}

const NIXPKGS = attrs({ type: 'github', owner: 'NixOS', repo: 'nixpkgs', ref: 'nixos-unstable' });

describe('privateReason', () => {
  const publics: readonly FlakeAttrs[] = [
    NIXPKGS,
    attrs({ type: 'gitlab', owner: 'o', repo: 'r', host: 'gitlab.example.org' }),
    attrs({ type: 'git', url: 'https://git.example.org/r' }),
    attrs({ type: 'git', url: 'git://git.example.org/r' }),
    attrs({ type: 'tarball', url: 'https://flakehub.com/f/a/b/1.tar.gz?rev=1' }),
    attrs({ type: 'indirect', id: 'nixpkgs' }),
    attrs({ type: 'sourcehut', owner: '~o', repo: 'r' }),
    attrs({}),
  ];
  for (const source of publics) {
    it(`is not given for ${JSON.stringify(Object.fromEntries(source))}`, () =>
      assert.equal(privateReason(source, []), undefined));
  }

  const cases: readonly (readonly [source: Record<string, string>, reason: RegExp])[] = [
    [{ type: 'git', url: 'ssh://git@github.com/o/r' }, /^fetched over ssh$/],
    [{ type: 'git', url: 'git+ssh://git@github.com/o/r' }, /^fetched over ssh$/],
    [{ type: 'git', url: 'git@github.com:o/r' }, /^fetched over ssh$/],
    [{ type: 'path', path: '/home/me/x' }, /^a path on this machine$/],
    [{ type: 'path', path: './x', url: 'https://a.example' }, /^a path on this machine$/],
    [{ type: 'git', url: 'file:///home/me/x' }, /^a path on this machine$/],
    [{ type: 'git', url: '/home/me/x' }, /^a path on this machine$/],
    [{ type: 'file', url: 'file+file:///x' }, /^a path on this machine$/],
    [{ type: 'gitlab', owner: 'o', repo: 'r', host: 'gitlab.corp' }, /^the host "gitlab\.corp" is not public$/],
    [{ type: 'git', url: 'https://git.corp/r' }, /^the host "git\.corp" is not public$/],
    [{ type: 'tarball', url: 'http://192.168.1.5/x.tar.gz' }, /^the host "192\.168\.1\.5" is not public$/],
    [{ type: 'git', url: 'https://tok@git.example.org/r' }, /^its URL carries a credential$/],
    [{ type: 'git', url: 'https://u:p@git.example.org/r' }, /^its URL carries a credential$/],
    [{ type: 'tarball', url: 'https://e.example/x.tar.gz?Private_Token=abc' }, /^its URL carries a credential$/],
    [{ type: 'tarball', url: 'https://' }, /^its URL cannot be read$/],
  ];
  for (const [source, reason] of cases) {
    it(`is given for ${JSON.stringify(source)}`, () => assert.match(privateReason(attrs(source), []) ?? '', reason));
  }

  const locked = attrs({ type: 'github', owner: 'Acme', repo: 'Secret', rev: 'a'.repeat(40) });
  const patterns: readonly (readonly [pattern: string, matches: boolean])[] = [
    ['github:acme/secret', true],
    ['github:Acme/Secret/', true],
    ['github:acme/*', true],
    ['github:acme/', true],
    ['*secret*', true],
    ['*/secret', true],
    ['*', true],
    ['github:*/s*t/*a', true],
    ['github:acme/sec', false],
    ['github:acme', true],
    ['github:acm', false],
    ['secret', false],
    ['gitlab:*', false],
    ['', false],
    ['  ', false],
  ];
  for (const [pattern, matches] of patterns) {
    it(`${matches ? 'matches' : 'does not match'} the pattern "${pattern}"`, () => {
      const reason = privateReason(locked, ['nonsense:x', pattern]);
      assert.equal(reason, matches ? `matches your pattern "${pattern}"` : undefined);
    });
  }

  it('matches hostile patterns and references in linear time', () => {
    const owner = (length: number) => attrs({ type: 'github', owner: 'a'.repeat(length), repo: 'b' });
    const pattern = (length: number) => `${'*a'.repeat(length)}*x`;
    assertLinear(40_000, owner, (long) => assert.equal(privateReason(long, [pattern(2000)]), undefined));
    assertLinear(20_000, pattern, (long) => assert.equal(privateReason(owner(40_000), [long]), undefined));
  });

  it('never throws', () => {
    const value = fc.oneof(fc.string(), fc.webUrl(), fc.constantFrom('git', 'path', 'github', 'https://', 'ssh://a', '%'));
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('type', 'url', 'host', 'owner', 'repo', 'path', 'id'), value),
        fc.array(fc.string()),
        (source, list) => {
          privateReason(attrs(source), list);
        },
      ),
    );
  });
});
