import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { findNix } from '../../server/src/adapters/nix/findNix';
import { createNixCli } from '../../server/src/adapters/nixCli';
import type { StorePath } from '../../server/src/domain/storePath';
import type { NixAnswer, NixCli } from '../../server/src/engine/ports';
import { never } from '../support/abort';
import { recorded } from '../support/nixJson';

let dir: string;

beforeEach(async () => {
  dir = await realpath(await mkdtemp(path.join(tmpdir(), 'flake-trust-cli-')));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

async function program(folder: string, script: string, name = 'nix'): Promise<string> {
  await mkdir(path.join(dir, folder), { recursive: true });
  const file = path.join(dir, folder, name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

const searchedIn = (...entries: string[]) => ({
  variables: { PATH: [...entries, '/usr/bin', '/bin'].join(':') },
  home: path.join(dir, 'home'),
  platform: 'linux',
});

/** A stand-in that says its version, writes its arguments down, and then does what `script` says. */
async function standIn(script: string, options: { timeoutMs?: number } = {}): Promise<NixCli> {
  await program(
    'bin',
    `[ "$1" = --version ] && { echo 'nix (Nix) 2.34.8'; exit; }\nfor a in "$@"; do echo "$a"; done >> ${dir}/args\n${script}`,
  );
  return createNixCli({ environment: searchedIn(path.join(dir, 'bin')), foreignFolders: [path.join(dir, 'flake')], ...options });
}

function reason(answer: NixAnswer<unknown>): string {
  return answer.kind === 'failed' ? answer.reason : 'ok';
}

const flake = () => ({ dir });
const UTIL = '/nix/store/dnw7ds84yyg7zd9ypnq69akf2jh7f7cl-util-1.0' as StorePath;

describe('the search for nix', () => {
  const found = async (entries: readonly string[], foreign: readonly string[]) => {
    const search = await findNix({ ...searchedIn(), variables: { PATH: entries.join(':') } }, foreign);
    return search.kind === 'found' ? path.relative(dir, search.file) : search.refused.map((entry) => path.relative(dir, entry));
  };

  it('takes the first of PATH', async () => {
    await program('a', '');
    await program('b', '');
    assert.equal(await found([path.join(dir, 'empty'), path.join(dir, 'a'), path.join(dir, 'b')], []), 'a/nix');
  });

  it('passes over what a repository brings along: its folder, one below, the repository around a flake', async () => {
    await program('repo/bin', '');
    await program('good', '');
    await mkdir(path.join(dir, 'repo', '.git'));
    await mkdir(path.join(dir, 'repo', 'flake'));
    for (const foreign of ['repo', 'repo/bin', 'repo/flake']) {
      const entries = [path.join(dir, 'repo/bin'), path.join(dir, 'good')];
      assert.equal(await found(entries, [path.join(dir, foreign)]), 'good/nix', foreign);
    }
  });

  it('passes over links that lead there, and links that lie there', async () => {
    await program('repo/bin', '');
    await program('good', '');
    await symlink(path.join(dir, 'repo/bin'), path.join(dir, 'link'));
    await symlink(path.join(dir, 'good'), path.join(dir, 'repo/out'));
    await mkdir(path.join(dir, 'other'));
    await symlink(path.join(dir, 'repo/bin/nix'), path.join(dir, 'other/nix'));
    for (const entry of ['link', 'repo/out', 'other']) {
      assert.equal(await found([path.join(dir, entry), path.join(dir, 'good')], [path.join(dir, 'repo')]), 'good/nix', entry);
    }
  });

  it('passes over what is relative, says so, and takes no folder or text for a program', async () => {
    await mkdir(path.join(dir, 'a', 'nix'), { recursive: true });
    await mkdir(path.join(dir, 'b'));
    await writeFile(path.join(dir, 'b', 'nix'), '');
    const search = await findNix({ ...searchedIn(), variables: { PATH: `.::./bin:${dir}/a:${dir}/b` } }, []);
    assert.deepEqual(search, { kind: 'absent', refused: ['.', './bin'] });
  });

  it('believes a home that is kept in one repository', async () => {
    await program('home/.nix-profile/bin', '');
    await mkdir(path.join(dir, 'home', '.git'));
    await mkdir(path.join(dir, 'home', 'dotfiles'));
    const entry = path.join(dir, 'home/.nix-profile/bin');
    assert.equal(await found([entry], [path.join(dir, 'home', 'dotfiles')]), 'home/.nix-profile/bin/nix');
  });

  it('hands on a PATH without the foreign folders, as Nix starts git', async () => {
    await program('bin', '');
    const environment = searchedIn(path.join(dir, 'flake/bin'), '.', path.join(dir, 'bin'));
    await mkdir(path.join(dir, 'flake/bin'), { recursive: true });
    const search = await findNix(environment, [path.join(dir, 'flake')]);
    assert.equal(search.kind === 'found' && search.searchPath, `${dir}/bin:/usr/bin:/bin`);
  });
});

describe('a run of nix', () => {
  it('says that there is none', async () => {
    const cli = createNixCli({ environment: { ...searchedIn(), variables: { PATH: './bin' } }, foreignFolders: [] });
    const answer = await cli.version(never);
    assert.equal(reason(answer), 'not-found');
    assert.match(answer.kind === 'failed' ? answer.message : '', /passed over: \.\/bin/);
  });

  it('says that it is too old, or not Nix', async () => {
    for (const [version, expected] of [
      ['nix (Nix) 2.3.16', 'too-old'],
      ['hello', 'unknown-format'],
    ] as const) {
      await program('bin', `echo '${version}'`);
      const cli = createNixCli({ environment: searchedIn(path.join(dir, 'bin')), foreignFolders: [] });
      assert.equal(reason(await cli.localPaths([UTIL], never)), expected);
    }
  });

  it('evaluates only: it says so in every command', async () => {
    const cli = await standIn(`cat <<'X'\n${recorded('2.34', 'path-info-format2')}\nX`);
    await cli.localPaths([UTIL], never);
    await cli.resolve(flake(), ['.#x'], never);
    const args = (await readFile(path.join(dir, 'args'), 'utf8')).split('\n');
    for (const word of [
      '--no-accept-flake-config',
      '--no-update-lock-file',
      '--dry-run',
      '--no-link',
      'allow-import-from-derivation',
    ]) {
      assert.ok(args.includes(word), word);
    }
    assert.deepEqual(args.slice(args.indexOf('max-jobs'), args.indexOf('max-jobs') + 2), ['max-jobs', '0']);
  });

  it('takes no option for an installable, nor a shell’s words', async () => {
    const cli = await standIn('echo "[]"');
    for (const bad of ['--impure', '-f', '', 'a\nb']) {
      assert.equal(reason(await cli.resolve(flake(), [bad], never)), 'bad-installable');
    }
    assert.equal(reason(await cli.resolve(flake(), ['.#x;touch pwned $(id) `id`'], never)), 'ok');
    const args = (await readFile(path.join(dir, 'args'), 'utf8')).split('\n');
    assert.deepEqual(args.slice(-3), ['--', '.#x;touch pwned $(id) `id`', '']);
  });

  it('resolves to derivations', async () => {
    const cli = await standIn(`case "$1" in
build) cat <<'X'
${recorded('2.34', 'build')}
X
;;
derivation) cat <<'X'
${recorded('2.34', 'derivation-show-recursive')}
X
;; esac`);
    const answer = await cli.resolve(flake(), ['.#default'], never);
    assert.ok(answer.kind === 'ok');
    assert.deepEqual(
      answer.value.roots.map(({ outputs }) => outputs),
      [['out']],
    );
    assert.equal(answer.value.derivations.size, 3);
    assert.ok(answer.value.derivations.has(answer.value.roots[0]!.drvPath));
  });

  it('asks for names alone when not all outputs can be shown', async () => {
    const cli = await standIn(`case "$*" in
*currentSystem*) printf s-linux ;;
*"flake show"*) echo 'error: boom' >&2; exit 1 ;;
*packages*) echo '["b","default"]' ;;
*checks*) echo "error: flake 'x' does not provide attribute 'checks.s-linux'" >&2; exit 1 ;;
*) echo '[]' ;; esac`);
    const answer = await cli.listOutputs(flake(), never);
    assert.ok(answer.kind === 'ok');
    assert.deepEqual(
      answer.value.outputs.map(({ installable }) => installable),
      ['.#packages.s-linux.default', '.#packages.s-linux.b'],
    );
  });

  it('reports what it does not understand', async () => {
    const cli = await standIn('echo "{}x"');
    const answer = await cli.localPaths([UTIL], never);
    assert.equal(reason(answer), 'unknown-format');
    assert.ok(answer.kind === 'failed' && answer.hint !== undefined);
  });

  it('ends after its time', async () => {
    const cli = await standIn('sleep 60', { timeoutMs: 300 });
    assert.equal(reason(await cli.localPaths([UTIL], never)), 'timeout');
  });

  it('ends at once when cancelled, with all that it started, even what does not listen', async () => {
    const cli = await standIn(`trap '' TERM; (trap '' TERM; echo $$ > ${dir}/pid; sleep 61) & wait; sleep 62`);
    const controller = new AbortController();
    const answer = cli.localPaths([UTIL], controller.signal);
    let pid = '';
    while (pid === '') {
      await wait(10);
      pid = await readFile(path.join(dir, 'pid'), 'utf8').then(
        (text) => text.trim(),
        () => '',
      );
    }
    // Long before what it started would end by itself.
    controller.abort();
    await assert.rejects(answer, { name: 'AbortError' });
    const alive = () => {
      try {
        process.kill(-Number(pid), 0);
        return true;
      } catch {
        return false;
      }
    };
    for (let tries = 0; alive() && tries < 300; tries++) await wait(10);
    assert.equal(alive(), false);
  });

  it('has no standard input, no terminal, and no programs of a repository’s git configuration', async () => {
    const cli = await standIn(`cat > ${dir}/stdin; env > ${dir}/env; (: < /dev/tty) 2>/dev/null && touch ${dir}/tty; echo '{}'`);
    await cli.localPaths([UTIL], never);
    assert.equal(await readFile(path.join(dir, 'stdin'), 'utf8'), '');
    const env = await readFile(path.join(dir, 'env'), 'utf8');
    for (const line of [
      'GIT_CONFIG_COUNT=2',
      'GIT_CONFIG_KEY_0=core.fsmonitor',
      'GIT_CONFIG_VALUE_1=/dev/null',
      'GIT_TERMINAL_PROMPT=0',
    ]) {
      assert.ok(env.includes(`${line}\n`), line);
    }
    await assert.rejects(readFile(path.join(dir, 'tty')));
  });

  it('asks about thousands of paths in several runs', async () => {
    const cli = await standIn('echo "{}"');
    const paths = Array.from({ length: 1700 }, (_, n) => `/nix/store/${String(n).padStart(32, '0')}-x` as StorePath);
    assert.equal(reason(await cli.localPaths(paths, never)), 'ok');
    const args = (await readFile(path.join(dir, 'args'), 'utf8')).split('\n');
    assert.equal(args.filter((arg) => arg === 'path-info').length, 3);
    assert.equal(args.filter((arg) => arg.endsWith('-x')).length, 1700);
  });
});
