import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readFlakeNix, type DeclaredInput, type LiteralValue } from '../../server/src/domain/flakeNix';
import type { Span } from '../../server/src/util/span';
import { assertSurvives, DAMAGES } from '../support/flakeDamage';
import { assertReadsAsNixSays, flakeFolders } from '../support/flakeNixExpectation';

/** Writes an input as `name attribute=value…`, overrides in brackets, computed ones with a question mark. */
function show(input: DeclaredInput): string {
  const named: [string, LiteralValue | undefined][] = [['url', input.url], ['follows', input.follows], ['flake', input.flakeValue], ...input.attrs]; // prettier-ignore
  const attributes = named.flatMap(([name, value]) => (value === undefined ? [] : `${name}=${showValue(value)}`));
  const overrides = input.inputs.length === 0 ? [] : [`[${input.inputs.map(show).join(', ')}]`];
  return [input.name + (input.computed ? '?' : '') + (input.implicit ? '!' : ''), ...attributes, ...overrides].join(' ');
}

function showValue(value: LiteralValue): string {
  if (value.kind === 'string') return `"${value.value}"`;
  return 'value' in value ? String(value.value) : value.kind;
}

function showInputs(text: string): string {
  return readFlakeNix(text).inputs.map(show).join('; ');
}

describe('readFlakeNix', () => {
  const forms: readonly [rule: string, text: string, inputs: string][] = [
    ['a path of names', '{ inputs.a.url = "x"; }', 'a url="x"'],
    ['a set', '{ inputs = { a = { url = "x"; }; }; }', 'a url="x"'],
    ['a path inside of a set', '{ inputs = { a.url = "x"; }; }', 'a url="x"'],
    ['a set behind a path', '{ inputs.a = { url = "x"; }; }', 'a url="x"'],
    ['several places for one input', '{ inputs.a.url = "x"; inputs = { a.flake = false; b.url = "y"; }; inputs.a.ref = "r"; }', 'a url="x" flake=false ref="r"; b url="y"'], // prettier-ignore
    ['quoted names', '{ "inputs"."a b" = { "url" = "x"; }; }', 'a b url="x"'],
    ['a name in ${"…"}', '{ inputs.${"a"}.url = "x"; }', 'a url="x"'],
    ['names with digits, dashes and apostrophes', `{ inputs.a-1_b'.url = "x"; }`, `a-1_b' url="x"`],
    ['an indented string', "{ inputs.a.url = ''x''; }", 'a url="x"'],
    ['a path literal', '{ inputs.a.url = ./sub/dir; }', 'a url=./sub/dir'],
    ['a path literal to the parent', '{ inputs.a.url = ../..; }', 'a url=../..'],
    ['an unquoted URI', '{ inputs.a.url = github:o/r/ref?dir=x; }', 'a url=github:o/r/ref?dir=x'],
    ['parentheses around a value', '{ inputs.a = ({ url = (("x")); }); }', 'a url="x"'],
    ['a recursive set', '{ inputs = rec { a.url = "x"; }; }', 'a url="x"'],
    ['attributes instead of a URL', '{ inputs.a = { type = "git"; url = "x"; submodules = true; shallow = false; n = 3; }; }', 'a url="x" type="git" submodules=true shallow=false n=3'], // prettier-ignore
    ['an input without anything', '{ inputs.a = { }; }', 'a'],
    ['follows', '{ inputs.a.follows = "b/c"; inputs.d.follows = ""; }', 'a follows="b/c"; d follows=""'],
    ['overrides', '{ inputs.a.inputs.b.follows = "c"; inputs.a = { inputs = { d.url = "x"; e = { follows = "f"; }; }; }; }', 'a [b follows="c", d url="x", e follows="f"]'], // prettier-ignore
    ['overrides of overrides', '{ inputs.a.inputs.b = { inputs.c.inputs = { d.inputs.e.follows = "f"; }; }; }', 'a [b [c [d [e follows="f"]]]]'], // prettier-ignore
    ['names that mean something to JavaScript', '{ inputs.__proto__.url = "x"; inputs.constructor.toString = "y"; }', '__proto__ url="x"; constructor toString="y"'], // prettier-ignore
    [
      'arguments that are no declared inputs',
      '{ inputs.a.url = "x"; outputs = { self, a, b, c ? null, ... }: { }; }',
      'a url="x"; b!; c!',
    ],
    [
      'comments everywhere',
      '/* { */ { # inputs.z.url = "z";\n inputs /* = */ . a # }\n .url /**/ = "x" /* ; */ ; }',
      'a url="x"',
    ],
    ['a byte order mark', '\uFEFF{ inputs.a.url = "x"; }', 'a url="x"'],
    ['Windows line ends', '{\r\n  inputs.a.url = "x";\r\n  inputs.b.url = "y";\r\n}\r\n', 'a url="x"; b url="y"'],
    ['let … in before the set', 'let a = { inputs.z.url = "z"; }; b = let c = 1; in c; in { inputs.a.url = "x"; }', 'a url="x"'],
    ['with and assert before the set', 'with { z = 1; }; assert true; { inputs.a.url = "x"; }', 'a url="x"'],
    ['a function before the set', '{ lib, ... }@args: { inputs.a.url = "x"; }', 'a url="x"'],
    [
      'values with semicolons of their own',
      '{ x = with y; assert z; let inputs.z.url = "z"; in q; inputs.a.url = "x"; }',
      'a url="x"',
    ],
    ['a function with sets in it', '{ outputs = { self }: { inputs.z.url = "z"; }; inputs.a.url = "x"; }', 'a url="x"'],
    ['comparisons', '{ x = a == b; y = c != d; inputs.a.url = "x"; }', 'a url="x"'],
    ['strings with strings in them', '{ x = "a ${f "}" { y = "${z}"; }} b"; inputs.a.url = "x"; }', 'a url="x"'],
    ['code in indented strings', "{ x = ''\n  inputs.z.url = \"z\"; ''${ ''' ''\\n $${ ${if a then \"}\" else ''}''}\n''; inputs.a.url = \"x\"; }", 'a url="x"'], // prettier-ignore
    ['paths with ${…}', '{ x = ./a/${b}/c; y = a/${"}"}; inputs.a.url = "x"; }', 'a url="x"'],
    ['search paths and home paths', '{ x = <nixpkgs/lib>; y = ~/z; inputs.a.url = "x"; }', 'a url="x"'],
    ['nothing', '', ''],
    ['no inputs', '{ outputs = inputs: inputs.nixpkgs; }', ''],
  ];
  for (const [rule, text, inputs] of forms) it(`reads ${rule}`, () => assert.equal(showInputs(text), inputs));

  const computed: readonly [rule: string, text: string, inputs: string][] = [
    ['an interpolated URL', '{ inputs.a.url = "github:${x}"; }', 'a url=computed'],
    ['a concatenated URL', '{ inputs.a.url = "github:" + x; }', 'a url=computed'],
    ['a path with ${…}', '{ inputs.a.url = ./${x}; }', 'a url=computed'],
    [
      'a negative number, null and a search path',
      '{ inputs.a = { n = -1; m = null; p = <x>; }; }',
      'a n=computed m=computed p=computed',
    ],
    ['a chosen attribute', '{ inputs.a.url = x.y; inputs.b.url = { c = "z"; }.c; }', 'a url=computed; b url=computed'],
    ['a conditional', '{ inputs.a.url = if x then "y" else "z"; }', 'a url=computed'],
    ['let in a value', '{ inputs.a.url = let x = "y"; in x; inputs.b.url = "z"; }', 'a url=computed; b url="z"'],
    ['a set where a text belongs', '{ inputs.a.url.b = "x"; inputs.c.url = { }; }', 'a url=computed; c url=computed'],
    ['a list where a text belongs', '{ inputs.a.url = [ "x" ]; }', 'a url=computed'],
    ['flake that is no plain truth value', '{ inputs.a.flake = !true; }', 'a flake=computed'],
    ['an input that is a call', '{ inputs.a = f { url = "x"; }; }', 'a?'],
    ['an input that is text', '{ inputs.a = "x"; }', 'a?'],
    ['an input that is inherited', '{ inputs = { inherit (x) a b; inherit c; }; }', 'a?; b?; c?'],
    ['an input with a name to be computed in it', '{ inputs.a.${x} = "y"; }', 'a?'],
    ['overrides that are a call', '{ inputs.a.inputs = f x; }', 'a?'],
    ['a set with more merged into it', '{ inputs.a = { url = "x"; } // y; }', 'a? url="x"'],
  ];
  for (const [rule, text, inputs] of computed)
    it(`knows what it cannot know: ${rule}`, () => assert.equal(showInputs(text), inputs));

  it('knows when inputs are lacking', () => {
    const lacking = [
      'inputs = import ./x;',
      'inputs = { a.url = "x"; } // y;',
      'inputs.${a}.url = "x";',
      'inputs = [ "x" ];',
      'inherit (x) inputs;',
    ];
    for (const text of lacking) {
      const flake = readFlakeNix(`{ ${text} outputs = { b }: b; }`);
      assert.ok(flake.inputsComputed, text);
      assert.ok(!flake.inputs.some(({ implicit }) => implicit), 'an argument may be among the inputs that are not known');
    }
    assert.ok(!readFlakeNix('{ inputs.a = f x; inputs.b.${c} = "x"; }').inputsComputed);
  });

  it('takes the attributes of self for no input', () => {
    const flake = readFlakeNix('{ inputs.self.submodules = true; inputs.a.inputs.self.url = "x"; outputs = { self, a }: { }; }');
    assert.deepEqual(flake.inputs.map(show), ['a [self url="x"]']);
    assert.deepEqual(
      [...(flake.selfAttrs ?? [])].map(([name, value]) => [name, showValue(value)]),
      [['submodules', 'true']],
    );
  });

  it('believes the first of two values, and says that there are two', () => {
    const flake = readFlakeNix('{ inputs.a.url = "x"; inputs.a.url = "y"; }');
    assert.deepEqual(flake.inputs.map(show), ['a url="x"']);
    assert.deepEqual(
      flake.problems.map(({ message }) => message),
      ['"url" is given twice'],
    );
    assert.equal(showInputs('{ inputs.a.url = ; inputs.a.url = "y"; }'), 'a url="y"');
  });

  it('gives each name and value its span', () => {
    const text = `{ "inputs" = { "a b".url = ''x''; c = { flake = false; }; c.inputs."d".follows = "e"; }; nixConfig.x = 1; outputs = i: i; }`;
    const at = ({ start, end }: Span): string => text.slice(start, end);
    const flake = readFlakeNix(text);
    const [a, c] = flake.inputs;
    assert.ok(a !== undefined && c !== undefined && a.url?.kind === 'string');
    assert.deepEqual([at(a.nameSpan), at(a.url.span), at(a.url.textSpan), at(a.url.nameSpan)], ['"a b"', "''x''", 'x', 'url']);
    assert.deepEqual(a.bindingSpans.map(at), [`"a b".url = ''x'';`]);
    assert.equal(at(a.url.bindingSpan), `"a b".url = ''x'';`);
    assert.deepEqual(
      c.nameSpans.map((span) => span.start),
      [text.indexOf('c = {'), text.indexOf('c.inputs')],
    );
    assert.deepEqual(c.bindingSpans.map(at), ['c = { flake = false; };', 'c.inputs."d".follows = "e";']);
    assert.deepEqual([at(c.flakeValue!.span), at(c.flakeValue!.bindingSpan)], ['false', 'flake = false;']);
    assert.deepEqual([at(c.inputs[0]!.nameSpan), at(c.inputs[0]!.follows!.span)], ['"d"', '"e"']);
    assert.deepEqual(
      [at(flake.inputsSpan!), at(flake.nixConfigSpan!), at(flake.outputs!.span)],
      ['"inputs"', 'nixConfig', 'outputs'],
    );
    assert.deepEqual(flake.topLevel.map(({ name, span }) => [name, at(span)]), [['inputs', '"inputs"'], ['nixConfig', 'nixConfig'], ['outputs', 'outputs']]); // prettier-ignore
    assert.deepEqual(flake.problems, []);
  });
});

