import assert from 'node:assert/strict';
import { enterForeground, foregroundWaits, heardForeground, onCalm } from '../../server/src/util/foreground';

describe('whoever waits for an answer', () => {
  const turns = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
  };

  it('is waited for until the answer is on its way, then others are told', async () => {
    const calm: string[] = [];
    const dispose = onCalm(() => calm.push('calm'));
    const one = enterForeground();
    const two = enterForeground();
    assert.equal(foregroundWaits(), true);
    one();
    assert.equal(foregroundWaits(), true);
    two();
    assert.equal(foregroundWaits(), false);
    assert.equal(calm.length, 0, 'the answer has not left yet');
    await turns(3);
    assert.ok(calm.includes('calm'));
    const before = calm.length;
    dispose();
    enterForeground()();
    await turns(3);
    assert.equal(calm.length, before, 'nobody listens any more');
  });

  it('is not waited for for ever, and others hear of that without anybody leaving', async () => {
    let dispose: () => void = () => undefined;
    const calm = new Promise<void>((resolve) => (dispose = onCalm(resolve)));
    const leave = enterForeground();
    assert.equal(foregroundWaits(), true);
    await calm;
    assert.equal(foregroundWaits(), false);
    // A new one is waited for again, though the old one is still there.
    const other = enterForeground();
    assert.equal(foregroundWaits(), true);
    other();
    assert.equal(foregroundWaits(), false);
    leave();
    dispose();
  });

  it('is heard before it is understood', () => {
    heardForeground();
    assert.equal(foregroundWaits(), true);
    enterForeground()();
    assert.equal(foregroundWaits(), false);
  });
});
