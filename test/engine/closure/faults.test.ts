/** Audits of a cache that breaks while it is asked: the rest is audited, and what could not be checked is said. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StorePath } from '../../../server/src/domain/storePath';
import { parseNarHash } from '../../../server/src/domain/hash';
import { auditClosure } from '../../../server/src/engine/closure/auditReport';
import type { Closure } from '../../../server/src/engine/closure/closure';
import {
  startCacheServer,
  drip,
  endless,
  endlessHeaders,
  gzipBomb,
  hangUp,
  hugeHeaders,
  inTurn,
  raw,
  redirect,
  stall,
  status,
  text,
  truncated,
  type Behaviour,
  type CacheServer,
} from '../../support/cacheServer';
import { auditMade, type AuditSetup } from '../../support/madeCache';
import { nthHash } from '../../support/nthHash';
import { makeSigner, narinfoText } from '../../support/signer';

const signer = makeSigner('cache.example-1');
const parsed = parseNarHash('sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
assert.ok(parsed.ok);
const narHash = parsed.value;
const pathOf = (n: number, series = 'faults') => `/nix/store/${nthHash(n, series)}-path-${n}` as StorePath;
const fileOf = (path: StorePath) => `/${path.slice(11, 43)}.narinfo`;
const narinfo = (path: StorePath, references: readonly StorePath[] = []) =>
  narinfoText({ storePath: path, narHash, references, signers: [signer] });

describe('a closure in a cache that breaks', () => {
  const root = pathOf(0);
  const good = Array.from({ length: 30 }, (_, n) => pathOf(n + 1));
  const odd = pathOf(99);
  let server: CacheServer;

  beforeEach(async () => {
    server = await startCacheServer({
      '/nix-cache-info': text('StoreDir: /nix/store\nPriority: 40\n'),
      [fileOf(root)]: text(narinfo(root, [...good, odd])),
      ...Object.fromEntries(good.map((path) => [fileOf(path), text(narinfo(path))])),
    });
  });
  afterEach(() => server.close());

  const audit = (timeoutMs = 1500, more: Partial<AuditSetup> = {}): Promise<Closure> =>
    auditMade({ urls: [server.url], keys: [signer.publicKey], roots: [root], connections: 4, timeoutMs, ...more });
  const pathOfOdd = (closure: Closure) => closure.paths.find(({ storePath }) => storePath === odd);

  const unusable: [string, Behaviour, string, RegExp][] = [
    ['garbage', text('no narinfo at all\n'), 'malformed', /not a narinfo/],
    ['a web page', text('<!doctype html><p>Sign in'), 'malformed', /web page/],
    ["another path's narinfo", text(narinfo(pathOf(7))), 'malformed', /another path/],
    ['no HTTP', raw('SSH-2.0-OpenSSH_9.2\r\n'), 'unreachable', /HTTP|broke/],
    ['a body cut off', truncated(narinfo(odd)), 'unreachable', /broke|shorter/],
    ['nothing but the end of the connection', hangUp, 'unreachable', /broke/],
    ['an answer that stops half way', stall, 'unreachable', /within/],
    ['an error of its own', status(500), 'unreachable', /HTTP 500/],
    ['a body that drips for ever', drip, 'unreachable', /within/],
    ['a body without end', endless, 'malformed', /larger/],
    ['headers without end', endlessHeaders, 'malformed', /./],
    ['headers of a megabyte', hugeHeaders(1 << 20), 'malformed', /./],
    ['a compressed body that swells', gzipBomb(50), 'malformed', /larger/],
    ['a redirect in a circle', redirect(fileOf(odd)), 'unreachable', /redirect/],
    ['a redirect to elsewhere', redirect('http://elsewhere.example/x.narinfo'), 'unreachable', /redirected/],
    ['a question who asks', status(401), 'unauthorized', /password/],
    ['a narinfo of a megabyte', text(`${narinfo(odd)}X: ${'x'.repeat(1 << 20)}\n`), 'malformed', /larger/],
  ];
  for (const [what, behaviour, answer, reason] of unusable) {
    it(`with ${what} for one path`, async function () {
      this.timeout(20_000);
      server.on(fileOf(odd), behaviour);
      const closure = await audit();
      assert.deepEqual(closure.totals.byVerdict, { unknown: 1, verified: 31 });
      const found = pathOfOdd(closure);
      assert.equal(found?.verdict, 'unknown');
      assert.equal(found.answers?.[0]?.answer, answer);
      assert.match(found.answers[0].reason ?? '', reason);
    });
  }

  const usable: [string, Behaviour][] = [
    ['is busy at first', inTurn(status(503), text(narinfo(odd)))],
    ['asks for patience', inTurn(status(429, { 'retry-after': '1' }), text(narinfo(odd)))],
    ['hangs up once', inTurn(hangUp, text(narinfo(odd)))],
    ['sends it in chunks', (_, response) => void (response as ServerResponse).end(narinfo(odd))],
    ['closes after each answer', text(narinfo(odd), { connection: 'close' })],
  ];
  for (const [what, behaviour] of usable) {
    it(`that ${what}`, async function () {
      this.timeout(20_000);
      server.on(fileOf(odd), behaviour);
      const start = performance.now();
      const closure = await audit(2000);
      assert.deepEqual(closure.totals.byVerdict, { verified: 32 });
      if (what === 'asks for patience') assert.ok(performance.now() - start > 950);
    });
  }

  it('that is gone after the first answers: what was answered counts, the rest is not checked', async function () {
    this.timeout(20_000);
    let left = 10;
    for (const path of [...good, odd]) {
      server.on(fileOf(path), (request, response) => (left-- > 0 ? text(narinfo(path)) : hangUp)(request, response));
    }
    const closure = await audit();
    const { verified = 0, unknown = 0 } = closure.totals.byVerdict;
    assert.equal(verified + unknown, 32);
    assert.ok(verified >= 11 && unknown >= 1, `${verified} verified`);
  });

  it('and is asked again: only what is not known', async function () {
    this.timeout(30_000);
    const storageDir = await mkdtemp(path.join(tmpdir(), 'flake-trust-faults-'));
    try {
      let left = 12;
      for (const path of [...good, odd]) {
        server.on(fileOf(path), (request, response) => (left-- > 0 ? text(narinfo(path)) : hangUp)(request, response));
      }
      const broken = await audit(1500, { storageDir });
      const known = broken.paths.filter(({ verdict }) => verdict === 'verified').map(({ storePath }) => storePath);
      assert.ok(known.length >= 12 && known.length < 32, `${known.length} known`);
      const { report } = await auditClosure(broken, { audit: true });
      const [finding] = report.findings.filter(({ code }) => code === 'closure-incomplete');
      assert.deepEqual(finding?.evidence, { paths: 32 - known.length });

      for (const path of [...good, odd]) server.on(fileOf(path), text(narinfo(path)));
      const before = server.requests.length;
      const whole = await audit(1500, { storageDir });
      assert.deepEqual(whole.totals.byVerdict, { verified: 32 });
      const asked = server.requests.slice(before).map((request) => request.path);
      assert.deepEqual(
        known.filter((path) => asked.includes(fileOf(path as StorePath))),
        [],
      );
      assert.equal(asked.filter((file) => file.endsWith('.narinfo')).length, 32 - known.length);

      const again = server.requests.length;
      await audit(1500, { storageDir });
      assert.deepEqual(
        server.requests.slice(again).map((request) => request.path),
        ['/nix-cache-info'],
      );
    } finally {
      await rm(storageDir, { recursive: true, force: true });
    }
  });

  it('that makes up a path for each that is asked for: no further than the limit, which is told', async function () {
    this.timeout(30_000);
    for (let n = 0; n < 60; n++)
      server.on(fileOf(pathOf(n, 'chain')), text(narinfo(pathOf(n, 'chain'), [pathOf(n + 1, 'chain')])));
    const closure = await audit(1500, { roots: [pathOf(0, 'chain')], maxChain: 40 });
    assert.deepEqual(closure.stopped, { reason: 'max-chain', limit: 40, unvisited: 1 });
    assert.equal(closure.size, 41);
    const { report } = await auditClosure(closure, { audit: true });
    assert.deepEqual(
      report.findings.map(({ code, message }) => [code, message]),
      [['closure-incomplete', 'The closure was not walked to its end: a chain of references is longer than the limit of 40']],
    );
  });

  it('whose paths have too many references: no more are followed than the limit, which is told', async function () {
    this.timeout(30_000);
    const closure = await audit(1500, { maxReferences: 20 });
    assert.equal(closure.stopped?.reason, 'max-references');
    const { report } = await auditClosure(closure, { audit: true });
    assert.match(report.findings[0]?.message ?? '', /more references than the limit of 20/);
  });

  it('that cannot be reached at all', async () => {
    await server.close();
    const closure = await audit();
    assert.deepEqual(closure.totals.byVerdict, { unknown: 1 });
    assert.match(closure.paths[0]?.answers?.[0]?.reason ?? '', /refused/);
    server = await startCacheServer();
  });
});
