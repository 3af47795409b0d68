import assert from 'node:assert/strict';
import { applied, findingsOf } from '../../support/checkFlake';
import { lockText, SAMPLE_HASH, type EdgeJson } from '../../support/lockText';

function node(repo: string, rev: string, inputs: EdgeJson = {}, original: object = {}): object {
  const source = { type: 'github', owner: 'o', repo };
  return { inputs, locked: { ...source, rev: rev.repeat(40), narHash: SAMPLE_HASH }, original: { ...source, ...original } };
}

const LOCK = lockText(
  { a: 'a', nixpkgs: 'n' },
  { a: node('a', 'a', { nixpkgs: 'n_2' }), n: node('nixpkgs', 'b'), n_2: node('nixpkgs', 'c') },
);

describe('duplicate-source', () => {
  const forms: [name: string, before: string, after: string][] = [
    [
      'dotted paths',
      '{\n  inputs = {\n    a.url = "github:o/a";\n    nixpkgs.url = "github:o/nixpkgs";\n  };\n}',
      '{\n  inputs = {\n    a.url = "github:o/a";\n    a.inputs.nixpkgs.follows = "nixpkgs";\n    nixpkgs.url = "github:o/nixpkgs";\n  };\n}',
    ],
    [
      'paths from the top',
      '{\n  inputs.a.url = "github:o/a"; # a\n  inputs.nixpkgs.url = "github:o/nixpkgs";\n}',
      '{\n  inputs.a.url = "github:o/a";\n  inputs.a.inputs.nixpkgs.follows = "nixpkgs"; # a\n  inputs.nixpkgs.url = "github:o/nixpkgs";\n}',
    ],
    [
      'a set over several lines',
      '{\n  inputs.a = {\n    url = "github:o/a";\n  };\n  inputs.nixpkgs.url = "github:o/nixpkgs";\n}',
      '{\n  inputs.a = {\n    url = "github:o/a";\n    inputs.nixpkgs.follows = "nixpkgs";\n  };\n  inputs.nixpkgs.url = "github:o/nixpkgs";\n}',
    ],
    [
      'a set on one line',
      '{ inputs.a = { url = "github:o/a"; }; inputs.nixpkgs.url = "github:o/nixpkgs"; }',
      '{ inputs.a = { url = "github:o/a"; inputs.nixpkgs.follows = "nixpkgs"; }; inputs.nixpkgs.url = "github:o/nixpkgs"; }',
    ],
  ];
  for (const [name, before, after] of forms) {
    it(`tells at the dependency, and writes follows into ${name}`, () => {
      const [found, ...others] = findingsOf('duplicate-source', { nix: before, lock: LOCK });
      assert.equal(others.length, 0);
      assert.equal(found?.message, '"nixpkgs" and "a/nixpkgs" lock the same source at different revisions');
      assert.equal(found.at, 'flake.nix:a');
      assert.deepEqual(found.related, ['flake.lock:"n_2"', 'flake.lock:"n"']);
      assert.equal(applied(before, found), after);
    });
  }

  it('tells at the node when flake.nix is not at hand', () => {
    assert.deepEqual(
      findingsOf('duplicate-source', { lock: LOCK }).map(({ at }) => at),
      ['flake.lock:"n_2"'],
    );
  });

  it('says nothing of two branches that the root itself declares', () => {
    const lock = lockText({ stable: 's', unstable: 'u' }, { s: node('nixpkgs', 'a'), u: node('nixpkgs', 'b') });
    assert.deepEqual(findingsOf('duplicate-source', { lock }), []);
  });

  it('says nothing of a commit that the dependency pins', () => {
    const lock = lockText(
      { a: 'a', nixpkgs: 'n' },
      { a: node('a', 'a', { regression: 'r' }), n: node('nixpkgs', 'b'), r: node('nixpkgs', 'c', {}, { rev: 'c'.repeat(40) }) },
    );
    assert.deepEqual(findingsOf('duplicate-source', { lock }), []);
  });

  it('says nothing of one revision under two keys', () => {
    const lock = lockText(
      { a: 'a', nixpkgs: 'n' },
      { a: node('a', 'a', { nixpkgs: 'm' }), n: node('nixpkgs', 'b'), m: node('nixpkgs', 'b') },
    );
    assert.deepEqual(findingsOf('duplicate-source', { lock }), []);
  });

  it('offers no edit where the names differ: it may be another branch on purpose', () => {
    const lock = lockText(
      { a: 'a', nixpkgs: 'n' },
      { a: node('a', 'a', { 'nixpkgs-stable': 's' }), n: node('nixpkgs', 'b'), s: node('nixpkgs', 'c') },
    );
    const [found] = findingsOf('duplicate-source', {
      nix: '{ inputs.a.url = "github:o/a"; inputs.nixpkgs.url = "github:o/nixpkgs"; }',
      lock,
    });
    assert.deepEqual(found?.finding.fixes, []);
  });

  it('compares with the nearest when the root has none', () => {
    const lock = lockText(
      { a: 'a', b: 'b' },
      { a: node('a', 'a', { lib: 'l' }), b: node('b', 'b', { lib: 'm' }), l: node('lib', 'c'), m: node('lib', 'd') },
    );
    assert.deepEqual(
      findingsOf('duplicate-source', { lock }).map(({ message }) => message),
      ['"a/lib" and "b/lib" lock the same source at different revisions'],
    );
  });
});
