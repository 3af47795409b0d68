import assert from 'node:assert/strict';
import { findingsOf } from '../../support/checkFlake';

describe('flake-malformed', () => {
  it('tells the first place where flake.nix is not whole, once', () => {
    const found = findingsOf('flake-malformed', { nix: '{\n  inputs.a.url = "github:a/b\n  inputs.b.url = "github:c/d";\n' });
    assert.deepEqual(
      found.map(({ id, finding }) => [id, finding.severity]),
      [['flake.nix', 'warning']],
    );
    assert.match(found[0]?.finding.message ?? '', /^flake\.nix: A closing bracket is missing; Nix may refuse it/);
  });

  it('tells of inputs that are no set', () => {
    assert.match(
      findingsOf('flake-malformed', { nix: '{ inputs = [ "a" ]; }' })[0]?.finding.message ?? '',
      /"inputs" must be a set/,
    );
  });

  it('keeps within one line of 120 characters and shows no control character', () => {
    const nix = `{ inputs."\u001b[31m${'n'.repeat(300)}" = 1; inputs.x = `;
    for (const { finding } of findingsOf('flake-malformed', { nix })) {
      assert.ok(finding.message.length <= 120, finding.message);
      assert.doesNotMatch(finding.message, /\p{Cc}/u);
    }
  });

  it('says nothing of a flake that Nix accepts', () => {
    assert.deepEqual(findingsOf('flake-malformed', { nix: '{ inputs.a.url = "github:a/b"; outputs = { self, a, }: { }; }' }), []);
  });
});
