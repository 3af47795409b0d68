import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isCriterionName } from '../../../server/src/domain/vetting/criteria';
import { importName } from '../../../server/src/domain/vetting/importName';

describe('the name of an import', () => {
  for (const [from, name] of [
    ['https://raw.githubusercontent.com/Acme/reviews/main/records.jsonc', 'acme'],
    ['https://github.com/acme/reviews/raw/main/flake-trust/records.jsonc', 'acme'],
    ['https://www.example.org/reviews/records.jsonc', 'example-org'],
    ['https://reviews.example.org:8443/records.jsonc', 'reviews-example-org'],
    ['../acme-reviews/flake-trust/records.jsonc', 'acme-reviews'],
    ['/srv/Their Reviews/records.jsonc', 'their-reviews'],
    ['records.jsonc', undefined],
    ['../records.jsonc', undefined],
    ['https://github.com/', undefined],
    ['https://', undefined],
  ] as const) {
    it(`of ${from} is ${name ?? 'not known'}`, () => assert.equal(importName(from), name));
  }

  it('is one that the policy may hold, whatever the address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl(), fc.constantFrom('https://1/', 'a/-/b')), (from) => {
        const name = importName(from);
        assert.ok(name === undefined || isCriterionName(name));
      }),
    );
  });
});
