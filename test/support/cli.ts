import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '../..');
/** The bundled command line. */
export const cliBundle = path.join(root, 'dist/cli.js');

/** Builds the bundles when a source is newer than the command line's. */
export function ensureBuilt(): void {
  const newest = (folder: string): number =>
    Math.max(
      ...readdirSync(folder, { withFileTypes: true }).map((entry) => {
        const file = path.join(folder, entry.name);
        return entry.isDirectory() ? newest(file) : statSync(file).mtimeMs;
      }),
    );
  if (existsSync(cliBundle) && statSync(cliBundle).mtimeMs >= newest(path.join(root, 'server/src'))) return;
  const { status, stderr } = spawnSync(process.execPath, ['esbuild.mjs'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The build failed: ${stderr}`);
}

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  /** Beside those of {@link bareEnvironment}. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gets the process as soon as it runs. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** An environment that holds nothing of this machine's user: `home` is empty or what a test put there. */
export function bareEnvironment(home: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    XDG_CACHE_HOME: path.join(home, '.cache'),
    NIX_CONF_DIR: path.join(home, 'nix'),
    NIX_USER_CONF_FILES: '',
    NO_PROXY: '*',
  };
}

/** Runs the bundled command line to its end. */
export function runCli(
  args: readonly string[],
  home: string,
  { cwd = home, env = {}, onStart }: CliOptions = {},
): Promise<CliRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cliBundle, ...args], {
      cwd,
      env: { ...bareEnvironment(home), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
    onStart?.(child);
  });
}
