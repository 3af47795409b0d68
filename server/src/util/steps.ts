/** Long pure work in steps: done at once where nobody waits, with pauses in between where somebody does (`inSlices.ts`). */

/** Work that may be interrupted at each `yield`. */
export type Steps<T> = Generator<undefined, T>;

/** Does all of it now. */
export function runSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
