import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { DirectTransport, type DirectTransportOptions } from '../../server/src/adapters/directTransport';
import { nodeFiles } from '../../server/src/adapters/nodeFiles';
import type { TransportFailure, TransportResponse } from '../../server/src/engine/ports';
import * as cache from '../support/cacheServer';
import { startCacheServer, type Behaviour, type CacheServer, type CacheServerOptions } from '../support/cacheServer';
import { createAuthority } from '../support/certificates';
import { startHttpProxy, startSocksProxy, type ProxyServer } from '../support/proxyServer';
import { never } from '../support/abort';
import { fakeLog } from '../support/fakeLog';
import { environment } from '../support/memoryFiles';

const NARINFO = 'StorePath: /nix/store/xxx\nNarSize: 1\n';
const authority = createAuthority();
const open: { close(): Promise<void> }[] = [];
let directory: string;
let certificateFile: string;

const server = async (paths: Record<string, Behaviour>, options?: CacheServerOptions) =>
  keep(await startCacheServer(paths, options));
const tlsServer = (paths: Record<string, Behaviour>, options: CacheServerOptions = {}) =>
  server(paths, { tls: authority.issue(['127.0.0.1', 'cache.test']), ...options });

function keep<T extends { close(): Promise<void> }>(closable: T): T {
  open.push(closable);
  return closable;
}

function transport(options: Partial<DirectTransportOptions> = {}): DirectTransport {
  return keep(new DirectTransport({ environment: environment(), files: nodeFiles, log: fakeLog(), certificateFile, ...options }));
}

