import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { fixedSources, fixedSourceTotals, type FixedSource } from '../../server/src/domain/fixedSources';
import type { HashAlgorithm } from '../../server/src/domain/hash';
import { omit } from '../support/omit';
import { download } from '../support/sampleClosure';
import { drvOf, pathOf } from '../support/buildGraph';

function one(variables: Readonly<Record<string, string>>, algorithm?: HashAlgorithm): FixedSource {
  const [source] = fixedSources([download('x', variables, algorithm)]);
  assert.ok(source);
  return source;
}

describe('the inventory of sources', () => {
  it('has the downloads alone, by name', () => {
    const built = omit(download('built', {}), 'fixed');
    const sources = fixedSources([download('b', { url: 'https://e.org/b' }), built, download('a', {})]);
    assert.deepEqual(
      sources.map(({ name }) => name),
      ['a', 'b'],
    );
  });

  it('says hash, method, URL and revision', () => {
    assert.deepEqual(one({ url: 'https://e.org/x.tar.gz', rev: 'v1' }), {
      drvPath: drvOf('x'),
      name: 'x',
      storePath: pathOf('x'),
      algorithm: 'sha256',
      hash: 'sha256-BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=',
      method: 'flat',
      urls: [{ url: 'https://e.org/x.tar.gz', scheme: 'https', host: 'e.org' }],
      rev: 'v1',
      issues: [],
    });
  });

  for (const [urls, issues] of [
    ['https://a.org/x', []],
    ['http://a.org/x', ['plain-http']],
    ['https://a.org/x HTTP://b.org/x', ['plain-http']],
    ['ftp://a.org/x', ['plain-http']],
    ['git://a.org/x', ['plain-http']],
    ['mirror://gnu/bash/bash.tar.gz', []],
    ['', ['no-url']],
    ['   ', ['no-url']],
  ] as const) {
    it(`finds ${issues.join(', ') || 'nothing'} in "${urls}"`, () => assert.deepEqual(one({ urls }).issues, issues));
  }

  for (const [algorithm, weak] of [
    ['md5', true],
    ['sha1', true],
    ['sha256', false],
    ['sha512', false],
  ] as const) {
    it(`calls ${algorithm} ${weak ? 'weak' : 'good'}`, () => {
      assert.equal(one({ url: 'https://a' }, algorithm).issues.includes('weak-hash'), weak);
    });
  }

  it('names the mirror list', () => {
    assert.deepEqual(one({ urls: 'mirror://gnu/x' }).urls, [{ url: 'mirror://gnu/x', scheme: 'mirror', mirror: 'gnu' }]);
  });

  it('prints no secret, no escape, and no flood', () => {
    const text = JSON.stringify(
      one({
        urls: `https://me:s3cret@a.org/x?token=s3cret https://u:s3cret@b.org/ü%zz?q=s3cret \u001B[31m\u202Ehttp://c ${'https://d/ '.repeat(999)}`,
        rev: '\u001B[2J',
      }),
    );
    assert.doesNotMatch(text, /s3cret|\\u001b|\u202E/i);
    assert.ok(one({ urls: Array.from({ length: 9999 }, (_, n) => `https://${n}`).join(' ') }).urls.length <= 20);
    assert.ok(one({ url: `https://a/${'x'.repeat(100_000)}` }).urls[0]!.url.length <= 500);
  });

  it('is counted by algorithm, host and issue', () => {
    const totals = fixedSourceTotals(
      fixedSources([
        download('a', { url: 'https://e.org/a' }),
        download('b', { url: 'http://e.org/b' }, 'sha1'),
        download('c', { url: 'mirror://gnu/c' }),
        download('d', {}),
      ]),
    );
    assert.deepEqual(totals, {
      sources: 4,
      byAlgorithm: { sha256: 3, sha1: 1 },
      byHost: [
        { host: 'e.org', sources: 2 },
        { host: 'mirror:gnu', sources: 1 },
      ],
      byIssue: { 'weak-hash': 1, 'plain-http': 1, 'no-url': 1 },
    });
  });
});
