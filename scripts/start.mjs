/**
 * `npm start`: installs what is missing, builds, audits the sample of examples/demo with a demo cache in the terminal, then
 * opens VS Code on it. `npm start -- DIR` does it for DIR with your own Nix configuration; `--no-open` only prints.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { demoFlake, demoNixConf, serveDemoCache } from './demoCache.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { startVscode } from './vscode.mjs';

/** So that the sample shows the same address each time. */
const CACHE_PORT = 8642;

const root = path.join(import.meta.dirname, '..');
const words = process.argv.slice(2);
const unknown = words.filter((word) => word.startsWith('-') && word !== '--no-open');
const folders = words.filter((word) => !word.startsWith('-'));
if (unknown.length > 0 || folders.length > 1) {
  console.error('Usage: npm start [-- [DIR] [--no-open]]');
  process.exit(2);
}
const demo = folders.length === 0;
// npm changes to the package's folder; INIT_CWD is where the user was.
const flake = demo ? demoFlake : path.resolve(process.env.INIT_CWD ?? process.cwd(), folders[0]);
if (!existsSync(path.join(flake, 'flake.nix'))) {
  console.error(`There is no flake.nix in ${flake}.`);
  process.exit(2);
}

ensureDependencies(root);
if (spawnSync(process.execPath, ['esbuild.mjs'], { cwd: root, stdio: ['ignore', 2, 2] }).status !== 0) process.exit(2);

const endings = [];
const cache = demo ? await serveDemoCache({ port: CACHE_PORT }) : undefined;
if (cache !== undefined) endings.push(() => cache.close());
const env = cache === undefined ? {} : demoEnvironment(cache.url);

const auditStatus = await audit();
if (auditStatus > 1 || words.includes('--no-open')) {
  await end(auditStatus > 1 || !demo ? auditStatus : 0);
} else {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => void end(0));
  await open();
  await end(0);
}

/** Nix's configuration for the sample: the demo cache and its key, nothing of the user's. */
function demoEnvironment(cacheUrl) {
  const folder = path.join(root, 'out', 'demo');
  mkdirSync(path.join(folder, 'nix'), { recursive: true });
  writeFileSync(path.join(folder, 'nix', 'nix.conf'), demoNixConf(cacheUrl));
  return {
    NIX_CONF_DIR: path.join(folder, 'nix'),
    NIX_USER_CONF_FILES: '',
    NIX_CONFIG: '',
    XDG_CACHE_HOME: path.join(folder, 'cache'),
  };
}

/** Prints the audit, and gives its exit code. Not in this process alone: the demo cache has to answer meanwhile. */
function audit() {
  console.log(`$ flake-trust audit ${path.relative(process.env.INIT_CWD ?? process.cwd(), flake) || '.'}\n`);
  const child = spawn(process.execPath, ['dist/cli.js', 'audit', flake], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  return new Promise((resolve) => {
    child.once('error', () => resolve(2));
    child.once('exit', (code) => resolve(code ?? 2));
  });
}

/** Opens VS Code, and settles when it was closed. */
async function open() {
  // In a terminal of a remote VS Code, `code` is only a messenger and knows no development extensions.
  const desktop = process.env.VSCODE_IPC_HOOK_CLI === undefined && onPath('code');
  if (desktop) {
    const profile = demo ? ['--disable-workspace-trust', '--user-data-dir', path.join(root, 'out', 'demo', 'vscode')] : [];
    console.log('\nOpening VS Code. Ctrl-C ends the demo cache and this command.');
    const child = spawn('code', [`--extensionDevelopmentPath=${root}`, '--new-window', '--wait', ...profile, flake], {
      env: { ...process.env, ...env },
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
    endings.push(() => child.kill());
    await new Promise((resolve) => child.once('exit', resolve));
    return;
  }
  const token = randomBytes(16).toString('hex');
  const settings = {
    'workbench.colorTheme': 'Default Dark Modern',
    'workbench.startupEditor': 'none',
    'editor.minimap.enabled': false,
    'git.openRepositoryInParentFolders': 'never',
  };
  const vscode = await startVscode({
    serverDataDir: path.join(root, 'out', 'start', 'vscode'),
    trust: demo,
    token,
    env,
    settings,
  });
  endings.push(() => vscode.stop());
  const remote = (file) => `vscode-remote://127.0.0.1:${vscode.port}${file.split(path.sep).join('/')}`;
  const address = new URL(vscode.url);
  address.searchParams.set('tkn', token);
  address.searchParams.set('folder', flake);
  const payload = [
    ['extensionDevelopmentPath', remote(root)],
    ['openFile', remote(path.join(flake, 'flake.nix'))],
    ['skipWelcome', 'true'],
  ];
  address.searchParams.set('payload', JSON.stringify(payload));
  console.log(
    `\nVS Code with Flake Trust runs at\n\n  ${address.href}\n\nOpen it in a browser and hover an input of flake.nix. Ctrl-C ends it.`,
  );
  await vscode.ended;
}

function onPath(program) {
  const names = process.platform === 'win32' ? [`${program}.cmd`, `${program}.exe`] : [program];
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .some((folder) => names.some((name) => existsSync(path.join(folder, name))));
}

async function end(code) {
  for (const ending of endings.splice(0).reverse()) await ending();
  process.exit(code);
}
