import assert from 'node:assert/strict';
import { enterForeground, foregroundWaits, heardForeground } from '../../server/src/util/foreground';

describe('whoever waits for an answer', () => {
  it('is waited for until the answer is on its way', () => {
    const one = enterForeground();
    const two = enterForeground();
    assert.equal(foregroundWaits(), true);
    one();
    assert.equal(foregroundWaits(), true);
    two();
    assert.equal(foregroundWaits(), false);
  });

  it('is not waited for for ever', async () => {
    const leave = enterForeground();
    assert.equal(foregroundWaits(), true);
    while (foregroundWaits()) await new Promise((resolve) => setTimeout(resolve, 1));
    // A new one is waited for again, though the old one is still there.
    const other = enterForeground();
    assert.equal(foregroundWaits(), true);
    other();
    assert.equal(foregroundWaits(), false);
    leave();
  });

  it('is heard before it is understood', () => {
    heardForeground();
    assert.equal(foregroundWaits(), true);
    enterForeground()();
    assert.equal(foregroundWaits(), false);
  });
});
