/** `flake-trust audit --output all`, split and cancelled, with the installed Nix. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditReport } from '../../server/src/domain/closureReport';
import { storePathName, type StorePath } from '../../server/src/domain/storePath';
import { ensureBuilt, runCli, type CliOptions } from '../support/cli';
import { eventually } from '../support/eventually';
import { schemaErrors } from '../support/reportSchema';
import { makeRealNix, shellDerivation, type NixKey, type RealNix } from './realNix';
import { serveFolder, type FolderServer } from './serveFolder';

describe('outputs of a flake, all of them', function () {
  this.timeout(180_000);
  let nix: RealNix;
  let flake: string;
  let server: FolderServer;
  let key: NixKey;
  let home: string;

  before(async () => {
    ensureBuilt();
    nix = await makeRealNix();
    const { system } = nix;
    const lib = await nix.makeFlake('lib', {
      'flake.nix': `{ outputs = _: let base = ${shellDerivation('base', 'echo base > $out', system)}; in {
        packages.${system} = {
          lib = derivation { name = "lib-1.0"; system = "${system}"; builder = "/bin/sh"; args = [ "-c" "echo $base > $out" ]; inherit base; };
          unused = ${shellDerivation('unused', 'echo > $out', system)};
        };
      }; }`,
    });
    const needing = (name: string, more = '') =>
      `derivation { name = "${name}"; system = "${system}"; builder = "/bin/sh"; args = [ "-c" "echo $lib ${more} > $out" ]; inherit lib; }`;
    flake = await nix.makeFlake('app', {
      'flake.nix': `{ inputs.lib.url = "git+file://${lib}"; outputs = inputs: let inherit (inputs.lib.packages.${system}) lib; in {
        packages.${system} = {
          default = ${needing('app')}; tool = ${needing('tool')}; passed-on = lib;
          local = ${shellDerivation('local', 'echo local > $out', system)};
        };
        devShells.${system}.default = ${needing('shell')};
        checks.${system}.test = ${needing('test')};
        nixosConfigurations.box.config.system.build.toplevel = ${needing('nixos-system')};
        slow.${system} = let
          some = builtins.genList (x: x) 3000;
          times = f: builtins.foldl' (sum: _: f sum) 0 some;
        in times (a: times (b: times (c: times (d: a + b + c + d))));
      }; }`,
    });
    await nix.succeed(['flake', 'lock'], { cwd: flake });
    await nix.succeed(['add', '-A'], { cwd: flake, program: 'git' });
    await nix.succeed(['commit', '-q', '-m', 'Lock'], { cwd: flake, program: 'git' });
    key = await nix.makeKey('trusted-1');
    const built = ['default', 'tool', 'passed-on'].map((name) => `${flake}#${name}`);
    await nix.succeed(['build', '--no-link', ...built]);
    const paths = (await nix.succeed(['path-info', '-r', ...built])).trim().split('\n');
    server = await serveFolder(await nix.makeCache('cache', paths, key));
    const conf = await readFile(join(nix.confDir, 'nix.conf'), 'utf8');
    await mkdir(join(nix.dir, 'other-conf'));
    await writeFile(join(nix.dir, 'other-conf', 'nix.conf'), conf.replace(/^store = .*$/m, ''));
    home = join(nix.dir, 'cli-home');
    await mkdir(home);
  });
  after(async () => {
    await server.close();
    await nix.dispose();
  });

  function run(args: readonly string[], options: CliOptions = {}) {
    const trust = ['--substituters', server.url, '--trusted-public-keys', key.publicKey];
    return runCli(['audit', flake, ...args, ...trust], home, {
      ...options,
      env: {
        NIX_CONF_DIR: join(nix.dir, 'other-conf'),
        NIX_REMOTE: `local?root=${join(nix.dir, 'empty')}`,
        GIT_CONFIG_GLOBAL: '/dev/null',
      },
    });
  }

  it('are found and audited, and each path belongs to the input that it can be shown to come from', async () => {
    const { code, stdout, stderr } = await run(['--output', 'all', '--json']);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    const report = JSON.parse(stdout) as AuditReport;
    assert.deepEqual(schemaErrors(report), []);
    const { closure } = report;
    assert.ok(closure);
    assert.deepEqual(closure.roots.map((path) => storePathName(path as StorePath)).sort(), [
      ...['app', 'lib-1.0', 'local', 'nixos-system', 'shell', 'test', 'tool'],
    ]);
    const inputs = closure.paths.map(({ storePath, input }) => [storePathName(storePath as StorePath), input?.join('/')]);
    assert.deepEqual(Object.fromEntries(inputs), {
      ...{ app: undefined, local: undefined, 'nixos-system': undefined, shell: undefined, test: undefined, tool: undefined },
      'lib-1.0': 'lib',
      // It is no package of lib; but lib is built with it, and has no inputs.
      base: 'lib',
    });
    assert.deepEqual(
      closure.byInput?.map(({ input, paths }) => [input, paths]),
      [
        [['lib'], 2],
        [undefined, 6],
      ],
    );
    assert.match(
      (await run(['--output', 'all'])).stdout,
      /Paths by input.*\n\s+2 {2}lib\n\s+6 {2}of this flake itself, or not known\n/,
    );
  });

  it('are remembered as the binaries of the input that the outputs use', async () => {
    const { inputs } = JSON.parse((await run(['--json', '--offline'])).stdout) as AuditReport;
    assert.deepEqual([inputs[0]?.binaries?.outputs, inputs[0]?.binaries?.verified], [1, 1]);
  });

  it('make together, split over runners, the report of one run', async () => {
    const whole = await run(['--output', 'all', '--json', '--challenge']);
    for (const count of [2, 3, 9]) {
      const files: string[] = [];
      for (let index = 1; index <= count; index++) {
        const file = join(home, `${index}-of-${count}.json`);
        const { code, stderr } = await run(
          ['--output', 'all', '--json', '--challenge', '--shard', `${index}/${count}`, '--out', file],
          {},
        );
        assert.equal(code, 0, stderr);
        assert.deepEqual(schemaErrors(JSON.parse(await readFile(file, 'utf8'))), []);
        files.push(file);
      }
      const merged = await runCli(['merge', ...files, '--json'], home);
      assert.equal(merged.stderr, '');
      assert.equal(merged.stdout, whole.stdout, `${count} shards`);
    }
  });

  it('are held to the policy of the flake as in one run', async () => {
    const folder = join(flake, 'flake-trust');
    await mkdir(folder);
    const policy = {
      version: 1,
      inputs: [{ criteria: [] }],
      outputs: {
        signedBy: { keys: [key.publicKey, (await nix.makeKey('other-1')).publicKey], atLeast: 'all' },
        caches: ['https://vetted.example.org'],
        agreement: true,
        localBuilds: ['nixos-*'],
      },
      suppressions: [{ code: 'policy-keys', reason: 'One key for now.', until: '2100-01-01' }],
    };
    await writeFile(join(folder, 'policy.jsonc'), JSON.stringify(policy));
    try {
      const whole = await run(['--output', 'all', '--json', '--challenge']);
      assert.equal(whole.code, 1, whole.stderr);
      const found = (JSON.parse(whole.stdout) as AuditReport).findings.filter(({ code }) => code.startsWith('policy-'));
      assert.deepEqual(
        found.map(({ code, severity, evidence, suppressed }) => [code, severity, evidence?.['total'], suppressed !== undefined]),
        [
          ['policy-agreement', 'error', 4, false],
          ['policy-keys', 'error', 4, true],
          ['policy-local-build', 'error', 3, false],
          ['policy-cache', 'information', 4, false],
        ],
      );
      for (const count of [2, 5]) {
        const files: string[] = [];
        for (let index = 1; index <= count; index++) {
          const file = join(home, `policy-${index}-of-${count}.json`);
          await run(['--output', 'all', '--json', '--challenge', '--shard', `${index}/${count}`, '--out', file]);
          assert.deepEqual(schemaErrors(JSON.parse(await readFile(file, 'utf8'))), []);
          files.push(file);
        }
        const merged = await runCli(['merge', ...files, '--json'], home);
        assert.equal(merged.stdout, whole.stdout, `${count} shards`);
        assert.equal(merged.code, 1);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('are refused where the flake is another', async () => {
    const [one, two] = ['old-1.json', 'old-2.json'].map((name) => join(home, name));
    assert.ok(one && two);
    await run(['--output', '.#default .#tool', '--json', '--shard', '1/2', '--out', one]);
    const text = await readFile(join(flake, 'flake.nix'), 'utf8');
    await writeFile(join(flake, 'flake.nix'), `${text}# newer\n`);
    await run(['--output', '.#default .#tool', '--json', '--shard', '2/2', '--out', two]);
    await writeFile(join(flake, 'flake.nix'), text);
    const { code, stderr } = await runCli(['merge', one, two], home);
    assert.equal(code, 2);
    assert.match(stderr, /audits another flake/);
  });

  it('end with Nix and all that it started, when cancelled while Nix evaluates', async () => {
    let child: ChildProcess | undefined;
    const running = run(['--output', `.#slow.${nix.system}`], { onStart: (started) => (child = started) });
    await eventually('Nix evaluates', () => evaluating(nix.system) > 0, 60_000);
    child?.kill('SIGINT');
    const { code, stdout, stderr } = await running;
    assert.equal(code, 130);
    assert.equal(stdout, '');
    assert.match(stderr, /cancelled/);
    await eventually('Nix has ended', () => evaluating(nix.system) === 0);
  });
});

/** How many processes evaluate the slow output. */
function evaluating(system: string): number {
  const commands = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(join('/proc', pid, 'cmdline'), 'utf8');
      } catch {
        return ''; // It ended meanwhile.
      }
    });
  return commands.filter((command) => command.includes(`.#slow.${system}`) && command.includes('--dry-run')).length;
}
