/** Our plan against `nix build --dry-run`, and the questions that we put to the installed Nix. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { createNixCli } from '../../server/src/adapters/nixCli';
import { parseNarinfo } from '../../server/src/domain/narinfo';
import { trustedKeys } from '../../server/src/domain/publicKey';
import { storePathHash, storePathName, type StorePath } from '../../server/src/domain/storePath';
import { verifyNarinfo } from '../../server/src/domain/verifyNarinfo';
import { planBuild, type BuildPlan, type PlanSources, type Substitute } from '../../server/src/engine/closure/plan';
import type { NixAnswer, NixCli } from '../../server/src/engine/ports';
import { never } from '../support/abort';
import { makeRealNix, type NixKey, type RealNix } from './realNix';

const FLAKE = (system: string) => `{
  outputs = { self }: let
    run = name: script: extra: derivation ({ inherit name; system = "${system}"; builder = "/bin/sh"; args = [ "-c" script ]; } // extra);
    fixed = run "fixed" "echo fixed > $out" { outputHashMode = "flat"; outputHashAlgo = "sha256"; outputHash = "${FIXED_HASH}"; url = "http://example.org/fixed"; };
    lib = run "lib" "echo lib > $out; echo $out > $dev" { outputs = [ "out" "dev" ]; };
    util = run "util" "echo $lib $fixed > $out" { lib = lib.dev; inherit fixed; src = ./flake.nix; };
    tool = run "tool" "echo tool > $out" { };
    app = run "app" "echo $util > $out; : $tool" { inherit util tool; };
    local = run "local" "echo local > $out" { allowSubstitutes = false; };
  in {
    packages.${system} = { inherit fixed lib util tool app local; default = app; both = run "both" "echo $app $local $lib > $out" { inherit app local lib; }; };
    devShells.${system}.default = tool;
    checks.${system} = { };
    nixosConfigurations.box.config.system.build.toplevel = app;
    packages.other-system.default = throw "not asked for";
  };
}`;

/** SHA-256 of "fixed\\n". */
const FIXED_HASH = 'sha256-DDBxQY5jVuYUiYyE7QZMqV6IVRvAgRtTS98ZUuza5TQ=';

function value<T>(answer: NixAnswer<T>): T {
  assert.equal(answer.kind, 'ok', answer.kind === 'failed' ? answer.message : '');
  return (answer as { value: T }).value;
}

const names = (paths: Iterable<string>) => [...paths].map((path) => storePathName(path as StorePath)).sort();

