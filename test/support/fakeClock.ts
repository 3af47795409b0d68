import type { Clock } from '../../server/src/engine/ports';

export interface FakeClock extends Clock {
  advance(ms: number): void;
}

/** A clock that stands still until told. */
export function clockAt(start: string | number): FakeClock {
  let now = new Date(start).getTime();
  return {
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
  };
}
