import assert from 'node:assert/strict';
import { KNOWN_KEYS, KNOWN_KEYS_DATE, knownKeysOfName } from '../../server/src/domain/knownKeys';
import { trustedKeys } from '../../server/src/domain/publicKey';

describe('knownKeys', () => {
  it('holds well-formed keys, no name twice', () => {
    const { problems, shadowed, byName } = trustedKeys(KNOWN_KEYS.map(({ key }) => key));
    assert.deepEqual([problems, shadowed], [[], []]);
    assert.equal(byName.size, KNOWN_KEYS.length);
  });

  it('names caches by https addresses without a slash at the end', () => {
    for (const { cache } of KNOWN_KEYS) assert.match(cache, /^https:\/\/[a-z0-9.-]+$/);
  });

  it('is dated', () => assert.match(KNOWN_KEYS_DATE, /^\d{4}-\d{2}-\d{2}$/));

  it('finds keys by their whole name', () => {
    assert.deepEqual(
      knownKeysOfName('cache.nixos.org-1').map(({ cache }) => cache),
      ['https://cache.nixos.org'],
    );
    for (const name of ['cache.nixos.org', 'cache.nixos.org-', '', 'toString']) assert.deepEqual(knownKeysOfName(name), []);
  });

  it('knows a cache whose key has another name', () => {
    assert.deepEqual(
      knownKeysOfName('hydra.iohk.io').map(({ cache }) => cache),
      ['https://cache.iog.io'],
    );
  });

  it('marks the staging key as never to be trusted, and no other', () => {
    assert.deepEqual(
      KNOWN_KEYS.filter(({ neverTrust }) => neverTrust).map(({ cache }) => cache),
      ['https://staging-hydra.nixos.org'],
    );
  });
});
