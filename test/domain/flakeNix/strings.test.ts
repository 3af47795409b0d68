import assert from 'node:assert/strict';
import fc from 'fast-check';
import { tokenize } from '../../../server/src/domain/flakeNix/lexer';
import { decodeString, sourceSpan } from '../../../server/src/domain/flakeNix/strings';

function decode(literal: string): string | undefined {
  const token = tokenize(literal)[0];
  assert.ok(token !== undefined && !token.interpolated && !token.unclosed && token.end === literal.length, literal);
  return decodeString(literal, token).value;
}

describe('decodeString', () => {
  // Each value is what `nix-instantiate --eval --json` (2.8.0) prints.
  const cases: readonly [literal: string, value: string][] = [
    ['"plain"', 'plain'],
    ['""', ''],
    ['"a\\nb\\tc\\rd\\\\e\\"f\\${g}"', 'a\nb\tc\rd\\e"f${g}'],
    ['"\\x\\é"', 'xé'],
    ['"$a $$ $${b} $"', '$a $$ $${b} $'],
    ['"a\r\nb\rc"', 'a\nb\nc'],
    ["''plain''", 'plain'],
    ["''''", ''],
    ["''\n''", ''],
    ["''   \n  a\n    b\n  ''", 'a\n  b\n'],
    ["''  a\n b''", ' a\nb'],
    ["''\n\n  a\n\n  b''", '\na\n\nb'],
    ["''\n  a\n\n ''", 'a\n\n'],
    ["''\n\ta\n\tb\n''", '\ta\n\tb\n'],
    ["'' ''", ''],
    ["''a''${b} '''c''\\n''\\d''\\\\e''", "a${b} ''c\nd\\e"],
    ["''a ' b $ c''", "a ' b $ c"],
    ["''$${a}''", '$${a}'],
    ["''\n  ''\\n  a\n''", '\na\n'],
    ["''\n    ''\\n  a\n  b''", '  \na\nb'],
    ["''\n    ''\\x  a\n  b''", '  x  a\nb'],
  ];
  for (const [literal, value] of cases) it(JSON.stringify(literal), () => assert.equal(decode(literal), value));

  it('knows where each character of the value came from', () => {
    for (const literal of ['"a\\nb \\${c} é"', "''\n    a ''${c}\n      '''é''\\nb\n  ''"]) {
      const source = `  ${literal}`;
      const decoded = decodeString(source, tokenize(source)[0]!);
      for (const word of ['a', 'b', 'c', 'é']) {
        const index = decoded.value.indexOf(word);
        const { start, end } = sourceSpan(decoded, index, index + 1);
        assert.equal(source.slice(start, end), word);
      }
    }
  });

  it('ends the text of an unclosed string where the string is cut', () => {
    const source = 'url = "github:o/r;\n';
    const { value, textSpan } = decodeString(source, tokenize(source)[2]!);
    assert.deepEqual([value, source.slice(textSpan.start, textSpan.end)], ['github:o/r', 'github:o/r']);
  });

  it('gives back any text that was escaped', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const value = text.replaceAll('\r', '');
        assert.equal(decode(`"${value.replace(/["\\]|\$(?=\{)/g, '\\$&')}"`), value);
      }),
    );
  });
});
