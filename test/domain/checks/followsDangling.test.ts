import assert from 'node:assert/strict';
import { applied, findingsOf } from '../../support/checkFlake';
import { lockText, nodeJson } from '../../support/lockText';

const LOCK = lockText({ a: 'a', nixpkgs: 'n' }, { a: nodeJson({ nixpkgs: ['nixpkgs'] }), n: nodeJson() });

function flake(inputs: string): string {
  return `{ inputs = { nixpkgs.url = "github:NixOS/nixpkgs"; ${inputs} }; outputs = _: { }; }`;
}

function messages(inputs: string, lock?: string): string[] {
  return findingsOf('follows-dangling', { nix: flake(inputs), ...(lock === undefined ? {} : { lock }) }).map(
    ({ message }) => message,
  );
}

describe('follows-dangling', () => {
  it('tells of a target that is no input, at the target, and offers inputs that exist', () => {
    const nix = flake('a = { url = "github:o/a"; inputs.nixpkgs.follows = "nixpkg"; };');
    const [found] = findingsOf('follows-dangling', { nix, lock: LOCK });
    assert.equal(found?.message, 'Input "a/nixpkgs" follows "nixpkg", which does not exist');
    assert.equal(found.at, 'flake.nix:nixpkg');
    assert.equal(
      applied(nix, found, 'Follow "nixpkgs"'),
      flake('a = { url = "github:o/a"; inputs.nixpkgs.follows = "nixpkgs"; };'),
    );
  });

  it('tells of an input that a dependency does not have, as far as the lock knows', () => {
    assert.deepEqual(messages('a.url = "github:o/a"; b.follows = "a/nixpkg";', LOCK), [
      'Input "b" follows "a/nixpkg", which does not exist',
    ]);
    assert.deepEqual(messages('a.url = "github:o/a"; b.follows = "a/nixpkgs";', LOCK), []);
    assert.deepEqual(messages('a.url = "github:o/a"; b.follows = "a/nixpkg";'), []);
    assert.deepEqual(messages('new.url = "github:o/new"; b.follows = "new/x";', LOCK), []);
  });

  it('tells of circles, without a lock too', () => {
    assert.deepEqual(messages('a.follows = "b"; b.follows = "a";'), [
      'Input "a" follows "b", which leads back to itself',
      'Input "b" follows "a", which leads back to itself',
    ]);
    assert.deepEqual(messages('a.follows = "a/x";'), ['Input "a" follows "a/x", which leads back to itself']);
  });

  it('lets follow what follows something', () => {
    assert.deepEqual(messages('a.url = "github:o/a"; b.follows = "c"; c.follows = "a/nixpkgs"; d.follows = "";', LOCK), []);
  });

  it('does not judge what is computed or not yet written', () => {
    assert.deepEqual(messages('a.follows = x; b.follows = "${y}"; c.follows = ;', LOCK), []);
    assert.deepEqual(findingsOf('follows-dangling', { nix: '{ inputs = import ./inputs.nix // { a.follows = "b"; }; }' }), []);
  });

  it('tells of edges of the lock alone, at the edge', () => {
    const lock = lockText({ a: 'a', b: ['b'] }, { a: nodeJson({ x: ['gone'], y: 'missing' }) });
    const found = findingsOf('follows-dangling', { lock });
    assert.deepEqual(found.map(({ id }) => id).sort(), ['a/x', 'b']);
    assert.match(found.find(({ id }) => id === 'a/x')?.at ?? '', /^flake\.lock:\[\s*"gone"\s*\]$/);
  });

  it('tells once of what both files say', () => {
    const lock = lockText({ nixpkgs: 'n', a: ['gone'] }, { n: nodeJson() });
    assert.deepEqual(messages('a.follows = "gone";', lock), ['Input "a" follows "gone", which does not exist']);
  });
});
