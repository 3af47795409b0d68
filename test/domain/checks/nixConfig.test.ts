import assert from 'node:assert/strict';
import type { FindingCode } from '../../../server/src/domain/finding';
import { trustedKeys } from '../../../server/src/domain/publicKey';
import type { FlakeOptions } from '../../../server/src/domain/flakeFacts';
import { applied, findingsOf } from '../../support/checkFlake';

const OFFICIAL = 'cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=';
const COMMUNITY = 'nix-community.cachix.org-1:mB9FSh9qf2dCimDSUo8Zy7bkq5CX+/rkCWyvRCYg3Fs=';
const DEMO = 'demo-cache.example.org-1:3CKyqJdp/DnI+67a7ZysN0f5c0g4JZtEOXpEcHA+A7U=';
const IMPOSTOR = OFFICIAL.replace(/:.*/, ':3CKyqJdp/DnI+67a7ZysN0f5c0g4JZtEOXpEcHA+A7U=');

function flake(substituters: readonly string[], keys: readonly string[]): string {
  const list = (values: readonly string[]): string => `[ ${values.map((value) => `"${value}"`).join(' ')} ]`;
  return `{ nixConfig = { extra-substituters = ${list(substituters)}; extra-trusted-public-keys = ${list(keys)}; }; }`;
}

function messages(code: FindingCode, nix: string, options: Partial<FlakeOptions> = {}): string[] {
  return findingsOf(code, { nix }, options).map(({ message }) => message);
}

describe('substituter-no-key', () => {
  it('tells of a cache for which there is no key, at its URL', () => {
    const [found] = findingsOf('substituter-no-key', {
      nix: flake(['https://cache.acme.example', 'https://nix-community.cachix.org'], [COMMUNITY]),
    });
    assert.equal(found?.message, 'nixConfig adds cache https://cache.acme.example but no key that could sign for it');
    assert.equal(found.at, 'flake.nix:https://cache.acme.example');
  });

  const fine: [name: string, nix: string, options?: Partial<FlakeOptions>][] = [
    ['a cache with its key', flake(['https://nix-community.cachix.org'], [COMMUNITY])],
    ['a key under another name, when it may be the cache’s', flake(['https://cache.iog.io'], [DEMO])],
    ['the official cache', flake(['https://cache.nixos.org/'], [])],
    ['a mirror of it', flake(['https://mirrors.example.edu/nix-channels/store'], [])],
    [
      'a cache that the user has',
      flake(['https://cache.acme.example'], []),
      { configuredCaches: ['https://cache.acme.example'] },
    ],
    ['a cache whose key the user trusts', flake(['https://demo-cache.example.org'], []), { trusted: trustedKeys([DEMO]) }],
    ['a cache that needs no key', flake(['https://cache.acme.example?trusted=1'], [])],
    [
      'keys that are computed',
      '{ nixConfig = { extra-substituters = [ "https://a.example" ]; extra-trusted-public-keys = keys; }; }',
    ],
    ['no nixConfig', '{ outputs = _: { }; }'],
  ];
  for (const [name, nix, options] of fine)
    it(`says nothing of ${name}`, () => assert.deepEqual(messages('substituter-no-key', nix, options), []));
});

describe('key-no-substituter', () => {
  it('tells of a key without a cache, and can remove it', () => {
    const nix = flake(['https://nix-community.cachix.org'], [COMMUNITY, DEMO]);
    const [found] = findingsOf('key-no-substituter', { nix });
    assert.equal(found?.message, 'nixConfig trusts key "demo-cache.example.org-1" but adds no cache for it');
    assert.equal(found.at, `flake.nix:${DEMO}`);
    assert.equal(applied(nix, found), flake(['https://nix-community.cachix.org'], [COMMUNITY]));
  });

  it('says nothing of the official key, of keys for caches that the user has, and while a cache is left over', () => {
    assert.deepEqual(messages('key-no-substituter', flake([], [OFFICIAL])), []);
    assert.deepEqual(
      messages('key-no-substituter', flake([], [DEMO]), { configuredCaches: ['https://demo-cache.example.org'] }),
      [],
    );
    assert.deepEqual(messages('key-no-substituter', flake(['https://cache.iog.io'], [DEMO])), []);
  });
});

describe('key-malformed', () => {
  const cases: [key: string, message: RegExp][] = [
    ['no-colon', /^Public key "no-colon" is not in the form name:base64$/],
    ['k:!!!', /^Public key "k" has characters/],
    ['k:AAAA', /^Public key "k" is not a key of 32 bytes$/],
  ];
  for (const [key, message] of cases) {
    it(`tells of ${key} at the element`, () => {
      const [found] = findingsOf('key-malformed', { nix: flake([], [COMMUNITY, key]) });
      assert.match(found?.message ?? '', message);
      assert.equal(found?.at, `flake.nix:${key}`);
    });
  }

  it('does not show a secret key', () => {
    const secret = Buffer.alloc(64, 7).toString('base64');
    const [found] = findingsOf('key-malformed', { nix: flake([], [`k:${secret}`]) });
    assert.match(found?.message ?? '', /secret key/);
    assert.ok(!JSON.stringify(found?.finding).includes(secret));
  });
});

