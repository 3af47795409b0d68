/** Ctrl-C while a closure is walked, as a process. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AuditReport } from '../../server/src/domain/closureReport';
import { hang, startCacheServer, text, type CacheServer } from '../support/cacheServer';
import { bareEnvironment, cliBundle, ensureBuilt, runCli } from '../support/cli';
import { eventually } from '../support/eventually';
import { makeCaches, type MadeCache } from '../support/madeCache';
import { schemaErrors } from '../support/reportSchema';

/** A walk of this many paths is in the middle when so many were answered. */
const PATHS = 400;
const ANSWERED = 150;

describe('an audit that is cancelled', function () {
  this.timeout(60_000);
  let home: string;
  let made: MadeCache;
  let server: CacheServer;
  let left: number;
  before(() => {
    ensureBuilt();
    made = makeCaches(['--paths', String(PATHS), '--seed', 'cancel']);
  });
  beforeEach(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'flake-trust-cancel-'));
    left = ANSWERED;
    server = await startCacheServer({
      '*': (request, response) => {
        const name = request.url ?? '';
        if (name.endsWith('.narinfo') && left-- <= 0) hang(request, response);
        else void readFile(path.join(made.dir, 'a', name), 'utf8').then((body) => text(body)(request, response));
      },
    });
  });
  afterEach(async () => {
    await server.close();
    await rm(home, { recursive: true, force: true });
  });
  after(() => made.dispose());

  const args = (...more: string[]) => [
    ...['audit', '--path', made.root, '--no-nix-conf', '--substituters', server.url, '--trusted-public-keys', made.keys.a],
    ...['--timeout', '60', ...more],
  ];
  const narinfos = () => server.requests.map(({ path: name }) => name).filter((name) => name.endsWith('.narinfo'));

  it('prints what is known by then, ends with 130, and is completed by the next from there', async () => {
    let child: ChildProcess | undefined;
    const running = runCli(args('--json'), home, { onStart: (started) => (child = started) });
    await eventually('all answers are given', () => left < 0, 30_000);
    child?.kill('SIGINT');
    const { code, stdout, stderr } = await running;
    assert.equal(code, 130);
    assert.match(stderr, /cancelled/);
    const report = JSON.parse(stdout) as AuditReport;
    assert.deepEqual(schemaErrors(report), []);
    const { closure } = report;
    assert.equal(closure?.stopped?.reason, 'cancelled');
    assert.ok(closure.stopped.unvisited > 0);
    assert.ok(closure.paths.length > 0 && closure.paths.length < PATHS);
    assert.deepEqual(
      report.findings.map(({ code: finding, message }) => [finding, message]),
      [['closure-incomplete', 'The closure was not walked to its end: it was cancelled']],
    );

    left = Infinity;
    const before = server.requests.length;
    const next = await runCli(args('--json'), home);
    assert.equal(next.code, 0, next.stderr);
    assert.equal((JSON.parse(next.stdout) as AuditReport).closure?.totals.paths, PATHS);
    const again = server.requests.slice(before).map(({ path: name }) => name);
    const known = closure.paths.map(({ storePath }) => `/${storePath.slice(11, 43)}.narinfo`);
    assert.deepEqual(
      known.filter((name) => again.includes(name)),
      [],
    );
    const third = server.requests.length;
    await runCli(args('--json'), home);
    assert.deepEqual(
      server.requests.slice(third).map(({ path: name }) => name),
      ['/nix-cache-info'],
    );
  });

  it('says so in words, too', async () => {
    let child: ChildProcess | undefined;
    const running = runCli(args(), home, { onStart: (started) => (child = started) });
    await eventually('all answers are given', () => left < 0, 30_000);
    child?.kill('SIGINT');
    const { code, stdout } = await running;
    assert.equal(code, 130);
    assert.match(stdout, /cancelled/);
  });

  it('ends at once the second time, whoever does not read what it prints', async () => {
    left = Infinity;
    const child = spawn(process.execPath, [cliBundle, ...args('--json')], {
      cwd: home,
      env: bareEnvironment(home),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child.stdout.pause();
    const ended = once(child, 'exit');
    await eventually('everything was asked', () => narinfos().length === PATHS, 30_000);
    await eventually('it prints', () => child.stdout.readableLength > 0 || child.exitCode !== null, 30_000);
    assert.equal(child.exitCode, null, 'the report fits into the pipe');
    // Signals of one kind that arrive together are one: so it is sent until it was heard twice.
    const repeat = setInterval(() => child.kill('SIGINT'), 50);
    const [code] = (await ended) as [number | null];
    clearInterval(repeat);
    assert.equal(code, 130);
  });
});
