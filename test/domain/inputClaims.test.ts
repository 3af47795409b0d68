import assert from 'node:assert/strict';
import { decideClaims, type ClaimKind, type InputClaim } from '../../server/src/domain/inputClaims';
import type { StorePath } from '../../server/src/domain/storePath';
import { pathOf } from '../support/buildGraph';

const path = pathOf('x');
const all = { has: () => true };

describe('the input that a path comes from', () => {
  const decided = (...claims: [input: string, kind: ClaimKind][]): string | undefined => {
    const list = claims.map(([input, kind]): InputClaim => ({ input: [input], kind, paths: [path] }));
    const [one, other] = [list, [...list].reverse()].map((order) => decideClaims(order, all).get(path)?.join('/'));
    assert.equal(one, other, 'the order counts');
    return one;
  };

  for (const [what, claims, expected] of [
    ['the only one that offers it', [['a', 'offers']], 'a'],
    ['nobody, where two offer it', [['a', 'offers'], ['b', 'offers']], undefined], // prettier-ignore
    ['the one that defines it, where another passes it on', [['a', 'offers'], ['b', 'defines']], 'b'], // prettier-ignore
    ['nobody, where two say that they define it', [['a', 'defines'], ['b', 'defines']], undefined], // prettier-ignore
    ['the one that has nothing else to take it from', [['a', 'offers'], ['b', 'sole']], 'b'], // prettier-ignore
    ['nobody, where two are like that', [['a', 'sole'], ['b', 'sole']], undefined], // prettier-ignore
    ['the one of these that defines it', [['a', 'sole'], ['a', 'defines'], ['b', 'sole']], 'a'], // prettier-ignore
    ['nobody, where one cannot have it from elsewhere and another defines it', [['a', 'sole'], ['b', 'defines']], undefined], // prettier-ignore
    ['the one whose source it is', [['a', 'source'], ['b', 'sole'], ['c', 'defines']], 'a'], // prettier-ignore
  ] as const satisfies [string, [string, ClaimKind][], string | undefined][]) {
    it(`is ${what}`, () => assert.equal(decided(...claims), expected));
  }

  it('is told of wanted paths only', () => {
    const claims: InputClaim[] = [{ input: ['a'], kind: 'sole', paths: [path, pathOf('y')] }];
    assert.deepEqual([...decideClaims(claims, new Set<StorePath>([path])).keys()], [path]);
  });
});
