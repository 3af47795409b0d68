/** `flake-trust audit --output` and `--binaries` with the installed Nix, on flakes and caches made for the test. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { AuditReport } from '../../server/src/domain/closureReport';
import { storePathHash, storePathName, type StorePath } from '../../server/src/domain/storePath';
import { ensureBuilt, runCli } from '../support/cli';
import { startHttpProxy } from '../support/proxyServer';
import { schemaErrors } from '../support/reportSchema';
import { serveFolder } from './serveFolder';
import { makeRealNix, shellDerivation, type NixKey, type RealNix } from './realNix';

describe('the bundled command line with the installed Nix', function () {
  this.timeout(120_000);
  let nix: RealNix;
  let flake: string;
  let cache: string;
  let key: NixKey;

  before(async () => {
    ensureBuilt();
    nix = await makeRealNix();
    const { system } = nix;
    const lib = await nix.makeFlake('lib', {
      'flake.nix': `{ outputs = _: { packages.${system}.default = ${shellDerivation('lib', 'echo lib > $out', system)}; }; }`,
    });
    flake = await nix.makeFlake('app', {
      'flake.nix': `{ inputs.lib.url = "git+file://${lib}"; outputs = { self, lib }: { packages.${system}.default =
        derivation { name = "app"; system = "${system}"; builder = "/bin/sh"; args = [ "-c" "echo $lib > $out" ]; lib = lib.packages.${system}.default; }; }; }`,
    });
    await nix.succeed(['flake', 'lock'], { cwd: flake });
    await nix.succeed(['add', '-A'], { cwd: flake, program: 'git' });
    await nix.succeed(['commit', '-q', '-m', 'Lock'], { cwd: flake, program: 'git' });
    key = await nix.makeKey('trusted-1');
    await nix.succeed(['build', '--no-link', `${flake}#default`]);
    const paths = (await nix.succeed(['path-info', '-r', `${flake}#default`])).trim().split('\n');
    cache = await nix.makeCache('cache', paths, key);
    const app = paths.find((path) => storePathName(path as StorePath) === 'app') as StorePath;
    await rm(join(cache, `${storePathHash(app)}.narinfo`));
    const conf = await readFile(join(nix.confDir, 'nix.conf'), 'utf8');
    await mkdir(join(nix.dir, 'other-conf'));
    await writeFile(join(nix.dir, 'other-conf', 'nix.conf'), conf.replace(/^store = .*$/m, ''));
  });
  after(() => nix.dispose());

  const run = (...args: string[]) => runWith(`file://${cache}`, ...args);

  async function runWith(url: string, ...args: string[]) {
    const home = join(nix.dir, 'cli-home');
    await mkdir(home, { recursive: true });
    const trust = ['--substituters', url, '--trusted-public-keys', key.publicKey];
    return runCli(['audit', flake, ...args, ...trust], home, {
      env: environment(),
    });
  }

  const environment = () => ({
    NIX_CONF_DIR: join(nix.dir, 'other-conf'),
    NIX_REMOTE: `local?root=${join(nix.dir, 'empty')}`,
    GIT_CONFIG_GLOBAL: '/dev/null',
  });

  it('plans and audits an output', async () => {
    const { code, stdout, stderr } = await run('--output', '.#default', '--json');
    assert.equal(code, 0, stderr);
    const { closure, inputs } = JSON.parse(stdout) as AuditReport;
    assert.equal(inputs.length, 1);
    assert.ok(closure);
    assert.deepEqual(
      closure.paths
        .map(({ storePath, verdict, built, keyNames }) => [storePathName(storePath as StorePath), verdict, built, keyNames])
        .sort(),
      [
        ['app', 'absent', 'would-build', []],
        ['lib', 'verified', undefined, ['trusted-1']],
      ],
    );
    assert.deepEqual(
      closure.roots.map((path) => storePathName(path as StorePath)),
      ['app'],
    );
    assert.deepEqual(
      closure.plan?.build.map(({ reason }) => reason),
      ['not-in-caches'],
    );
    assert.equal(closure.plan.nix, nix.version);
  });

  it('says it in words', async () => {
    const { stdout } = await run('--output', '.#default');
    assert.match(stdout, /What Nix .* would do\n\s+0 {2}in the local store\n\s+1 {2}fetched\n\s+1 {2}built here/);
  });

  it('tells who signed the binaries of an input, and remembers which they are', async () => {
    const { code, stdout, stderr } = await run('--binaries', 'lib', '--json');
    assert.equal(code, 0, stderr);
    const [input] = (JSON.parse(stdout) as AuditReport).inputs;
    const { checkedAt, ...rest } = input?.binaries ?? assert.fail('no binaries');
    assert.match(checkedAt, /^\d{4}-/);
    assert.deepEqual(rest, {
      system: nix.system,
      outputs: 1,
      found: 1,
      verified: 1,
      keyNames: ['trusted-1'],
      caches: [`file://${cache}`],
    });
    assert.match((await run('--binaries')).stdout, /lib: 1 of 1 output path signed by trusted-1, verified/);
    // From then on without Nix, and offline.
    assert.match((await run('--offline')).stdout, /lib: 1 of 1 output path signed by trusted-1, verified/);
  });

  it('asks no public cache for the binaries of a private input, and says so', async () => {
    const server = await serveFolder(cache);
    const proxy = await startHttpProxy({ target: () => Number(new URL(server.url).port) });
    const home = join(nix.dir, 'private-home');
    await mkdir(home);
    const audit = (...args: string[]) =>
      runCli(
        [
          ...['audit', flake, ...args, '--substituters', `http://cache.example.org file://${cache}`],
          ...['--trusted-public-keys', key.publicKey],
        ],
        home,
        { env: { ...environment(), NO_PROXY: '', http_proxy: `http://127.0.0.1:${proxy.port}` } },
      );
    try {
      const { code, stdout, stderr } = await audit('--binaries', 'lib', '--json');
      assert.deepEqual([code, stderr], [0, '']);
      const report = JSON.parse(stdout) as AuditReport;
      assert.deepEqual(schemaErrors(report), []);
      const { binaries } = report.inputs[0]!;
      assert.deepEqual([binaries?.verified, binaries?.caches], [1, [`file://${cache}`]]);
      assert.deepEqual(binaries?.notAsked, { reason: 'a path on this machine', caches: ['http://cache.example.org'] });
      const text = (await audit('--binaries', 'lib')).stdout;
      assert.match(text, /^ {4}private \(a path on this machine\), so not asked of cache\.example\.org$/m);
      assert.equal(proxy.asked.length, 0);
      // Who asks for the closure of an output asks all caches, as Nix will.
      await audit('--output', '.#default');
      assert.ok(proxy.asked.some((url) => url.endsWith('.narinfo')));
    } finally {
      await proxy.close();
      await server.close();
    }
  });

  it('holds an output to each rule of a policy, which decides the exit code', async () => {
    const stranger = await nix.makeKey('stranger-1');
    const lib = (await nix.succeed(['eval', '--raw', `${flake}#default.lib.outPath`])).trim();
    const [other, empty] = [await nix.makeCache('other', [lib], stranger), join(nix.dir, 'empty-cache')];
    await mkdir(empty);
    await writeFile(join(empty, 'nix-cache-info'), 'StoreDir: /nix/store\n');
    const folder = join(nix.dir, 'policy');
    await mkdir(folder);
    const [ours, theirs, nothing] = [`file://${cache}`, `file://${other}`, `file://${empty}`];
    const both = { keys: [key.publicKey, stranger.publicKey] };
    for (const [outputs, expected, more = []] of [
      [{ signedBy: { keys: [key.publicKey] } }, []],
      [{ signedBy: { keys: [stranger.publicKey] } }, ['policy-keys']],
      [{ signedBy: { ...both, atLeast: 'all' } }, ['policy-keys']],
      [{ caches: [ours] }, []],
      [{ caches: [nothing, ours] }, [], ['--extra-substituters', nothing]],
      [{ caches: [nothing] }, ['policy-cache'], ['--extra-substituters', nothing, '--challenge']],
      [{ agreement: true }, ['policy-agreement'], ['--challenge']],
      [
        { agreement: true },
        [],
        ['--extra-substituters', theirs, '--extra-trusted-public-keys', stranger.publicKey, '--challenge'],
      ],
      [{ localBuilds: ['a*'] }, []],
      [{ localBuilds: [] }, ['policy-local-build']],
    ] as readonly (readonly [object, readonly string[], (readonly string[])?])[]) {
      await writeFile(join(folder, 'policy.jsonc'), JSON.stringify({ version: 1, inputs: [{ criteria: [] }], outputs }));
      const { code, stdout, stderr } = await run('--output', '.#default', '--policy', folder, '--json', ...more);
      const what = `${JSON.stringify(outputs)} ${more.join(' ')}: ${stderr}`;
      const { findings } = JSON.parse(stdout) as AuditReport;
      const broken = findings.filter(({ code: found, severity }) => found.startsWith('policy-') && severity === 'error');
      assert.deepEqual(
        broken.map((finding) => finding.code),
        expected,
        what,
      );
      assert.equal(code, expected.length === 0 ? 0 : 1, what);
    }
  });

  it('sees, when it asks again, that a cache changed an answer', async () => {
    const server = await serveFolder(cache);
    try {
      const lib = (await nix.succeed(['eval', '--raw', `${flake}#default.lib.outPath`])).trim() as StorePath;
      const file = join(cache, `${storePathHash(lib)}.narinfo`);
      const before = await readFile(file, 'utf8');
      await runWith(server.url, '--output', '.#default', '--json');
      await writeFile(file, before.replace(/^NarHash: .*$/m, `NarHash: sha256:${'0'.repeat(52)}`));
      const { stdout } = await runWith(server.url, '--output', '.#default', '--json', '--refresh');
      await writeFile(file, before);
      const { findings } = JSON.parse(stdout) as AuditReport;
      assert.deepEqual(
        findings.filter(({ code }) => code === 'narinfo-changed').map(({ subject }) => subject.id),
        [lib],
      );
    } finally {
      await server.close();
    }
  });

  it('builds nothing and says why it cannot go on', async () => {
    assert.equal(existsSync(join(nix.dir, 'empty', 'nix', 'store', 'app')), false);
    for (const [args, message] of [
      [['--output', '.#none'], /does not provide attribute/],
      [['--binaries', 'nothing'], /there is no input "nothing"/],
    ] as const) {
      const { code, stdout, stderr } = await run(...args);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, message);
    }
  });
});
