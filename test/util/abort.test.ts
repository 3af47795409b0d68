import assert from 'node:assert/strict';
import { onAbort, sleep, whileNotAborted } from '../../server/src/util/abort';

describe('abort', () => {
  it('calls a listener once, at once when it is too late, and not after it was taken away', () => {
    const controller = new AbortController();
    let calls = 0;
    onAbort(controller.signal, () => calls++);
    onAbort(controller.signal, () => calls++)();
    controller.abort();
    assert.equal(calls, 1);
    onAbort(controller.signal, () => calls++);
    assert.equal(calls, 2);
  });

  it('lets hundreds wait on one signal without a warning', async () => {
    const warnings: Error[] = [];
    const listener = (warning: Error) => void warnings.push(warning);
    process.on('warning', listener);
    const { signal } = new AbortController();
    for (let i = 0; i < 100; i++) onAbort(signal, () => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listener);
    assert.deepEqual(warnings, []);
  });

  it('stops waiting with the reason of the signal', async () => {
    const controller = new AbortController();
    const waits = [sleep(60_000, controller.signal), whileNotAborted(new Promise(() => undefined), controller.signal)];
    controller.abort(new Error('enough'));
    for (const wait of waits) await assert.rejects(wait, /enough/);
    await assert.rejects(sleep(1, controller.signal), /enough/);
  });

  it('settles as what it waits for', async () => {
    const { signal } = new AbortController();
    await sleep(1, signal);
    assert.equal(await whileNotAborted(Promise.resolve(7), signal), 7);
    await assert.rejects(whileNotAborted(Promise.reject(new Error('own')), signal), /own/);
  });
});
