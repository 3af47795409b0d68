/**
 * Whoever waits for an answer goes first: work that takes long holds back while somebody does. There is one of it, as there is one thread; on the
 * command line nobody ever waits.
 */

/** Nobody is waited for longer than this, in milliseconds: what takes longer is long work itself. */
const PATIENCE_MS = 30;

/** When each of those who wait came, on the clock of `performance.now()`. */
const waiting = new Set<{ since: number }>();
const listeners = new Set<() => void>();
let timer: NodeJS.Timeout | undefined;

/** Says that somebody waits; the function that is returned says that the answer is on its way. */
export function enterForeground(): () => void {
  const one = { since: performance.now() };
  waiting.add(one);
  return () => {
    waiting.delete(one);
    waiting.delete(SPOKEN);
    // It takes a turn or two to leave.
    setImmediate(() =>
      setImmediate(() => {
        if (listeners.size > 0 && !foregroundWaits()) tell();
      }),
    );
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
  const left = newest + PATIENCE_MS - performance.now();
  if (left <= 0) return false;
  // Whoever holds back now has to hear when it is over, whatever becomes of the one who waits.
  if (listeners.size > 0) {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (!foregroundWaits()) tell();
    }, left);
  }
  return true;
}

/** Calls `resume` whenever nobody waits any more; returns what ends that. */
export function onCalm(resume: () => void): () => void {
  const listener = (): void => resume();
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearTimeout(timer);
    timer = undefined;
  };
}

function tell(): void {
  for (const listener of [...listeners]) listener();
}
