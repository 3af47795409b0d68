/**
 * The figures of the README: `npm run bench`. Builds what it measures (minified, as shipped), makes its flakes and its cache, needs no
 * network. Each figure stands beside its aim and, where there is one, a peer that does the least that such a program must do.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import esbuild from 'esbuild';
import { activationMs } from './benchActivation.mjs';
import { closureBenchmark } from './bench/closure.mjs';
import { startServer as startLanguageServer } from './bench/languageServer.mjs';
import { vettingBenchmark, vettingInEditor } from './bench/vetting.mjs';

const root = path.join(import.meta.dirname, '..');
const out = path.join(root, 'out', 'bench');
const rows = [];

/** The value below which `share` of the samples lie. */
const quantile = (samples, share) =>
  [...samples].sort((a, b) => a - b)[Math.min(samples.length - 1, Math.floor(samples.length * share))];
const median = (samples) => quantile(samples, 0.5);
const ms = (value) => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
const mb = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MB`;
const row = (what, measured, aim = '', peer = '') => rows.push([what, measured, aim, peer]);

/** A language server with nothing in it but the protocol library: no server of this kind starts sooner. */
const TRIVIAL = `
  const { createConnection } = require('vscode-languageserver/node');
  const connection = createConnection();
  connection.onInitialize(() => ({ capabilities: { hoverProvider: true } }));
  connection.onHover(() => ({ contents: 'hover' }));
  connection.listen();
`;

async function build() {
  await mkdir(out, { recursive: true });
  const shared = {
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    mainFields: ['module', 'main'],
    absWorkingDir: root,
    logLevel: 'error',
  };
  await Promise.all([
    esbuild.build({ ...shared, minify: true, entryPoints: ['server/src/main.ts'], outfile: path.join(out, 'server.js') }),
    esbuild.build({
      ...shared,
      minify: true,
      stdin: { contents: TRIVIAL, resolveDir: root },
      outfile: path.join(out, 'trivial.js'),
    }),
    esbuild.build({ ...shared, entryPoints: ['test/support/benchParts.ts'], outfile: path.join(out, 'parts.cjs') }),
  ]);
}

const startServer = (file, ...rest) => startLanguageServer(path.join(out, file), ...rest);

async function measureStart(home) {
  const times = { 'server.js': [], 'trivial.js': [] };
  // In turn, so that whatever else the machine does weighs on both.
  for (let round = 0; round < 15; round++)
    for (const [file, samples] of Object.entries(times)) {
      const server = await startServer(file, home);
      samples.push(server.readyMs);
      await server.stop();
    }
  row(
    'Server start to ready (median of 15)',
    ms(median(times['server.js'])),
    'under 150 ms',
    `empty server: ${ms(median(times['trivial.js']))}`,
  );
}

async function measureHover(home, { makeFlake, makeCache }) {
  const flake = makeFlake(60, 'hover');
  const { files, key } = makeCache(flake.words);
  const http = createServer((request, response) => {
    const text = files.get(request.url.slice(1));
    response.writeHead(text === undefined ? 404 : 200).end(text);
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  const dir = path.join(home, 'hover');
  await mkdir(dir);
  await writeFile(path.join(dir, 'flake.lock'), flake.lock);
  const uri = pathToFileURL(path.join(dir, 'flake.nix')).href;
  const caches = [{ url: `http://127.0.0.1:${http.address().port}`, keys: [key] }];
  const server = await startServer('server.js', home, { caches });
  const trivial = await startServer('trivial.js', home);
  await server.open(uri, flake.nix);
  await server.until('ok');
  const lines = flake.nix.split('\n').flatMap((line, index) => (line.includes('.url') ? [index] : []));
  const times = [];
  const trivialTimes = [];
  for (let round = 0; round < 20; round++)
    for (const line of lines) {
      const started = performance.now();
      const hover = await server.hover(uri, line, 6);
      times.push(performance.now() - started);
      if (!/signed by/.test(hover.contents.value))
        throw new Error(`This hover was not made from memory:\n${hover.contents.value}`);
      const other = performance.now();
      await trivial.hover(uri, line, 6);
      trivialTimes.push(performance.now() - other);
    }
  const peer = (share) => `constant answer: ${ms(quantile(trivialTimes, share))}`;
  row('Hover from memory, 60 inputs, p50', ms(median(times)), '', peer(0.5));
  row('Hover from memory, 60 inputs, p95', ms(quantile(times, 0.95)), 'under 5 ms', peer(0.95));

  // One character after another, faster than the pause after which the text is read.
  const strokes = 300;
  const before = await server.probe();
  for (let version = 2; version < strokes + 2; version++)
    await server.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges: [{ range: { start: { line: 0, character: 1 }, end: { line: 0, character: 1 } }, text: ' ' }],
    });
  await server.connection.sendRequest('flakeTrust/checkKey', { text: '' });
  const after = await server.probe();
  row('Keystroke (processor time of the server)', ms((after.cpuMs - before.cpuMs) / strokes));
  await server.stop();
  await trivial.stop();
  await new Promise((resolve) => http.close(resolve));
}

