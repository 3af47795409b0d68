import assert from 'node:assert/strict';
import { asyncProperty, assert as check, array, integer } from 'fast-check';
import { Slices } from '../../server/src/util/inSlices';
import { sortByOrder } from '../../server/src/util/sortByOrder';

describe('sortByOrder', () => {
  const byNumber = (a: number, b: number): number => a - b;

  it('sorts as the comparison does', async () => {
    await check(
      asyncProperty(array(integer({ min: 0, max: 2 ** 50 - 1 }), { maxLength: 300 }), async (numbers) => {
        const sorted = await sortByOrder(numbers, (number) => number, byNumber, new Slices());
        assert.deepEqual(sorted, [...numbers].sort(byNumber));
      }),
    );
  });

  it('leaves to the comparison what the order does not tell', async () => {
    const numbers = Array.from({ length: 5000 }, (_, index) => (index * 7919) % 5000);
    const sorted = await sortByOrder(numbers, (number) => Math.floor(number / 100), byNumber, new Slices());
    assert.deepEqual(sorted, [...numbers].sort(byNumber));
  });

  it('sorts 200,000 things that all look the same by their order', async () => {
    const numbers = Array.from({ length: 200_000 }, (_, index) => (index * 7919) % 200_000);
    const sorted = await sortByOrder(numbers, () => 2 ** 50 - 1, byNumber, new Slices());
    assert.ok(sorted.every((number, index) => number === index));
  });

  it('sorts nothing, and one thing', async () => {
    assert.deepEqual(await sortByOrder([], () => 0, byNumber, new Slices()), []);
    assert.deepEqual(await sortByOrder([3], () => 3, byNumber, new Slices()), [3]);
  });
});
