import assert from 'node:assert/strict';
import { DirectTransport } from '../../server/src/adapters/directTransport';
import { HttpBinaryCache } from '../../server/src/adapters/httpBinaryCache';
import { nodeFiles } from '../../server/src/adapters/nodeFiles';
import type { StorePathHash } from '../../server/src/domain/storePath';
import type { CacheInfoLookup, NarinfoLookup } from '../../server/src/engine/ports';
import { aborted, never } from '../support/abort';
import * as cache from '../support/cacheServer';
import { startCacheServer, type Behaviour, type CacheServer } from '../support/cacheServer';
import { fakeLog } from '../support/fakeLog';
import { environment } from '../support/memoryFiles';
import { answered, failing, scriptedTransport, type Answer } from '../support/scriptedTransport';

const HASH = '0c0zr5nrzblgzm9aaj5yzpwx3rzblc1m' as StorePathHash;
const NARINFO = `StorePath: /nix/store/${HASH}-x\nNarSize: 1\n`;
const INFO = 'StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 40\n';

describe('HttpBinaryCache', () => {
  const direct = new DirectTransport({ environment: environment(), files: nodeFiles, log: fakeLog() });
  let server: CacheServer;
  afterEach(() => server.close());
  after(() => direct.close());

  interface Opening {
    readonly prefix?: string;
    readonly password?: string;
    /** Long, where an answer is expected: the machine may be busy. */
    readonly timeoutMs?: number;
  }

  async function open(paths: Record<string, Behaviour>, { prefix = '', password, timeoutMs = 10_000 }: Opening = {}) {
    server = await startCacheServer(
      Object.fromEntries(Object.entries(paths).map(([path, behaviour]) => [`${prefix}/${path}`, behaviour])),
    );
    const headers = { 'user-agent': 'flake-trust/0', ...(password === undefined ? {} : { authorization: password }) };
    return new HttpBinaryCache({
      url: server.url + prefix,
      transport: direct,
      timeoutMs,
      headers: () => Promise.resolve({ headers, authenticated: password !== undefined }),
    });
  }

  const summary = (answer: CacheInfoLookup | NarinfoLookup) => `${answer.kind}: ${'reason' in answer ? answer.reason : ''}`;

  it('asks below the path of the cache, with GET only', async () => {
    const opened = await open(
      { 'nix-cache-info': cache.text(INFO), [`${HASH}.narinfo`]: cache.text(NARINFO) },
      { prefix: '/team/x%20y' },
    );
    assert.deepEqual(await opened.info(never), {
      kind: 'found',
      info: { storeDir: '/nix/store', priority: 40, wantMassQuery: true },
    });
    assert.deepEqual(await opened.narinfo(HASH, never), { kind: 'found', text: NARINFO });
    assert.deepEqual(
      server.requests.map(({ path }) => path),
      ['/team/x%20y/nix-cache-info', `/team/x%20y/${HASH}.narinfo`],
    );
    assert.equal(server.requests[0]!.headers['user-agent'], 'flake-trust/0');
  });

  describe('narinfo', () => {
    const cases: readonly (readonly [name: string, Behaviour, expected: RegExp])[] = [
      ['404', cache.status(404), /^absent/],
      ['410', cache.status(410), /^absent/],
      ['404 with a long page', cache.status(404, {}, '<html>'.repeat(100_000)), /^absent/],
      ['401', cache.status(401), /^unauthorized: it asks for a password \(HTTP 401\)$/],
      ['407', cache.status(407), /^unauthorized: a proxy asks/],
      ['400', cache.status(400), /^unreachable: HTTP 400$/],
      ['418', cache.status(418), /^unreachable: HTTP 418$/],
      ['429', cache.status(429), /^unreachable: HTTP 429 \(too many requests\)$/],
      ['500', cache.status(500), /^unreachable: HTTP 500/],
      ['501', cache.status(501), /^unreachable: HTTP 501/],
      ['503', cache.status(503), /^unreachable: HTTP 503/],
      ['511', cache.status(511), /^unreachable: HTTP 511 \(this network/],
      ['302', cache.redirect('https://elsewhere.test/'), /^unreachable: HTTP 302/],
      ['304', cache.status(304), /^unreachable: HTTP 304/],
      ['204', cache.status(204), /^unreachable: HTTP 204/],
      ['a web page', cache.htmlPage, /^malformed: the answer is a web page$/],
      ['a web page said to be text', cache.text('\n <HTML><body>'), /^malformed: the answer is a web page$/],
      ['a narinfo said to be a web page', cache.text(NARINFO, { 'content-type': 'text/html' }), /^found/],
      ['not UTF-8', cache.status(200, {}, Buffer.from([0x53, 0xff, 0xfe])), /^malformed: the answer is not UTF-8/],
      ['256 KiB', cache.text('x'.repeat(256 * 1024)), /^found/],
      ['more than 256 KiB', cache.text('x'.repeat(256 * 1024 + 1)), /^malformed: the answer is larger than 256 KiB$/],
      ['a gzip bomb', cache.gzipBomb(16), /^malformed: the answer is larger than 256 KiB$/],
      ['no answer', cache.hang, /^unreachable: no complete answer within 150 ms$/],
      ['a broken connection', cache.hangUp, /^unreachable: the connection broke/],
      ['a cut answer', cache.truncated(NARINFO), /^unreachable: the connection broke/],
    ];
    for (const [name, behaviour, expected] of cases)
      it(`${name}: ${expected.source}`, async () => {
        const opened = await open({ [`${HASH}.narinfo`]: behaviour }, behaviour === cache.hang ? { timeoutMs: 150 } : {});
        assert.match(summary(await opened.narinfo(HASH, never)), expected);
      });
  });

  describe('403', () => {
    for (const [name, info] of [
      ['readable', cache.text(INFO)],
      ['refused too', cache.status(403)],
      ['missing', cache.status(404)],
      ['a web page', cache.htmlPage],
      ['not answered', cache.hang],
    ] as const)
      it(`is never read as absent: unauthorized where nix-cache-info is ${name}, which is not asked for it`, async () => {
        const opened = await open({ 'nix-cache-info': info, [`${HASH}.narinfo`]: cache.status(403) });
        assert.match(summary(await opened.narinfo(HASH, never)), /^unauthorized: it denies access \(HTTP 403\)$/);
        assert.equal(server.count('/nix-cache-info'), 0);
      });
  });

  describe('nix-cache-info', () => {
    const cases: readonly (readonly [name: string, Behaviour, expected: RegExp])[] = [
      ['404', cache.status(404), /^not-a-cache: it has no nix-cache-info \(HTTP 404\)$/],
      ['410', cache.status(410), /^not-a-cache/],
      ['401', cache.status(401), /^unauthorized/],
      ['403', cache.status(403), /^unauthorized/],
      ['407', cache.status(407), /^unauthorized/],
      ['503', cache.status(503), /^unreachable/],
      ['no answer', cache.hang, /^unreachable/],
      ['a web page', cache.htmlPage, /^malformed: the answer is a web page$/],
      ['another text', cache.text('hello'), /^malformed: nix-cache-info: the answer is not a nix-cache-info$/],
      ['a bad priority', cache.text('Priority: high\n'), /^malformed: nix-cache-info: Priority/],
      ['an empty file', cache.text(''), /^found/],
    ];
    for (const [name, behaviour, expected] of cases)
      it(`${name}: ${expected.source}`, async () => {
        const opened = await open({ 'nix-cache-info': behaviour });
        assert.match(summary(await opened.info(never)), expected);
        assert.equal(server.requests.length, 1, 'nothing is written, nothing else is asked');
      });
  });

  it('sends credentials, and says when they are not accepted', async () => {
    const opened = await open(
      { 'nix-cache-info': cache.status(401), [`${HASH}.narinfo`]: cache.status(403) },
      { password: 'Basic YTpi' },
    );
    assert.equal(summary(await opened.info(never)), 'unauthorized: it does not accept the password (HTTP 401)');
    assert.equal(summary(await opened.narinfo(HASH, never)), 'unauthorized: it denies access to this account (HTTP 403)');
    assert.deepEqual(new Set(server.requests.map(({ headers }) => headers.authorization)), new Set(['Basic YTpi']));
  });

  it('rejects when the signal aborts', async () => {
    const opened = await open({});
    await assert.rejects(opened.info(aborted));
    await assert.rejects(opened.narinfo(HASH, aborted));
    assert.equal(server.requests.length, 0);
  });

  it('tells why there is no answer', async () => {
    server = await startCacheServer();
    for (const [answer, expected] of [
      [failing('tls', 'its certificate has expired'), 'unreachable: its certificate has expired'],
      [failing('redirect', 'redirected to login.test, not followed'), 'unreachable: redirected to login.test, not followed'],
      [
        { ...failing('proxy', 'the proxy p:1 asks for a password (HTTP 407)'), status: 407 },
        'unauthorized: the proxy p:1 asks for a password (HTTP 407)',
      ],
      [failing('proxy', 'the proxy p:1 refuses'), 'unreachable: the proxy p:1 refuses'],
      [
        answered(301, { 'x-amz-bucket-region': 'eu-west-1\u202e' }),
        'unreachable: HTTP 301: the bucket is in the region "eu-west-1\uFFFD"',
      ],
    ] as readonly (readonly [Answer, string])[]) {
      const transport = scriptedTransport(() => answer);
      const opened = new HttpBinaryCache({
        url: 'https://a.test',
        transport,
        timeoutMs: 1000,
        headers: () => Promise.resolve({ headers: {}, authenticated: false }),
      });
      assert.equal(summary(await opened.narinfo(HASH, never)), expected);
    }
  });
});
