import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeBase64, isBase64 } from '../../server/src/domain/base64';

describe('base64', () => {
  const cases: readonly [rule: string, text: string, byteLength: number, base16: string | undefined][] = [
    ['reads padded text', 'AQI=', 2, '0102'],
    ['reads text without its padding', 'AQI', 2, '0102'],
    ['reads half of the padding', 'AQ=', 1, '01'],
    ['does not mind bits left over', 'AQJ=', 2, '0102'],
    ['refuses another length', 'AQI=', 3, undefined],
    ['refuses text behind the padding, which Nix ignores', 'AQI=x', 2, undefined],
    ['refuses more padding than there can be', 'AQ===', 1, undefined],
    ['refuses a newline inside, which Nix skips', 'AQ\nI', 2, undefined],
    ['refuses the URL-safe alphabet', '-_-_', 3, undefined],
    ['refuses a character beyond ASCII', 'AQé', 2, undefined],
  ];
  for (const [rule, text, byteLength, base16] of cases) {
    it(rule, () => assert.equal(decodeBase64(text, byteLength)?.toString('hex'), base16));
  }

  it('tells base64 of any length from other text', () => {
    for (const text of ['', 'A', 'AAAA', 'AA==', 'AAA=']) assert.ok(isBase64(text), text);
    for (const text of ['=A', 'A===', '!', 'A A', 'AA==\n']) assert.ok(!isBase64(text), text);
  });

  it('gives back any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        assert.ok(isBase64(text));
        assert.deepEqual(decodeBase64(text, bytes.length), Buffer.from(bytes));
        assert.deepEqual(decodeBase64(text.replace(/=+$/, ''), bytes.length), Buffer.from(bytes));
      }),
    );
  });
});
