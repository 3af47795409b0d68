import assert from 'node:assert/strict';
import fc from 'fast-check';
import { attributeNames } from '../../server/src/domain/packageNames';

describe('attribute names for a derivation', () => {
  for (const [name, ...expected] of [
    ['openssl-3.0.13', 'openssl', 'openssl_3', 'openssl_3_0'],
    ['python3-3.11.9', 'python3', 'python311'],
    ['gcc-wrapper-13.2.0', 'gcc', 'gcc13'],
    ['stdenv-linux', 'stdenv'],
    ['gtk+3-3.24.43', 'gtk3'],
    ['bash-5.2p26', 'bash'],
    ['hello', 'hello'],
    ['xorg-server-21.1', 'xorg-server'],
    ['glibc-2.39-52', 'glibc'],
  ] as const) {
    it(`of ${name} are among others ${expected.join(', ')}`, () => {
      const names = attributeNames(name);
      assert.deepEqual(
        expected.filter((one) => !names.includes(one)),
        [],
        names.join(' '),
      );
    });
  }

  it('are names that Nix could have, few, and none where nothing is left', () => {
    assert.deepEqual(attributeNames('3.14'), []);
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (name) => {
        const names = attributeNames(name);
        assert.ok(names.length <= 20);
        for (const one of names) assert.match(one, /^[a-zA-Z_][\w'-]*$/);
      }),
    );
  });
});
