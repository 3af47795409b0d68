import assert from 'node:assert/strict';
import { plain, plainLabel, plainMessage } from '../../client/src/foreignText';

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
  it('leaves no link in a message', () => {
    assert.equal(
      plainMessage('by [Ada](command:workbench.action.quit) and [x](https://example.org)'),
      'by [Ada] (command:workbench.action.quit) and [x] (https://example.org)',
    );
    assert.equal(plainMessage('by [Ada]\u200b(command:x)'), 'by [Ada] (command:x)');
  });
});
