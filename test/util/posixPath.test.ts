import assert from 'node:assert/strict';
import { posix } from 'node:path';
import fc from 'fast-check';
import { directoryOf, resolvePath } from '../../server/src/util/posixPath';

describe('resolvePath', () => {
  const cases: readonly (readonly [path: string, directory: string | undefined, expected: string | undefined])[] = [
    ['a', '/b', '/b/a'],
    ['../a', '/b/c', '/b/a'],
    ['../../../a', '/b', '/a'],
    ['/a//b/./c/', '/x', '/a/b/c'],
    ['/', undefined, '/'],
    ['a', undefined, undefined],
    ['a', 'relative', undefined],
    ['', '/b', '/b'],
  ];
  for (const [path, directory, expected] of cases) {
    it(`resolves ${path} in ${directory ?? 'nothing'}`, () => assert.equal(resolvePath(path, directory), expected));
  }

  it('agrees with Node', () => {
    const path = fc.array(fc.constantFrom('a', 'b', '.', '..', '')).map((parts) => parts.join('/'));
    fc.assert(fc.property(path, path, (a, b) => assert.equal(resolvePath(a, `/${b}`), posix.resolve(`/${b}`, a))));
  });
});

describe('directoryOf', () => {
  it('gives the folder of an absolute path', () => {
    assert.deepEqual(['/a/b', '/a', '/'].map(directoryOf), ['/a', '/', '/']);
  });
});
