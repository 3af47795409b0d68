import assert from 'node:assert/strict';
import fc from 'fast-check';
import { plainText } from '../../server/src/util/plainText';
import { assertSame } from '../support/growth';

describe('plainText', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['ordinary text stays', 'github:NixOS/nixpkgs — ü 漢', 'github:NixOS/nixpkgs — ü 漢'],
    ['a terminal escape loses its ESC', '\u001b[2J\u001b[31mok', '\uFFFD[2J\uFFFD[31mok'],
    ['the eight-bit control sequence introducer goes as well', 'a\u009b31mb', 'a\uFFFD31mb'],
    ['lines become one', 'a\r\n\n\tb\u2028c', 'a b c'],
    ['a right-to-left override is shown, not obeyed', 'nix\u202Egpj.exe', 'nix\uFFFDgpj.exe'],
    ['isolates and marks as well', '\u2066a\u2069\u200Eb', '\uFFFDa\uFFFD\uFFFDb'],
    ['a zero width space does not make two names look alike', 'nix\u200Bpkgs', 'nix\uFFFDpkgs'],
    ['tag characters, fillers and variation selectors are seen', 'a\u{E0041}\u3164\uFE0Fb', 'a\uFFFD\uFFFD\uFFFDb'],
    ['icons of private use are not drawn', '\uF00C verified', '\uFFFD verified'],
    ['half of a surrogate pair is replaced', 'a\uD83Db', 'a\uFFFDb'],
    ['white space at the edges goes', '  a  ', 'a'],
  ];
  for (const [name, text, expected] of cases) {
    it(name, () => {
      assert.equal(plainText(text), expected);
    });
  }

  it('cuts with an ellipsis inside the length', () => {
    assert.equal(plainText('abcdef', 6), 'abcdef');
    assert.equal(plainText('abcdefg', 6), 'abcde…');
  });

  it('does not tear a surrogate pair apart', () => {
    assert.equal(plainText('abc😀def', 5), 'abc…');
  });

  it('takes no longer for a text of many megabytes', () => {
    const spaces = (length: number) => `${' '.repeat(length)}x`;
    assertSame(spaces(2_000), spaces(20_000_000), (text) => assert.equal(plainText(text, 10).length, 1));
  });

  it('gives one printable line of the length asked for, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 100 }), (text, length) => {
        const plain = plainText(text, length);
        assert.ok(plain.length <= length);
        assert.doesNotMatch(plain, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        assert.equal(plainText(plain, length), plain, 'a second time changes nothing');
      }),
    );
  });
});