describe('key-name-reused', () => {
  it('tells of other bytes under a well-known name', () => {
    const [found] = findingsOf('key-name-reused', { nix: flake([], [IMPOSTOR]) });
    assert.equal(found?.message, 'Key "cache.nixos.org-1" has other bytes than the known key of that name');
    assert.equal(found.finding.severity, 'error');
    assert.equal(found.at, `flake.nix:${IMPOSTOR}`);
    assert.deepEqual(found.finding.evidence, { here: IMPOSTOR, there: OFFICIAL });
  });

  it('tells of other bytes under the name of a key that the user trusts', () => {
    const other = DEMO.replace(/:.*/, OFFICIAL.replace(/.*:/, ':'));
    assert.match(messages('key-name-reused', flake([], [other]), { trusted: trustedKeys([DEMO]) })[0] ?? '', /your trusted key/);
  });

  it('tells of one name with two keys', () => {
    const other = DEMO.replace(/:.*/, OFFICIAL.replace(/.*:/, ':'));
    assert.match(messages('key-name-reused', flake([], [DEMO, other]))[0] ?? '', /the key above/);
  });

  it('says nothing of the keys themselves, nor of one that the user trusts instead', () => {
    assert.deepEqual(messages('key-name-reused', flake([], [OFFICIAL, COMMUNITY, DEMO, DEMO])), []);
    assert.deepEqual(messages('key-name-reused', flake([], [IMPOSTOR]), { trusted: trustedKeys([IMPOSTOR]) }), []);
  });
});

describe('substituter-insecure', () => {
  it('tells of http and can write https', () => {
    const nix = flake(['http://cache.acme.example'], [DEMO]);
    const [found] = findingsOf('substituter-insecure', { nix });
    assert.equal(found?.message, 'nixConfig adds cache http://cache.acme.example over plain http');
    assert.equal(found.at, 'flake.nix:http://cache.acme.example');
    assert.equal(applied(nix, found), flake(['https://cache.acme.example'], [DEMO]));
  });

  it('says nothing of https and of this machine', () => {
    assert.deepEqual(
      messages(
        'substituter-insecure',
        flake(['https://a.example', 'http://localhost:8080', 'http://127.0.0.1', 'http://[::1]:80', 'file:///x'], []),
      ),
      [],
    );
  });
});

describe('nixconfig-widens-trust', () => {
  it('tells once of each key that would be added, with its cache', () => {
    const [found, ...others] = findingsOf('nixconfig-widens-trust', {
      nix: flake(['https://nix-community.cachix.org'], [COMMUNITY, COMMUNITY, OFFICIAL]),
    });
    assert.equal(others.length, 0);
    assert.equal(
      found?.message,
      'Accepting this flake\'s config would add key "nix-community.cachix.org-1" for cache nix-community.cachix.org',
    );
    assert.equal(found.at, `flake.nix:${COMMUNITY}`);
  });

  it('says nothing of keys that the user trusts, and speaks of every cache where none is named', () => {
    assert.deepEqual(messages('nixconfig-widens-trust', flake([], [DEMO]), { trusted: trustedKeys([DEMO]) }), []);
    assert.match(
      messages('nixconfig-widens-trust', flake([], [OFFICIAL]), { trusted: trustedKeys([]) })[0] ?? '',
      /for every cache$/,
    );
  });
});

describe('registry-override', () => {
  it('tells of a cache that is trusted without signatures, at its URL', () => {
    const url = 'https://cache.acme.example?trusted=1';
    const [found, ...more] = findingsOf('registry-override', { nix: flake([url, 'https://b.example?trusted=false'], []) });
    assert.equal(
      found?.message,
      'nixConfig adds cache https://cache.acme.example with "trusted", which accepts paths that nobody signed',
    );
    assert.equal(found.at, `flake.nix:${url}`);
    assert.deepEqual(more, []);
  });

  const dangerous: [setting: string, value: string][] = [
    ['flake-registry', '"https://evil.example/registry.json"'],
    ['netrc-file', './netrc'],
    ['post-build-hook', '"/tmp/x"'],
    ['extra-trusted-users', '[ "me" ]'],
    ['require-sigs', 'false'],
    ['sandbox', '"false"'],
    ['accept-flake-config', 'true'],
  ];
  for (const [setting, value] of dangerous) {
    it(`tells of ${setting} = ${value} at the name`, () => {
      const [found] = findingsOf('registry-override', { nix: `{ nixConfig.${setting} = ${value}; }` });
      assert.equal(found?.at, `flake.nix:${setting}`);
      assert.match(found.message, new RegExp(`^nixConfig sets "${setting}", which `));
    });
  }

  it('says nothing of settings that do not widen trust', () => {
    const nix =
      '{ nixConfig = { bash-prompt = "x"; require-sigs = true; sandbox = "relaxed"; extra-substituters = [ ]; max-jobs = 4; }; }';
    assert.deepEqual(findingsOf('registry-override', { nix }), []);
  });
});
