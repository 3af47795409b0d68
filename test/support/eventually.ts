import { setTimeout as wait } from 'node:timers/promises';

/** Waits until something is so; fails after a time in which it would be so if it ever came to be. */
export async function eventually(what: string, isSo: () => boolean, patienceMs = 8000): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`It never came: ${what}.`);
    await wait(2);
  }
}
