import assert from 'node:assert/strict';
import { FINDING_CODES } from '../../server/src/domain/finding';
import { ageOf, ago, cacheName, dateOf, oldness, SHORT_WORDS, shortRev } from '../../server/src/features/words';

const NOW = Date.UTC(2026, 10, 22);
const DAY = 86_400_000;

describe('words', () => {
  const ages: [days: number, words: string][] = [
    [-400, 'in the future'],
    [-0.5, 'today'],
    [0, 'today'],
    [1, '1 day'],
    [59, '59 days'],
    [61, '2 months'],
    [729, '23 months'],
    [731, '2 years'],
  ];
  for (const [days, words] of ages) it(`${days} days are ${words}`, () => assert.equal(ageOf(NOW - days * DAY, NOW), words));

  it('says how old and how long ago', () => {
    assert.equal(oldness(NOW - 20 * DAY, NOW), '20 days old');
    assert.equal(oldness(NOW, NOW), 'today');
    assert.deepEqual(
      [0, 61, 3600, 7200, 86_400, 3 * 86_400].map((seconds) => ago(NOW - seconds * 1000, NOW)),
      ['just now', '1 min ago', '1 h ago', '2 h ago', '1 day ago', '3 days ago'],
    );
  });

  it('writes dates in UTC, and none for a time that no calendar has', () => {
    assert.equal(dateOf(Date.UTC(2026, 10, 2, 23, 59)), '2 Nov 2026');
    for (const time of [NaN, Infinity, 9e18]) assert.equal(dateOf(time), undefined);
  });

  it('names caches by their hosts', () => {
    assert.equal(cacheName('https://cache.nixos.org'), 'cache.nixos.org');
    assert.equal(cacheName('http://localhost:8080/x'), 'localhost:8080/x', 'not the cache beside it');
    assert.equal(cacheName('file:///var/cache'), 'file:///var/cache');
    assert.equal(cacheName('s3://bucket?endpoint=e'), 's3://bucket?endpoint=e');
  });

  it('shortens revisions only', () => {
    assert.equal(shortRev('a'.repeat(40)), 'aaaaaaa');
    assert.equal(shortRev('main'), 'main');
  });

  it('has at most 30 characters for every check', () => {
    for (const code of Object.keys(FINDING_CODES)) assert.ok(SHORT_WORDS[code as keyof typeof FINDING_CODES].length <= 30, code);
  });
});
