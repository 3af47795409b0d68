import assert from 'node:assert/strict';
import { inputAt, nixConfigAt, readFlakeNix } from '../../../server/src/domain/flakeNix';
import { cursor } from '../../support/cursor';

/** Writes what is at the cursor as `path part "text"`. */
function show(marked: string): string {
  const { text, offset } = cursor(marked);
  const at = inputAt(readFlakeNix(text), offset);
  if (at === undefined) return 'nothing';
  return `${at.path.join('/')} ${at.part}${at.attr === undefined ? '' : ` ${at.attr}`} ${text.slice(at.span.start, at.span.end)}`;
}

describe('inputAt', () => {
  const cases: readonly [rule: string, text: string, found: string][] = [
    ['a name', '{ inputs.nix|pkgs.url = "x"; }', 'nixpkgs name nixpkgs'],
    ['the end of a name', '{ inputs.nixpkgs|.url = "x"; }', 'nixpkgs name nixpkgs'],
    ['a quoted name', '{ inputs."nix|pkgs".url = "x"; }', 'nixpkgs name "nixpkgs"'],
    ['the second place of a name', '{ inputs.a.url = "x"; inputs.b.url = "y"; inputs.|a.flake = false; }', 'a name a'],
    ['a URL', '{ inputs.a.url = "git|hub:o/r"; }', 'a url "github:o/r"'],
    ['the name of a URL', '{ inputs.a.u|rl = "github:o/r"; }', 'a url url'],
    ['a follows', '{ inputs.a.inputs.b.follows = "|c"; }', 'a/b follows "c"'],
    ['the name of an override', '{ inputs.a = { inputs = { b|c.url = "x"; }; }; }', 'a/bc name bc'],
    ['a deeper override', '{ inputs.a.inputs.b.inputs.c|.follows = "d"; }', 'a/b/c name c'],
    ['flake', '{ inputs.a.flake = fal|se; }', 'a flake false'],
    ['another attribute', '{ inputs.a = { owner = "|x"; repo = "y"; }; }', 'a attr owner "x"'],
    ['an argument of outputs', '{ inputs.a.url = "x"; outputs = { self, |a }: { }; }', 'a output-arg a'],
    ['an argument that is no declared input', '{ outputs = { self, nix|pkgs }: { }; }', 'nixpkgs output-arg nixpkgs'],
    ['a value that is missing', '{ inputs.a.url =|; }', 'a url '],
    ['the word inputs', '{ in|puts.a.url = "x"; }', 'nothing'],
    ['self', '{ outputs = { se|lf }: { }; }', 'nothing'],
    ['the space behind a binding', '{ inputs = { a.url = "x"; | }; }', 'nothing'],
    ['the body of outputs', '{ inputs.a.url = "x"; outputs = { a }: { x = a|; }; }', 'nothing'],
  ];
  for (const [rule, text, found] of cases) it(`finds ${rule}`, () => assert.equal(show(text), found));
});

describe('nixConfigAt', () => {
  const cases: readonly [rule: string, text: string, found: string | undefined][] = [
    ['the name of a setting', '{ nixConfig = { extra-|substituters = [ "x" ]; }; }', 'extra-substituters'],
    ['an element', '{ nixConfig.substituters = [ "x" "y|" ]; }', 'substituters y'],
    ['a word of a text', '{ nixConfig.substituters = "x y|y z"; }', 'substituters yy'],
    ['the brackets of a list', '{ nixConfig.substituters = [| ]; }', 'substituters'],
    ['nothing beside settings', '{ nixCon|fig.substituters = [ ]; }', undefined],
  ];
  for (const [rule, marked, found] of cases) {
    it(`finds ${rule}`, () => {
      const { text, offset } = cursor(marked);
      const at = nixConfigAt(readFlakeNix(text), offset);
      assert.equal(at && [at.setting.name, ...(at.element === undefined ? [] : [at.element.value])].join(' '), found);
      if (at !== undefined) assert.ok(at.span.start <= offset && offset <= at.span.end);
    });
  }
});
