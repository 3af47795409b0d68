import assert from 'node:assert/strict';
import { visitInSlices } from '../../server/src/util/inSlices';

describe('visitInSlices', () => {
  it('visits everything once, in order, and lets others have their turn', async () => {
    const items = Array.from({ length: 1000 }, (_, index) => index);
    const visited: number[] = [];
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await visitInSlices(items, (item) => {
      visited.push(item);
      // Long enough for many slices.
      for (const end = performance.now() + 0.05; performance.now() < end;);
    });
    clearInterval(timer);
    assert.deepEqual(visited, items);
    assert.ok(turns > 1);
  });

  it('rejects as a visit throws', async () => {
    const failing = visitInSlices([1, 2], () => {
      throw new Error('no');
    });
    await assert.rejects(failing, /no/);
  });
});
