/** A thousand inputs and fifty thousand records: how long verdicts take from texts, and what an editor notices of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

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

/** Hovers while the server reads the records, afterwards, and after each of some keystrokes. */
export async function vettingInEditor(startServer, home, { makeFlake, makeRecords }, row) {
  const { nix, lock, words } = makeFlake(INPUTS, 'vetting-editor');
  const dir = path.join(home, 'vetting-editor');
  mkdirSync(path.join(dir, 'flake-trust'), { recursive: true });
  writeFileSync(path.join(dir, 'flake.lock'), lock);
  writeFileSync(path.join(dir, 'flake-trust', 'policy.jsonc'), '{ "version": 1 }');
  writeFileSync(path.join(dir, 'flake-trust', 'records.jsonc'), makeRecords(words, RECORDS));
  const uri = pathToFileURL(path.join(dir, 'flake.nix')).href;
  const line = nix.split('\n').findIndex((text) => text.includes('.url'));
  const server = await startServer('server.js', home, { network: { mode: 'offline' } });
  const timed = async () => {
    const asked = performance.now();
    const hover = await server.hover(uri, line, 6);
    return { ms: performance.now() - asked, text: hover?.contents.value ?? '' };
  };
  await server.open(uri, nix);
  const reading = [];
  // The first waits for flake.nix, as without any records.
  await timed();
  for (let last = ''; !last.includes('reviewed by'); reading.push(await timed())) last = reading.at(-1)?.text ?? '';
  const { stallMs } = await server.probe();
  const longest = (samples) => Math.max(...samples.map(({ ms }) => ms)).toFixed(0);
  row(`Hover while ${RECORDS} records are read, the longest`, `${longest(reading)} ms`, 'under 500 ms');
  row('  the longest time in which the server heard nobody', `${stallMs.toFixed(0)} ms`);
  const steady = [];
  for (let round = 0; round < 50; round++) steady.push(await timed());
  steady.sort((a, b) => a.ms - b.ms);
  row(`Hover with ${INPUTS} inputs and ${RECORDS} records, p95`, `${steady[47].ms.toFixed(1)} ms`, 'under 5 ms');
  const typed = [];
  for (let version = 2; version < 12; version++) {
    const contentChanges = [{ range: { start: { line: 0, character: 1 }, end: { line: 0, character: 1 } }, text: ' ' }];
    await server.connection.sendNotification('textDocument/didChange', { textDocument: { uri, version }, contentChanges });
    typed.push(await timed());
  }
  typed.sort((a, b) => a.ms - b.ms);
  row('  after a keystroke (median of 10)', `${typed[5].ms.toFixed(0)} ms`);
  await server.stop();
}
