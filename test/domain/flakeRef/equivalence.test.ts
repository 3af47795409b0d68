import assert from 'node:assert/strict';
import { parseFlakeRef, sameReference, type AttrValue, type FlakeAttrs } from '../../../server/src/domain/flakeRef';

function ref(text: string, flake = true): FlakeAttrs {
  const parsed = parseFlakeRef(text, { flake });
  assert.ok(parsed.ok);
  return parsed.value;
}

function attrs(fields: Record<string, AttrValue>): FlakeAttrs {
  return new Map(Object.entries(fields));
}

describe('sameReference', () => {
  const same: [name: string, a: FlakeAttrs, b: FlakeAttrs][] = [
    ['URL form and attribute form', ref('github:o/r/main'), attrs({ type: 'github', owner: 'o', repo: 'r', ref: 'main' })],
    ['branch in the path and in the query', ref('github:o/r/main'), ref('github:o/r?ref=main')],
    [
      'dir in the URL, as Nix 2.8 locks it',
      ref('git+https://h/x?dir=a'),
      attrs({ type: 'git', url: 'https://h/x?dir=a', dir: 'a' }),
    ],
    ['lfs in the URL, as Nix 2.26 locks it', ref('git+https://h/x?lfs=1'), attrs({ type: 'git', url: 'https://h/x?lfs=1' })],
    [
      'a range encoded and not',
      ref('https://flakehub.com/f/o/r/*'),
      attrs({ type: 'tarball', url: 'https://flakehub.com/f/o/r/*' }),
    ],
    [
      'a range with an encoded sign',
      ref('https://flakehub.com/f/o/r/=0.1'),
      attrs({ type: 'tarball', url: 'https://flakehub.com/f/o/r/%3D0.1' }),
    ],
    ['scp form and ssh', attrs({ type: 'git', url: 'git@h:x' }), ref('git+ssh://git@h/x')],
    ['a path literal as Nix 2.26 locks it', ref('./sub'), attrs({ type: 'path', path: 'sub' })],
    ['a bare path as Nix 2.8 locks it', ref('/srv/x'), attrs({ type: 'git', url: 'file:///srv/x' })],
    [
      'a commit in capitals',
      attrs({ type: 'github', owner: 'o', repo: 'r', rev: 'A'.repeat(40) }),
      ref(`github:o/r/${'a'.repeat(40)}`),
    ],
    ['an empty dir', attrs({ type: 'indirect', id: 'x', dir: '' }), ref('x')],
  ];
  for (const [name, a, b] of same) {
    it(`holds for ${name}`, () => {
      assert.ok(sameReference(a, b));
      assert.ok(sameReference(b, a));
    });
  }

  const different: [name: string, a: FlakeAttrs, b: FlakeAttrs][] = [
    ['a branch added', ref('github:o/r/main'), ref('github:o/r')],
    ['another owner', ref('github:p/r'), ref('github:o/r')],
    ['another case', ref('github:O/r'), ref('github:o/r')],
    ['a slash at the end', ref('git+https://h/x/'), ref('git+https://h/x')],
    ['one slash and three', ref('git+file:/x'), ref('git+file:///x')],
    ['git and github', ref('git+https://github.com/o/r'), ref('github:o/r')],
    ['a file and a tarball', ref('https://h/x', false), ref('https://h/x', true)],
    ['submodules', ref('git+https://h/x?submodules=1'), ref('git+https://h/x')],
    ['dir', ref('github:o/r?dir=a'), ref('github:o/r?dir=b')],
    ['a parameter of the server', ref('https://h/x.tar.gz?a=1'), ref('https://h/x.tar.gz')],
    ['a path and another repository', ref('/srv/y'), attrs({ type: 'git', url: 'file:///srv/x' })],
  ];
  for (const [name, a, b] of different) {
    it(`does not hold for ${name}`, () => {
      assert.ok(!sameReference(a, b));
      assert.ok(!sameReference(b, a));
    });
  }
});
