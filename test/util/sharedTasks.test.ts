import assert from 'node:assert/strict';
import { SharedTasks } from '../../server/src/util/sharedTasks';
import { deferred } from '../support/deferred';

const never = new AbortController().signal;

/** A task that ends when told, and tells whether it was aborted. */
function task() {
  const { promise, resolve, reject } = deferred<string>();
  const state = { runs: 0, aborted: false, resolve, reject };
  const run = (signal: AbortSignal): Promise<string> => {
    state.runs += 1;
    signal.addEventListener('abort', () => {
      state.aborted = true;
      reject(signal.reason as Error);
    });
    return promise;
  };
  return { run, state };
}

describe('SharedTasks', () => {
  it('runs one task for all who ask meanwhile', async () => {
    const tasks = new SharedTasks<string>();
    const { run, state } = task();
    const all = [tasks.run('k', run, never), tasks.run('k', run, never), tasks.run('k', run, never)];
    state.resolve('done');
    assert.deepEqual(await Promise.all(all), ['done', 'done', 'done']);
    assert.equal(state.runs, 1);
    assert.equal(state.aborted, false);
  });

  it('keeps tasks under other keys apart', async () => {
    const tasks = new SharedTasks<number>();
    assert.deepEqual(
      await Promise.all([tasks.run('a', () => Promise.resolve(1), never), tasks.run('b', () => Promise.resolve(2), never)]),
      [1, 2],
    );
  });

  it('keeps nothing once a task has ended, well or badly', async () => {
    const tasks = new SharedTasks<number>();
    await assert.rejects(
      tasks.run('k', () => Promise.reject(new Error('first')), never),
      /first/,
    );
    assert.equal(await tasks.run('k', () => Promise.resolve(2), never), 2);
    assert.equal(await tasks.run('k', () => Promise.resolve(3), never), 3);
  });

  it('lets one who cancels go, and the others wait on', async () => {
    const tasks = new SharedTasks<string>();
    const { run, state } = task();
    const controller = new AbortController();
    const one = tasks.run('k', run, controller.signal);
    const two = tasks.run('k', run, never);
    controller.abort();
    await assert.rejects(one, { name: 'AbortError' });
    assert.equal(state.aborted, false);
    state.resolve('done');
    assert.equal(await two, 'done');
  });

  it('gives a task up when nobody waits for it, and starts anew for the next', async () => {
    const tasks = new SharedTasks<string>();
    const first = task();
    const controller = new AbortController();
    const waiting = [tasks.run('k', first.run, controller.signal), tasks.run('k', first.run, controller.signal)];
    controller.abort();
    for (const wait of waiting) await assert.rejects(wait, { name: 'AbortError' });
    assert.equal(first.state.aborted, true);
    const second = task();
    second.state.resolve('again');
    assert.equal(await tasks.run('k', second.run, never), 'again');
  });

  it('starts nothing for one who has cancelled already', async () => {
    const { run, state } = task();
    await assert.rejects(new SharedTasks<string>().run('k', run, AbortSignal.abort()), { name: 'AbortError' });
    assert.equal(state.runs, 0);
  });

  it('aborts everything on request', async () => {
    const tasks = new SharedTasks<string>();
    const { run, state } = task();
    const waiting = tasks.run('k', run, never);
    tasks.abortAll();
    await assert.rejects(waiting, { name: 'AbortError' });
    assert.equal(state.aborted, true);
  });
});
