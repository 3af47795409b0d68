import assert from 'node:assert/strict';
import { trustedKeys } from '../../server/src/domain/publicKey';
import { checkKey, declaredCaches } from '../../server/src/features/declaredCaches';
import { flakeView } from '../support/flakeView';
import { makeSigner } from '../support/signer';
import { trustConfiguration } from '../support/trust';

const NIXOS = 'cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=';
const NONE = trustedKeys([]);

describe('checkKey', () => {
  it('refuses what is no key, and never repeats it', () => {
    const secret = `k:${Buffer.alloc(64, 3).toString('base64')}`;
    assert.deepEqual([checkKey('x', NONE).ok, checkKey(secret, NONE).ok], [false, false]);
    assert.doesNotMatch(checkKey(secret, NONE).message, /AwMD/);
  });

  it('knows the keys of public caches', () => {
    assert.deepEqual(checkKey(` ${NIXOS} `, NONE), { ok: true, message: 'Known as the key of cache.nixos.org.' });
  });

  it('warns of a known name, and of a trusted name, with other bytes', () => {
    assert.match(checkKey(makeSigner('cache.nixos.org-1').publicKey, NONE).message, /is known to use another key of the name/);
    const own = trustedKeys([makeSigner('corp-1').publicKey]);
    assert.match(checkKey(makeSigner('corp-1').publicKey, own).message, /^You trust another key of the name corp-1\./);
  });

  it('says that a key is trusted already', () => {
    assert.match(checkKey(NIXOS, trustedKeys([NIXOS])).message, /already/);
  });
});

describe('declaredCaches', () => {
  it('says of each cache what stands against it', async () => {
    const nix = `{
      nixConfig.extra-substituters = [ "https://cache.nixos.org" "ssh://build.example" "https://a.example" ];
      nixConfig.extra-trusted-public-keys = [ "${NIXOS}" ];
      outputs = _: { };
    }`;
    const view = await flakeView({ nix, configuration: trustConfiguration([{ url: 'https://cache.nixos.org' }]) });
    assert.deepEqual(
      declaredCaches(view).map(({ url, state, keys, warnings }) => [url, state, keys.length, warnings.length]),
      [
        ['https://cache.nixos.org', 'in-use', 1, 0],
        ['ssh://build.example', 'not-accepted', 0, 2],
        ['https://a.example', 'not-accepted', 0, 1],
      ],
    );
  });
});
