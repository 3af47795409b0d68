import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { Debouncer } from '../../server/src/util/debouncer';

describe('Debouncer', () => {
  it('runs the last work of a key once', async () => {
    const delays = new Debouncer();
    const ran: string[] = [];
    for (const work of ['a', 'b']) delays.schedule('one', 5, () => ran.push(work));
    delays.schedule('other', 5, () => ran.push('c'));
    await wait(30);
    assert.deepEqual(ran, ['b', 'c']);
  });

  it('coalesces: the first work of a burst runs, in its time', async () => {
    const delays = new Debouncer();
    const ran: string[] = [];
    for (const work of ['a', 'b']) delays.coalesce('one', 5, () => ran.push(work));
    await wait(30);
    delays.coalesce('one', 5, () => ran.push('c'));
    await wait(30);
    assert.deepEqual(ran, ['a', 'c']);
  });

  it('runs nothing that was cancelled, and nothing after it was disposed of', async () => {
    const delays = new Debouncer();
    const ran: string[] = [];
    delays.schedule('one', 5, () => ran.push('a'));
    delays.cancel('one');
    delays.schedule('two', 5, () => ran.push('b'));
    delays.dispose();
    delays.schedule('three', 5, () => ran.push('c'));
    await wait(30);
    assert.deepEqual(ran, []);
  });
});
