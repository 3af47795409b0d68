/** Runs inside the extension host: mocha over the other files of this folder. */
import Mocha from 'mocha';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';
import { activationMs } from './activation';

/** Called by VS Code. Rejects when a test failed; the counts go to the file that FLAKE_TRUST_RESULTS names. */
export async function run(): Promise<void> {
  Mocha.reporters.Base.consoleLog = (...args: unknown[]) => {
    // Marked, for codeStandIn.mjs to tell them from what VS Code writes.
    for (const line of format(...args).split('\n')) console.log(`[test] ${line}`); // eslint-disable-line no-console -- the reporter's output
  };
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: 30_000,
    reporter: 'spec',
    color: false,
    grep: process.env['FLAKE_TRUST_GREP'] ?? '',
  });
  for (const file of readdirSync(__dirname).filter((name) => name.endsWith('.test.js')))
    mocha.addFile(path.join(__dirname, file));
  const {
    passes = 0,
    failures = 0,
    pending = 0,
  } = await new Promise<Partial<Mocha.Stats>>((resolve) => {
    const runner = mocha.run(() => resolve(runner.stats ?? {}));
  });
  const results = process.env['FLAKE_TRUST_RESULTS'];
  if (results !== undefined) {
    mkdirSync(path.dirname(results), { recursive: true });
    writeFileSync(results, JSON.stringify({ passed: passes, failed: failures, pending, activationMs: activationMs() }));
  }
  if (failures > 0 || passes === 0) throw new Error(`${failures} tests failed`);
}