describe('the installed Nix', function () {
  this.timeout(180_000);
  let nix: RealNix;
  let flake: string;
  let key: NixKey;
  let other: NixKey;
  let cache: string;
  let all: string[];

  const noStore = () => join(nix.dir, 'conf-without-store');
  const cliFor = (store: string): NixCli =>
    createNixCli({
      environment: {
        variables: { ...nix.env, NIX_CONF_DIR: noStore(), NIX_REMOTE: store },
        home: join(nix.dir, 'home'),
        platform: 'linux',
      },
      foreignFolders: [flake],
    });
  const emptyStore = (name: string) => `local?root=${join(nix.dir, name)}`;
  const narinfoFile = (folder: string, path: string) => join(folder, `${storePathHash(path as StorePath)}.narinfo`);
  const built = (name: string) => all.find((path) => storePathName(path as StorePath) === name) ?? assert.fail(name);

  before(async () => {
    nix = await makeRealNix();
    flake = await nix.makeFlake('flake', { 'flake.nix': FLAKE(nix.system) });
    [key, other] = await Promise.all([nix.makeKey('trusted-1'), nix.makeKey('other-1')]);
    const packages = ['fixed', 'lib', 'lib.dev', 'util', 'tool', 'app', 'local', 'both'].map((name) => `${flake}#${name}`);
    await nix.succeed(['build', '--no-link', ...packages]);
    all = (await nix.succeed(['path-info', '-r', ...packages])).trim().split('\n');
    cache = await nix.makeCache('cache', all, key);
    // The store that nix.conf names, in which all this was built, would win over the one that a run is to see.
    const conf = await readFile(join(nix.confDir, 'nix.conf'), 'utf8');
    await mkdir(noStore());
    await writeFile(join(noStore(), 'nix.conf'), conf.replace(/^store = .*$/m, ''));
  });

  after(() => nix.dispose());

  /** What our own reading of the cache finds acceptable. */
  function sources(cli: NixCli, folder: string): PlanSources {
    const trusted = trustedKeys([key.publicKey]);
    return {
      local: async (paths, signal) => value(await cli.localPaths(paths, signal)),
      async substitutes(paths) {
        const found = new Map<StorePath, Substitute>();
        for (const path of paths) {
          if (!existsSync(narinfoFile(folder, path))) continue;
          const narinfo = parseNarinfo(await readFile(narinfoFile(folder, path), 'utf8'));
          if (!narinfo.ok) continue;
          const check = verifyNarinfo(narinfo.value, { asked: path, trusted });
          if (check.kind === 'checked' && check.accepted) found.set(path, { from: folder, references: narinfo.value.references });
        }
        return found;
      },
    };
  }

  async function ours(store: string, folder: string, installables: readonly string[]): Promise<BuildPlan> {
    const cli = cliFor(store);
    const resolved = value(await cli.resolve({ dir: flake }, installables, never));
    return planBuild(resolved, sources(cli, folder), never);
  }

  async function theirs(store: string, folder: string, installables: readonly string[]) {
    const options = ['--substituters', `file://${folder}`, '--trusted-public-keys', key.publicKey, '--store', store];
    const run = await nix.run(['build', '--dry-run', '--no-link', ...options, ...installables], {
      cwd: flake,
      // Each time another one: Nix remembers for an hour what a cache did not have.
      env: { NIX_CONF_DIR: noStore(), XDG_CACHE_HOME: join(nix.dir, `nix-cache-${Math.random()}`) },
    });
    assert.equal(run.status, 0, run.stderr);
    const listed = { build: [] as string[], fetch: [] as string[] };
    let list: string[] | undefined;
    for (const line of run.stderr.split('\n')) {
      if (line.endsWith('will be built:')) list = listed.build;
      else if (line.includes('will be fetched')) list = listed.fetch;
      else if (line.startsWith('  /nix/store/')) list?.push(line.trim());
    }
    return { build: names(listed.build), fetch: names(listed.fetch) };
  }

  const lists = ({ build, substitute }: BuildPlan) => ({
    build: build.map(({ derivation }) => `${derivation.name}.drv`).sort(),
    fetch: names(substitute.keys()),
  });

  async function agree(store: string, folder: string, installables: readonly string[]): Promise<void> {
    assert.deepEqual(lists(await ours(store, folder, installables)), await theirs(store, folder, installables));
  }

  async function cacheWithout(name: string, ...missing: string[]): Promise<string> {
    const folder = await nix.makeCache(name, [...all], key);
    for (const path of missing) await rm(narinfoFile(folder, built(path)));
    return folder;
  }

  it('plans as we do when the cache has everything', async () => {
    await agree(emptyStore('s1'), cache, ['.#app', '.#both', '.#lib']);
    assert.ok((await ours(emptyStore('s1'), cache, ['.#app'])).substitute.size > 0);
  });

  it('plans as we do when the cache has nothing', async () => {
    await agree(emptyStore('s2'), await cacheWithout('nothing', ...all.map((path) => storePathName(path as StorePath))), [
      '.#app',
      '.#nixosConfigurations.box.config.system.build.toplevel',
    ]);
  });

  it('plans as we do when outputs are missing', async () => {
    for (const missing of [
      ['both'],
      ['both', 'app'],
      ['both', 'app', 'util'],
      ['both', 'app', 'tool'],
      ['both', 'app', 'fixed', 'util'],
    ]) {
      await agree(emptyStore('s3'), await cacheWithout(`without-${missing.join('-')}`, ...missing), ['.#both']);
    }
  });

  it('plans as we do when one of two outputs is missing', async () => {
    await agree(emptyStore('s4'), await cacheWithout('without-dev', 'lib-dev', 'util', 'app', 'both'), ['.#both']);
  });

  it('plans as we do when some is there already', async () => {
    const store = emptyStore('s5');
    await nix.succeed(['copy', '--no-check-sigs', '--from', `file://${cache}`, '--to', store, built('lib')]);
    await agree(store, await cacheWithout('without-util', 'util', 'app'), ['.#app']);
    assert.deepEqual(names((await ours(store, cache, ['.#lib'])).local.keys()), ['lib']);
  });

  it('lists a path that is signed by somebody else, and refuses it later; we plan to build it', async () => {
    const store = emptyStore('s6');
    const folder = await nix.makeCache(
      'strange',
      all.filter((path) => path !== built('tool') && path !== built('both') && path !== built('app')),
      key,
    );
    await nix.succeed(['copy', '--to', `file://${folder}?secret-key=${other.secretKeyFile}`, built('tool')]);
    const listed = await theirs(store, folder, ['.#tool']);
    assert.deepEqual(listed, { build: [], fetch: ['tool'] });
    const plan = await ours(store, folder, ['.#tool']);
    assert.deepEqual(lists(plan), { build: ['tool.drv'], fetch: [] });
    const real = await nix.run(
      [
        'build',
        '--no-link',
        '--max-jobs',
        '0',
        '--builders',
        '',
        '--substituters',
        `file://${folder}`,
        '--trusted-public-keys',
        key.publicKey,
        '--store',
        store,
        '.#tool',
      ],
      { cwd: flake, env: { NIX_CONF_DIR: noStore(), XDG_CACHE_HOME: join(nix.dir, 'nix-cache-real') } },
    );
    assert.notEqual(real.status, 0, 'it can neither fetch nor build');
  });

  it('lists a path of which a reference is gone; we plan to build it, as Nix then does', async () => {
    const plan = await ours(emptyStore('s7'), await cacheWithout('without-fixed', 'fixed'), ['.#util']);
    assert.deepEqual(lists(plan).build, ['fixed.drv', 'util.drv']);
    assert.equal(plan.build.find(({ derivation }) => derivation.name === 'util')?.reason.kind, 'broken-closure');
  });

  it('needs no signature for what is content-addressed', async () => {
    const folder = await nix.makeCache('unsigned', [built('fixed')]);
    await agree(emptyStore('s8'), folder, ['.#fixed']);
    assert.deepEqual(lists(await ours(emptyStore('s8'), folder, ['.#fixed'])).build, []);
  });

  it('lists the outputs of this system', async () => {
    const { system, outputs } = value(await cliFor(emptyStore('s9')).listOutputs({ dir: flake }, never));
    assert.equal(system, nix.system);
    assert.deepEqual(
      outputs.map(({ installable }) => installable.replace(system, 'S')),
      [
        '.#packages.S.default',
        ...['app', 'both', 'fixed', 'lib', 'local', 'tool', 'util'].map((name) => `.#packages.S.${name}`),
        '.#devShells.S.default',
        '.#nixosConfigurations.box.config.system.build.toplevel',
      ],
    );
  });

  it('says where the content of a download comes from', async () => {
    const { derivations } = value(await cliFor(emptyStore('s9')).resolve({ dir: flake }, ['.#fixed'], never));
    const [fixed] = [...derivations.values()];
    assert.equal(fixed?.fixed?.variables.get('url'), 'http://example.org/fixed');
    assert.equal(fixed.outputs.get('out')?.path, built('fixed'));
  });

  it('builds nothing, writes no lock, and says what it would need', async () => {
    const dir = await nix.makeFlake('unlocked', {
      'flake.nix': `{ inputs.f.url = "git+file://${flake}"; outputs = { self, f }: {
        packages.${nix.system} = { default = f.packages.${nix.system}.app; ifd = import f.packages.${nix.system}.tool; bad = throw "told\\u001b[31m so"; };
      }; }`,
    });
    const cli = cliFor(emptyStore('s10'));
    const reasonOf = async (installable: string) => {
      const answer = await cli.resolve({ dir }, [installable], never);
      return answer.kind === 'failed' ? answer.reason : 'ok';
    };
    assert.equal(await reasonOf('.#default'), 'lock-needs-changes');
    assert.equal(existsSync(join(dir, 'flake.lock')), false);
    await nix.succeed(['flake', 'lock'], { cwd: dir });
    await nix.succeed(['add', '-A'], { cwd: dir, program: 'git' });
    assert.equal(await reasonOf('.#default'), 'ok');
    assert.equal(await reasonOf('.#ifd'), 'needs-import-from-derivation');
    assert.equal(await reasonOf('.#none'), 'missing-attribute');
    assert.equal(await reasonOf('.#bad'), 'evaluation');
    // Not all can be shown, so the names are.
    const { outputs } = value(await cli.listOutputs({ dir }, never));
    assert.deepEqual(
      outputs.map(({ attrPath }) => attrPath.at(-1)),
      ['default', 'bad', 'ifd'],
    );
    const store = join(nix.dir, 's10', 'nix', 'store');
    assert.deepEqual(
      readdirSync(store).filter((name) => /-(app|tool|util|lib)$/.test(name)),
      [],
    );
  });

  it('knows the packages of an input as the flake locks it', async () => {
    const dir = await nix.makeFlake('with-input', {
      'flake.nix': `{ inputs.f.url = "git+file://${flake}"; outputs = { self, f }: { }; }`,
    });
    await nix.succeed(['flake', 'lock'], { cwd: dir });
    await nix.succeed(['add', '-A'], { cwd: dir, program: 'git' });
    const packages = value(await cliFor(emptyStore('s11')).inputPackages({ dir }, ['f'], [], never));
    assert.equal(packages.sampled, false);
    assert.deepEqual(
      packages.outputs.map(({ attribute, output }) => `${attribute} ${output}`),
      ['app out', 'both out', 'default out', 'fixed out', 'lib dev', 'lib out', 'local out', 'tool out', 'util out'],
    );
    assert.equal(packages.outputs.find(({ attribute }) => attribute === 'tool')?.path, built('tool'));
  });
});
