import assert from 'node:assert/strict';
import { isExcluded, pathGlob } from '../../server/src/util/pathGlob';
import { assertLinear } from '../support/growth';

describe('pathGlob', () => {
  const cases: [glob: string, path: string, matches: boolean][] = [
    ['flake.nix', 'flake.nix', true],
    ['flake.nix', 'sub/flake.nix', false],
    ['*', 'a/b', false],
    ['*/b', 'a/b', true],
    ['a*c?', 'abbcd', true],
    ['**/result', 'result', true],
    ['**/result', 'a/b/result', true],
    ['**/result', 'a/results', false],
    ['a/**', 'a/b/c', true],
    ['a/**/z', 'a/z', true],
    ['a/**/b/**/z', 'a/b/x/b/y/z', true],
    ['a/**/b/**/z', 'a/x/y/z', false],
    ['{a,b}/x', 'b/x', true],
    ['{a,b{c,d}}', 'bd', true],
    ['{a,b}/x', 'c/x', false],
    ['./a/', 'a', true],
    ['a.b', 'aXb', false],
    ['[a]', 'a', false],
    ['𝒳?', '𝒳𝒴', true],
  ];
  for (const [glob, path, matches] of cases)
    it(`${glob} ${matches ? 'matches' : 'does not match'} ${path}`, () => assert.equal(pathGlob(glob)(path), matches));

  it('excludes what lies in a matching folder', () => {
    assert.ok(isExcluded(['**/node_modules'], 'a/node_modules/b/c'));
    assert.ok(isExcluded(['vendor'], '/vendor/x'));
    assert.ok(!isExcluded(['**/node_modules'], 'a/b'));
    assert.ok(!isExcluded(['**'], ''));
  });

  const hostile: [glob: string, make: (times: number) => string][] = [
    ['any folders', (times) => '**/'.repeat(times) + 'b'],
    ['stars', (times) => 'a*'.repeat(times) + 'b'],
    ['open choices', (times) => '{a,'.repeat(times) + '}'.repeat(times)],
    ['choices', (times) => '{a,b}'.repeat(times)],
  ];
  for (const [what, make] of hostile) {
    it(`takes time in proportion to path and glob, of many ${what}`, () => {
      const path = (length: number) => 'a/'.repeat(length) + 'a'.repeat(length);
      const isMiss = (glob: string, text: string) => assert.ok(!pathGlob(glob)(text));
      assertLinear(8000, path, (text) => isMiss(make(300), text));
      assertLinear(1200, make, (glob) => isMiss(glob, path(1500)));
    });
  }
});
