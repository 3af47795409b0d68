/**
 * The Nix that is installed, with everything it reads and writes in a temporary folder: configuration, home, caches and, where the system
 * lets it build there, the store too. For tests that compare us with it. Offline by construction: no substituter, no registry.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface NixRun {
  /** Exit code; 128 and the signal's number when a signal ended it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface NixKey {
  /** `name:base64`, for `trusted-public-keys`. */
  readonly publicKey: string;
  readonly secretKeyFile: string;
}

export interface RealNix {
  /** As `nix --version` says, for example `2.8.0`. */
  readonly version: string;
  /** The temporary folder: put what the test needs here. */
  readonly dir: string;
  /** Holds nix.conf; it is `NIX_CONF_DIR`. */
  readonly confDir: string;
  /** For starting other programs that shall see the same Nix configuration. */
  readonly env: NodeJS.ProcessEnv;
  /** Nix's name for this machine's system, for example `x86_64-linux`. */
  readonly system: string;
  /** Runs `nix` with these arguments; `program` names another one of its family, such as `nix-store`. Never rejects for an exit code. */
  run(
    args: readonly string[],
    options?: { cwd?: string; program?: string; input?: string; env?: NodeJS.ProcessEnv },
  ): Promise<NixRun>;
  /** Same, but rejects when the exit code is not 0, and gives standard output alone. */
  succeed(
    args: readonly string[],
    options?: { cwd?: string; program?: string; input?: string; env?: NodeJS.ProcessEnv },
  ): Promise<string>;
  /** Writes files into a new folder and gives its path. By default they become a git repository with one commit. */
  makeFlake(name: string, files: Readonly<Record<string, string>>, options?: { git?: boolean }): Promise<string>;
  /** Makes a key pair. */
  makeKey(name: string): Promise<NixKey>;
  /** Copies store paths with their closures into a new binary cache, signed if a key is given, and gives its folder. */
  makeCache(name: string, paths: readonly string[], key?: NixKey): Promise<string>;
  /** Removes the folder. */
  dispose(): Promise<void>;
}

/** Text of a Nix derivation that needs nothing but a shell; `script` writes to `$out`. */
export function shellDerivation(name: string, script: string, system: string): string {
  return `derivation { name = ${JSON.stringify(name)}; system = ${JSON.stringify(system)}; builder = "/bin/sh"; args = [ "-c" ''${script}'' ]; }`;
}

/** Sets up a Nix of its own. Rejects, saying so, when none is installed. */
export async function makeRealNix(): Promise<RealNix> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'flake-trust-nix-')));
  const confDir = join(dir, 'conf');
  const home = join(dir, 'home');
  await Promise.all([mkdir(confDir), mkdir(home)]);
  const env: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    NIX_CONF_DIR: confDir,
    NIX_USER_CONF_FILES: '',
    TMPDIR: dir,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_AUTHOR_NAME: 'Test',
    GIT_AUTHOR_EMAIL: 'test@example.org',
    GIT_AUTHOR_DATE: '2024-01-01T00:00:00Z',
    GIT_COMMITTER_NAME: 'Test',
    GIT_COMMITTER_EMAIL: 'test@example.org',
    GIT_COMMITTER_DATE: '2024-01-01T00:00:00Z',
  };

  const run: RealNix['run'] = (args, options = {}) =>
    runProgram(options.program ?? 'nix', args, options.cwd ?? dir, { ...env, ...options.env }, options.input);
  const succeed: RealNix['succeed'] = async (args, options) => {
    const { status, stdout, stderr } = await run(args, options);
    if (status !== 0) throw new Error(`${options?.program ?? 'nix'} ${args.join(' ')} ended with ${status}: ${stderr}`);
    return stdout;
  };
  const git = (cwd: string, ...args: string[]): Promise<string> => succeed(args, { program: 'git', cwd });

  const conf = (store: string): Promise<void> =>
    writeFile(
      join(confDir, 'nix.conf'),
      `experimental-features = nix-command flakes\nbuild-users-group =\nsubstituters =\nflake-registry = ${join(dir, 'registry.json')}\n${store}`,
    );
  await writeFile(join(dir, 'registry.json'), '{"flakes":[],"version":2}');
  await conf('');
  const version = /\d+\.\d+(?:\.\d+)?/.exec(await succeed(['--version']))?.[0] ?? 'unknown';
  const system = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-${process.platform}`;

  // A store of its own needs Linux namespaces to build in. Without them the system's store has to do, whose paths are the same.
  await conf(`store = local?root=${join(dir, 'root')}\nsandbox-paths = /bin /usr/bin /lib /lib64 /usr/lib\n`);
  const probe = await run(['build', '--no-link', '--impure', '--expr', shellDerivation('probe', 'echo > $out', system)]);
  if (probe.status !== 0) await conf('sandbox = false\n');

  return {
    version,
    dir,
    confDir,
    env,
    system,
    run,
    succeed,

    async makeFlake(name, files, { git: isGit = true } = {}) {
      const folder = join(dir, name);
      for (const [file, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, file)), { recursive: true });
        await writeFile(join(folder, file), text);
      }
      if (isGit) {
        await git(folder, 'init', '-q', '-b', 'main');
        await git(folder, 'add', '-A');
        await git(folder, 'commit', '-q', '-m', 'Start');
      }
      return folder;
    },

    async makeKey(name) {
      const secretKeyFile = join(dir, `${name}.secret`);
      const secret = await succeed(['key', 'generate-secret', '--key-name', name]);
      await writeFile(secretKeyFile, secret, { mode: 0o600 });
      return { secretKeyFile, publicKey: await succeed(['key', 'convert-secret-to-public'], { input: secret }) };
    },

    async makeCache(name, paths, key) {
      const folder = join(dir, name);
      const signing = key === undefined ? '' : `?secret-key=${key.secretKeyFile}`;
      await succeed(['copy', '--to', `file://${folder}${signing}`, ...paths]);
      return folder;
    },

    async dispose() {
      await makeWritable(dir);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function runProgram(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv, input = ''): Promise<NixRun> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { cwd, env, maxBuffer: 1 << 26, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error === null) resolve({ status: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ status: error.code, stdout, stderr });
      else if (error.signal) resolve({ status: error.signal === 'SIGABRT' ? 134 : 128, stdout, stderr });
      else reject(new Error(`${program} cannot be run (it must be installed for these tests): ${error.message}`));
    });
    // A program that ends before it reads leaves a broken pipe; its exit code says all there is to say.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** Store paths are read-only, their folders too; only root could remove them as they are. */
async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
  }
}
