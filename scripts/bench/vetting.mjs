/** How long `flake-trust vet check` takes for a thousand inputs and fifty thousand records, from the texts to the verdicts. */

const INPUTS = 1000;
const RECORDS = 50_000;
const ROUNDS = 5;

/** Measures with the parts of test/support/benchParts.ts; `row` prints. */
export function vettingBenchmark({ makeFlake, makeRecords, readFlake, checkVetting }, row) {
  const { nix, lock, words } = makeFlake(INPUTS, 'vetting');
  const facts = readFlake({ flakeNix: nix, flakeLock: lock }, { privatePatterns: [], now: Date.now() });
  const records = makeRecords(words, RECORDS);
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    const found = checkVetting(facts, records);
    times.push(performance.now() - start);
    if (found.vetted !== INPUTS || found.records !== RECORDS) throw new Error(`not all was vetted: ${JSON.stringify(found)}`);
  }
  times.sort((a, b) => a - b);
  const size = `${(records.length / 1e6).toFixed(0)} MB`;
  row(
    `verdicts: ${INPUTS} inputs, ${RECORDS} records (${size}), read anew`,
    `median ${times[ROUNDS >> 1].toFixed(0)} ms, slowest ${times[ROUNDS - 1].toFixed(0)} ms`,
    'under 1000 ms',
  );
}
