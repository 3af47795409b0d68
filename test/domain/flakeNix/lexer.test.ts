import assert from 'node:assert/strict';
import fc from 'fast-check';
import { tokenize } from '../../../server/src/domain/flakeNix/lexer';

/** Writes tokens as `kind:text`, those whose text is their kind as that alone. */
function show(text: string): string {
  return tokenize(text)
    .slice(0, -1)
    .map(({ kind, start, end, unclosed }) => {
      const piece = text.slice(start, end);
      return (kind === piece ? kind : `${kind}:${piece}`) + (unclosed ? '!' : '');
    })
    .join(' ');
}

describe('tokenize', () => {
  const cases: readonly [rule: string, text: string, tokens: string][] = [
    ['names and punctuation', `{a_1'-b=c;}`, `{ name:a_1'-b = name:c ; }`],
    [
      'keywords, but not names that begin with one',
      'let in with assert inherit rec letter',
      'let in with assert inherit rec name:letter',
    ],
    ['operators', 'a==b!=c<=d ->e++f//g&&h?i', 'name:a op:== name:b op:!= name:c op:<= name:d op:-> name:e op:++ name:f // name:g op:&& name:h ? name:i'], // prettier-ignore
    ['dots', '{a,...}.b', '{ name:a , ... } . name:b'],
    ['a path', './a/b ../c a/b /d ~/e 1/2 f.nix/g', 'path:./a/b path:../c path:a/b path:/d path:~/e path:1/2 path:f.nix/g'],
    ['a path with ${…}', './a${b}c/d ./${"}"}/e', 'path:./a${b}c/d path:./${"}"}/e'],
    ['no path where no name follows the slash', 'a/ b a//b', 'name:a op:/ name:b name:a // name:b'],
    ['a URI', 'github:a/b?c=d x:y', 'uri:github:a/b?c=d uri:x:y'],
    ['no URI where white space or a set follows the colon', 'x: y x:{}', 'name:x : name:y name:x : { }'],
    ['no URI with an underscore in its scheme', 'a_b:c', 'name:a_b : name:c'],
    ['numbers', '1 23 1.5', 'number:1 number:23 number:1 . number:5'],
    ['comments', '# a\nb /* c */ d /**/ e', 'name:b name:d name:e'],
    ['a block comment without an end as one line', '/* a\nb', 'name:b'],
    ['a string', '"a\\"b" ""', 'string:"a\\"b" string:""'],
    ['a string with strings in it', '"a${"b${c}"}d" e', 'string:"a${"b${c}"}d" name:e'],
    ['braces in interpolations', '"${{a={};}.a}" b', 'string:"${{a={};}.a}" name:b'],
    ['comments in interpolations', '"${a /* } */ # }\n}" b', 'string:"${a /* } */ # }\n}" name:b'],
    ['an indented string', "''a'b''c", "indented:''a'b'' name:c"],
    ['escapes in an indented string', "''a''${b'''c''\\'d$${e'' f", "indented:''a''${b'''c''\\'d$${e'' name:f"],
    ['indented strings in one another', "''a${''b''}c'' d", "indented:''a${''b''}c'' name:d"],
    ['an interpolated name', 'a.${b}', 'name:a . ${ name:b }'],
    ['a string without an end', 'a "b\nc', 'name:a string:"b! name:c'],
    ['a string before a line that begins one', 'x "b\ny "c"', 'name:x string:"b! name:y string:"c"'],
    ['a string over two lines', '"a\nb" + "c"', 'string:"a\nb" op:+ string:"c"'],
    ['a URL without an end', 'url = "a;\nb "c"', 'name:url = string:"a! ; name:b string:"c"'],
    [
      'a URL without an end before one on the same line',
      'url = "a; url = "b";',
      'name:url = string:"a! ; name:url = string:"b" ;',
    ],
    ['a description over two lines', 'description = "a\nb";', 'name:description = string:"a\nb" ;'],
    ['an interpolation without an end', '"a${b', 'string:"a${b!'],
    ['characters that Nix does not know', 'é \0 \u{1F600}', 'op:é op:\0 op:\ud83d op:\ude00'],
  ];
  for (const [rule, text, tokens] of cases) it(`reads ${rule}`, () => assert.equal(show(text), tokens));

  it('knows the indentation of lines, and who begins one', () => {
    const text = 'a b\n  c "\n d" e\n\tf /*\n*/ g\n   /* */ h';
    const tokens = tokenize(text).map(({ start, end, first, indent }) => `${text.slice(start, end)}${first ? '^' : ''}${indent}`);
    assert.deepEqual(tokens, ['a^0', 'b0', 'c^2', '"\n d"2', 'e2', 'f^1', 'g^3', 'h^9', '9']);
  });

  it('covers any text with tokens in order, and leaves nothing out but white space and comments', () => {
    const pieces = fc.constantFrom(...'{}()[]=;.:@,?+/*#"\'$\\ \n\tab1é'.split(''), '${', "''", '/*', '*/', './', 'a:b', '"a"');
    fc.assert(
      fc.property(fc.string({ unit: pieces, maxLength: 60 }), (text) => {
        let end = 0;
        for (const token of tokenize(text)) {
          assert.ok(token.start >= end && token.end >= token.start && token.end <= text.length);
          assert.match(text.slice(end, token.start), /^(?:\s|#.*|\/\*[^]*?\*\/|\/\*.*)*$/);
          end = token.end;
        }
        assert.equal(end, text.length);
      }),
      { numRuns: 2000 },
    );
  });
});
