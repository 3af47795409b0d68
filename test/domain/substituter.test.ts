import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  describeSubstituterError,
  parseSubstituter,
  redactSubstituter,
  type Substituter,
} from '../../server/src/domain/substituter';

function parse(text: string): Substituter {
  const parsed = parseSubstituter(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

describe('parseSubstituter', () => {
  const urls: readonly (readonly [text: string, url: string])[] = [
    ['https://cache.nixos.org/', 'https://cache.nixos.org'],
    ['https://cache.nixos.org', 'https://cache.nixos.org'],
    ['https://Cache.NixOS.org:443//?priority=10#x', 'https://cache.nixos.org'],
    ['https://user:p%40w@cache.example/a/b/', 'https://cache.example/a/b'],
    ['http://localhost:8080/', 'http://localhost:8080'],
    ['http://[::1]:1/', 'http://[::1]:1'],
    ['http://2130706433/', 'http://127.0.0.1'],
    ['http://exa_mple.x/', 'http://exa_mple.x'],
    ['http:127.0.0.1:1', 'http://127.0.0.1:1'],
    ['https://attic.example/My-Cache', 'https://attic.example/My-Cache'],
    ['file:///var/cache/', 'file:///var/cache'],
    ['file:/var//cache', 'file:///var/cache'],
    ['file:///', 'file:///'],
    ['s3://bucket?region=eu-west-1&profile=me', 's3://bucket'],
    ['s3://bucket/?endpoint=Minio.example:9000&scheme=http', 's3://bucket?endpoint=minio.example:9000&scheme=http'],
    ['ssh://me@host?compress=true', 'ssh://host'],
    ['ssh-ng://host', 'ssh-ng://host'],
    ['ssh:me:pw@host/x@y', 'ssh://host/x@y'],
    ['ssh:///me:pw@host/x@y', 'ssh:///host/x@y'],
    ['ssh://me:pw@/me:pw@host/x@y', 'ssh:///host/x@y'],
    ['/nix@store/x@y', '/store/x@y'],
    ['https:me:pw@cache.example', 'https://cache.example'],
    ['unix:///run/socket', 'unix:///run/socket'],
    ['auto', 'auto'],
    ['daemon', 'daemon'],
    ['local?root=/mnt', 'local'],
    ['/abs/dir', '/abs/dir'],
  ];
  for (const [text, url] of urls) it(`knows ${text} as ${url}`, () => assert.equal(parse(text).url, url));

  it('says of what cannot be asked why', () => {
    for (const text of [
      'ssh://h',
      'ssh-ng://h',
      'daemon',
      'unix:///s',
      'local',
      'auto',
      '/abs',
      './rel/x',
      'local://',
      'dummy://',
      'file:rel',
      's3://b/path',
    ]) {
      const { askable, reason } = parse(text);
      assert.equal(askable, false, text);
      assert.match(reason ?? '', /^[a-z].*[^.]$/, text);
    }
    for (const text of ['https://a.example', 'http://a.example', 'file:///a', 's3://b']) {
      const { askable, reason } = parse(text);
      assert.deepEqual([askable, reason], [true, undefined], text);
    }
  });

  for (const text of [
    '',
    'cache.example.org',
    'HTTPS://cache.example',
    'https://',
    'http://a b',
    'https://a|b',
    'https://a/%7',
    'https://a?x=%ff',
    'https://a:b',
    'file://host/path',
    'file:',
    'file:///a%00b',
    'file:///a%ff',
    's3://',
    's3://bu/../cket%',
    `https://a.example/${'x'.repeat(10_000)}`,
  ]) {
    it(`refuses ${text.length > 40 ? 'a very long text' : `"${text}"`}, as Nix does`, () => {
      assert.deepEqual(parseSubstituter(text), { ok: false, error: { kind: 'not-a-store' } });
    });
  }

  it('refuses an unknown scheme by its name', () => {
    assert.deepEqual(parseSubstituter('foo://x'), { ok: false, error: { kind: 'unknown-scheme', scheme: 'foo' } });
  });

  describe('parameters', () => {
    it('are decoded, and the first of a name counts', () => {
      const { params, priority } = parse('https://a.example?priority=5%30&priority=3&x&local-nar-cache=%2Ftmp');
      assert.deepEqual(
        [...params],
        [
          ['priority', '50'],
          ['local-nar-cache', '/tmp'],
        ],
      );
      assert.equal(priority, 50);
    });

    const priorities: readonly (readonly [string, number])[] = [
      ['-5', -5],
      ['+5', 5],
      ['0', 0],
      ['2147483647', 2147483647],
    ];
    for (const [text, number] of priorities)
      it(`take priority=${text}`, () => assert.equal(parse(`https://a.example?priority=${text}`).priority, number));

    for (const wrong of [
      'priority=abc',
      'priority=',
      'priority=1k',
      'priority=%20',
      'priority=2147483648',
      'trusted=maybe',
      'want-mass-query=2',
      'compression-level=x',
      'store=',
      'store=x',
    ]) {
      it(`drop the cache for ${wrong}`, () => {
        const parsed = parseSubstituter(`https://a.example?${wrong}`);
        assert.ok(!parsed.ok);
        assert.equal(parsed.error.kind, 'bad-parameter');
      });
    }

    it('that Nix does not know are named', () => {
      assert.deepEqual(parse('https://a.example?foo=1&__proto__=2&constructor=3&trusted=no').unknownParams, [
        'foo',
        '__proto__',
        'constructor',
      ]);
      assert.deepEqual(parse('s3://b?region=x&endpoint=e.example&buffer-size=5').unknownParams, []);
    });

    it('say whether signatures are needed', () => {
      for (const yes of ['1', 'true', 'yes']) assert.equal(parse(`https://a.example?trusted=${yes}`).trusted, true);
      for (const no of ['0', 'false', 'no']) assert.equal(parse(`https://a.example?trusted=${no}`).trusted, false);
      assert.equal(parse('https://a.example').trusted, false);
    });

    for (const endpoint of ['evil.example/path', 'me:pw@evil.example', 'https://e.example/x', 'a b', 'e.example?x=1']) {
      it(`take no more than a host for endpoint=${endpoint}`, () => {
        const parsed = parseSubstituter(`s3://b?endpoint=${encodeURIComponent(endpoint)}`);
        assert.ok(!parsed.ok);
        assert.equal(parsed.error.kind, 'bad-parameter');
      });
    }

    it('give the host that an s3 cache is asked at', () => {
      assert.equal(parse('s3://b').host, 's3.us-east-1.amazonaws.com');
      assert.equal(parse('s3://b?region=eu-west-1').host, 's3.eu-west-1.amazonaws.com');
      assert.equal(parse('s3://b?endpoint=https://[::1]:9000').host, '::1');
    });
  });

  it('separates credentials from the address', () => {
    const { credentials, url, host } = parse('https://u%40x:p%3Aw@Cache.Example/');
    assert.deepEqual(credentials, { user: 'u@x', password: 'p:w' });
    assert.deepEqual([url, host], ['https://cache.example', 'cache.example']);
    assert.deepEqual(parse('https://tok@cache.example').credentials, { user: 'tok', password: '' });
    assert.equal(parse('https://cache.example').credentials, undefined);
  });

  it('decodes the path of a file cache', () => {
    assert.equal(parse('file:///a%20b/').path, '/a b');
    assert.equal(parse('file:///').path, '/');
    assert.equal(parse('file:///a%20b/').url, 'file:///a%20b');
  });

  it('gives the same address for its own address', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (text) => {
        const parsed = parseSubstituter(text);
        if (parsed.ok) assert.equal(parse(parsed.value.url).url, parsed.value.url);
      }),
    );
  });

  it('never throws, and never shows a password', () => {
    const piece = fc.constantFrom(
      'https://',
      's3://',
      'file://',
      'ssh://',
      'foo://',
      'me:s3cret@',
      'a.example',
      '/',
      '?',
      '&',
      'endpoint=',
      'secret-key=x',
      '#',
      '%',
      '%41',
      ' ',
      '@',
      ':',
    );
    const text = fc.oneof(
      fc.array(piece).map((pieces) => pieces.join('')),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (input) => {
        const parsed = parseSubstituter(input);
        if (!parsed.ok) void describeSubstituterError(parsed.error);
        // The path of a folder on this machine has no login.
        else
          assert.doesNotMatch(`${parsed.value.url} ${parsed.value.reason ?? ''}`, /^(?!file:)[a-z][a-z0-9+.-]*:\/*[^/]*s3cret/);
      }),
      { numRuns: 500 },
    );
  });
});

describe('redactSubstituter', () => {
  it('shows no password and no query', () => {
    assert.equal(redactSubstituter('https://me:s3cret@cache.example/x?secret=s3cret'), 'https://cache.example/x');
    assert.equal(redactSubstituter('https://me:s3cret@cache example'), 'https://…@cache example');
    assert.equal(redactSubstituter('me:s3cret@cache'), '…@cache');
    assert.equal(redactSubstituter('https://a.example?priority=s3cret'), 'https://a.example');
    assert.equal(redactSubstituter('nonsense'), 'nonsense');
    assert.equal(redactSubstituter('https://me:s3?cret@a b'), 'https://…');
    assert.equal(redactSubstituter(`https://me:${'s3cret'.repeat(100)}@a b`), 'https://…@a b');
  });
});
