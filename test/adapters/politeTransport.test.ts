import assert from 'node:assert/strict';
import { HostLimits } from '../../server/src/adapters/hostLimits';
import { PoliteTransport } from '../../server/src/adapters/politeTransport';
import type { TransportFailure } from '../../server/src/engine/ports';
import { sleep as realSleep } from '../../server/src/util/abort';
import { answered, failing, scriptedTransport, type Answer } from '../support/scriptedTransport';
import { never } from '../support/abort';
import { fakeLog } from '../support/fakeLog';
import { manualClock } from '../support/manualClock';

type Script = (asked: number, clock: ReturnType<typeof manualClock>, url: string) => Answer | Promise<Answer>;

function open(script: Script, { perHost = 4, overall = 12 } = {}) {
  const clock = manualClock();
  const start = clock.now();
  const log = fakeLog();
  const inner = scriptedTransport(({ url }, asked) => script(asked, clock, url));
  const limits = new HostLimits({ perHost, overall, clock });
  const transport = new PoliteTransport(inner, { limits, clock, log, sleep: clock.sleep, random: () => 1 });
  const get = (host = 'a.test', signal = never, timeoutMs = 10_000) =>
    transport.get({ url: `https://${host}/x`, headers: {}, maxBytes: 1, timeoutMs }, signal);
  return { get, clock, log, limits, requests: inner.requests, passedMs: () => clock.now() - start };
}

const statusOf = (answer: Answer) => (answer.kind === 'response' ? answer.status : answer.reason);

describe('PoliteTransport', () => {
  it('gives a good answer at once', async () => {
    const { get, requests, passedMs, log } = open(() => answered(404));
    assert.equal(statusOf(await get()), 404);
    assert.deepEqual([requests.length, passedMs(), log.lines], [1, 0, []]);
  });

  it('repeats twice, then tells the last failure', async () => {
    const { get, requests, passedMs } = open(() => answered(502));
    assert.equal(statusOf(await get()), 502);
    assert.deepEqual([requests.length, passedMs()], [3, 1600]);
  });

  it('is content with the first good answer', async () => {
    const { get, requests } = open((asked) => (asked === 1 ? failing('network') : answered(200)));
    assert.equal(statusOf(await get()), 200);
    assert.equal(requests.length, 2);
  });

  it('takes at most twice the time of one attempt, pauses included', async () => {
    const { get, requests, passedMs } = open((_, clock) => {
      clock.advance(10_000);
      return failing('timeout');
    });
    assert.equal(statusOf(await get()), 'timeout');
    assert.deepEqual(
      requests.map(({ timeoutMs }) => timeoutMs),
      [10_000, 9600],
    );
    assert.equal(passedMs(), 20_400);
  });

  it('waits as long as the server asks, and lets the others wait too', async () => {
    let busy = true;
    const { get, requests, passedMs } = open(() => {
      const answer = busy ? answered(429, { 'retry-after': '3' }) : answered(200);
      busy = false;
      return answer;
    });
    const answers = await Promise.all([get(), get(), get()]);
    assert.deepEqual(answers.map(statusOf), [200, 200, 200]);
    assert.ok(passedMs() >= 3000);
    assert.equal(requests.length, 4);
  });

  it('does not wait longer than it has, and leaves the host alone meanwhile', async () => {
    const { get, requests, passedMs, clock } = open(() => answered(503, { 'retry-after': '600' }));
    assert.equal(statusOf(await get()), 503);
    const second = await get();
    assert.match((second as TransportFailure).message, /^HTTP 503; not asked again for 10 min$/);
    assert.deepEqual([requests.length, passedMs()], [1, 0]);
    clock.advance(600_000);
    await get();
    assert.equal(requests.length, 2);
  });

  it('gives up on a host that fails, for all that wait for it', async () => {
    const { get, requests, limits } = open(() => failing('refused'), { perHost: 1 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => get()));
    assert.deepEqual(new Set(answers.map(statusOf)), new Set(['refused']));
    assert.equal(requests.length, 3);
    assert.equal(statusOf(await get('b.test')), 'refused');
    limits.forgive('a.test');
    await get();
    assert.equal(requests.length, 5);
  });

  it('asks few at a time, per host and overall', async () => {
    const running = new Map<string, number>();
    let [most, mostOverall] = [0, 0];
    const { get } = open(
      async (_, __, url) => {
        running.set(url, (running.get(url) ?? 0) + 1);
        most = Math.max(most, ...running.values());
        mostOverall = Math.max(
          mostOverall,
          [...running.values()].reduce((sum, count) => sum + count),
        );
        await new Promise((resolve) => setImmediate(resolve));
        running.set(url, (running.get(url) ?? 0) - 1);
        return answered(200);
      },
      { perHost: 2, overall: 5 },
    );
    await Promise.all(['a', 'b', 'c', 'd'].flatMap((host) => Array.from({ length: 10 }, () => get(`${host}.test`))));
    assert.deepEqual([most, mostOverall], [2, 5]);
  });

  it('tells each trouble of a host once in ten minutes', async () => {
    const { get, log, clock, limits } = open(() => failing('dns', 'not known'));
    await get();
    await get();
    await get('b.test');
    assert.deepEqual(log.lines, ['warn: a.test: dns: not known', 'warn: b.test: dns: not known']);
    clock.advance(11 * 60_000);
    limits.forgive();
    await get();
    assert.equal(log.lines.length, 3);
  });

  it('stops waiting when the signal aborts: for room, for a pause, for an answer', async () => {
    const controller = new AbortController();
    const clock = manualClock();
    const inner = scriptedTransport((_, asked) => (asked === 1 ? new Promise<Answer>(() => undefined) : answered(500)));
    const stalled = {
      get: async (request: Parameters<typeof inner.get>[0], signal: AbortSignal) => {
        const answer = inner.get(request, signal);
        return await Promise.race([
          answer,
          new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
        ]);
      },
    };
    const limits = new HostLimits({ perHost: 1, overall: 2, clock });
    const transport = new PoliteTransport(stalled, { limits, clock, log: fakeLog(), sleep: realSleep, random: () => 1 });
    const get = (host: string) =>
      transport.get({ url: `https://${host}/`, headers: {}, maxBytes: 1, timeoutMs: 10_000 }, controller.signal);
    const waits = [get('a'), get('a'), get('b')];
    setImmediate(() => controller.abort(new Error('enough')));
    for (const result of await Promise.allSettled(waits))
      assert.match(String(result.status === 'rejected' && result.reason), /enough/);
  });
});
