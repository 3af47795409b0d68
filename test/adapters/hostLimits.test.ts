import assert from 'node:assert/strict';
import { HostLimits } from '../../server/src/adapters/hostLimits';
import { answered, failing } from '../support/scriptedTransport';
import { manualClock } from '../support/manualClock';

const MINUTE = 60_000;

function open() {
  const clock = manualClock();
  const limits = new HostLimits({ perHost: 4, overall: 12, clock });
  const learn = (answer: Parameters<HostLimits['learn']>[1], startedAt = clock.now()) => limits.learn('a', answer, startedAt);
  const restMs = () => (limits.resting('a')?.until ?? clock.now()) - clock.now();
  return { clock, limits, learn, restMs };
}

describe('HostLimits', () => {
  it('lets a host rest after three failures in a row', () => {
    const { learn, limits, restMs } = open();
    for (let i = 0; i < 2; i++) learn(failing('timeout'));
    assert.equal(limits.resting('a'), undefined);
    learn(answered(404));
    for (let i = 0; i < 2; i++) learn(answered(500));
    assert.equal(limits.resting('a'), undefined, 'a good answer in between');
    learn(failing('refused', 'nobody is there'));
    assert.equal(restMs(), 30_000);
    assert.equal(limits.resting('b'), undefined);
    const rest = limits.resting('a');
    assert.equal(rest?.why, 'failing');
    assert.deepEqual(rest.failure, { kind: 'failed', reason: 'refused', message: 'nobody is there; not asked again for 30 s' });
  });

  it('makes each further rest twice as long, up to 15 minutes, until a good answer', () => {
    const { learn, restMs, clock } = open();
    for (let i = 0; i < 3; i++) learn(failing('dns'));
    const rests: number[] = [];
    for (let i = 0; i < 8; i++) {
      rests.push(restMs());
      clock.advance(restMs());
      assert.equal(restMs(), 0, 'one may try');
      learn(failing('dns'));
    }
    assert.deepEqual(
      rests.map((ms) => ms / 1000),
      [30, 60, 120, 240, 480, 900, 900, 900],
    );
    clock.advance(restMs());
    learn(answered(200));
    for (let i = 0; i < 2; i++) learn(failing('dns'));
    assert.equal(restMs(), 0);
  });

  it('counts requests that failed together once', () => {
    const { learn, restMs, clock } = open();
    const start = clock.now();
    for (let i = 0; i < 12; i++) learn(failing('timeout'), start);
    assert.equal(restMs(), 30_000);
    clock.advance(30_000);
    const again = clock.now();
    for (let i = 0; i < 4; i++) learn(failing('timeout'), again);
    assert.equal(restMs(), MINUTE);
  });

  it('does what 429 and 503 ask for, at once, at most 15 minutes', () => {
    for (const status of [429, 503]) {
      const { learn, limits, restMs } = open();
      learn(answered(status, { 'retry-after': '20' }));
      assert.equal(restMs(), 20_000);
      assert.equal(limits.resting('a')?.why, 'asked');
      learn(answered(status, { 'retry-after': '5' }));
      assert.equal(restMs(), 20_000, 'the longer wish counts');
      learn(answered(status, { 'retry-after': '99999' }));
      assert.equal(restMs(), 15 * MINUTE);
    }
  });

  it('learns nothing about a host from what is about one request', () => {
    const { learn, limits } = open();
    for (const reason of ['too-large', 'redirect', 'not-allowed'] as const) for (let i = 0; i < 9; i++) learn(failing(reason));
    for (const status of [400, 401, 403, 404, 418]) for (let i = 0; i < 9; i++) learn(answered(status));
    assert.equal(limits.resting('a'), undefined);
  });

  it('forgives one host or all', () => {
    const { learn, limits } = open();
    for (const forgive of [() => limits.forgive('a'), () => limits.forgive()]) {
      for (let i = 0; i < 3; i++) learn(failing('tls'));
      assert.ok(limits.resting('a'));
      forgive();
      assert.equal(limits.resting('a'), undefined);
    }
  });
});
