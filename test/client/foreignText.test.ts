import assert from 'node:assert/strict';
import { plain, plainLabel } from '../../client/src/foreignText';

describe('foreignText', () => {
  it('removes line breaks, escape sequences and marks that reorder text', () => {
    assert.equal(plain('nix flake lock\nrm -rf ~\u001b[2J\u202egnp.\u200b'), 'nix flake lockrm -rf ~[2Jgnp.');
  });
  it('cuts what is too long', () => {
    assert.equal(plain('abcdef', 4), 'abc…');
  });
  it('shows icon syntax as text', () => {
    assert.equal(plainLabel('https://$(verified)'), 'https://\\$(verified)');
  });
});
