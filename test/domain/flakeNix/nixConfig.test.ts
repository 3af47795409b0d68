import assert from 'node:assert/strict';
import { readFlakeNix, type NixConfigSetting } from '../../../server/src/domain/flakeNix';

/** Writes a setting as `name=value [element, …]`, computed ones with a question mark. */
function show({ name, value, elements, computed }: NixConfigSetting): string {
  return `${name}${computed ? '?' : `=${JSON.stringify(value)}`} [${elements.map((element) => element.value).join(', ')}]`;
}

describe('readNixConfig', () => {
  const cases: readonly [rule: string, text: string, settings: string][] = [
    ['a set', '{ nixConfig = { a = "x"; b = [ "y" "z" ]; }; }', 'a="x" [x]; b="y z" [y, z]'],
    ['paths of names', '{ nixConfig.a = "x"; nixConfig."b" = "y"; }', 'a="x" [x]; b="y" [y]'],
    ['a text as words', '{ nixConfig.a = " x  y\\n\\tz "; }', 'a=" x  y\\n\\tz " [x, y, z]'],
    ['an indented text as words', "{ nixConfig.a = ''\n    x\n    y\n  ''; }", 'a="x\\ny\\n" [x, y]'],
    ['words inside of a list element, as Nix joins and cuts them', '{ nixConfig.a = [ "x" "y z" ]; }', 'a="x y z" [x, y, z]'],
    [
      'truth values and numbers',
      '{ nixConfig = { a = true; b = false; c = 12; }; }',
      'a="true" [true]; b="false" [false]; c="12" [12]',
    ],
    ['paths and URIs', '{ nixConfig = { a = ./x; b = https://x.y; }; }', 'a="./x" [./x]; b="https://x.y" [https://x.y]'],
    ['an empty list and an empty text', '{ nixConfig = { a = [ ]; b = ""; }; }', 'a="" []; b="" []'],
    ['a list with computed elements', '{ nixConfig.a = [ "x" y (f z) "u${v}" w.x."y" "z" ]; }', 'a? [x, z]'],
    ['a computed value', '{ nixConfig.a = [ "x" ] ++ y; nixConfig.b = "x" + y; nixConfig.c = null; }', 'a? []; b? []; c? []'],
    ['a value that is missing', '{ nixConfig.a = ; }', 'a? []'],
    ['sets in settings, which Nix refuses', '{ nixConfig.a.b = "x"; nixConfig.c = { }; }', 'a? []; c? []'],
    ['a setting that is inherited', '{ nixConfig = { inherit (x) a; }; }', 'a? []'],
    ['a setting that is given twice', '{ nixConfig.a = "x"; nixConfig.a = "y"; }', 'a="x" [x]; a="y" [y]'],
    ['names that mean something to JavaScript', '{ nixConfig.__proto__ = "x"; }', '__proto__="x" [x]'],
  ];
  for (const [rule, text, settings] of cases) {
    it(`reads ${rule}`, () => assert.equal(readFlakeNix(text).nixConfig.map(show).join('; '), settings));
  }

  it('knows when settings are lacking', () => {
    for (const text of ['nixConfig = import ./x;', 'nixConfig.${a} = "x";', 'nixConfig = { } // x;', 'nixConfig = "x";']) {
      assert.ok(readFlakeNix(`{ ${text} }`).nixConfigComputed, text);
    }
    for (const text of ['nixConfig = { a = f x; };', 'nixConfig = ;', ''])
      assert.ok(!readFlakeNix(`{ ${text} }`).nixConfigComputed, text);
  });

  it('gives each element its span, with and without quotes', () => {
    const text = `{ nixConfig.a = [ "x" "y z" ''u'' ]; nixConfig.b = "one\\ttwo\\n\\$three é four"; nixConfig.c = true; }`;
    const spans = readFlakeNix(text).nixConfig.map(({ elements }) =>
      elements.map(({ span, textSpan }) => [text.slice(span.start, span.end), text.slice(textSpan.start, textSpan.end)]),
    );
    assert.deepEqual(spans, [
      [['"x"', 'x'], ['y', 'y'], ['z', 'z'], ["''u''", 'u']], // prettier-ignore
      [['one', 'one'], ['two', 'two'], ['\\$three', '\\$three'], ['é', 'é'], ['four', 'four']], // prettier-ignore
      [['true', 'true']],
    ]);
  });

  it('keeps the settings around one that is being typed', () => {
    const lines = ['b', 'b =', 'b = [ "https://x', 'b = [ "https://x"', 'b = "', 'b = [', 'b = [ "https://x.org" "https://y'];
    for (const line of lines) {
      const text = `{\n  nixConfig = {\n    a = [ "x" ];\n    ${line}\n    c = [\n      "y"\n    ];\n  };\n}\n`;
      const names = readFlakeNix(text).nixConfig.map(({ name, value }) => `${name}=${String(value)}`);
      assert.deepEqual([names[0], names.at(-1)], ['a=x', 'c=y'], line);
    }
  });
});
