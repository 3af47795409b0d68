/**
 * Runs the commands of a document, as a reader would: in each fence ```console the lines that begin with `$ ` are commands of one shell, and what
 * follows them is what they print. A comment before the fence says what it needs: `<!-- needs Nix -->`. `<!-- serves FOLDER at PORT -->` stands for
 * a web server; the folder `demo-cache` is there, as scripts/demoCache.mjs makes it.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { demoCacheFiles } from '../../scripts/demoCache.mjs';
import { cliBundle, ensureBuilt } from './cli';

const root = path.join(__dirname, '../..');

/** The folder in which the commands run has another name each time, of the same length as this one. */
const SHOWN = '/tmp/flake-trust-sample';

/** On this day everything was printed. */
const NOW = '2026-11-26T09:00:00Z';

export interface DocumentRun {
  /** The text with what the commands print now. */
  readonly text: string;
  /** How many commands ran. */
  readonly commands: number;
}

export interface DocumentOptions {
  /** Runs the fences that need Nix, and no others. */
  readonly nix: boolean;
  /** Further variables, for Nix. */
  readonly env?: NodeJS.ProcessEnv;
}

interface Step {
  /** Lines of the document that hold the output. */
  readonly from: number;
  readonly to: number;
  readonly command: string;
}

/** Runs the document. Rejects when a command cannot be started. */
export async function runDocument(text: string, { nix, env = {} }: DocumentOptions): Promise<DocumentRun> {
  ensureBuilt();
  const lines = text.split('\n');
  const { steps, serves } = readSteps(lines, nix);
  const dir = await realpath(await mkdtemp('/tmp/flake-trust-'));
  const closing: (() => unknown)[] = [() => rm(dir, { recursive: true, force: true })];
  try {
    await prepare(dir);
    const ports = await serveAll(serves, dir, closing);
    const print = await runSteps(
      steps.map(({ command }) => replaceAll(command, ports)),
      dir,
      env,
    );
    const back = new Map([...ports].map(([shown, real]) => [real, shown]));
    for (const [index, { from, to }] of [...steps.entries()].reverse()) {
      const printed = replaceAll((print[index] ?? '').replaceAll(dir, SHOWN), back).replace(/\n+$/, '');
      lines.splice(from, to - from, ...(printed === '' ? [] : printed.split('\n').map((line) => line.trimEnd())));
    }
    return { text: lines.join('\n'), commands: steps.length };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

function readSteps(lines: readonly string[], nix: boolean): { readonly steps: Step[]; readonly serves: [string, string][] } {
  const steps: Step[] = [];
  const serves: [string, string][] = [];
  for (let at = 0; at < lines.length; at++) {
    const served = /^<!-- serves (\S+) at (\d+) -->$/.exec(lines[at] ?? '');
    if (served?.[1] !== undefined && served[2] !== undefined) serves.push([served[1], served[2]]);
    if (lines[at] !== '```console') continue;
    const needsNix = lines.slice(Math.max(0, at - 2), at).includes('<!-- needs Nix -->');
    const end = lines.indexOf('```', at + 1);
    if (end < 0) throw new Error(`A fence without end in line ${at + 1}`);
    if (needsNix !== nix) continue;
    for (let line = at + 1; line < end;) {
      let command = (lines[line] ?? '').replace(/^\$ /, '');
      line++;
      while (command.endsWith('\\')) command += `\n${(lines[line++] ?? '').replace(/^> /, '')}`;
      const from = line;
      while (line < end && !(lines[line] ?? '').startsWith('$ ')) line++;
      steps.push({ from, to: line, command });
    }
  }
  return { steps, serves };
}

/** What a reader has: a clone in which to be, the cache of the demo, and the command on the PATH. Its clock stands still. */
async function prepare(dir: string): Promise<void> {
  for (const name of ['scripts', 'examples']) await symlink(path.join(root, name), path.join(dir, name));
  for (const [name, text] of demoCacheFiles()) {
    const file = path.join(dir, 'demo-cache', name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  await mkdir(path.join(dir, '.bin'));
  const clock = path.join(dir, '.bin', 'clock.mjs');
  await writeFile(clock, `const now = Date.parse('${NOW}');\nDate.now = () => now;\n`);
  const command = path.join(dir, '.bin', 'flake-trust');
  await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' --import '${pathToFileURL(clock).href}' '${cliBundle}' "$@"\n`);
  await chmod(command, 0o755);
}

/** Serves what the document names; gives the ports, those named and those taken, in the same order and of the same length. */
async function serveAll(
  serves: readonly (readonly [string, string])[],
  dir: string,
  closing: (() => unknown)[],
): Promise<ReadonlyMap<string, string>> {
  const folders: string[] = [];
  const servers = await Promise.all(
    serves.map(async () => {
      const server = createServer((request, response) => {
        const folder = folders[servers.indexOf(server)] ?? '';
        readFile(path.join(dir, folder, new URL(request.url ?? '/', 'http://localhost').pathname)).then(
          (body) => response.writeHead(200, { 'content-length': body.length }).end(body),
          () => response.writeHead(404).end(),
        );
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      closing.push(() => server.close().closeAllConnections());
      return server;
    }),
  );
  const portOf = (server: (typeof servers)[number]) => (server.address() as AddressInfo).port;
  servers.sort((a, b) => portOf(a) - portOf(b));
  const ports = new Map<string, string>();
  for (const [index, [folder, shown]] of [...serves].sort(([, a], [, b]) => Number(a) - Number(b)).entries()) {
    const server = servers[index];
    if (server === undefined) continue;
    folders.push(folder);
    ports.set(shown, String(portOf(server)));
  }
  return ports;
}

const SEPARATOR = '\u001e';

async function runSteps(commands: readonly string[], dir: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const script = ['exec 2>&1', ...commands.flatMap((command) => [command, `printf '${SEPARATOR}'`])].join('\n');
  const printed = await new Promise<string>((resolve, reject) => {
    const variables = {
      HOME: path.join(dir, 'home'),
      XDG_CACHE_HOME: path.join(dir, 'home/.cache'),
      NIX_CONF_DIR: path.join(dir, 'home'),
      NIX_USER_CONF_FILES: '',
      NO_PROXY: '*',
      ...env,
      PATH: `${path.join(dir, '.bin')}:${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    };
    execFile('bash', ['-c', script], { cwd: dir, env: variables, maxBuffer: 1 << 26 }, (error, stdout) => {
      // An exit code is the last command's, and may be what the document wants to show.
      if (error !== null && typeof error.code !== 'number') reject(new Error(`bash: ${error.message}`));
      else resolve(stdout);
    });
  });
  const parts = printed.split(SEPARATOR);
  if (parts.length !== commands.length + 1) throw new Error(`The shell ended early: ${printed.slice(-2000)}`);
  return parts;
}

function replaceAll(text: string, by: ReadonlyMap<string, string>): string {
  let replaced = text;
  for (const [from, to] of by) replaced = replaced.replaceAll(from, to);
  return replaced;
}
