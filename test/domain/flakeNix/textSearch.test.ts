import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TextSearch } from '../../../server/src/domain/flakeNix/textSearch';

describe('TextSearch', () => {
  it('finds what indexOf finds, in whatever order it is asked', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', ';', '"') });
    fc.assert(
      fc.property(text, fc.array(fc.tuple(fc.constantFrom('\n', ';', '"a'), fc.nat(20))), (searched, questions) => {
        const search = new TextSearch(searched);
        for (const [needle, from] of questions) {
          const found = searched.indexOf(needle, from);
          if (from <= searched.length) assert.equal(search.next(needle, from), found === -1 ? searched.length : found);
        }
      }),
    );
  });

  const stops: readonly [rule: string, text: string, stop: string][] = [
    ['stops at a quote', 'a"b', '"b'],
    ['stops at ${', 'a${b}"', '${b}"'],
    ['passes escapes', '\\"\\${\\\\"', '"'],
    ['passes $${', '$${"', '"'],
    ['stops at ${ behind an escaped dollar', '\\$$${"', '"'],
    ['stops at a quote behind a dollar', '$"', '"'],
    ['finds nothing behind a last backslash', 'a\\', ''],
  ];
  for (const [rule, text, stop] of stops) {
    it(rule, () => assert.equal(text.slice(new TextSearch(text).quoteOrInterpolation(0)), stop));
  }
});
