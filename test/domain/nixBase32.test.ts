import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeNixBase32, encodeNixBase32, nixBase32Length } from '../../server/src/domain/nixBase32';

describe('nixBase32', () => {
  const vectors: readonly [base16: string, text: string][] = [
    ['', ''],
    ['00', '00'],
    ['ff', '7z'],
    ['1f', '0z'],
    ['0100', '0001'],
    ['77ee46bd956ef415c7a4c8a335186665308ba1bab8dae78399d38f07a7bc003e', '0gh0pjkhg3ykk61ygnmqpahqnc35cqc3b8y8lk3ibx3fjnyldvkp'],
  ];
  for (const [base16, text] of vectors) {
    it(`spells ${base16 === '' ? 'no bytes' : base16} as "${text}"`, () => {
      const bytes = Buffer.from(base16, 'hex');
      assert.equal(encodeNixBase32(bytes), text);
      assert.deepEqual(decodeNixBase32(text, bytes.length), bytes);
    });
  }

  it('takes 32 characters for a store path hash and 52 for SHA-256', () => {
    assert.deepEqual([20, 32].map(nixBase32Length), [32, 52]);
  });

  const refused: readonly [rule: string, text: string, byteLength: number][] = [
    ['another length', '0', 1],
    ['an upper-case letter', '7Z', 1],
    ['a letter that the alphabet leaves out', '7e', 1],
    ['a character beyond ASCII', '7é', 1],
    ['bits beyond the last byte', '8z', 1],
    ['a final newline', '7\n', 1],
  ];
  for (const [rule, text, byteLength] of refused) {
    it(`refuses ${rule}`, () => assert.equal(decodeNixBase32(text, byteLength), undefined));
  }

  it('gives back any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        assert.deepEqual(new Uint8Array(decodeNixBase32(encodeNixBase32(bytes), bytes.length)!), bytes);
      }),
    );
  });

  it('knows one spelling only: what it decodes it would write so', () => {
    const text = fc.string({
      unit: fc.constantFrom(...Array.from('0123456789abcdfghijklmnpqrsvwxyzeE-')),
      minLength: 32,
      maxLength: 32,
    });
    fc.assert(
      fc.property(text, (spelled) => {
        const bytes = decodeNixBase32(spelled, 20);
        if (bytes !== undefined) assert.equal(encodeNixBase32(bytes), spelled);
      }),
    );
  });
});
