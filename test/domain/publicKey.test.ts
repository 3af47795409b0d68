import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describePublicKeyError, parsePublicKey, trustedKeys, type PublicKeyError } from '../../server/src/domain/publicKey';

const BASE64 = '6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=';
const NIXOS = `cache.nixos.org-1:${BASE64}`;
const OTHER = 'cache.nixos.org-1:3CKyqJdp/DnI+67a7ZysN0f5c0g4JZtEOXpEcHA+A7U=';
const SECRET = 'demo:QYM1RjJlukPkE7mRblkeg4OVxoq2P4qIwg0p6jGm+PbcIrKol2n8Ocj7rtrtnKw3R/lzSDglm0Q5ekRwcD4DtQ==';

describe('publicKey', () => {
  it('takes a key apart, at the first colon', () => {
    const parsed = parsePublicKey(NIXOS);
    assert.ok(parsed.ok);
    assert.equal(parsed.value.name, 'cache.nixos.org-1');
    assert.equal(parsed.value.text, NIXOS);
    assert.equal(parsed.value.bytes.toString('base64'), BASE64);
    assert.equal(parsed.value.keyObject.asymmetricKeyType, 'ed25519');
  });

  it('gives one identity to all spellings of a key', () => {
    for (const text of [NIXOS, NIXOS.replace('=', ''), NIXOS.replace('jY=', 'jZ=')]) {
      const parsed = parsePublicKey(text);
      assert.equal(parsed.ok && parsed.value.text, NIXOS);
    }
  });

  const refused: readonly [rule: string, text: string, kind: PublicKeyError['kind']][] = [
    ['nothing', '', 'no-name'],
    ['a key without a name', BASE64, 'no-name'],
    ['an empty name', `:${BASE64}`, 'no-name'],
    ['a name alone', 'cache.nixos.org-1:', 'no-name'],
    ['text that is not base64', 'k:not base64', 'not-base64'],
    ['a second colon', `a:b:${BASE64}`, 'not-base64'],
    ['text behind the padding', `${NIXOS}x`, 'not-base64'],
    ['31 bytes', `k:${Buffer.alloc(31, 7).toString('base64')}`, 'wrong-length'],
    ['33 bytes', `k:${Buffer.alloc(33, 7).toString('base64')}`, 'wrong-length'],
    ['a secret key', SECRET, 'secret-key'],
    ['the neutral point', `k:${point('01')}`, 'weak'],
    ['the point of order 2', `k:${Buffer.from('ec' + 'ff'.repeat(30) + '7f', 'hex').toString('base64')}`, 'weak'],
  ];
  for (const [rule, text, kind] of refused) {
    it(`refuses ${rule}`, () => {
      const parsed = parsePublicKey(text);
      assert.equal(parsed.ok ? 'ok' : parsed.error.kind, kind);
      if (!parsed.ok) assert.match(describePublicKeyError(parsed.error), /^(is|has) /);
    });
  }

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String().map((text) => `k:${text}`),
        ),
        (text) => typeof parsePublicKey(text).ok === 'boolean',
      ),
    );
  });

  it('verifies with the key that was parsed', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const parsed = parsePublicKey(`k:${publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')}`);
    assert.ok(parsed.ok);
    assert.ok(verify(null, Buffer.from('text'), parsed.value.keyObject, sign(null, Buffer.from('text'), privateKey)));
  });

  it('agrees with Nix’s secret key about its public half', () => {
    const secret = Buffer.from(SECRET.slice(SECRET.indexOf(':') + 1), 'base64');
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret.subarray(0, 32)]);
    const signature = sign(null, Buffer.from('text'), createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
    const parsed = parsePublicKey(`demo:${secret.subarray(32).toString('base64')}`);
    assert.ok(parsed.ok && verify(null, Buffer.from('text'), parsed.value.keyObject, signature));
  });
});

describe('trustedKeys', () => {
  it('lets the first entry of a name win, and tells which are hidden by it', () => {
    const { byName, shadowed, problems } = trustedKeys([OTHER, NIXOS, NIXOS.replace('=', '')]);
    assert.equal(byName.get('cache.nixos.org-1')?.text, OTHER);
    assert.deepEqual(
      shadowed.map(({ text }) => text),
      [NIXOS, NIXOS],
    );
    assert.deepEqual(problems, []);
  });

  it('does not call the same key twice a conflict', () => {
    assert.deepEqual(trustedKeys([NIXOS, NIXOS]).shadowed, []);
  });

  it('lists what is malformed, and goes on', () => {
    const { byName, problems } = trustedKeys(['broken', NIXOS, SECRET]);
    assert.deepEqual([...byName.keys()], ['cache.nixos.org-1']);
    assert.deepEqual(problems, [
      { text: 'broken', error: { kind: 'no-name' } },
      { text: SECRET, error: { kind: 'secret-key' } },
    ]);
  });

  it('is not led astray by names that objects have', () => {
    const { byName } = trustedKeys([`__proto__:${BASE64}`]);
    assert.equal(byName.get('__proto__')?.name, '__proto__');
    assert.equal(byName.get('constructor'), undefined);
  });
});

/** Base64 of a point with this first byte and zeros behind it. */
function point(firstByte: string): string {
  return Buffer.from(firstByte.padEnd(64, '0'), 'hex').toString('base64');
}
