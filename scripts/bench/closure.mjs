/**
 * How fast closures are audited, beside the installed Nix, in one run on one machine: made caches behind a real web server on loopback, and
 * behind a proxy that delays. Figures are ratios of medians; what is slower or larger than its target is marked.
 *
 *     node scripts/bench/closure.mjs [--quick] [--rounds N]
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { editorAudit } from './editorAudit.mjs';
import { delayProxy } from './delayProxy.mjs';
import { serveCaches } from './webServer.mjs';

const root = join(import.meta.dirname, '../..');
const cli = join(root, 'dist/cli.js');

/** Runs the benchmark and returns the lines of its result; `failed` counts the targets that were missed. */
export async function closureBenchmark({ quick = false, rounds = quick ? 1 : 3, log = console.log } = {}) {
  if (spawnSync('nix', ['--version'], { stdio: 'ignore' }).status !== 0) {
    log('closure audit: not measured, no nix to compare with');
    return { failed: 0 };
  }
  const built = spawnSync(process.execPath, ['esbuild.mjs', '--production'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (built.status !== 0) throw new Error('the build failed');
  const folder = mkdtempSync(join(tmpdir(), 'flake-trust-bench-'));
  const server = await serveCaches(folder);
  let failed = 0;
  const report = (what, value, target, atLeast = true) => {
    const good = target === undefined || (atLeast ? value >= target : value <= target);
    if (!good) failed++;
    const limit = target === undefined ? '' : ` (target ${atLeast ? '≥' : '≤'} ${target})${good ? '' : '  MISSED'}`;
    log(`  ${what}: ${value.toFixed(2)}${limit}`);
  };
  try {
    log(`closure audit, ${cpus().length} cores, ${server.name}`);
    const sizes = quick ? [10_000] : [10_000, 50_000];
    let smaller;
    for (const paths of sizes) {
      const made = makeCache(folder, `c${paths}`, paths, ['--second']);
      const url = `${server.url}/c${paths}/a`;
      const targets =
        paths === 10_000 ? { verify: 4, dry: 1.25, warm: 3, memory: 120 } : { verify: 5, dry: 1.7, warm: 6, memory: 200 };
      log(`${paths} paths, loopback`);
      const ours = [];
      const verifies = [];
      const dries = [];
      // In turns, so that whatever else the machine does hits all alike.
      for (let round = 0; round < rounds; round++) {
        ours.push(await runOurs(made, [url], ['--no-cache']));
        verifies.push(await runVerify(made, url, freshHome(folder)));
        dries.push(await runDry(made, url, freshHome(folder)));
      }
      const own = median(ours.map(({ ms }) => ms));
      log(`  ${seconds(own)} ours, ${seconds(median(verifies))} nix store verify, ${seconds(median(dries))} dry run`);
      report('times faster than nix store verify', median(verifies) / own, targets.verify);
      report('times faster than the dry run', median(dries) / own, targets.dry);
      const memory = median(ours.map(({ rssMb }) => rssMb));
      report('peak memory in MB', memory, targets.memory, false);
      if (smaller !== undefined) {
        const further = paths - smaller.paths;
        report('memory of each further 10,000 paths in MB', ((memory - smaller.memory) / further) * 10_000, 15, false);
        report(
          'time of a further path against one of the first',
          (own - smaller.own) / further / (smaller.own / smaller.paths),
          1.1,
          false,
        );
      }
      smaller = { paths, own, memory };
      report(
        "share of this machine's limit",
        paths / (own / 1000) / machineLimit(await server.secondsEach(made.some.map((hash) => `/c${paths}/a/${hash}.narinfo`))),
        0.7,
      );

      const two = [];
      for (let round = 0; round < rounds; round++)
        two.push((await runOurs(made, [url, url.replace(/a$/, 'b')], ['--no-cache', '--challenge'])).ms);
      report('a second cache costs times one', median(two) / own, 1.7, false);

      const cacheDir = join(folder, `remembered-${paths}`);
      const home = freshHome(folder);
      await runOurs(made, [url], ['--cache-dir', cacheDir]);
      await runVerify(made, url, home);
      const warm = [];
      const nixWarm = [];
      for (let round = 0; round < rounds; round++) {
        warm.push((await runOurs(made, [url], ['--cache-dir', cacheDir])).ms);
        nixWarm.push(await runVerify(made, url, home));
      }
      log(`  warm: ${seconds(median(warm))} ours, ${seconds(median(nixWarm))} nix store verify`);
      report('warm, times faster than nix store verify', median(nixWarm) / median(warm), targets.warm);

      const editor = await editorAudit({
        ...{ server: join(root, 'dist/server.js'), folder, path: made.root, url, keys: made.keys, paths: made.paths },
      });
      log(`  in the editor: ${seconds(editor.cold.ms)} cold with ${editor.cold.hovers} hovers, ${seconds(editor.warm.ms)} warm`);
      report('longest stall of the main thread in ms, cold', editor.cold.stallMs, 10, false);
      report('95 of 100 hovers answered within ms, cold', editor.cold.mostHoversMs, 10, false);
      report('longest wait for a hover in ms, cold', editor.cold.hoverMs, 10, false);
      report('longest stall of the main thread in ms, warm', editor.warm.stallMs, 10, false);
      report('longest wait for a hover in ms, warm', editor.warm.hoverMs, 10, false);
      report('cancelled in ms', editor.cancelMs, 200, false);

      if (paths !== 10_000) continue;
      for (const latency of quick ? [20] : [20, 80]) {
        const proxy = await delayProxy(server.port, latency);
        const slow = (cache) => `http://127.0.0.1:${proxy.port}/c${paths}/${cache}`;
        const wide = ['--no-cache', '--connections', '512'];
        const runs = Math.min(rounds, 2);
        // The proxy knows all answers from here on.
        await runOurs(made, [slow('a')], wide);
        const one = median(await times(runs, async () => (await runOurs(made, [slow('a')], wide)).ms));
        const dry = await runDry(made, slow('a'), freshHome(folder));
        // One after another, so its time is known without waiting for it.
        const verifyMs = paths * latency;
        log(`at ${latency} ms, HTTP/1.1, 512 connections`);
        log(`  ${seconds(one)} ours, ${seconds(dry)} dry run, nix store verify at least ${seconds(verifyMs)}`);
        report('times faster than nix store verify (at least)', verifyMs / one, latency === 20 ? 100 : undefined);
        report('times faster than the dry run', dry / one, latency === 20 ? 5 : undefined);
        report('times the longest chain and the loopback time', one / (made.depth * latency + own), 1.6, false);
        if (latency === 80) {
          // Another host, as another cache has: how many are asked at once counts for each host.
          const other = await delayProxy(server.port, latency);
          const both = [slow('a'), `http://127.0.0.1:${other.port}/c${paths}/b`];
          await runOurs(made, both, [...wide, '--challenge']);
          const compared = await times(runs, async () => (await runOurs(made, both, [...wide, '--challenge'])).ms);
          report('a second cache costs times one', median(compared) / one, 1.15, false);
          await other.close();
        }
        await proxy.close();
        if (server.secure === undefined) continue;

        const secure = await delayProxy(server.secure.port, latency);
        const url2 = `https://localhost:${secure.port}/c${paths}/a`;
        const { certificate } = server.secure;
        const two = median(
          await times(runs, async () => (await runOurs(made, [url2], [...wide, '--ssl-cert-file', certificate])).ms),
        );
        const dry2 = await runDry(made, url2, { ...freshHome(folder), NIX_SSL_CERT_FILE: certificate });
        log(`at ${latency} ms, one HTTP/2 connection`);
        log(`  ${seconds(two)} ours, ${seconds(dry2)} dry run`);
        report('times faster than the dry run', dry2 / two, latency === 20 ? 5 : 12);
        await secure.close();
      }
    }
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return { failed };
}

function makeCache(folder, name, paths, options) {
  const dir = join(folder, name);
  const { status } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'makeCache.mjs'), '--out', dir, '--paths', String(paths), '--seed', 'bench', ...options],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (status !== 0) throw new Error('the cache was not made');
  const read = (file) => readFileSync(join(dir, file), 'utf8').trim();
  const all = read('paths.txt').split('\n');
  return {
    root: read('root'),
    depth: 30,
    some: all.slice(0, 2000).map((path) => path.slice('/nix/store/'.length, '/nix/store/'.length + 32)),
    keys: ['a', 'b'].map((cache) => read(`keys/${cache}.public`)),
    paths: all.length,
  };
}

async function times(count, work) {
  const results = [];
  for (let round = 0; round < count; round++) results.push(await work());
  return results;
}

let homes = 0;

/** A home of Nix with nothing remembered. */
function freshHome(folder) {
  const home = join(folder, `home-${homes++}`);
  mkdirSync(join(home, 'conf'), { recursive: true });
  writeFileSync(join(home, 'conf', 'nix.conf'), 'experimental-features = nix-command\nsubstituters =\n');
  return { HOME: home, XDG_CACHE_HOME: join(home, 'cache'), NIX_CONF_DIR: join(home, 'conf'), NIX_USER_CONF_FILES: '' };
}

async function runOurs({ root: path, keys, paths }, urls, options) {
  const args = [
    'audit',
    '--path',
    path,
    '--no-nix-conf',
    '--substituters',
    urls.join(' '),
    '--trusted-public-keys',
    keys.join(' '),
  ];
  const { ms, stdout, stderr } = await run(
    process.execPath,
    ['--require', join(import.meta.dirname, 'peak.cjs'), cli, ...args, ...options],
    {},
  );
  if (!stdout.includes(`${paths}  signed by a key`)) throw new Error(`the audit did not verify all paths:\n${stdout}${stderr}`);
  return { ms, rssMb: Number(/PEAK (\d+)/.exec(stderr)?.[1]) / 1024 };
}

async function runVerify({ root: path, keys }, url, env) {
  const args = ['store', 'verify', '-r', '--no-contents', '--store', url, '--trusted-public-keys', keys.join(' '), path];
  return (await run('nix', args, env)).ms;
}

async function runDry({ root: path, keys }, url, env) {
  const args = [
    '--realise',
    '--dry-run',
    path,
    '--option',
    'substituters',
    url,
    '--option',
    'trusted-public-keys',
    keys.join(' '),
  ];
  return (await run('nix-store', args, env)).ms;
}

function run(program, args, env) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(program, args, { env: { ...process.env, NO_PROXY: '*', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => (stdout += text));
    child.stderr.on('data', (text) => (stderr = (stderr + text).slice(-100_000)));
    child.on('error', reject);
    child.on('close', (code) => {
      const ms = performance.now() - start;
      if (code === 0) resolve({ ms, stdout, stderr });
      else reject(new Error(`${program} ended with ${code}: ${stderr.slice(-2000)}`));
    });
  });
}

/** Paths a second if all cores did nothing but verify, ask and serve. */
function machineLimit(serverAndClientSeconds) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const text = Buffer.alloc(400, 1);
  const signature = sign(null, text, privateKey);
  const start = process.cpuUsage();
  for (let i = 0; i < 2000; i++) verify(null, text, publicKey, signature);
  const { user, system } = process.cpuUsage(start);
  return cpus().length / ((user + system) / 1e6 / 2000 + serverAndClientSeconds);
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(2)} s`;
}

/** A port that is free now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

if (process.argv[1] === import.meta.filename) {
  const words = process.argv.slice(2);
  const rounds = words.includes('--rounds') ? Number(words[words.indexOf('--rounds') + 1]) : undefined;
  const { failed } = await closureBenchmark({ quick: words.includes('--quick'), ...(rounds === undefined ? {} : { rounds }) });
  process.exitCode = failed > 0 ? 1 : 0;
}
