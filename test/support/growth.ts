import assert from 'node:assert/strict';

/**
 * Asserts that work grows in proportion to its input: four times as much takes less than ten times as long, where a square would take
 * sixteen. Processor time of the best of several runs, so that a busy machine changes nothing; what takes no time at all passes.
 * @param make Makes an input of a size; `size` is the larger one.
 */
export function assertLinear<Input>(size: number, make: (size: number) => Input, work: (input: Input) => void): void {
  const [small, large] = [make(size / 4), make(size)];
  for (let attempt = 1; ; attempt++) {
    const [one, four] = [processorMs(() => work(small)), processorMs(() => work(large))];
    if (four <= 10 * one + 15) return;
    assert.ok(attempt < 5, `${one} ms for a quarter, ${four} ms for all`);
  }
}

function processorMs(work: () => void): number {
  let best = Infinity;
  for (let round = 0; round < 3; round++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}
