/**
 * `npm run test:extension`: the suite inside the extension host of a real VS Code. `FLAKE_TRUST_CODE` names the executable of a desktop
 * VS Code; without it the stand-in is used, which needs no desktop.
 */
import { runTests } from '@vscode/test-electron';
import esbuild from 'esbuild';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { makeSandbox } from './sandbox';

const root = path.join(__dirname, '..', '..');
const suite = path.join(__dirname, 'suite');
const bundles = path.join(root, 'out', 'extension-tests');

async function main(): Promise<void> {
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: readdirSync(suite).map((file) => path.join(suite, file)),
    outdir: bundles,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
    logLevel: 'warning',
  });
  const sandbox = await makeSandbox();
  try {
    await runTests({
      vscodeExecutablePath: process.env['FLAKE_TRUST_CODE'] ?? path.join(__dirname, 'codeStandIn.mjs'),
      extensionDevelopmentPath: root,
      extensionTestsPath: path.join(bundles, 'index.js'),
      launchArgs: [sandbox.workspace],
      extensionTestsEnv: {
        ...sandbox.env,
        FLAKE_TRUST_RESULTS: process.env['FLAKE_TRUST_RESULTS'] ?? path.join(root, 'out', 'test-results', 'extension.json'),
      },
    });
  } finally {
    await sandbox.end();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
