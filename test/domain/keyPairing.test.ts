import assert from 'node:assert/strict';
import { pairKeys } from '../../server/src/domain/keyPairing';
import { parseSubstituter, type Substituter } from '../../server/src/domain/substituter';

function cache(text: string): Substituter {
  const parsed = parseSubstituter(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

const IOHK = 'hydra.iohk.io:f/Ea+s+dFdN+3Y/G+FDgSq+a5NEWhJGzdjvKNGv0/EQ=';

describe('pairKeys', () => {
  const cases: readonly (readonly [rule: string, caches: string[], keys: string[], expected: string[][]])[] = [
    [
      'by the host in the name',
      ['https://a.example', 'https://b.example/'],
      ['b.example-1:x', 'a.example:y'],
      [['a.example:y'], ['b.example-1:x']],
    ],
    [
      'several generations of a key',
      ['https://a.example', 'https://b.example'],
      ['a.example-1:x', 'a.example-2:y'],
      [['a.example-1:x', 'a.example-2:y'], []],
    ],
    [
      'a known key under another name',
      ['https://cache.iog.io', 'https://z.example'],
      ['z.example-1:x', IOHK],
      [[IOHK], ['z.example-1:x']],
    ],
    [
      'the same name with other bytes is not that known key',
      ['https://cache.iog.io', 'https://z.example', 'https://y.example'],
      ['hydra.iohk.io:AAAA'],
      [[], [], []],
    ],
    ['by the first label', ['https://mine.cachix.org', 'https://x.example'], ['mine-1:x'], [['mine-1:x'], []]],
    ['by the last part of the path', ['https://attic.example/team', 'https://x.example'], ['team:x'], [['team:x'], []]],
    ['by the bucket', ['s3://stash?region=x', 'https://x.example'], ['stash-1:x'], [['stash-1:x'], []]],
    ['case does not count', ['https://a.example', 'https://x.example'], ['A.Example-1:x'], [['A.Example-1:x'], []]],
    [
      'what is left over goes to the one cache left over',
      ['https://a.example', 'https://b.example'],
      ['a.example-1:x', 'q:1', 'r:2'],
      [['a.example-1:x'], ['q:1', 'r:2']],
    ],
    ['as many left over as caches pair in order', ['https://a.example', 'https://b.example'], ['q:1', 'r:2'], [['q:1'], ['r:2']]],
    ['else nothing is guessed', ['https://a.example', 'https://b.example', 'https://c.example'], ['q:1', 'r:2'], [[], [], []]],
    ['one key twice counts once', ['https://a.example'], ['q:1', 'q:1'], [['q:1']]],
    ['no cache', [], ['q:1'], []],
    ['no key', ['https://a.example'], [], [[]]],
    ['what is no key', ['https://a.example', 'https://b.example'], ['', ':', 'a.example'], [['a.example'], ['', ':']]],
  ];
  for (const [rule, caches, keys, expected] of cases) {
    it(rule, () => assert.deepEqual(pairKeys(caches.map(cache), keys), expected));
  }
});
