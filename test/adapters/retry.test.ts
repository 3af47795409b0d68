import assert from 'node:assert/strict';
import { isTransient, MAX_PAUSE_MS, retryAfter, retryPause } from '../../server/src/adapters/retry';
import type { TransportFailure } from '../../server/src/engine/ports';
import { answered, failing } from '../support/scriptedTransport';

const NOW = Date.UTC(2024, 0, 1, 12, 0, 0);

describe('retry', () => {
  it('repeats what may heal, and nothing else', () => {
    for (const status of [408, 429, 500, 502, 503, 504, 599]) assert.ok(isTransient(answered(status)), String(status));
    for (const status of [200, 301, 400, 401, 403, 404, 407, 410, 418, 501, 505, 511])
      assert.ok(!isTransient(answered(status)), String(status));
    const reasons: Record<TransportFailure['reason'], boolean> = {
      timeout: true,
      network: true,
      dns: false,
      refused: false,
      tls: false,
      proxy: false,
      'too-large': false,
      redirect: false,
      'not-allowed': false,
    };
    for (const [reason, heals] of Object.entries(reasons))
      assert.equal(isTransient(failing(reason as TransportFailure['reason'])), heals, reason);
  });

  it('repeats at most twice, after growing pauses that differ', () => {
    const pauses = [0, 1, 2, 3].map((retries) => retryPause(answered(500), retries, NOW, 1));
    assert.deepEqual(pauses, [400, 1200, undefined, undefined]);
    assert.deepEqual(
      [0, 1].map((retries) => retryPause(answered(500), retries, NOW, 0)),
      [200, 600],
    );
  });

  it('waits as long as the server says', () => assert.equal(retryPause(answered(503, { 'retry-after': '7' }), 0, NOW, 0), 7000));

  for (const [value, expected] of [
    ['0', 0],
    ['120', 120_000],
    [' 5 ', 5000],
    ['999999999', MAX_PAUSE_MS],
    ['Mon, 01 Jan 2024 12:00:30 GMT', 30_000],
    ['Monday, 01-Jan-24 12:00:30 GMT', 30_000],
    ['Mon, 01 Jan 2024 11:59:00 GMT', 0],
    ['Tue, 01 Jan 2099 00:00:00 GMT', MAX_PAUSE_MS],
    ['', undefined],
    ['soon', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e9', undefined],
    ['99999999999999999999', undefined],
  ] as const)
    it(`reads Retry-After: ${JSON.stringify(value)}`, () =>
      assert.equal(retryAfter(answered(503, { 'retry-after': value }), NOW), expected));
});
