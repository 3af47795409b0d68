import assert from 'node:assert/strict';
import { Limiter } from '../../server/src/util/limiter';
import { assertLinearAsync } from '../support/growth';

const never = () => new AbortController().signal;

/** Runs tasks that end when they are told, and says which run now. */
function tasks(limiter: Limiter) {
  const running = new Map<string, () => void>();
  const order: string[] = [];
  return {
    order,
    running: () => [...running.keys()],
    add: (key: string, name: string, signal = never()) =>
      limiter.run(
        key,
        () =>
          new Promise<void>((resolve) => {
            order.push(name);
            running.set(name, resolve);
          }),
        signal,
      ),
    end: async (name: string) => {
      running.get(name)?.();
      running.delete(name);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe('Limiter', () => {
  it('bounds what runs per key and overall, in order of arrival', async () => {
    const { add, running, end, order } = tasks(new Limiter(2, 3));
    const all = [add('a', 'a1'), add('a', 'a2'), add('a', 'a3'), add('b', 'b1'), add('b', 'b2'), add('c', 'c1')];
    await Promise.resolve();
    assert.deepEqual(running(), ['a1', 'a2', 'b1']);
    await end('b1');
    assert.deepEqual(running(), ['a1', 'a2', 'b2'], 'a3 came earlier, but its key has no room');
    await end('a1');
    await end('a3');
    await end('a2');
    assert.deepEqual(order, ['a1', 'a2', 'b1', 'b2', 'a3', 'c1']);
    await end('b2');
    await end('c1');
    await Promise.all(all);
  });

  it('gives the room back when the work fails', async () => {
    const limiter = new Limiter(1, 1);
    await assert.rejects(
      limiter.run('a', () => Promise.reject(new Error('no')), never()),
      /no/,
    );
    assert.equal(await limiter.run('a', () => Promise.resolve(1), never()), 1);
  });

  it('lets go who waits and is aborted, and starts nothing for them', async () => {
    const { add, running, end } = tasks(new Limiter(1, 1));
    const controller = new AbortController();
    const first = add('a', 'first');
    const second = add('a', 'second', controller.signal);
    const third = add('a', 'third');
    controller.abort(new Error('changed my mind'));
    await assert.rejects(second, /changed my mind/);
    await assert.rejects(add('a', 'late', controller.signal), /changed my mind/);
    await end('first');
    assert.deepEqual(running(), ['third']);
    await end('third');
    await Promise.all([first, third]);
  });

  it('makes more room when it is told', async () => {
    const limiter = new Limiter(1, 9);
    const { add, running, end } = tasks(limiter);
    const all = [add('a', '1'), add('a', '2'), add('a', '3')];
    limiter.setPerKey(2);
    await Promise.resolve();
    assert.deepEqual(running(), ['1', '2']);
    for (const name of ['1', '2', '3']) await end(name);
    await Promise.all(all);
  });

  it('starts ten thousand that wait without looking at all of them each time', () =>
    assertLinearAsync(
      20_000,
      (length) => length,
      (length) => {
        const limiter = new Limiter(4, 12);
        return Promise.all(Array.from({ length }, () => limiter.run('a', () => Promise.resolve(), never())));
      },
    ));
});
