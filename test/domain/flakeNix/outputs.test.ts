import assert from 'node:assert/strict';
import { readFlakeNix } from '../../../server/src/domain/flakeNix';

/** Writes the arguments in brackets, or says that there is no set pattern. */
function showArguments(outputs: string): string {
  const text = `{ outputs = ${outputs}; }`;
  const read = readFlakeNix(text).outputs;
  assert.ok(read !== undefined);
  for (const { name, span } of read.args) assert.equal(text.slice(span.start, span.end), name);
  return read.hasSetPattern ? `{${read.args.map(({ name }) => name).join(' ')}}` : 'none';
}

describe('readOutputs', () => {
  const cases: readonly [rule: string, outputs: string, args: string][] = [
    ['a set pattern', '{ self, nixpkgs }: { }', '{self nixpkgs}'],
    ['one that allows more', '{ self, nixpkgs, ... }: { }', '{self nixpkgs}'],
    ['a name in front', 'inputs@{ self, nixpkgs }: { }', '{self nixpkgs}'],
    ['a name behind', '{ self, nixpkgs, ... }@inputs: { }', '{self nixpkgs}'],
    ['white space around the @', 'inputs @ { self }: { }', '{self}'],
    ['a name for everything', 'inputs: { }', 'none'],
    ['defaults', '{ self, a ? null, b ? { c = 1; }, d ? f: [ x ], e ? (g h) }: { }', '{self a b d e}'],
    ['leading commas', '{ self\n    , nixpkgs\n    , ...\n    }: { }', '{self nixpkgs}'],
    ['a trailing comma', '{ self, nixpkgs, }: { }', '{self nixpkgs}'],
    ['an empty pattern', '{ }: { }', '{}'],
    ['a pattern of dots', '{ ... }: { }', '{}'],
    ['comments', '{ self /* , a */, # b,\n nixpkgs }: { }', '{self nixpkgs}'],
    ['parentheses', '(({ self }: { }))', '{self}'],
    ['a call', 'import ./outputs.nix', 'none'],
    ['a set', '{ self = 1; }', 'none'],
    ['a missing comma', '{ self nixpkgs }: { }', '{self}'],
  ];
  for (const [rule, outputs, args] of cases) it(`reads ${rule}`, () => assert.equal(showArguments(outputs), args));

  it('finds none where there are none', () => {
    assert.equal(readFlakeNix('{ }').outputs, undefined);
    assert.deepEqual(readFlakeNix('{ outputs.x = { a }: a; }').outputs, {
      span: { start: 2, end: 9 },
      args: [],
      hasSetPattern: false,
    });
    assert.equal(readFlakeNix('{ outputs =').outputs?.hasSetPattern, false);
  });
});
