import assert from 'node:assert/strict';

/**
 * Asserts that work grows in proportion to its input: four times as much takes less than ten times as long, where a square would take
 * sixteen. Processor time of the best of several runs, so that a busy machine changes nothing; what takes no time at all passes.
 * @param make Makes an input of a size; `size` is the larger one.
 */
export function assertLinear<Input>(size: number, make: (size: number) => Input, work: (input: Input) => void): void {
  compare(make(size / 4), make(size), work);
}

/** Asserts that work takes as long for a large input as for a small one, measured as {@link assertLinear} does. */
export function assertSame<Input>(small: Input, large: Input, work: (input: Input) => void): void {
  compare(small, large, work);
}

/** {@link assertLinear} of what takes turns with others. */
export async function assertLinearAsync<Input>(
  size: number,
  make: (size: number) => Input | Promise<Input>,
  work: (input: Input) => Promise<unknown>,
): Promise<void> {
  const [small, large] = [await make(size / 4), await make(size)];
  for (let attempt = 1; ; attempt++) {
    const best = [Infinity, Infinity] as [number, number];
    for (let round = 0; round < 3; round++) {
      for (const [place, input] of [small, large].entries()) {
        const before = process.cpuUsage();
        await work(input);
        best[place] = Math.min(best[place] ?? Infinity, msSince(before));
      }
    }
    if (isInProportion(...best, attempt)) return;
  }
}

function compare<Input>(small: Input, large: Input, work: (input: Input) => void): void {
  for (let attempt = 1; ; attempt++) {
    if (
      isInProportion(
        processorMs(() => work(small)),
        processorMs(() => work(large)),
        attempt,
      )
    )
      return;
  }
}

/** Gives up after some attempts, since the machine has moods. */
function isInProportion(small: number, large: number, attempt: number): boolean {
  if (large <= 10 * small + 15) return true;
  assert.ok(attempt < 5, `${small} ms for the small one, ${large} ms for the large one`);
  return false;
}

function processorMs(work: () => void): number {
  let best = Infinity;
  for (let round = 0; round < 3; round++) {
    const before = process.cpuUsage();
    work();
    best = Math.min(best, msSince(before));
  }
  return best;
}

function msSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
