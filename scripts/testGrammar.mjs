/**
 * Runs the grammar tests: assertions in test/grammar/, snapshots in test/grammar/snapshots/. `npm run test:grammar -- --update`
 * writes the snapshots anew.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import './copyGrammar.mjs';

const root = path.join(import.meta.dirname, '..');
const bin = path.join(root, 'node_modules/vscode-tmgrammar-test/dist');
const update = process.argv.includes('--update') ? ['--updateSnapshot'] : [];

const runs = [
  ['unit.js', '--grammar', 'node_modules/tm-grammars/grammars/json.json', 'test/grammar/*.test.*'],
  ['snapshot.js', ...update, 'test/grammar/snapshots/*.{narinfo,nix}'],
  // The tool knows files by their extension; nix.conf is known by its name.
  ['snapshot.js', ...update, '--scope', 'source.nix-conf', 'test/grammar/snapshots/nix.conf'],
];
for (const [tool, ...words] of runs) {
  const { status } = spawnSync(process.execPath, [path.join(bin, tool), ...words], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
