/**
 * Reads git repositories of this computer with the git that is installed. Nothing is fetched, and nothing runs that a repository brings: no hook, no
 * monitor, no external diff, no text conversion, no replaced objects, no pager.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isRev } from '../../domain/flakeRef';
import type { Environment } from '../../engine/ports';
import type { Comparison, CompareRequest, GitHistory } from '../../engine/vetting/ports';
import { findProgram } from '../nix/findNix';
import { runProgram, type ProgramOutcome } from '../runProgram';

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT = 64 * 1024 * 1024;
const MAX_LOG = 200;
const MAX_CHANGED = 200;
/** Nix keeps one repository for each git input it ever fetched. */
const MAX_REPOSITORIES = 500;

/** What is switched off for every repository, whatever it configures. */
const SAFE = [
  '--no-pager',
  '-c', 'core.fsmonitor=false',
  '-c', 'core.hooksPath=/dev/null',
  '-c', 'core.attributesFile=/dev/null',
  '-c', 'core.commitGraph=true',
  '-c', 'protocol.allow=never',
  '-c', 'log.showSignature=false',
  '-c', 'core.quotePath=false',
]; // prettier-ignore

export interface GitOptions {
  readonly environment: Environment;
  /** Folders whose programs are never run. */
  readonly foreignFolders: readonly string[];
}

/** Makes the way to git. Nothing is run yet. */
export function gitHistory({ environment, foreignFolders }: GitOptions): GitHistory {
  let found: ReturnType<typeof findProgram> | undefined;
  const git = async (
    cwd: string,
    args: readonly string[],
    signal: AbortSignal,
    { config = 'none', maxOutput = MAX_OUTPUT }: { readonly config?: 'none' | 'user'; readonly maxOutput?: number } = {},
  ): Promise<ProgramOutcome> => {
    const program = await (found ??= findProgram('git', environment, foreignFolders));
    if (program.kind === 'absent') return { kind: 'not-started', code: 'ENOENT' };
    const { variables, home } = environment;
    const env = {
      PATH: program.searchPath,
      HOME: home,
      ...(variables['XDG_CONFIG_HOME'] === undefined ? {} : { XDG_CONFIG_HOME: variables['XDG_CONFIG_HOME'] }),
      LC_ALL: 'C.UTF-8',
      GIT_TERMINAL_PROMPT: '0',
      GIT_OPTIONAL_LOCKS: '0',
      GIT_NO_LAZY_FETCH: '1',
      GIT_NO_REPLACE_OBJECTS: '1',
      GIT_GRAFT_FILE: '/dev/null',
      ...(config === 'user' ? {} : { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }),
    };
    return runProgram({ file: program.file, args: [...SAFE, ...args], cwd, env, timeoutMs: TIMEOUT_MS, maxOutput }, signal);
  };
  const output = async (repository: string, args: readonly string[], signal: AbortSignal): Promise<string | undefined> => {
    const outcome = await git('/', [`--git-dir=${repository}`, ...args], signal);
    return outcome.kind === 'exited' && outcome.status === 0 ? outcome.stdout : undefined;
  };
  const hasBoth = async (repository: string, { from, to }: CompareRequest, signal: AbortSignal): Promise<boolean> => {
    for (const rev of [to, from])
      if ((await output(repository, ['cat-file', '-e', `${rev}^{commit}`], signal)) === undefined) return false;
    return true;
  };

  return {
    async compare(request, signal) {
      if (!isRev(request.from) || !isRev(request.to)) return { kind: 'unavailable', reason: 'there is no revision to compare' };
      for (const repository of [...(await clonesOf(request.clones)), ...(await nixRepositories(environment))]) {
        if (await hasBoth(repository, request, signal))
          return compareIn(repository, request, (args) => output(repository, args, signal));
      }
      return { kind: 'unavailable', reason: 'no repository on this computer has both revisions' };
    },
    async diff(repository, { from, to, paths }, maxBytes, signal) {
      if (!isRev(from) || !isRev(to)) return undefined;
      const args = [...DIFF, ...UNIFIED, from, to, ...limitsOf(paths)];
      const outcome = await git('/', [`--git-dir=${repository}`, ...args], signal, { maxOutput: maxBytes });
      if (outcome.kind === 'too-large') return { text: outcome.stdout.slice(0, outcome.stdout.lastIndexOf('\n') + 1), cut: true };
      return outcome.kind === 'exited' && outcome.status === 0 ? { text: outcome.stdout, cut: false } : undefined;
    },
    async identity(signal) {
      const ask = async (name: string): Promise<string | undefined> => {
        // Not of the repository: whoever wrote it must not decide as whom we sign.
        for (const scope of ['--global', '--system']) {
          const outcome = await git('/', ['config', scope, '--get', name], signal, { config: 'user' });
          const text = outcome.kind === 'exited' && outcome.status === 0 ? outcome.stdout.trim() : '';
          if (text !== '') return text;
        }
        return undefined;
      };
      const { variables } = environment;
      const name = variables['GIT_AUTHOR_NAME'] ?? (await ask('user.name'));
      const mail = variables['GIT_AUTHOR_EMAIL'] ?? (await ask('user.email'));
      return name === undefined || mail === undefined ? (name ?? mail) : `${name} <${mail}>`;
    },
  };
}