interface Ask {
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

function get(
  from: DirectTransport,
  url: string,
  { timeoutMs = 15_000, maxBytes = 65536, headers = {}, signal = never }: Ask = {},
) {
  return from.get({ url, headers, maxBytes, timeoutMs }, signal);
}

function response(answer: TransportResponse | TransportFailure): TransportResponse {
  assert.equal(answer.kind, 'response', JSON.stringify(answer));
  return answer;
}

function body(answer: TransportResponse | TransportFailure): string {
  return Buffer.from(response(answer).body).toString();
}

function failure(answer: TransportResponse | TransportFailure): TransportFailure {
  assert.equal(answer.kind, 'failed', JSON.stringify(answer));
  return answer;
}

/** A port at which nothing listens. */
async function closedPort(): Promise<number> {
  const listener = createTcpServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

describe('DirectTransport', () => {
  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'flake-trust-'));
    certificateFile = path.join(directory, 'authority.pem');
    await writeFile(certificateFile, `# a comment\n${authority.cert}`);
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((closable) => closable.close()));
  });
  after(() => rm(directory, { recursive: true }));

  describe('answers', () => {
    it('gives status, lower-case headers and body', async () => {
      const { url } = await server({ '/a.narinfo': cache.text(NARINFO, { 'X-Cache': 'HIT' }) });
      const answer = response(await get(transport(), `${url}/a.narinfo`));
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['x-cache'], 'HIT');
      assert.equal(Buffer.from(answer.body).toString(), NARINFO);
    });

    it('sends the headers it is given, and no cookies or referrer', async () => {
      const { url, requests } = await server({});
      await get(transport(), `${url}/x`, { headers: { authorization: 'Basic abc', 'user-agent': 'flake-trust/1' } });
      assert.deepEqual(Object.keys(requests[0]!.headers).sort(), [
        'accept-encoding',
        'authorization',
        'connection',
        'host',
        'user-agent',
      ]);
    });

    it('keeps connections for later requests', async () => {
      const { url, sockets } = await server({ '/a': cache.text('a') });
      const direct = transport();
      for (let i = 0; i < 5; i++) await get(direct, `${url}/a`);
      assert.ok(sockets.size <= 2, `${sockets.size} connections for 5 requests, one after another`);
    });

    it('reaches IPv6 addresses', async () => {
      const { url } = await server({ '/a': cache.text('six') }, { host: '::1' });
      assert.equal(body(await get(transport(), `${url}/a`)), 'six');
    });

    for (const [encoding, encode] of [
      ['gzip', gzipSync],
      ['x-gzip', gzipSync],
      ['deflate', deflateSync],
      ['br', brotliCompressSync],
      ['GZIP', gzipSync],
      ['identity', (bytes: Buffer) => bytes],
    ] as const) {
      it(`decodes ${encoding}`, async () => {
        const { url } = await server({ '/a': cache.status(200, { 'content-encoding': encoding }, encode(Buffer.from(NARINFO))) });
        assert.equal(body(await get(transport(), `${url}/a`)), NARINFO);
      });
    }

    it('keeps the status of a refusal whose page is large, slow or cut off', async () => {
      const { url } = await server({
        '/large': cache.status(404, {}, 'x'.repeat(1_000_000)),
        '/slow': (_, answer) => void (answer as ServerResponse).writeHead(403, { 'content-length': 5 }).write('x'),
        '/cut': (request, answer) =>
          void (answer as ServerResponse).writeHead(401, { 'content-length': 5 }).write('x', () => request.socket.destroy()),
      });
      const direct = transport();
      assert.equal(response(await get(direct, `${url}/large`)).status, 404);
      assert.equal(response(await get(direct, `${url}/slow`, { timeoutMs: 1000 })).status, 403);
      assert.equal(response(await get(direct, `${url}/cut`)).status, 401);
    });

    it('does not follow redirects', async () => {
      const { url, requests } = await server({ '/a': cache.redirect('/b') });
      const answer = response(await get(transport(), `${url}/a`));
      assert.equal(answer.status, 302);
      assert.equal(answer.headers['location'], '/b');
      assert.equal(requests.length, 1);
    });
  });

  describe('hostile servers', () => {
    const cases: readonly (readonly [name: string, Behaviour, reason: TransportFailure['reason'], message: RegExp])[] = [
      ['never answers', cache.hang, 'timeout', /within 150 ms/],
      ['begins and stops', cache.stall, 'timeout', /within 150 ms/],
      ['drips for ever', cache.drip, 'timeout', /within 150 ms/],
      ['hangs up', cache.hangUp, 'network', /broke/],
      ['cuts the body off', cache.truncated(NARINFO), 'network', /broke/],
      ['announces too much', cache.status(200, { 'x-a': 'b' }, 'x'.repeat(70_000)), 'too-large', /64 KiB/],
      ['sends without end', cache.endless, 'too-large', /64 KiB/],
      ['sends a gzip bomb', cache.gzipBomb(64), 'too-large', /64 KiB/],
      ['sends a compressed body without end', cache.endlessGzip, 'too-large', /64 KiB/],
      ['sends large headers', cache.hugeHeaders(100_000), 'too-large', /headers/],
      ['sends something else than HTTP', cache.raw('SSH-2.0-OpenSSH_9.9\r\n'), 'network', /not HTTP/],
      ['lies about the encoding', cache.text(NARINFO, { 'content-encoding': 'gzip' }), 'network', /cannot be decoded as gzip/],
      ['uses an unknown encoding', cache.text(NARINFO, { 'content-encoding': 'lzma' }), 'network', /"lzma"/],
      [
        'cuts a compressed body off',
        cache.status(200, { 'content-encoding': 'gzip' }, gzipSync(NARINFO).subarray(0, 20)),
        'network',
        /decoded/,
      ],
      ['encodes over and over', cache.text(NARINFO, { 'content-encoding': 'gzip, gzip, gzip' }), 'network', /more than twice/],
    ];
    for (const [name, behaviour, reason, message] of cases) {
      it(`${name}: ${reason}`, async () => {
        const { url } = await server({ '/a': behaviour, '/good': cache.text('good') });
        const direct = transport();
        const answer = failure(await get(direct, `${url}/a`, { timeoutMs: reason === 'timeout' ? 150 : 15_000 }));
        assert.equal(answer.reason, reason, answer.message);
        assert.match(answer.message, message);
        assert.equal(body(await get(direct, `${url}/good`)), 'good', 'the next request is not harmed');
      });
    }

    it('is not fooled by bytes behind the announced length', async () => {
      const forged = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';
      const { url } = await server({ '/a': (request) => request.socket.write(forged), '/b': cache.text('real') });
      const direct = transport();
      const first = await get(direct, `${url}/a`);
      if (first.kind === 'response') assert.equal(body(first), 'ok');
      assert.equal(body(await get(direct, `${url}/b`)), 'real');
    });

    it('takes a body of exactly the allowed size', async () => {
      const { url } = await server({ '/a': cache.text('x'.repeat(1000)), '/b': cache.text('x'.repeat(1001)) });
      assert.equal(body(await get(transport(), `${url}/a`, { maxBytes: 1000 })).length, 1000);
      assert.equal(failure(await get(transport(), `${url}/b`, { maxBytes: 1000 })).reason, 'too-large');
    });
  });

  describe('failures', () => {
    it('tells a refused connection, an unknown name, and a URL that is none of its business', async () => {
      const direct = transport();
      assert.equal(failure(await get(direct, `http://127.0.0.1:${await closedPort()}/`)).reason, 'refused');
      assert.equal(failure(await get(direct, 'http://no-such-host.invalid/')).reason, 'dns');
      for (const url of ['file:///etc/passwd', 'ftp://a/', 'not a url', ''])
        assert.equal(failure(await get(direct, url)).reason, 'not-allowed');
    });

    it('rejects as soon as the signal aborts, before and during the exchange', async () => {
      const { url, requested } = await server({ '/a': cache.hang });
      const aborted = AbortSignal.abort(new Error('cancelled'));
      await assert.rejects(get(transport(), `${url}/a`, { signal: aborted }), /cancelled/);
      const controller = new AbortController();
      const answer = get(transport(), `${url}/a`, { signal: controller.signal });
      await requested();
      controller.abort(new Error('no longer wanted'));
      await assert.rejects(answer, /no longer wanted/);
    });

    it('closes every connection at the end, also those being made', async () => {
      const listener = createTcpServer((socket) => socket.resume()).listen(0, '127.0.0.1');
      await new Promise((resolve) => listener.once('listening', resolve));
      const silentTls = `https://127.0.0.1:${(listener.address() as AddressInfo).port}/`;
      const { url, sockets, requested } = await server({ '/a': cache.hang, '/b': cache.text('b') });
      const direct = transport();
      await get(direct, `${url}/b`);
      const answers = [get(direct, `${url}/a`), get(direct, silentTls)];
      await requested('/a');
      await direct.close();
      for (const answer of await Promise.all(answers)) assert.equal(failure(answer).reason, 'network');
      assert.equal(failure(await get(direct, `${url}/b`)).reason, 'network');
      while (sockets.size > 0) await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => listener.close(resolve));
    });
  });

  describe('TLS', () => {
    it('trusts the authorities that Nix would trust, from a setting or from variables', async () => {
      const { url } = await tlsServer({ '/a': cache.text('secret') });
      assert.equal(body(await get(transport(), `${url}/a`)), 'secret');
      for (const name of ['NIX_SSL_CERT_FILE', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
        const direct = transport({ environment: environment({ [name]: certificateFile }), certificateFile: '' });
        assert.equal(body(await get(direct, `${url}/a`)), 'secret', name);
      }
    });

    it('refuses an unknown authority, another host, an expired certificate, and plain http where TLS is asked', async () => {
      const stranger = createAuthority('Stranger');
      const cases: readonly (readonly [Promise<CacheServer>, RegExp])[] = [
        [tlsServer({}, { tls: stranger.issue(['127.0.0.1']) }), /authority is not known|signed by itself/],
        [tlsServer({}, { tls: authority.issue(['elsewhere.test']) }), /for another host/],
        [tlsServer({}, { tls: authority.issue(['127.0.0.1'], { notAfter: new Date(Date.now() - 86_400_000) }) }), /expired/],
        [server({}), /no secure connection/],
      ];
      for (const [starting, message] of cases) {
        const answer = failure(await get(transport(), (await starting).url.replace('http:', 'https:')));
        assert.equal(answer.reason, 'tls');
        assert.match(answer.message, message);
      }
    });

    it('goes on without a certificate file that is missing, empty or broken, and says so', async () => {
      const broken = path.join(directory, 'broken.pem');
      await writeFile(broken, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
      const { url } = await server({ '/a': cache.text('ok') });
      for (const [file, warning] of [
        [path.join(directory, 'missing.pem'), /no such file/],
        [directory, /folder/],
        ['/dev/null', /regular file/],
        [broken, undefined],
      ] as const) {
        const log = fakeLog();
        assert.equal(body(await get(transport({ certificateFile: file, log }), `${url}/a`)), 'ok');
        if (warning !== undefined) assert.match(log.lines.join('\n'), warning);
      }
    });

    it('speaks HTTP/1.1 with a cache that offers HTTP/2', async () => {
      const { url, requests } = await tlsServer({ '/a': cache.text('one') }, { http2: true });
      assert.equal(body(await get(transport(), `${url}/a`)), 'one');
      assert.equal(requests[0]!.httpVersion, '1.1');
    });
  });

  describe('proxies', () => {
    const via = (proxy: ProxyServer, credentials = '') => `http://${credentials}127.0.0.1:${proxy.port}`;

    it('asks for https through CONNECT and checks the certificate of the cache inside', async () => {
      const target = await tlsServer({ '/a': cache.text('through') });
      const proxy = keep(await startHttpProxy({ target: () => target.port }));
      const direct = transport({ environment: environment({ https_proxy: via(proxy) }) });
      assert.equal(body(await get(direct, 'https://cache.test/a')), 'through');
      assert.deepEqual(proxy.asked, ['cache.test:443']);
      assert.equal(failure(await get(direct, 'https://other.test/a')).reason, 'tls');
    });

    it('asks for http with the whole URL', async () => {
      const target = await server({ '/a': cache.text('plain') });
      const proxy = keep(await startHttpProxy({ target: () => target.port, password: 'me:p@ss' }));
      const direct = transport({ environment: environment({ http_proxy: via(proxy, 'me:p%40ss@') }) });
      assert.equal(body(await get(direct, 'http://cache.test/a?x=1')), 'plain');
      assert.deepEqual(proxy.asked, ['http://cache.test/a?x=1']);
      assert.equal(target.requests[0]!.headers['proxy-authorization'], undefined);
    });

    it('gives the proxy its password, and tells when it wants one', async () => {
      const target = await tlsServer({ '/a': cache.text('in') });
      const proxy = keep(await startHttpProxy({ target: () => target.port, password: 'me:secret' }));
      const good = transport({ editorProxy: { proxy: via(proxy, 'me:secret@') } });
      assert.equal(body(await get(good, 'https://cache.test/a')), 'in');
      for (const [credentials, message] of [
        ['', /asks for a password \(HTTP 407\)/],
        ['me:wrong@', /does not accept the password \(HTTP 407\)/],
      ] as const) {
        for (const scheme of ['https', 'http']) {
          const answer = failure(
            await get(transport({ editorProxy: { proxy: via(proxy, credentials) } }), `${scheme}://cache.test/a`),
          );
          assert.equal(answer.reason, 'proxy');
          assert.equal(answer.status, 407);
          assert.match(answer.message, message);
          assert.doesNotMatch(answer.message, /wrong/);
        }
      }
    });

    it('works through a proxy that speaks TLS, checked unless the user said otherwise', async () => {
      const target = await tlsServer({ '/a': cache.text('double') });
      const proxy = keep(await startHttpProxy({ target: () => target.port, tls: createAuthority().issue(['127.0.0.1']) }));
      const editorProxy = { proxy: `https://127.0.0.1:${proxy.port}` };
      assert.equal(failure(await get(transport({ editorProxy }), 'https://cache.test/a')).reason, 'proxy');
      const lax = transport({ editorProxy: { ...editorProxy, proxyStrictSSL: false } });
      assert.equal(body(await get(lax, 'https://cache.test/a')), 'double');
    });

    it('calls every trouble with the proxy `proxy`', async () => {
      const dead = `http://127.0.0.1:${await closedPort()}`;
      const rude = keep(await startHttpProxy({ target: () => 0, refuseWith: 'HTTP/1.1 403 Forbidden\r\n\r\n' }));
      const mute = keep(await startHttpProxy({ target: () => 0, refuseWith: 'hello\r\n\r\n' }));
      const flood = keep(await startHttpProxy({ target: () => 0, refuseWith: 'x'.repeat(100_000) }));
      const gone = keep(await startHttpProxy({ target: () => 0, refuseWith: '' }));
      for (const [proxy, message] of [
        [dead, /cannot be used: the connection was refused/],
        [via(rude), /refuses the connection \(HTTP 403\)/],
        [via(mute), /does not answer in HTTP/],
        [via(flood), /too much/],
        [via(gone), /closed the connection/],
        ['ftp://proxy.test', /not supported/],
        ['http://', /not a URL/],
      ] as const) {
        const answer = failure(await get(transport({ environment: environment({ ALL_PROXY: proxy }) }), 'https://cache.test/a'));
        assert.equal(answer.reason, 'proxy', answer.message);
        assert.match(answer.message, message);
      }
    });

    it('gives a proxy that hangs no more time than the request has', async () => {
      const listener = createTcpServer((socket) => socket.resume()).listen(0, '127.0.0.1');
      await new Promise((resolve) => listener.once('listening', resolve));
      const direct = transport({
        environment: environment({ ALL_PROXY: `http://127.0.0.1:${(listener.address() as AddressInfo).port}` }),
      });
      assert.equal(failure(await get(direct, 'https://cache.test/', { timeoutMs: 100 })).reason, 'timeout');
      await direct.close();
      await new Promise((resolve) => listener.close(resolve));
    });

    for (const password of [undefined, 'me:secret']) {
      it(`works through SOCKS 5 ${password === undefined ? 'without' : 'with'} a password, names resolved by the proxy`, async () => {
        const secure = await tlsServer({ '/a': cache.text('socks') });
        const plain = await server({ '/a': cache.text('plain socks') });
        let target = secure.port;
        const proxy = keep(await startSocksProxy({ target: () => target, ...(password === undefined ? {} : { password }) }));
        const all_proxy = `socks5h://${password === undefined ? '' : `${password}@`}127.0.0.1:${proxy.port}`;
        const direct = transport({ environment: environment({ all_proxy }) });
        assert.equal(body(await get(direct, 'https://cache.test/a')), 'socks');
        target = plain.port;
        assert.equal(body(await get(direct, 'http://[2001:db8::1]:81/a')), 'plain socks');
        assert.equal(body(await get(direct, 'http://192.0.2.7/a')), 'plain socks');
        assert.deepEqual(proxy.asked, ['cache.test:443', '20010db8000000000000000000000001:81', 'c0000207:80']);
      });
    }

    it('tells a SOCKS proxy that wants another password, and one that is none', async () => {
      const proxy = keep(await startSocksProxy({ target: () => 0, password: 'me:secret' }));
      const none = await server({});
      for (const [url, message] of [
        [`socks5://127.0.0.1:${proxy.port}`, /asks for a password/],
        [`socks5://me:wrong@127.0.0.1:${proxy.port}`, /does not accept the password/],
        [`socks5://127.0.0.1:${none.port}`, /SOCKS 5|closed/],
      ] as const) {
        const answer = failure(await get(transport({ environment: environment({ ALL_PROXY: url }) }), 'https://cache.test/a'));
        assert.equal(answer.reason, 'proxy');
        assert.match(answer.message, message);
      }
    });
  });
});
