import assert from 'node:assert/strict';
import { runInSlices } from '../../server/src/util/inSlices';
import { runSteps, type Steps } from '../../server/src/util/steps';

/** Works for a while in each step. */
function* counting(to: number, onStep: (step: number) => void = () => undefined): Steps<number> {
  for (let step = 0; step < to; step++) {
    onStep(step);
    for (const start = performance.now(); performance.now() - start < 1;);
    yield;
  }
  return to;
}

describe('work in steps', () => {
  it('gives the same at once and with pauses', async () => {
    assert.equal(runSteps(counting(3)), 3);
    assert.equal(await runInSlices(counting(3), new AbortController().signal), 3);
  });

  it('lets others in between', async () => {
    const order: string[] = [];
    setImmediate(() => order.push('other'));
    await runInSlices(
      counting(50, (step) => order.push(`step ${step}`)),
      new AbortController().signal,
    );
    const other = order.indexOf('other');
    assert.ok(other > 0 && other < order.length - 1, `${other} of ${order.length}`);
  });

  it('ends when nobody wants it any more', async () => {
    const abort = new AbortController();
    let last = 0;
    setImmediate(() => abort.abort());
    await assert.rejects(
      runInSlices(
        counting(10_000, (step) => (last = step)),
        abort.signal,
      ),
      { name: 'AbortError' },
    );
    assert.ok(last < 9_999);
  });
});
