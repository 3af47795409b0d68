/**
 * Whoever waits for an answer goes first: work that takes long holds back while somebody does. There is one of it, as there is one thread that
 * hears people; on the command line nobody ever waits.
 */

/** Nobody is waited for longer than this, in milliseconds: what takes longer is long work itself. */
const PATIENCE_MS = 30;

/** When each of those who wait came, on the clock of `performance.now()`. */
const waiting = new Set<{ since: number }>();

/** Says that somebody waits; the function that is returned says that the answer is on its way. */
export function enterForeground(): () => void {
  const one = { since: performance.now() };
  waiting.add(one);
  return () => {
    waiting.delete(one);
    waiting.delete(SPOKEN);
  };
}

/** Somebody said something, which is not understood yet. */
const SPOKEN = { since: 0 };

/** Says that bytes of a request arrived: it takes turns until it is known what they say. */
export function heardForeground(): void {
  SPOKEN.since = performance.now();
  waiting.add(SPOKEN);
}

/** Tells whether somebody waits. */
export function foregroundWaits(): boolean {
  if (waiting.size === 0) return false;
  let newest = 0;
  for (const { since } of waiting) newest = Math.max(newest, since);
  return newest + PATIENCE_MS > performance.now();
}
