/** How much of the machine a thread takes. */
import { setPriority } from 'node:os';

/** Of Linux's 19 steps down. */
const BACKGROUND_PRIORITY = 10;

/** Lets other threads go before the one that calls it, where the system can tell threads apart. */
export function lowerThreadPriority(): void {
  // Linux takes this for the thread that asks; other systems would slow the whole process down.
  if (process.platform !== 'linux') return;
  try {
    setPriority(BACKGROUND_PRIORITY);
  } catch {
    // A system that forbids it.
  }
}