describe('readFlakeNix while somebody types', () => {
  const flake = (line: string): string => `{\n  inputs = {\n    a.url = "x";\n${line}\n    b = {\n      url = "y";\n    };\n  };\n  outputs = { a, b }: { };\n}\n`; // prettier-ignore
  const around = 'a url="x"; b url="y"';
  const lines: readonly [line: string, inputs: string][] = [
    ['    c', around],
    ['    c.', 'a url="x"; c; b url="y"'],
    ['    c.ur', 'a url="x"; c; b url="y"'],
    ['    c.url', 'a url="x"; c; b url="y"'],
    ['    c.url =', 'a url="x"; c url=missing; b url="y"'],
    ['    c.url = "', 'a url="x"; c url=""; b url="y"'],
    ['    c.url = "github:o/', 'a url="x"; c url="github:o/"; b url="y"'],
    ['    c.url = "github:o/${', 'a url="x"; c url=computed; b url="y"'],
    ["    c.url = ''", 'a url="x"; c url=""; b url="y"'],
    ["    c.url = ''github:o/r;", 'a url="x"; c url="github:o/r"; b url="y"'],
    ['    c.url = "github:o/r', 'a url="x"; c url="github:o/r"; b url="y"'],
    ['    c.url = "github:o/r;', 'a url="x"; c url="github:o/r"; b url="y"'],
    ['    c.url = "github:o/r"', 'a url="x"; c url="github:o/r"; b url="y"'],
    ['    c = {', 'a url="x"; c; b url="y"'],
    ['    c = { url = "z";', 'a url="x"; c url="z"; b url="y"'],
    ['    c = { url = "z"; }', 'a url="x"; c url="z"; b url="y"'],
    ['    c {', 'a url="x"; c; b url="y"'],
    ['    c = {\n      url = "z";\n      inputs = {\n        d.follows = "a', 'a url="x"; c url="z" [d follows="a"]; b url="y"'],
    ['    c.url = x.', 'a url="x"; c url=computed; b url="y"'],
    ['    c.url = (', 'a url="x"; c url=computed; b url="y"'],
    ['    c.url = [', 'a url="x"; c url=computed; b url="y"'],
    ['    c.url = let d = 1;', 'a url="x"; c url=computed; b url="y"'],
    ['    inherit', around],
    ['    inherit (c', around],
    ['    inherit c', 'a url="x"; c?; b url="y"'],
    ['    /* c', around],
    ['    )', around],
    ['    ]', around],
    ['    };', around],
    ['    }', around],
    ['    in', around],
    ['    let', around],
    ['    ${', around],
    ['    "', around],
  ];
  for (const [line, inputs] of lines) it(JSON.stringify(line.trim()), () => assert.equal(showInputs(flake(line)), inputs));

  it('finds bindings before the first brace is written', () =>
    assert.equal(showInputs('inputs.a.url = "x";\ninputs.b.url = "y";'), 'a url="x"; b url="y"'));

  it('goes on when one brace too many closes the outermost set', () =>
    assert.equal(showInputs('{ inputs = { a.url = "x"; }; }; inputs.b.url = "y"; }'), 'a url="x"; b url="y"'));

  it('leaves texts over several lines whole', () => {
    for (const text of [
      'description = "one\n  two";',
      'x = "one\n  \\"two\\" ${f "x"}\n three";',
      "description = ''\n  one\n  ''${two}\n'';",
    ]) {
      assert.equal(showInputs(`{ ${text} inputs.a.url = "x"; }`), 'a url="x"', text);
    }
  });

  it('trusts no indentation in a text that has none', () => {
    const text = '{\ninputs = {\na.url = "x";\nb = {\nurl = "y";\n};\nc.url = "z";\n};\noutputs = { a }: {\nx = 1;\n';
    assert.equal(showInputs(text), 'a url="x"; b url="y"; c url="z"');
  });

  it('trusts an outlier in the indentation when its brackets are in order', () => {
    const text = '{\n  inputs = {\n  a.url = "x";\n  b.url = "y";\n  };\n  outputs = { a }: {\n    x = {\n      y = 1;\n    };\n';
    assert.equal(showInputs(text), 'a url="x"; b url="y"');
  });

  it('says what it repaired', () => {
    const messages = (text: string): readonly string[] => readFlakeNix(text).problems.map(({ message }) => message);
    assert.deepEqual(messages('{ inputs.a.url = ; }'), ['A value is missing']);
    assert.deepEqual(messages('{ inputs.a.url = "x" }'), ['A ";" is missing']);
    assert.deepEqual(messages('{ inputs.a = "x"; }'), ['"a" must be a set']);
    assert.deepEqual(messages('{ inputs.a.url = "x;\n}'), ['A closing quote is missing']);
    assert.deepEqual(messages('{ inputs.a.url = "x";'), ['A closing bracket is missing']);
    assert.deepEqual(messages('1'), ['The outermost value is no attribute set']);
  });
});

describe('readFlakeNix of real flakes', () => {
  const folders = flakeFolders(join(__dirname, '../fixtures/flakes'));
  for (const folder of folders) it(`reads ${basename(folder)} as Nix does`, () => assertReadsAsNixSays(folder));

  const texts = folders.map((folder) => readFileSync(join(folder, 'flake.nix'), 'utf8'));
  for (const kind of Object.keys(DAMAGES)) it(`survives: ${kind}`, () => assertSurvives(texts, kind, { spots: 6, seed: 1 }));
});