function measureReading({ makeFlake, makeLock, parseFlakeLock, readFlakeNix, readFlake }) {
  const lock = makeLock(10_000);
  const { nix, lock: smallLock } = makeFlake(60, 'read');
  const timesOf = (work) => {
    const samples = [];
    for (let round = 0; round < 60; round++) {
      const started = performance.now();
      work();
      samples.push(performance.now() - started);
    }
    return samples;
  };
  const first = timesOf(() => parseFlakeLock(lock))[0];
  row(
    'Parse of a 10,000-line flake.lock (median of 60)',
    ms(median(timesOf(() => parseFlakeLock(lock)))),
    'under 20 ms',
    `JSON.parse, no positions: ${ms(median(timesOf(() => JSON.parse(lock))))}`,
  );
  row('  the very first time', ms(first));
  row('flake.nix with 60 inputs read', ms(median(timesOf(() => readFlakeNix(nix)))));
  const options = { privatePatterns: [], now: Date.now() };
  const previous = readFlake({ flakeNix: nix, flakeLock: smallLock }, options);
  let round = 0;
  row(
    '  and checked, after typing stops',
    ms(
      median(timesOf(() => readFlake({ flakeNix: `${nix}${' '.repeat(round++ % 7)}`, flakeLock: smallLock }, options, previous))),
    ),
  );
}

async function measureMemory(home, { makeFlake }) {
  const idle = await startServer('trivial.js', home);
  const empty = await idle.probe();
  await idle.stop();
  const server = await startServer('server.js', home, { network: { mode: 'offline' } });
  const start = await server.probe();
  for (let index = 0; index < 50; index++) {
    const flake = makeFlake(20, `memory-${index}`);
    const dir = path.join(home, `memory-${index}`);
    await mkdir(dir);
    await writeFile(path.join(dir, 'flake.lock'), flake.lock);
    const uri = pathToFileURL(path.join(dir, 'flake.nix')).href;
    await server.open(uri, flake.nix);
    await server.hover(uri, 2, 6);
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  const full = await server.probe();
  row(
    'Heap after 50 open flakes of 20 inputs',
    mb(full.heapUsed),
    'under 60 MB',
    `at start ${mb(start.heapUsed)}; empty server ${mb(empty.heapUsed)}`,
  );
  row('  resident memory of the process', mb(full.rss), '', `at start ${mb(start.rss)}; empty server ${mb(empty.rss)}`);
  await server.stop();
}

function print() {
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((cells) => cells[column].length)));
  for (const cells of rows)
    console.log(
      cells
        .map((cell, column) => (column === 1 ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
        .join('   ')
        .trimEnd(),
    );
}

const home = await mkdtemp(path.join(tmpdir(), 'flake-trust-bench-'));
try {
  await build();
  await writeFile(path.join(home, 'nix.conf'), 'substituters =\n');
  const parts = await import(pathToFileURL(path.join(out, 'parts.cjs')).href);
  console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}\n`);
  await measureStart(home);
  await measureHover(home, parts);
  measureReading(parts);
  vettingBenchmark(parts, row);
  await vettingInEditor(startServer, home, parts, row);
  await measureMemory(home, parts);
  const activation = await activationMs();
  row('Activation of the extension', activation === undefined ? 'not measured: no Chromium' : ms(activation), 'under 100 ms');
  print();
  // Its figures are ratios against the installed Nix, each beside its aim.
  console.log();
  await closureBenchmark({ quick: process.argv.includes('--quick') });
} finally {
  await rm(home, { recursive: true, force: true });
}
