import assert from 'node:assert/strict';
import { ValueTable } from '../../server/src/util/valueTable';

describe('a table of values', () => {
  it('gives equal values one place, in the order in which they came', () => {
    const table = new ValueTable<readonly string[]>((words) => JSON.stringify(words));
    assert.deepEqual(
      [['a'], ['b'], ['a'], [], ['a']].map((words) => table.placeOf(words)),
      [0, 1, 0, 2, 0],
    );
    assert.deepEqual(table.values, [['a'], ['b'], []]);
  });

  it('tells objects apart by themselves where that is their identity', () => {
    const table = new ValueTable<object>((value) => value);
    const [one, two] = [{}, {}];
    assert.deepEqual([table.placeOf(one), table.placeOf(two), table.placeOf(one)], [0, 1, 0]);
  });
});
