import assert from 'node:assert/strict';
import { assert as check, array, constant, integer, oneof, property, record } from 'fast-check';
import { Fifo } from '../../server/src/util/fifo';

describe('Fifo', () => {
  const step = oneof(
    record({ kind: constant('push' as const), count: integer({ min: 1, max: 3000 }) }),
    record({ kind: constant('take' as const), count: integer({ min: 0, max: 3000 }) }),
    record({ kind: constant('takeLast' as const), count: integer({ min: 0, max: 50 }) }),
    record({ kind: constant('shift' as const), count: constant(1) }),
  );

  it('gives what an array gives, whatever is done to it', () => {
    check(
      property(array(step, { maxLength: 30 }), (steps) => {
        const queue = new Fifo<number>();
        let model: number[] = [];
        let next = 0;
        for (const { kind, count } of steps) {
          if (kind === 'push') for (let i = 0; i < count; i++) queue.push(model[model.push(next++) - 1] ?? 0);
          else if (kind === 'take') assert.deepEqual(queue.take(count), model.splice(0, count));
          else if (kind === 'shift') assert.equal(queue.shift(), model.shift());
          else {
            const at = Math.max(0, model.length - count);
            assert.deepEqual(queue.takeLast(count), model.slice(at));
            model = model.slice(0, at);
          }
          assert.equal(queue.length, model.length);
        }
        assert.deepEqual(queue.drain(), model);
        assert.equal(queue.shift(), undefined);
      }),
    );
  });

  it('keeps nothing of what has left it', async () => {
    const queue = new Fifo<object>();
    let left: object | undefined = { big: true };
    const weak = new WeakRef(left);
    queue.push(left);
    queue.push({});
    left = undefined;
    queue.shift();
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    // A weak reference keeps its target until the end of the turn.
    await new Promise((resolve) => setImmediate(resolve));
    (runInNewContext('gc') as () => void)();
    assert.equal(weak.deref(), undefined);
    assert.equal(queue.length, 1);
  });
});
