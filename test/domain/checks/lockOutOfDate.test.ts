import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allFindings, findingsOf } from '../../support/checkFlake';
import { lockText, SAMPLE_HASH } from '../../support/lockText';

const FETCHED = { rev: 'a'.repeat(40), narHash: SAMPLE_HASH, lastModified: 1 };

function node(original: object, inputs: object = {}): object {
  return { inputs, locked: { ...original, ...FETCHED }, original };
}

const A = { type: 'github', owner: 'o', repo: 'a' };
const B = { type: 'github', owner: 'o', repo: 'b' };
const C = { type: 'github', owner: 'o', repo: 'c' };

/** root -> a -> b, root -> c. */
const LOCK = lockText({ a: 'a', c: 'c' }, { a: node(A, { b: 'b' }), b: node(B), c: node(C) });
/** root -> a -> b follows c, root -> c. */
const FOLLOWING = lockText({ a: 'a', c: 'c' }, { a: node(A, { b: ['c'] }), c: node(C) });

function flake(inputs: string, outputs = '_: { }'): string {
  return `{ inputs = { ${inputs} }; outputs = ${outputs}; }`;
}

describe('lock-out-of-date', () => {
  const fresh: [name: string, inputs: string, lock: string][] = [
    ['nothing changed', 'a.url = "github:o/a"; c.url = "github:o/c";', LOCK],
    ['the attribute form', 'a = { type = "github"; owner = "o"; repo = "a"; }; c.url = "github:o/c";', LOCK],
    ['flake = false added', 'a.url = "github:o/a"; c = { url = "github:o/c"; flake = false; };', LOCK],
    [
      'an override for an input that the dependency lacks',
      'a = { url = "github:o/a"; inputs.x.follows = "c"; }; c.url = "github:o/c";',
      LOCK,
    ],
    ['an override with nothing in it', 'a = { url = "github:o/a"; inputs.b = { }; }; c.url = "github:o/c";', LOCK],
    ['an override by URL, as locked', 'a = { url = "github:o/a"; inputs.b.url = "github:o/b"; }; c.url = "github:o/c";', LOCK],
    ['a value that is computed', 'a.url = "github:o/a${x}"; c.url = "github:o/c";', LOCK],
    ['an input that is computed', 'a = import ./a.nix; c.url = "github:o/c";', LOCK],
    ['attributes that Nix refuses', 'a.uri = "github:o/x"; c.url = "github:o/c";', LOCK],
    ['a reference that is half written', 'a.url = "github:"; c.url = "github:o/c";', LOCK],
    [
      'an override by follows, as locked',
      'a = { url = "github:o/a"; inputs.b.follows = "c"; }; c.url = "github:o/c";',
      FOLLOWING,
    ],
    ['follows with a slash too many', 'a = { url = "github:o/a"; inputs.b.follows = "/c/"; }; c.url = "github:o/c";', FOLLOWING],
    ['inputs that are computed', 'a.url = "github:o/a"; ${x}.url = "github:o/c";', LOCK],
  ];
  for (const [name, inputs, lock] of fresh) {
    it(`says nothing when ${name}`, () =>
      assert.deepEqual(
        findingsOf('lock-out-of-date', { nix: flake(inputs), lock }).map(({ message }) => message),
        [],
      ));
  }

  const stale: [name: string, inputs: string, lock: string, id: string, at: string, message: RegExp][] = [
    [
      'a branch was added',
      'a.url = "github:o/a/main"; c.url = "github:o/c";',
      LOCK,
      'a',
      'flake.nix:github:o/a/main',
      /asks for github:o\/a\/main, flake\.lock records github:o\/a/,
    ],
    ['the owner was changed', 'a.url = "github:x/a"; c.url = "github:o/c";', LOCK, 'a', 'flake.nix:github:x/a', /github:x\/a/],
    [
      'the attribute form was changed',
      'a = { type = "github"; owner = "x"; repo = "a"; }; c.url = "github:o/c";',
      LOCK,
      'a',
      'flake.nix:a',
      /github:x\/a/,
    ],
    [
      'an input was added',
      'a.url = "github:o/a"; c.url = "github:o/c"; d.url = "github:o/d";',
      LOCK,
      'd',
      'flake.nix:github:o/d',
      /not in flake\.lock yet/,
    ],
    ['an input was removed', 'a.url = "github:o/a";', LOCK, 'c', 'flake.lock:"c"', /not in flake\.nix/],
    [
      'an input follows another one now',
      'a.url = "github:o/a"; c.follows = "a/b";',
      LOCK,
      'c',
      'flake.nix:a/b',
      /follows "a\/b", but flake\.lock has a source of its own/,
    ],
    [
      'an override by follows was added',
      'a = { url = "github:o/a"; inputs.b.follows = "c"; }; c.url = "github:o/c";',
      LOCK,
      'a/b',
      'flake.nix:c',
      /follows "c"/,
    ],
    [
      'an override by follows was removed',
      'a.url = "github:o/a"; c.url = "github:o/c";',
      FOLLOWING,
      'a/b',
      'flake.nix:a',
      /follows "c" in flake\.lock, but flake\.nix does not say so/,
    ],
    [
      'an override follows something else',
      'a = { url = "github:o/a"; inputs.b.follows = ""; }; c.url = "github:o/c";',
      FOLLOWING,
      'a/b',
      'flake.nix:""',
      /follows "", but flake\.lock records "c"/,
    ],
    [
      'an override became a URL',
      'a = { url = "github:o/a"; inputs.b.url = "github:x/b"; }; c.url = "github:o/c";',
      FOLLOWING,
      'a/b',
      'flake.nix:github:x/b',
      /lets it follow "c"/,
    ],
    [
      'an override by URL was changed',
      'a = { url = "github:o/a"; inputs.b.url = "github:x/b"; }; c.url = "github:o/c";',
      LOCK,
      'a/b',
      'flake.nix:github:x/b',
      /github:x\/b/,
    ],
    ['a URL became an implicit input', 'a.url = "github:o/a"; c = { };', LOCK, 'c', 'flake.nix:c', /asks for flake:c/],
    [
      'a password was removed',
      'a.url = "github:o/a"; c.url = "git+https://h/c";',
      lockText({ a: 'a', c: 'c' }, { a: node(A), c: node({ type: 'git', url: 'https://u:secret@h/c' }) }),
      'c',
      'flake.nix:git+https://h/c',
      /reference differs from what flake\.lock records/,
    ],
  ];
  for (const [name, inputs, lock, id, at, message] of stale) {
    it(`tells when ${name}`, () => {
      const found = findingsOf('lock-out-of-date', { nix: flake(inputs), lock });
      assert.deepEqual(
        found.map((each) => each.id),
        [id],
      );
      assert.equal(found[0]?.at, at);
      assert.match(found[0].message, message);
      assert.deepEqual(found[0].finding.fixes, [{ kind: 'copy', title: 'Copy `nix flake lock`', text: 'nix flake lock' }]);
    });
  }

  it('knows implicit inputs', () => {
    const nix = flake('a.url = "github:o/a"; c.url = "github:o/c";', '{ self, a, c, extra }: { }');
    assert.deepEqual(
      findingsOf('lock-out-of-date', { nix, lock: LOCK }).map(({ id }) => id),
      ['extra'],
    );
  });

  it('does not miss inputs of a flake.nix that is half written', () => {
    assert.deepEqual(findingsOf('lock-out-of-date', { nix: '{ inputs = { a.url = "github:o/a', lock: LOCK }), []);
    assert.deepEqual(findingsOf('lock-out-of-date', { nix: '', lock: LOCK }), []);
  });

  it('leaves to the dependency what it lets follow itself', () => {
    const lock = lockText({ a: 'a' }, { a: node(A, { b: ['a', 'x'], self: ['a'], x: 'x' }), x: node(B) });
    assert.deepEqual(findingsOf('lock-out-of-date', { nix: flake('a.url = "github:o/a";'), lock }), []);
  });

  it('trusts the lock further down, as Nix does', () => {
    const lock = lockText({ a: 'a', c: 'c' }, { a: node(A, { b: 'b' }), b: node(B, { n: ['c'] }), c: node(C) });
    assert.deepEqual(findingsOf('lock-out-of-date', { nix: flake('a.url = "github:o/a"; c.url = "github:o/c";'), lock }), []);
  });

  it('accepts an override as Nix 2.8 locks it, and tells when that changed', () => {
    const locked = { ...FETCHED, type: 'github', owner: 'x', repo: 'b' };
    const lock = lockText({ a: 'a' }, { a: node(A, { b: 'b' }), b: { locked, original: B } });
    const override = (url: string): string => flake(`a = { url = "github:o/a"; inputs.b.url = "${url}"; };`);
    assert.deepEqual(findingsOf('lock-out-of-date', { nix: override('github:x/b'), lock }), []);
    assert.equal(findingsOf('lock-out-of-date', { nix: override('github:y/b'), lock }).length, 1);
  });

  it('compares the tree of a relative path', () => {
    const lock = (parent?: readonly string[]): string =>
      lockText(
        { s: 's' },
        { s: { locked: { type: 'path', path: './s' }, original: { type: 'path', path: './s' }, ...(parent && { parent }) } },
      );
    const nix = flake('s.url = "path:./s";');
    assert.deepEqual(findingsOf('lock-out-of-date', { nix, lock: lock([]) }), []);
    assert.deepEqual(findingsOf('lock-out-of-date', { nix, lock: lock() }), []);
    assert.equal(findingsOf('lock-out-of-date', { nix, lock: lock(['s']) }).length, 1);
  });

  for (const version of ['2.8', '2.26', '2.34']) {
    const folder = join(__dirname, '../../fixtures/flakeLocks', version);
    const flakes = JSON.parse(readFileSync(join(folder, 'flakeNix.json'), 'utf8')) as Record<string, string>;
    for (const [name, nix] of Object.entries(flakes)) {
      it(`finds a lock fresh that Nix ${version} has just written: ${name}`, () => {
        const lock = readFileSync(join(folder, `${name}.json`), 'utf8');
        const codes = allFindings({ nix, lock }).filter(({ finding }) =>
          /^lock-(?:out-of-date|tampered|unreadable)$/.test(finding.code),
        );
        assert.deepEqual(
          codes.map(({ message }) => message),
          [],
        );
      });
    }
  }
});
