import type { Sleep } from '../../server/src/util/abort';
import { clockAt, type FakeClock } from './fakeClock';

/** A clock that goes only when it is told, or when somebody sleeps on it. */
export function manualClock(): FakeClock & { readonly sleep: Sleep } {
  const clock = clockAt('2024-01-01T12:00:00Z');
  return {
    ...clock,
    sleep: (ms, signal) => {
      signal.throwIfAborted();
      clock.advance(ms);
      return Promise.resolve();
    },
  };
}
