import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseTrustedSettings } from '../../server/src/domain/trustedSettings';

describe('parseTrustedSettings', () => {
  it('reads what Nix writes', () => {
    // As written by Nix 2.8, 2.26 and 2.34.
    const text = '{"extra-substituters":{"https://evil.example https://two.example":true},"fallback":{"true":false}}';
    const parsed = parseTrustedSettings(text);
    assert.ok(parsed.ok);
    assert.equal(parsed.value.get('extra-substituters')?.get('https://evil.example https://two.example'), true);
    assert.equal(parsed.value.get('fallback')?.get('true'), false);
    assert.equal(parsed.value.get('substituters'), undefined);
  });

  it('takes the names of JavaScript for names', () => {
    const parsed = parseTrustedSettings('{"__proto__":{"constructor":true},"x":{"__proto__":true}}');
    assert.ok(parsed.ok);
    assert.equal(parsed.value.get('__proto__')?.get('constructor'), true);
    assert.equal(parsed.value.get('x')?.get('__proto__'), true);
    assert.equal(parsed.value.get('toString'), undefined);
  });

  for (const text of ['[]', 'null', '"x"', '{"a":true}', '{"a":[]}', '{"a":{"b":"true"}}', '{"a":{"b":1}}', '{"a":null}']) {
    it(`refuses ${text} as a whole`, () => {
      assert.deepEqual(parseTrustedSettings(text), { ok: false, error: { kind: 'wrong-shape' } });
    });
  }

  for (const text of ['', '{', '{"a":{"b":true}', '['.repeat(200_000)]) {
    it(`refuses ${text.length > 20 ? 'endless nesting' : `"${text}"`}`, () => {
      assert.deepEqual(parseTrustedSettings(text), { ok: false, error: { kind: 'not-json' } });
    });
  }

  it('never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (text) => void parseTrustedSettings(text)));
  });
});
