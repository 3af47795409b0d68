import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { derivationShow, isAtLeast, parseNixVersion, pathInfoJson } from '../../../server/src/adapters/nix/version';

describe('the version of Nix', () => {
  for (const [text, version, implementation] of [
    ['nix (Nix) 2.8.0\n', '2.8.0', 'nix'],
    ['nix (Nix) 2.35.0pre20260101_abcdef0\n', '2.35.0pre20260101_abcdef0', 'nix'],
    ['nix (Lix, like Nix) 2.93.3\nSystem type: x86_64-linux\n', '2.93.3', 'lix'],
    ['nix (Determinate Nix 3.11.2) 2.31.1\n', '2.31.1', 'determinate'],
    ['warning: x\nnix (Nix) 2.26.1\n', '2.26.1', 'nix'],
  ] as const) {
    it(`is read from ${JSON.stringify(text)}`, () => {
      const parsed = parseNixVersion(text);
      assert.equal(parsed?.text, version);
      assert.equal(parsed.implementation, implementation);
    });
  }

  it('is not read from other words', () => {
    for (const text of ['', 'nix', 'nix (Nix)', 'zsh 5.9', 'nix (Nix) x.y']) assert.equal(parseNixVersion(text), undefined);
  });

  it('decides the words that it wants to hear', () => {
    const words = (text: string) => {
      const nix = parseNixVersion(text);
      assert.ok(nix);
      return [derivationShow(nix).join(' '), pathInfoJson(nix).join(' ')];
    };
    assert.deepEqual(words('nix (Nix) 2.8.0'), ['show-derivation', '--json']);
    assert.deepEqual(words('nix (Nix) 2.26.1'), ['derivation show', '--json']);
    assert.deepEqual(words('nix (Nix) 2.34.8'), ['derivation show', '--json --json-format 2']);
    assert.deepEqual(words('nix (Determinate Nix 3.20.0) 2.34.1'), ['derivation show', '--json --json-format 2']);
    // Lix has other numbers; its output is that of Nix 2.18.
    assert.deepEqual(words('nix (Lix, like Nix) 2.93.3'), ['derivation show', '--json']);
  });

  it('is compared by numbers', () => {
    const nix = parseNixVersion('nix (Nix) 2.10.0');
    assert.ok(nix);
    assert.equal(isAtLeast(nix, 2, 8), true);
    assert.equal(isAtLeast(nix, 2, 10), true);
    assert.equal(isAtLeast(nix, 2, 11), false);
    assert.equal(isAtLeast(nix, 3, 0), false);
  });
});
