import type { Clock } from '../engine/ports';

/** The computer's clock. */
export const systemClock: Clock = { now: () => Date.now() };
