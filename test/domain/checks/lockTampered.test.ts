import assert from 'node:assert/strict';
import { findingsOf } from '../../support/checkFlake';
import { lockText, SAMPLE_HASH } from '../../support/lockText';

const FETCHED = { rev: 'a'.repeat(40), narHash: SAMPLE_HASH, lastModified: 1 };

function github(owner: string, repo: string): { readonly type: string; readonly owner: string; readonly repo: string } {
  return { type: 'github', owner, repo };
}

function node(original: object, locked: object, more: object = {}): object {
  return { ...more, locked: { ...locked, ...FETCHED }, original };
}

const NIX = '{ inputs.nixpkgs.url = "github:NixOS/nixpkgs"; outputs = _: { }; }';

describe('lock-tampered', () => {
  it('tells of a root input at its name, with both places in the lock', () => {
    const lock = lockText({ nixpkgs: 'n' }, { n: node(github('NixOS', 'nixpkgs'), github('evil', 'nixpkgs')) });
    const [found, ...others] = findingsOf('lock-tampered', { nix: NIX, lock });
    assert.equal(others.length, 0);
    assert.equal(found?.finding.severity, 'error');
    assert.equal(found.message, 'Input "nixpkgs": locked has owner "evil", but original asks for "NixOS"');
    assert.equal(found.at, 'flake.nix:nixpkgs');
    assert.deepEqual(found.related, ['flake.lock:"evil"', 'flake.lock:"NixOS"']);
    assert.deepEqual(found.finding.evidence, { node: 'n', mismatches: [{ field: 'owner', original: 'NixOS', locked: 'evil' }] });
  });

  it('tells it without flake.nix too, at the node', () => {
    const lock = lockText({ nixpkgs: 'n' }, { n: node(github('NixOS', 'nixpkgs'), github('evil', 'nixpkgs')) });
    assert.equal(findingsOf('lock-tampered', { lock })[0]?.at, 'flake.lock:"n"');
  });

  it('says nothing of a node that nobody reaches', () => {
    const lock = lockText({}, { n: node(github('NixOS', 'nixpkgs'), github('evil', 'nixpkgs')) });
    assert.deepEqual(findingsOf('lock-tampered', { lock }), []);
  });

  const nested = {
    a: node(github('o', 'a'), github('o', 'a'), { inputs: { b: 'b' } }),
    b: node(github('o', 'b'), github('x', 'b'), { inputs: { c: 'c' } }),
    c: node(github('o', 'c'), github('o', 'c')),
  };

  it('tells of an input of an input', () => {
    const [found] = findingsOf('lock-tampered', {
      nix: '{ inputs.a.url = "github:o/a"; outputs = _: { }; }',
      lock: lockText({ a: 'a' }, nested),
    });
    assert.equal(found?.id, 'a/b');
    assert.equal(found.at, 'flake.lock:"b"');
    assert.equal(found.finding.severity, 'error');
  });

  it('accepts an override that flake.nix declares, as Nix 2.8 locks it', () => {
    const nix = '{ inputs.a = { url = "github:o/a"; inputs.b.url = "github:x/b/main"; }; outputs = _: { }; }';
    assert.deepEqual(findingsOf('lock-tampered', { nix, lock: lockText({ a: 'a' }, nested) }), []);
  });

  it('does not accept what another override would give', () => {
    const nix = '{ inputs.a = { url = "github:o/a"; inputs.b.url = "github:y/b"; }; outputs = _: { }; }';
    assert.equal(findingsOf('lock-tampered', { nix, lock: lockText({ a: 'a' }, nested) }).length, 1);
    const elsewhere = '{ inputs.a = { url = "github:o/a"; inputs.c.url = "github:x/b"; }; outputs = _: { }; }';
    assert.equal(findingsOf('lock-tampered', { nix: elsewhere, lock: lockText({ a: 'a' }, nested) }).length, 1);
  });

  it('accepts no override for an input of the root itself', () => {
    const lock = lockText({ nixpkgs: 'n' }, { n: node(github('NixOS', 'nixpkgs'), github('evil', 'nixpkgs')) });
    const nix = '{ inputs.nixpkgs.url = "github:evil/nixpkgs"; outputs = _: { }; }';
    assert.equal(findingsOf('lock-tampered', { nix, lock }).length, 1);
  });

  it('is less sure further down, where a dependency may have overridden the input', () => {
    const deep = {
      ...nested,
      b: node(github('o', 'b'), github('o', 'b'), { inputs: { c: 'c' } }),
      c: node(github('o', 'c'), github('x', 'c')),
    };
    const [found] = findingsOf('lock-tampered', { lock: lockText({ a: 'a' }, deep) });
    assert.equal(found?.id, 'a/b/c');
    assert.equal(found.finding.severity, 'warning');
  });

  it('finds an override by the path of the node, not by a shorter one through follows', () => {
    const lock = lockText(
      { a: 'a', z: ['a', 'b'] },
      {
        ...nested,
        b: node(github('o', 'b'), github('o', 'b'), { inputs: { c: 'c' } }),
        c: node(github('o', 'c'), github('x', 'c')),
      },
    );
    const nix =
      '{ inputs.a = { url = "github:o/a"; inputs.b.inputs.c.url = "github:x/c"; }; inputs.z.follows = "a/b"; outputs = _: { }; }';
    assert.deepEqual(findingsOf('lock-tampered', { nix, lock }), []);
  });

  it('tells once of a node with several inputs', () => {
    const lock = lockText({ a: 'n', b: 'n', c: ['a'] }, { n: node(github('o', 'r'), github('x', 'r')) });
    assert.deepEqual(
      findingsOf('lock-tampered', { lock }).map(({ id }) => id),
      ['a'],
    );
  });

  it('only informs of submodules that the input may ask for itself', () => {
    const git = { type: 'git', url: 'https://h/x' };
    const [found] = findingsOf('lock-tampered', { lock: lockText({ x: 'x' }, { x: node(git, { ...git, submodules: true }) }) });
    assert.equal(found?.finding.severity, 'information');
  });

  describe('the tree of a relative path', () => {
    const relative = { locked: { type: 'path', path: './sub' }, original: { type: 'path', path: './sub' } };
    const withParent = (parent: readonly string[]): string =>
      lockText(
        { a: 'a', other: 'other' },
        {
          a: node(github('o', 'a'), github('o', 'a'), { inputs: { sub: 'sub' } }),
          other: node(github('o', 'o'), github('o', 'o')),
          sub: { ...relative, parent },
        },
      );
    const cases: [parent: readonly string[], findings: number][] = [
      [['a'], 0],
      [[], 0],
      [['other'], 1],
      [['nowhere'], 1],
    ];
    for (const [parent, count] of cases) {
      it(`${count === 0 ? 'may be' : 'may not be'} that of "${parent.join('/')}"`, () => {
        assert.equal(findingsOf('lock-tampered', { lock: withParent(parent) }).length, count);
      });
    }
  });

  const hostile: [name: string, original: object, locked: object][] = [
    ['names full of markup and escapes', github('a`](x)\u001b[31m', 'r'), github('b\u202e', 'r')],
    ['very long names', github('a'.repeat(500), 'r'), github('b'.repeat(500), 'r')],
    ['long names with a common beginning', github(`${'a'.repeat(300)}x`, 'r'), github(`${'a'.repeat(300)}y`, 'r')],
    ['URLs with passwords', { type: 'git', url: 'https://u:secret@h/x' }, { type: 'git', url: 'https://u:secret@h/y' }],
  ];
  for (const [name, original, locked] of hostile) {
    it(`makes one harmless line of ${name}`, () => {
      const [found] = findingsOf('lock-tampered', { lock: lockText({ x: 'x' }, { x: node(original, locked) }) });
      assert.ok(found);
      assert.doesNotMatch(found.message, /\p{Cc}|\u202e|secret/u);
      assert.doesNotMatch(JSON.stringify(found.finding), /secret/);
    });
  }

  it('says which commit the URL names', () => {
    const url = `https://git.example/o/r/archive/${'b'.repeat(40)}.tar.gz`;
    const original = { type: 'tarball', url: 'https://git.example/o/r/archive/main.tar.gz' };
    const [found] = findingsOf('lock-tampered', { lock: lockText({ x: 'x' }, { x: node(original, { type: 'tarball', url }) }) });
    assert.match(found?.message ?? '', /^Input "x": the locked URL names commit "b+…", but rev is "a+…"$/);
    assert.deepEqual(found?.related, [`flake.lock:"${'a'.repeat(40)}"`, `flake.lock:"${url}"`]);
  });

  it('shows where two long names differ', () => {
    const lock = lockText({ x: 'x' }, { x: node(github(`${'a'.repeat(60)}-good`, 'r'), github(`${'a'.repeat(60)}-evil`, 'r')) });
    const [found] = findingsOf('lock-tampered', { lock });
    assert.match(found?.message ?? '', /evil.*good/);
  });
});