/** What a repository configures must neither run a program nor change how a difference looks. */
const DIFF = ['diff', '--no-ext-diff', '--no-textconv', '--no-renames', '--no-color'];
const UNIFIED = [
  '--unified=3',
  '--submodule=short',
  '--src-prefix=a/',
  '--dst-prefix=b/',
  '--no-color-moved',
  '--word-diff=none',
];

function limitsOf(paths: readonly string[] = []): string[] {
  return paths.length === 0 ? [] : ['--', ...paths.map((glob) => `:(top,glob)${glob}`)];
}

/** The git folder of each clone: `.git` in it, or itself where it is bare. */
async function clonesOf(clones: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const clone of clones) {
    const entries = await readdir(clone).catch(() => [] as string[]);
    found.push(entries.includes('.git') ? path.join(clone, '.git') : clone);
  }
  return found;
}

/** The bare repositories in which Nix keeps git inputs (`gitv3`, since 2.4). */
async function nixRepositories({ variables, home }: Environment): Promise<string[]> {
  const cache = variables['NIX_CACHE_HOME'] ?? path.join(variables['XDG_CACHE_HOME'] ?? path.join(home, '.cache'), 'nix');
  const folder = path.join(cache, 'gitv3');
  const names = await readdir(folder).catch(() => [] as string[]);
  return names
    .sort()
    .slice(0, MAX_REPOSITORIES)
    .map((name) => path.join(folder, name));
}

async function compareIn(
  repository: string,
  { from, to, paths }: CompareRequest,
  output: (args: readonly string[]) => Promise<string | undefined>,
): Promise<Comparison | { readonly kind: 'unavailable'; readonly reason: string }> {
  const limits = limitsOf(paths);
  const range = `${from}..${to}`;
  const [count, base, numbers, log] = await Promise.all([
    output(['rev-list', '--count', range, ...limits]),
    output(['merge-base', '--is-ancestor', from, to]),
    output([...DIFF, '--numstat', '-z', from, to, ...limits]),
    output([
      'log',
      '--no-color',
      '--no-decorate',
      '--no-notes',
      '--no-mailmap',
      '-z',
      `--max-count=${MAX_LOG}`,
      '--format=%H%x1f%cI%x1f%an%x1f%s',
      range,
      ...limits,
    ]),
  ]);
  if (count === undefined || numbers === undefined || log === undefined) {
    return { kind: 'unavailable', reason: 'git could not compare them, or the difference is too large' };
  }
  const changed = numbers.split('\0').flatMap((line) => {
    const [, added, removed, name] = /^(\d+|-)\t(\d+|-)\t([\s\S]+)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ path: name, insertions: Number(added) || 0, deletions: Number(removed) || 0 }];
  });
  const churn = (one: { insertions: number; deletions: number }) => one.insertions + one.deletions;
  return {
    kind: 'compared',
    repository,
    commits: Number(count.trim()),
    linear: base !== undefined,
    files: changed.length,
    insertions: changed.reduce((sum, { insertions }) => sum + insertions, 0),
    deletions: changed.reduce((sum, { deletions }) => sum + deletions, 0),
    log: log.split('\0').flatMap((line) => {
      const [rev, date, author, subject] = line.split('\x1f');
      return rev === undefined || date === undefined ? [] : [{ rev, date, author: author ?? '', subject: subject ?? '' }];
    }),
    changed: [...changed].sort((a, b) => churn(b) - churn(a) || (a.path < b.path ? -1 : 1)).slice(0, MAX_CHANGED),
  };
}
