import assert from 'node:assert/strict';
import { parsePublicKey } from '../../server/src/domain/publicKey';
import { publicKeyOfSecret } from '../../server/src/domain/secretKey';
import { secretKeyText } from '../support/secretKeyText';
import { makeSigner } from '../support/signer';

describe('publicKeyOfSecret', () => {
  it('gives the public half, which is a valid key', () => {
    const signer = makeSigner('me-1');
    assert.equal(publicKeyOfSecret(`${secretKeyText(signer)}\n`), signer.publicKey);
    assert.ok(parsePublicKey(signer.publicKey).ok);
  });

  for (const text of ['', 'x', ':x', 'a:', 'a:AAAA', `a:${'A'.repeat(43)}=`, `a:${'!'.repeat(86)}==`]) {
    it(`gives nothing for "${text.slice(0, 20)}"`, () => assert.equal(publicKeyOfSecret(text), undefined));
  }
});
