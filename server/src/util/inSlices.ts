/** Long work on the main thread, cut so that whoever else waits for it never waits long. */

import { foregroundWaits } from './foreground';
import type { Steps } from './steps';

/** So long is worked without a pause, in milliseconds. */
const SLICE_MS = 2;

/** When events could be handled last; one for the thread, since many short works one after another are one long work for whoever waits. */
let since = performance.now();

/** Lets waiting events be handled when enough was worked since the last time. */
export class Slices {
  /** Tells whether {@link pause} is due; asking costs less than pausing. */
  get due(): boolean {
    return performance.now() - since >= SLICE_MS || foregroundWaits();
  }

  async pause(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    since = performance.now();
  }
}

/** Does work in steps, with pauses. Rejects only when `signal` aborts. */
export async function runInSlices<T>(steps: Steps<T>, signal: AbortSignal): Promise<T> {
  const slices = new Slices();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (!slices.due) continue;
    await slices.pause();
    signal.throwIfAborted();
  }
}

/** So many elements are visited between two looks at the clock. */
const VISITS = 16;

/** Visits all elements, with pauses. No visit may take long. */
export async function visitInSlices<T>(items: Iterable<T>, visit: (item: T) => void, slices = new Slices()): Promise<void> {
  let left = VISITS;
  for (const item of items) {
    visit(item);
    if (--left > 0) continue;
    left = VISITS;
    if (slices.due) await slices.pause();
  }
}

/** So many elements are sorted in one go. */
const RUN = 1024;

/** So many steps are made between two looks at the clock. */
const STEPS = 256;

/** Sorts into a new array with pauses; stable, as `Array.prototype.sort` is. */
export async function sortInSlices<T>(items: readonly T[], compare: (a: T, b: T) => number, slices = new Slices()): Promise<T[]> {
  let runs: T[][] = [];
  for (let start = 0; start < items.length; start += RUN) {
    runs.push(items.slice(start, start + RUN).sort(compare));
    if (slices.due) await slices.pause();
  }
  while (runs.length > 1) {
    const next: T[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      const [a, b] = [runs[i] ?? [], runs[i + 1] ?? []];
      next.push(b.length === 0 ? a : await merge(a, b, compare, slices));
    }
    runs = next;
  }
  return runs[0] ?? [];
}

async function merge<T>(a: readonly T[], b: readonly T[], compare: (a: T, b: T) => number, slices: Slices): Promise<T[]> {
  const merged: T[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const [one, other] = [a[i] as T, b[j] as T];
    if (compare(one, other) <= 0) {
      merged.push(one);
      i++;
    } else {
      merged.push(other);
      j++;
    }
    if (merged.length % STEPS === 0 && slices.due) await slices.pause();
  }
  for (; i < a.length; i++) merged.push(a[i] as T);
  for (; j < b.length; j++) merged.push(b[j] as T);
  return merged;
}
