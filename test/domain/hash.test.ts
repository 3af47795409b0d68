import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  describeHashError,
  narHashBytes,
  narHashToNix32,
  parseHash,
  parseLockNarHash,
  parseNarHash,
  shortHash,
} from '../../server/src/domain/hash';

const SRI = 'sha256-I79ABM/MuMklSzsTwQ5m1xiPdq97No4hi6vpgVmYnw8=';
const BASE16 = '23bf4004cfccb8c9254b3b13c10e66d7188f76af7b368e218babe98159989f0f';
const NIX32 = '03wzk1cq3sdbichqwdkvmxv8y66pcq7c24rv9cjwkf6crw241gr3';

describe('hash', () => {
  const spellings: readonly [rule: string, text: string][] = [
    ['SRI', SRI],
    ['SRI without padding', SRI.replace('=', '')],
    ['SRI with bits left over at the end', SRI.replace('8=', '9=')],
    ['Nix base-32', `sha256:${NIX32}`],
    ['base 16', `sha256:${BASE16}`],
    ['base 16 in capitals', `sha256:${BASE16.toUpperCase()}`],
    ['base64 behind a colon', SRI.replace('sha256-', 'sha256:')],
  ];
  for (const [rule, text] of spellings) {
    it(`reads ${rule}`, () => {
      assert.deepEqual(parseNarHash(text), { ok: true, value: SRI });
    });
  }

  const refused: readonly [rule: string, text: string, kind: string][] = [
    ['a bare digest', NIX32, 'no-algorithm'],
    ['nothing', '', 'no-algorithm'],
    ['an unknown algorithm', `blake3:${BASE16}`, 'unknown-algorithm'],
    ['an algorithm in capitals', `SHA256:${BASE16}`, 'unknown-algorithm'],
    ['a property of every object', `__proto__:${BASE16}`, 'unknown-algorithm'],
    ['SHA-512, a good hash but never of a NAR', `sha512:${BASE16}${BASE16}`, 'unknown-algorithm'],
    ['a digest that is too short', 'sha256:03wzk1', 'malformed'],
    ['base 16 in SRI', `sha256-${BASE16}`, 'malformed'],
    ['base64 behind a colon without padding', SRI.replace('sha256-', 'sha256:').replace('=', ''), 'malformed'],
    ['a blank at the end', `${SRI} `, 'malformed'],
    ['text behind the padding', `${SRI}xx`, 'malformed'],
    ['base-32 with bits beyond the last byte', `sha256:z${NIX32.slice(1)}`, 'malformed'],
  ];
  for (const [rule, text, kind] of refused) {
    it(`refuses ${rule}`, () => {
      const parsed = parseNarHash(text);
      assert.equal(parsed.ok ? 'ok' : parsed.error.kind, kind);
      if (!parsed.ok) assert.match(describeHashError(parsed.error), /^(does|uses|has|is) /);
    });
  }

  it('keeps of an unknown algorithm only what is harmless to print', () => {
    const parsed = parseHash(`\x1b[31m\`x\`${'y'.repeat(1000)}:00`);
    assert.deepEqual(parsed, { ok: false, error: { kind: 'unknown-algorithm', algorithm: '??31m?x?yyyyyyyyyyyy' } });
  });

  it('knows the four algorithms of Nix', () => {
    for (const [algorithm, bytes] of Object.entries({ md5: 16, sha1: 20, sha256: 32, sha512: 64 })) {
      const parsed = parseHash(`${algorithm}:${'0f'.repeat(bytes)}`);
      assert.ok(parsed.ok);
      assert.equal(parsed.value.algorithm, algorithm);
      assert.equal(parsed.value.bytes.toString('hex'), '0f'.repeat(bytes));
    }
  });

  it('wants SRI in flake.lock, padded or not', () => {
    assert.deepEqual(parseLockNarHash(SRI), { ok: true, value: SRI });
    assert.deepEqual(parseLockNarHash(SRI.replace('=', '')), { ok: true, value: SRI });
    for (const text of ['', `sha256:${NIX32}`, `sha256:${BASE16}`, BASE16]) {
      assert.deepEqual(parseLockNarHash(text), { ok: false, error: { kind: 'not-sri' } });
    }
    assert.deepEqual(parseLockNarHash('sha512-AAAA'), { ok: false, error: { kind: 'malformed' } });
  });

  it('spells and shortens', () => {
    const parsed = parseNarHash(SRI);
    assert.ok(parsed.ok);
    assert.equal(narHashToNix32(parsed.value), `sha256:${NIX32}`);
    assert.equal(narHashBytes(parsed.value).toString('hex'), BASE16);
    assert.equal(shortHash(parsed.value), 'sha256-I79ABM…nw8=');
  });

  it('gives equal strings for equal hashes, however they are spelled', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const sri = parseNarHash(`sha256-${Buffer.from(bytes).toString('base64')}`);
        assert.ok(sri.ok);
        for (const text of [narHashToNix32(sri.value), `sha256:${Buffer.from(bytes).toString('hex')}`]) {
          assert.deepEqual(parseNarHash(text), sri);
        }
      }),
    );
  });

  it('never throws', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((rest) => `sha256:${rest}`),
      fc.string().map((rest) => `sha256-${rest}`),
    );
    fc.assert(
      fc.property(text, (any) => typeof parseNarHash(any).ok === 'boolean' && typeof parseLockNarHash(any).ok === 'boolean'),
    );
  });
});
