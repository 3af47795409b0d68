/**
 * A real VS Code without a desktop: the server and web workbench that the npm package code-server carries inside it
 * (only that inner part is used). Fetched once, into the git-ignored folder that @vscode/test-electron uses as well.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');

/** VS Code 1.100.3, the oldest that the extension supports and the newest that runs on Node 20. */
const VERSION = '4.100.3';

const home = path.join(root, '.vscode-test', `code-server-${VERSION}`);

/** Lines that the fetched VS Code writes because its optional native modules are not built; nobody misses them. */
const NOISE =
  /spdlog|native-watchdog|native-keymap|node-pty|windows-process-tree|kerberos|native-is-elevated|policy-watcher|ripgrep|^\s+at |requireStack|MODULE_NOT_FOUND|^\s*[\]}],?\s*$|^\s*'\/.*'\s*,?$|Require stack|^- \//;

/** Gives the path of VS Code's `server-main.js`, after fetching VS Code when it is not here yet. */
export async function ensureVscode(log = console.error) {
  const main = path.join(home, 'out', 'server-main.js');
  if (existsSync(main)) return main;
  log(`Fetching VS Code (npm package code-server ${VERSION}, once, about 200 MB)…`);
  await mkdir(path.dirname(home), { recursive: true });
  for (let attempt = 1; ; attempt++) {
    const work = `${home}.${process.pid}`;
    try {
      await rm(work, { recursive: true, force: true });
      await mkdir(work);
      npm(['pack', `code-server@${VERSION}`, '--silent'], work);
      const [archive] = (await readdir(work)).filter((name) => name.endsWith('.tgz'));
      run('tar', ['-xzf', archive, 'package/lib/vscode'], work);
      const vscode = path.join(work, 'package', 'lib', 'vscode');
      npm(['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], vscode);
      await rename(vscode, home).catch((error) => {
        if (!existsSync(main)) throw error; // else another process was faster
      });
      return main;
    } catch (error) {
      if (attempt === 4) throw error;
      log(`${error.message}; again in ${attempt * 5} s`);
      await new Promise((resolve) => setTimeout(resolve, attempt * 5000));
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }
}

function npm(args, cwd) {
  run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, cwd);
}

function run(program, args, cwd) {
  // Not the environment of the npm script that runs us: its npm_config_* would apply to the package fetched here.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(config_(?!registry|cache|cafile|proxy|https_proxy|noproxy)|package|lifecycle)/i.test(name),
    ),
  );
  const { status, error, stderr } = spawnSync(program, args, { cwd, env, encoding: 'utf8', shell: process.platform === 'win32' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args[0]} failed: ${stderr.trim().split('\n').at(-1) ?? status}`);
}

/** Gives a TCP port of the loopback interface that is free now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Installs a packed extension into the profile that `serverDataDir` holds. */
export async function installExtension(vsix, serverDataDir) {
  const main = await ensureVscode();
  const args = [
    main,
    '--accept-server-license-terms',
    '--server-data-dir',
    serverDataDir,
    '--install-extension',
    vsix,
    '--force',
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0 || !/successfully installed/i.test(stdout)) throw new Error(`${stdout}\n${stderr}`.trim());
}

/**
 * Starts VS Code on a port of the loopback interface. With a `token` only who knows it gets in; `settings` are those of a new
 * profile. `trust: false` leaves Workspace Trust on, so that a folder opens in Restricted Mode. `stop()` ends it with every
 * process it started.
 */
export async function startVscode({ serverDataDir, trust = true, port, token, env = {}, settings, onLine = () => undefined }) {
  const main = await ensureVscode();
  const chosen = port ?? (await freePort());
  const settingsFile = path.join(serverDataDir, 'data', 'Machine', 'settings.json');
  if (settings !== undefined && !existsSync(settingsFile)) {
    await mkdir(path.dirname(settingsFile), { recursive: true });
    await writeFile(settingsFile, JSON.stringify(settings, undefined, 2));
  }
  const args = [
    main,
    ...['--host', '127.0.0.1', '--port', String(chosen), '--accept-server-license-terms'],
    ...(token === undefined ? ['--without-connection-token'] : ['--connection-token', token]),
    ...['--telemetry-level', 'off', '--server-data-dir', serverDataDir],
    ...(trust ? ['--disable-workspace-trust'] : []),
  ];
  // A process group of its own, so that the extension host and the language server end with it.
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      for (const line of text.split('\n').filter((line) => line.trim() !== '' && !NOISE.test(line))) {
        lines.push(line);
        onLine(line);
      }
    });
  }
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    kill(child, 'SIGTERM');
    const gone = await Promise.race([ended.then(() => true), new Promise((resolve) => setTimeout(resolve, 3000, false).unref())]);
    if (!gone || alive(child)) kill(child, 'SIGKILL');
    await ended;
  };

  const url = `http://127.0.0.1:${chosen}/`;
  for (const deadline = Date.now() + 30_000; ;) {
    if (child.exitCode !== null) throw new Error(`VS Code ended at its start:\n${lines.join('\n')}`);
    const ready = await fetch(new URL('version', url)).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return { url, port: chosen, pid: child.pid, stop, ended };
    if (Date.now() > deadline) {
      await stop();
      throw new Error(`VS Code did not answer at ${url}:\n${lines.join('\n')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function kill(child, signal) {
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal);
  } catch {
    // already gone
  }
}

function alive(child) {
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Finds Chromium or Chrome on this machine: `FLAKE_TRUST_CHROMIUM`, then the usual places. */
export function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const candidates = [
    process.env.FLAKE_TRUST_CHROMIUM,
    ...folders.flatMap((folder) => names.map((name) => path.join(folder, name))),
  ];
  const found = candidates.find((candidate) => candidate !== undefined && candidate !== '' && existsSync(candidate));
  if (found === undefined) throw new Error('Chromium was not found; on Debian: apt-get install chromium');
  return found;
}

/** Command line switches for a headless Chromium that talks to nobody but the page it was sent to. */
export const CHROMIUM_ARGS = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ...[
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
];
