import assert from 'node:assert/strict';
import { askedOf, askedOfRootInput, followsPath } from '../../../server/src/domain/flakeFacts/declared';
import { readFlakeNix, type DeclaredInput } from '../../../server/src/domain/flakeNix';

function declared(input: string): DeclaredInput {
  const [found] = readFlakeNix(`{ inputs.a = ${input}; }`).inputs;
  assert.ok(found);
  return found;
}

describe('askedOf', () => {
  const references: [name: string, input: string, attrs: object][] = [
    ['a URL', '{ url = "github:o/r"; }', { type: 'github', owner: 'o', repo: 'r' }],
    ['an unquoted URL', '{ url = github:o/r; }', { type: 'github', owner: 'o', repo: 'r' }],
    [
      'attributes',
      '{ type = "git"; url = "https://h/x"; submodules = true; revCount = 3; }',
      { type: 'git', url: 'https://h/x', submodules: true, revCount: 3 },
    ],
    ['an empty dir', '{ type = "indirect"; id = "x"; dir = ""; }', { type: 'indirect', id: 'x' }],
    ['a path literal', '{ url = ./sub; }', { type: 'path', path: './sub' }],
    ['a file', '{ url = "https://h/x"; flake = false; }', { type: 'file', url: 'https://h/x' }],
    ['a tarball', '{ url = "https://h/x"; }', { type: 'tarball', url: 'https://h/x' }],
  ];
  for (const [name, input, attrs] of references) {
    it(`reads ${name}`, () => {
      const asked = askedOf(declared(input));
      assert.equal(asked.kind, 'reference');
      assert.deepEqual(Object.fromEntries(asked.attrs), attrs);
    });
  }

  const others: [name: string, input: string, kind: string][] = [
    ['follows', '{ follows = "b/c"; }', 'follows'],
    ['an empty set', '{ }', 'nothing'],
    ['overrides alone', '{ inputs.b.follows = "c"; }', 'nothing'],
    ['flake = false alone', '{ flake = false; }', 'nothing'],
    ['a reference that is none', '{ url = "foo:bar"; }', 'malformed'],
    ['a computed URL', '{ url = "github:o/${r}"; }', 'unknown'],
    ['a URL that is not written yet', '{ url = ; }', 'unknown'],
    ['a computed attribute', '{ type = "github"; owner = x; repo = "r"; }', 'unknown'],
    ['an attribute that Nix refuses', '{ uri = "github:o/r"; }', 'unknown'],
    ['follows beside a URL', '{ url = "github:o/r"; follows = "b"; }', 'unknown'],
    ['a computed input', 'import ./a.nix', 'unknown'],
  ];
  for (const [name, input, kind] of others) it(`reads ${name}`, () => assert.equal(askedOf(declared(input)).kind, kind));

  it('looks a root input that says nothing up by its name', () => {
    const asked = askedOfRootInput(declared('{ }'));
    assert.deepEqual(asked.kind === 'reference' && Object.fromEntries(asked.attrs), { type: 'indirect', id: 'a' });
  });
});

describe('followsPath', () => {
  const cases: [text: string, path: string[]][] = [
    ['', []],
    ['a', ['a']],
    ['a/b', ['a', 'b']],
    ['/a//b/', ['a', 'b']],
  ];
  for (const [text, path] of cases) it(`splits "${text}"`, () => assert.deepEqual(followsPath(text), path));
});
