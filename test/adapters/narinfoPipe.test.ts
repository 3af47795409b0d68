/** The quick way to a cache: HTTP/1.1 read strictly, HTTP/2 where it is offered. */
import assert from 'node:assert/strict';
import { createSecureContext } from 'node:tls';
import { OriginPipe } from '../../server/src/adapters/narinfoPipe/originPipe';
import { requestHeaders, type RawAnswer, type RawTrouble } from '../../server/src/adapters/narinfoPipe/rawPipe';
import { readResponse } from '../../server/src/adapters/narinfoPipe/readResponse';
import { hang, startCacheServer, status, text, type CacheServer } from '../support/cacheServer';
import { createAuthority } from '../support/certificates';

const read = (bytes: string, max = 1000) => readResponse(Buffer.from(bytes, 'latin1'), max);

describe('reading an HTTP/1.1 response', () => {
  it('takes a body of the announced length, and no more', () => {
    const response = read('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nDate: x\r\n\r\nabcHTTP');
    assert.equal(response.kind === 'response' && `${response.body.toString()} ${response.status} ${response.end}`, 'abc 200 50');
  });

  it('puts chunks together', () => {
    const response = read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n');
    assert.equal(response.kind === 'response' && response.body.toString(), 'abc0123456789');
  });

  it('waits for what is not there yet, wherever it was cut', () => {
    for (const whole of [
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    ]) {
      for (let length = 0; length < whole.length; length++) {
        const cut = read(whole.slice(0, length));
        assert.equal(cut.kind, 'more', whole.slice(0, length));
        assert.ok(cut.atLeast > length && cut.atLeast <= whole.length);
      }
      assert.equal(read(whole).kind, 'response');
    }
  });

  it('keeps the connection only where both sides want it', () => {
    const keeps = (head: string) => {
      const response = read(`${head}\r\nContent-Length: 0\r\n\r\n`);
      return response.kind === 'response' && response.keepAlive;
    };
    assert.equal(keeps('HTTP/1.1 200 OK'), true);
    assert.equal(keeps('HTTP/1.1 200 OK\r\nConnection: keep-alive, Close'), false);
    assert.equal(keeps('HTTP/1.0 200 OK\r\nConnection: keep-alive'), false);
  });

  const odd: [string, string][] = [
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['no length at all', 'HTTP/1.1 200 OK\r\n\r\nabc'],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc'],
    ['a length with a sign', 'HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc'],
    ['a length beyond the limit', 'HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n'],
    ['chunks beyond the limit', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n'],
    ['a chunk extension', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n'],
    ['a chunk longer than said', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n'],
    ['another transfer encoding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['a continued header', 'HTTP/1.1 200 OK\r\nX: a\r\n Content-Length: 3\r\n\r\nabc'],
    ['a blank before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\nabc'],
    ['a lone line feed in a header', 'HTTP/1.1 200 OK\r\nX: a\nContent-Length: 3\r\n\r\nabc'],
    ['an interim answer', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['another protocol', 'ICY 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}`],
  ];
  for (const [what, bytes] of odd) it(`refuses ${what}`, () => assert.equal(read(bytes).kind, 'odd'));
});

describe('headers of a request', () => {
  it('are refused when a value would begin another one', () => {
    assert.equal(requestHeaders({ authorization: 'Basic x\r\nhost: elsewhere' }), undefined);
    assert.equal(requestHeaders({ authorization: 'Basic eA==' })?.lines, 'authorization: Basic eA==\r\n');
  });
});

describe('asking one origin for many files', () => {
  const authority = createAuthority();
  const certificate = authority.issue(['127.0.0.1']);
  const headers = requestHeaders({ 'user-agent': 'test' })!;
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });

  function pipeTo(server: CacheServer, width = 8, timeoutMs = 2000): OriginPipe {
    const pipe = new OriginPipe({
      origin: new URL(server.url),
      width,
      maxBodyBytes: 1000,
      timeoutMs,
      secureContext: () => Promise.resolve(createSecureContext({ ca: authority.cert })),
    });
    open.unshift(pipe);
    open.push(server);
    return pipe;
  }

  const ask = (pipe: OriginPipe, path: string): Promise<string> =>
    new Promise((resolve) => pipe.get(path, headers, (answer) => resolve(describeAnswer(answer))));
  const names = Array.from({ length: 200 }, (_, n) => `/file-${n}`);
  const files = Object.fromEntries(names.map((name) => [name, text(`this is ${name}`)]));

  for (const [what, options, version] of [
    ['HTTP/1.1', {}, '1.1'],
    ['HTTP/1.1 over TLS', { tls: certificate }, '1.1'],
    ['HTTP/2', { tls: certificate, http2: true }, '2.0'],
  ] as const) {
    it(`over ${what}`, async () => {
      const server = await startCacheServer(files, options);
      const pipe = pipeTo(server);
      const answers = await Promise.all([...names, '/none'].map((name) => ask(pipe, name)));
      assert.deepEqual(answers, [...names.map((name) => `200 this is ${name}`), '404 ']);
      assert.deepEqual([...new Set(server.requests.map(({ httpVersion }) => httpVersion))], [version]);
      assert.ok(server.sockets.size <= (version === '2.0' ? 1 : 8));
    });

    it(`over ${what}, with trouble for a file too large, and for one that does not come`, async () => {
      const server = await startCacheServer(
        { ...files, '/large': text('x'.repeat(2000)), '/slow': hang, '/busy': status(500) },
        options,
      );
      const pipe = pipeTo(server, 8, 500);
      assert.deepEqual(await Promise.all(['/large', '/slow', '/busy', '/file-1'].map((name) => ask(pipe, name))), [
        'trouble',
        'trouble',
        '500 ',
        '200 this is /file-1',
      ]);
    });
  }

  it('gives trouble where the certificate is not trusted', async () => {
    const pipe = pipeTo(await startCacheServer(files, { tls: createAuthority('Another').issue(['127.0.0.1']) }));
    assert.equal(await ask(pipe, '/file-1'), 'trouble');
  });

  it('answers nobody after it was closed', async () => {
    const server = await startCacheServer({ '*': hang });
    const pipe = pipeTo(server);
    let answered = false;
    pipe.get('/a', headers, () => (answered = true));
    await server.requested();
    pipe.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(answered, false);
  });
});

function describeAnswer(answer: RawAnswer | RawTrouble): string {
  return answer.kind === 'trouble' ? 'trouble' : `${answer.status} ${answer.status === 200 ? answer.body.toString() : ''}`;
}
