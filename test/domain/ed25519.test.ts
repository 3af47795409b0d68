import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { isWeakPoint } from '../../server/src/domain/ed25519';
import { forgedSignature, NEUTRAL_POINT } from '../support/forgedSignature';

const PRIME = 2n ** 255n - 19n;

describe('ed25519', () => {
  it('calls all points of small order weak, and their non-canonical spellings', () => {
    for (const y of smallOrderCoordinates()) {
      for (const spelled of [y, y + PRIME].filter((number) => number < 2n ** 255n)) {
        assert.ok(isWeakPoint(encode(spelled)), `${spelled}`);
        assert.ok(isWeakPoint(encode(spelled | (1n << 255n))), `${spelled} with the sign bit`);
      }
    }
  });

  it('calls coordinates of the prime or more weak, and the largest below it, if of large order, not', () => {
    for (let y = PRIME; y < 2n ** 255n; y++) assert.ok(isWeakPoint(encode(y)), `${y}`);
    for (const y of [2n, PRIME - 2n, PRIME - 3n]) assert.ok(!isWeakPoint(encode(y)), `${y}`);
  });

  it('calls no generated key weak', () => {
    for (let i = 0; i < 50; i++) {
      const { publicKey } = generateKeyPairSync('ed25519');
      assert.ok(!isWeakPoint(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)));
    }
  });

  it('is needed: with a weak key node:crypto verifies what anybody can make', () => {
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), NEUTRAL_POINT]);
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    assert.ok(verify(null, Buffer.from('any text'), key, forgedSignature()));
    assert.ok(verify(null, Buffer.from('any other text'), key, forgedSignature()));
  });
});

/** Second coordinates of the points whose order divides 8: those of order 1, 2 and 4 are 1, -1 and 0; those of order 8 solve an equation. */
function smallOrderCoordinates(): readonly bigint[] {
  // A point of order 8 doubles to one of order 4, whose second coordinate is 0. With -x² + y² = 1 + d·x²·y² doubling gives
  // y² + x² as its numerator, so x² = -y² and d·y⁴ + 2·y² - 1 = 0.
  const d = mod(-121665n * inverse(121666n));
  const root = squareRoot(1n + d)!;
  const squares = [root, -root].map((sign) => mod((sign - 1n) * inverse(d)));
  const roots = squares.map(squareRoot).filter((y) => y !== undefined);
  assert.equal(roots.length, 1);
  return [0n, 1n, PRIME - 1n, ...roots.flatMap((y) => [y, PRIME - y])];
}

function mod(number: bigint): bigint {
  return ((number % PRIME) + PRIME) % PRIME;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = mod(base), rest = exponent; rest > 0n; rest >>= 1n, square = mod(square * square)) {
    if ((rest & 1n) === 1n) result = mod(result * square);
  }
  return result;
}

function inverse(number: bigint): bigint {
  return power(number, PRIME - 2n);
}

function squareRoot(number: bigint): bigint | undefined {
  const candidate = power(number, (PRIME + 3n) / 8n);
  const others = [candidate, mod(candidate * power(2n, (PRIME - 1n) / 4n))];
  return others.find((root) => mod(root * root) === mod(number));
}

function encode(number: bigint): Buffer {
  return Buffer.from(number.toString(16).padStart(64, '0'), 'hex').reverse();
}
