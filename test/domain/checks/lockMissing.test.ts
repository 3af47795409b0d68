import assert from 'node:assert/strict';
import { findingsOf } from '../../support/checkFlake';

describe('lock-missing', () => {
  it('tells at the name `inputs`', () => {
    const [found] = findingsOf('lock-missing', { nix: '{ inputs.a.url = "github:o/a"; outputs = _: { }; }' });
    assert.equal(found?.at, 'flake.nix:inputs');
    assert.equal(found.finding.severity, 'information');
  });

  it('tells at `outputs` when all inputs are implicit', () => {
    const [found] = findingsOf('lock-missing', { nix: '{ outputs = { self, nixpkgs }: { }; }' });
    assert.equal(found?.at, 'flake.nix:outputs');
  });

  it('says nothing of a flake without inputs, and nothing where there is a lock', () => {
    assert.deepEqual(findingsOf('lock-missing', { nix: '{ outputs = { self }: { }; }' }), []);
    assert.deepEqual(findingsOf('lock-missing', { nix: '{ inputs.a.url = "github:o/a"; }', lock: 'broken' }), []);
  });
});
