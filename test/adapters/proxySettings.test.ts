import assert from 'node:assert/strict';
import { proxyFor, type EditorProxy } from '../../server/src/adapters/proxySettings';

type Variables = Readonly<Record<string, string>>;

function choose(url: string, variables: Variables, editor?: EditorProxy): string {
  const choice = proxyFor(new URL(url), editor === undefined ? { variables } : { variables, editor });
  if (choice.kind !== 'proxy') return choice.kind;
  return `${choice.scheme}://${choice.hostname}:${choice.port}`;
}

const HTTPS = 'https://cache.example.org/x';
const HTTP = 'http://cache.example.org/x';

describe('proxyFor', () => {
  const cases: readonly (readonly [rule: string, url: string, Variables, expected: string, editor?: EditorProxy])[] = [
    ['nothing is set', HTTPS, {}, 'direct'],
    ['https_proxy serves https only', HTTPS, { https_proxy: 'http://p:3128' }, 'http://p:3128'],
    ['https_proxy serves https only', HTTP, { https_proxy: 'http://p:3128' }, 'direct'],
    ['http_proxy serves http only', HTTP, { http_proxy: 'http://p:3128' }, 'http://p:3128'],
    ['http_proxy serves http only', HTTPS, { http_proxy: 'http://p:3128' }, 'direct'],
    ['upper case counts', HTTPS, { HTTPS_PROXY: 'http://p:3128' }, 'http://p:3128'],
    ['upper case counts', HTTP, { HTTP_PROXY: 'http://p:3128' }, 'http://p:3128'],
    ['HTTP_PROXY is a request header in a CGI program', HTTP, { HTTP_PROXY: 'http://p:3128', REQUEST_METHOD: 'GET' }, 'direct'],
    ['http_proxy is not', HTTP, { http_proxy: 'http://p:3128', REQUEST_METHOD: 'GET' }, 'http://p:3128'],
    ['lower case goes first', HTTPS, { https_proxy: 'http://low:1', HTTPS_PROXY: 'http://up:2' }, 'http://low:1'],
    ['an empty one counts as unset', HTTPS, { https_proxy: '', HTTPS_PROXY: 'http://up:2' }, 'http://up:2'],
    ['all_proxy serves the rest', HTTPS, { ALL_PROXY: 'socks5://s' }, 'socks5://s:1080'],
    ['a scheme may be missing', HTTPS, { https_proxy: 'p:3128' }, 'http://p:3128'],
    ['the port may be missing', HTTPS, { https_proxy: 'https://p' }, 'https://p:443'],
    ['IPv6', HTTPS, { https_proxy: 'http://[2001:db8::1]:8080/' }, 'http://2001:db8::1:8080'],
    ['the editor goes before the environment', HTTPS, { https_proxy: 'http://p:1' }, 'http://e:2', { proxy: 'http://e:2' }],
    ['an empty editor setting says nothing', HTTPS, { https_proxy: 'http://p:1' }, 'http://p:1', { proxy: '' }],
    ['the editor names exceptions', HTTPS, {}, 'direct', { proxy: 'http://e:2', noProxy: ['*.example.org'] }],
    [
      'the editor leaves the exceptions to no_proxy',
      HTTPS,
      { no_proxy: 'example.org' },
      'direct',
      { proxy: 'http://e:2', noProxy: [] },
    ],
    ['not a proxy', HTTPS, { https_proxy: 'gopher://p' }, 'unusable'],
    ['not a URL', HTTPS, { https_proxy: 'http://a b' }, 'unusable'],
  ];
  for (const [rule, url, variables, expected, editor] of cases) {
    it(`${rule}: ${JSON.stringify({ ...variables, ...editor })} for ${url.slice(0, 5)}`, () =>
      assert.equal(choose(url, variables, editor), expected));
  }

  const exceptions: readonly (readonly [noProxy: string, host: string, covered: boolean])[] = [
    ['*', 'a.b', true],
    ['example.org', 'example.org', true],
    ['example.org', 'cache.example.org', true],
    ['.example.org', 'cache.example.org', true],
    ['*.example.org', 'cache.example.org', true],
    ['example.org', 'notexample.org', false],
    ['EXAMPLE.org', 'Cache.Example.ORG', true],
    ['other.org, example.org', 'example.org', true],
    ['other.org example.org', 'example.org', true],
    ['example.org:8443', 'example.org', false],
    ['example.org:443', 'example.org', true],
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '11.1.2.3', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.0.0.0/99', '10.1.2.3', false],
    ['2001:db8::/32', '[2001:db8::7]', true],
    ['[2001:db8::7]', '[2001:db8::7]', true],
    ['[2001:db8::7]:443', '[2001:db8::7]', true],
    ['2001:db8::/32', '10.1.2.3', false],
    ['', 'example.org', false],
    ['.', 'example.org', false],
    [',,', 'example.org', false],
  ];
  for (const [no_proxy, host, covered] of exceptions) {
    it(`no_proxy=${no_proxy} ${covered ? 'covers' : 'does not cover'} ${host}`, () =>
      assert.equal(choose(`https://${host}/`, { https_proxy: 'http://p:1', no_proxy }), covered ? 'direct' : 'http://p:1'));
  }

  it('never reaches this machine through a proxy', () => {
    for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]', 'cache.localhost', '2130706433'])
      assert.equal(
        choose(`http://${host}:8080/`, { ALL_PROXY: 'http://p:1', NO_PROXY: '' }, { proxy: 'http://e:1' }),
        'direct',
        host,
      );
  });

  it('reads credentials, and keeps them out of what it says', () => {
    const choice = proxyFor(new URL(HTTPS), { variables: { https_proxy: 'http://us%40er:p%3Ass%@h:1' } });
    assert.deepEqual(choice.kind === 'proxy' && choice.credentials, { user: 'us@er', password: 'p%3Ass%' });
    const unusable = proxyFor(new URL(HTTPS), { variables: { https_proxy: 'ftp://user:secret@h:1' } });
    assert.equal(unusable.kind, 'unusable');
    assert.doesNotMatch(JSON.stringify(unusable), /secret/);
  });

  it('checks certificates unless the editor says not to', () => {
    const strict = (editor?: EditorProxy) => {
      const choice = proxyFor(new URL(HTTPS), { variables: { https_proxy: 'http://p:1' }, ...(editor && { editor }) });
      return choice.kind === 'proxy' && choice.strictTls;
    };
    assert.equal(strict(), true);
    assert.equal(strict({}), true);
    assert.equal(strict({ proxyStrictSSL: false }), false);
  });
});
