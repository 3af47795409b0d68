import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { answerFetch } from '../../client/src/fetchTransport';
import type { FetchParams } from '../../server/src/protocol';

const NARINFO = '00bgd045z0d4icpbc2yyz4gx48ak44la.narinfo';
let server: Server | undefined;
let seen: IncomingMessage[] = [];

/** Serves one handler on a free port of the loopback interface, and gives its address. */
async function serve(handler: RequestListener): Promise<string> {
  server = createServer((request, response) => {
    seen.push(request);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert(typeof address === 'object' && address !== null);
  return `http://127.0.0.1:${address.port}`;
}

const ask = (url: string, more: Partial<FetchParams> = {}, trusted = true, signal = new AbortController().signal) =>
  answerFetch({ url, headers: {}, maxBytes: 1000, timeoutMs: 2000, ...more }, trusted, signal);

describe('answerFetch', () => {
  beforeEach(() => {
    seen = [];
  });
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });

  it('answers with status, headers and body', async () => {
    const url = await serve((_request, response) => response.writeHead(200, { 'X-Cache': 'hit' }).end('StorePath: x'));
    const result = await ask(`${url}/${NARINFO}`);
    assert(result.kind === 'response');
    assert.equal(result.status, 200);
    assert.equal(result.headers['x-cache'], 'hit');
    assert.equal(Buffer.from(result.body, 'base64').toString(), 'StorePath: x');
  });

  it('sends the headers of a question to a cache, and no others', async () => {
    const url = await serve((_request, response) => response.end());
    await ask(`${url}/nix-cache-info`, {
      headers: { 'User-Agent': 'flake-trust/1', Authorization: 'Basic eA==', Cookie: 'a=b' },
    });
    assert.equal(seen.at(0)?.headers['user-agent'], 'flake-trust/1');
    assert.equal(seen.at(0)?.headers.authorization, 'Basic eA==');
    assert.equal(seen.at(0)?.headers.cookie, undefined);
  });

  it('hands a redirect back instead of following it', async () => {
    const url = await serve((_request, response) => response.writeHead(302, { Location: 'http://169.254.169.254/' }).end());
    const result = await ask(`${url}/${NARINFO}`);
    assert(result.kind === 'response');
    assert.equal(result.status, 302);
    assert.equal(result.headers['location'], 'http://169.254.169.254/');
    assert.equal(seen.length, 1);
  });

  it('gives up a body that grows over the limit', async () => {
    const url = await serve((_request, response) => {
      const timer = setInterval(() => response.write('x'.repeat(500)), 1);
      response.on('close', () => clearInterval(timer));
    });
    const result = await ask(`${url}/${NARINFO}`);
    assert(result.kind === 'failed');
    assert.equal(result.reason, 'too-large');
  });

  it('gives up an answer that does not come', async () => {
    const url = await serve(() => undefined);
    const result = await ask(`${url}/${NARINFO}`, { timeoutMs: 50 });
    assert(result.kind === 'failed');
    assert.equal(result.reason, 'timeout');
  });

  it('ends when it is cancelled', async () => {
    const url = await serve(() => undefined);
    const controller = new AbortController();
    const pending = ask(`${url}/${NARINFO}`, {}, true, controller.signal);
    controller.abort();
    assert.equal((await pending).kind, 'failed');
  });

  it('names a refused connection', async () => {
    const url = await serve(() => undefined);
    await new Promise((resolve) => server!.close(resolve));
    const result = await ask(`${url}/${NARINFO}`);
    assert(result.kind === 'failed');
    assert.equal(result.reason, 'refused');
  });

  describe('sends nothing', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['to a scheme that is not http', 'file:///etc/passwd'],
      ['that is no URL', 'nix-cache-info'],
      ['with credentials in the address', `https://user:secret@cache.example.org/${NARINFO}`],
      ['that is no question to a cache', 'https://cache.example.org/collect?what=secret'],
      ['that only ends like one', 'https://cache.example.org/?/nix-cache-info'],
      ['for a hash that is none', 'https://cache.example.org/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee.narinfo'],
    ];
    for (const [rule, url] of cases) {
      it(rule, async () => {
        const result = await ask(url);
        assert(result.kind === 'failed');
        assert.equal(result.reason, 'not-allowed');
      });
    }
    it('in Restricted Mode', async () => {
      const url = await serve((_request, response) => response.end());
      const result = await ask(`${url}/${NARINFO}`, {}, false);
      assert(result.kind === 'failed');
      assert.equal(result.reason, 'not-allowed');
      assert.equal(seen.length, 0);
    });
  });
});
