/** Measures, for `npm run bench`, what the extension costs VS Code at its start. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findChromium } from './vscode.mjs';

const root = path.join(import.meta.dirname, '..');
const STARTS = 3;

/**
 * Gives the milliseconds that VS Code spent on loading the extension as shipped and on its `activate`, the median of some
 * starts; nothing where there is no Chromium to run VS Code in.
 */
export async function activationMs() {
  try {
    findChromium();
  } catch {
    return undefined;
  }
  run(['esbuild.mjs', '--production']);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'flake-trust-activation-'));
  try {
    const samples = [];
    for (let start = 0; start < STARTS; start++) {
      const results = path.join(folder, `${start}.json`);
      run(['--import', 'tsx', 'test/extension/runExtension.ts'], {
        FLAKE_TRUST_RESULTS: results,
        FLAKE_TRUST_GREP: 'is activated without waiting',
      });
      samples.push(JSON.parse(await readFile(results, 'utf8')).activationMs);
    }
    return samples.sort((a, b) => a - b)[Math.floor(STARTS / 2)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(args, env = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${args.join(' ')} failed:\n${stdout}\n${stderr}`);
}
