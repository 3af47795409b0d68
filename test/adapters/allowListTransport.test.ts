import assert from 'node:assert/strict';
import { AllowListTransport } from '../../server/src/adapters/allowListTransport';
import { answered, failing, scriptedTransport, type Answer } from '../support/scriptedTransport';
import { never } from '../support/abort';

const LISTED = [
  'https://cache.example.org',
  'https://attic.example.org/team',
  'http://plain.example.org',
  'http://127.0.0.1:8080',
  's3://no',
  '',
];

function open(answer: (url: string) => Answer = () => answered(200)) {
  const inner = scriptedTransport(({ url }) => answer(url));
  const transport = new AllowListTransport(inner);
  transport.allow(LISTED);
  return { transport, asked: () => inner.requests.map(({ url }) => url), requests: inner.requests };
}

function get(transport: AllowListTransport, url: string, headers: Record<string, string> = {}) {
  return transport.get({ url, headers, maxBytes: 100, timeoutMs: 1000 }, never);
}

/** Redirects each URL of `chain` to the one after it. */
function chain(...urls: readonly string[]) {
  return open((url) => {
    const next = urls[urls.indexOf(url) + 1];
    return next === undefined ? answered(200) : answered(302, { location: next });
  });
}

describe('AllowListTransport', () => {
  for (const url of [
    'https://cache.example.org/nix-cache-info',
    'https://CACHE.example.org:443/x',
    'https://attic.example.org/team/nix-cache-info',
    'http://127.0.0.1:8080/x',
  ])
    it(`asks ${url}`, async () => assert.equal((await get(open().transport, url)).kind, 'response'));

  for (const url of [
    'https://evil.example.org/nix-cache-info',
    'https://cache.example.org.evil.test/x',
    'https://cache.example.org:8443/x',
    'http://cache.example.org/x',
    'https://attic.example.org/other/nix-cache-info',
    'https://attic.example.org/team/../other/x',
    'https://attic.example.org/team/%2e%2e/other/x',
    'https://attic.example.org/teammate/x',
    'https://evil.test\\@cache.example.org/x',
    'https://user@cache.example.org/x',
    'http://127.0.0.1:22/x',
    'http://localhost:8080/x',
    'file:///etc/passwd',
    '/nix-cache-info',
    '',
  ])
    it(`does not ask ${url}`, async () => {
      const { transport, asked } = open();
      const answer = await get(transport, url);
      assert.equal(answer.kind === 'failed' && answer.reason, 'not-allowed');
      assert.deepEqual(asked(), []);
    });

  it('asks nobody before it has a list, and nobody who is no longer on it', async () => {
    const inner = scriptedTransport(() => answered(200));
    const transport = new AllowListTransport(inner);
    assert.equal((await get(transport, 'https://cache.example.org/x')).kind, 'failed');
    transport.allow(LISTED);
    assert.equal((await get(transport, 'https://cache.example.org/x')).kind, 'response');
    transport.allow([]);
    assert.equal((await get(transport, 'https://cache.example.org/x')).kind, 'failed');
    assert.equal(inner.requests.length, 1);
  });

  describe('redirects', () => {
    const A = 'https://cache.example.org/a';
    for (const [from, to] of [
      [A, 'https://cache.example.org/b'],
      [A, '/b'],
      [A, '//attic.example.org/elsewhere'],
      ['http://plain.example.org/a', 'https://plain.example.org/a'],
      ['http://plain.example.org/a', 'https://cache.example.org/a'],
      ['http://plain.example.org/a', 'http://plain.example.org/b'],
    ] as const)
      it(`follows ${from} to ${to}`, async () => {
        const { transport, asked } = open((url) => (url === from ? answered(301, { location: to }) : answered(200)));
        assert.equal((await get(transport, from)).kind, 'response');
        assert.deepEqual(asked(), [from, new URL(to, from).href]);
      });

    for (const [to, message] of [
      ['https://storage.evil.test/a', /^redirected to storage\.evil\.test, not followed$/],
      ['http://cache.example.org/a', /^redirected from https to http at cache\.example\.org, not followed$/],
      ['https://cache.example.org:22/a', /to cache\.example\.org:22, not followed/],
      ['https://169.254.169.254/latest/meta-data', /to 169\.254\.169\.254, not followed/],
      ['https://[::1]/a', /to \[::1\], not followed/],
      ['https://10.0.0.1/a', /not followed/],
      ['https://2130706433/a', /to 127\.0\.0\.1, not followed/],
      ['file:///etc/passwd', /no web address/],
      ['javascript:alert(1)', /no web address/],
      ['https://', /no web address/],
    ] as const)
      it(`does not follow to ${to}`, async () => {
        const { transport, asked } = chain(A, to);
        const answer = await get(transport, A);
        assert.equal(answer.kind === 'failed' && answer.reason, 'redirect');
        assert.match(answer.kind === 'failed' ? answer.message : '', message);
        assert.deepEqual(asked(), [A]);
      });

    it('follows three times, not four, and no circle', async () => {
      const urls = ['a', 'b', 'c', 'd', 'e'].map((name) => `https://cache.example.org/${name}`);
      assert.equal((await get(chain(...urls.slice(0, 4)).transport, A)).kind, 'response');
      for (const { transport, asked } of [chain(...urls), chain(A, A)]) {
        const answer = await get(transport, A);
        assert.match(answer.kind === 'failed' ? answer.message : '', /more than 3 times/);
        assert.equal(asked().length, 4);
      }
    });

    it('takes a 3xx without a place, and a place without a 3xx, as an answer', async () => {
      for (const given of [answered(302), answered(304, { location: '/b' }), answered(200, { location: '/b' })])
        assert.equal(await get(open(() => given).transport, A), given);
    });

    it('gives credentials to no other host, and to no better guarded one of another name', async () => {
      const secrets = { Authorization: 'Basic abc', 'X-Amz-Security-Token': 't', 'user-agent': 'me' };
      for (const [from, to, kept] of [
        [A, 'https://cache.example.org/b', true],
        ['http://plain.example.org/a', 'https://plain.example.org/a', true],
        [A, 'https://attic.example.org/b', false],
        ['http://plain.example.org/a', 'https://cache.example.org/a', false],
      ] as const) {
        const { transport, requests } = chain(from, to);
        await get(transport, from, secrets);
        assert.deepEqual(requests[1]?.headers, kept ? secrets : { 'user-agent': 'me' }, to);
      }
    });

    it('drops user-info and fragment that a cache puts into a place', async () => {
      const { transport, asked } = open((url) =>
        url === A ? answered(302, { location: 'https://u:p@cache.example.org/b#c' }) : answered(200),
      );
      await get(transport, A);
      assert.deepEqual(asked()[1], 'https://cache.example.org/b');
    });

    it('gives all hops together the time of one request', async () => {
      const hops: { readonly timeoutMs: number; readonly lostMs: number }[] = [];
      let lostMs = 0;
      const inner = scriptedTransport(async ({ timeoutMs }) => {
        hops.push({ timeoutMs, lostMs });
        const start = performance.now();
        await new Promise((resolve) => setTimeout(resolve, 700));
        lostMs += performance.now() - start;
        return answered(302, { location: A });
      });
      const transport = new AllowListTransport(inner);
      transport.allow(LISTED);
      const answer = await transport.get({ url: A, headers: {}, maxBytes: 1, timeoutMs: 2000 }, never);
      assert.equal(answer.kind === 'failed' && answer.reason, 'timeout');
      for (const hop of hops) assert.ok(hop.timeoutMs <= 2001 - hop.lostMs, JSON.stringify(hop));
    });
  });

  it('passes failures on', async () => {
    const given = failing('dns');
    assert.equal(await get(open(() => given).transport, 'https://cache.example.org/x'), given);
  });
});
