import assert from 'node:assert/strict';
import fc from 'fast-check';
import { editDistance } from '../../server/src/util/editDistance';

describe('editDistance', () => {
  const cases: readonly (readonly [from: string, to: string, distance: number])[] = [
    ['', '', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['substitutors', 'substituters', 1],
    ['ab', 'ba', 2],
  ];
  for (const [from, to, distance] of cases) {
    it(`from "${from}" to "${to}" is ${distance}`, () => assert.equal(editDistance(from, to), distance));
  }

  it('is a distance', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        assert.equal(editDistance(a, b), editDistance(b, a));
        assert.equal(editDistance(a, b) === 0, a === b);
        assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
      }),
    );
  });
});
