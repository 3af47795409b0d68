import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readFlake, type FlakeFacts, type FlakeOptions } from '../../server/src/domain/flakeFacts';
import { applied, allFindings } from '../support/checkFlake';
import { lockText, nodeJson, SAMPLE_HASH, SAMPLE_PATH } from '../support/lockText';
import { assertLinear } from '../support/growth';

function read(nix: string | undefined, lock: string | undefined, options: Partial<FlakeOptions> = {}): FlakeFacts {
  return readFlake(
    { ...(nix === undefined ? {} : { flakeNix: nix }), ...(lock === undefined ? {} : { flakeLock: lock }) },
    { privatePatterns: [], now: Date.UTC(2026, 10, 22), ...options },
  );
}

const NIX = '{ inputs.a.url = "github:o/r/main"; inputs.f.follows = "a"; outputs = { self, a, f }: { }; }';
const LOCK = lockText({ a: 'n', f: ['a'] }, { n: nodeJson({ x: 'x' }), x: { ...nodeJson(), flake: false } });

describe('readFlake', () => {
  it('says of each input what both files know', () => {
    const { inputs, lock } = read(NIX, LOCK);
    assert.equal(lock.state, 'ok');
    const [a, x, f] = inputs;
    assert.deepEqual(
      inputs.map(({ path }) => path.join('/')),
      ['a', 'a/x', 'f'],
    );
    assert.equal(a?.node, 'n');
    assert.equal(a.reference, 'github:o/r');
    assert.equal(a.type, 'github');
    assert.equal(a.rev, 'a'.repeat(40));
    assert.equal(a.lastModified, 1_700_000_000);
    assert.equal(a.narHash, SAMPLE_HASH);
    assert.equal(a.storePath, SAMPLE_PATH);
    assert.equal(a.declared?.name, 'a');
    assert.equal(a.privateReason, undefined);
    assert.equal(x?.flake, false);
    assert.equal(x.declared, undefined);
    assert.deepEqual(f?.follows, ['a']);
    assert.equal(f.node, 'n');
    assert.equal(f.storePath, SAMPLE_PATH);
    assert.deepEqual(f.resolution, { kind: 'node', key: 'n' });
  });

  it('lists what flake.nix declares when there is no lock, or none that can be read', () => {
    for (const lock of [undefined, '{', '{"version": 4}']) {
      const { inputs } = read(NIX, lock);
      assert.deepEqual(
        inputs.map(({ path, reference, resolution }) => [path.join('/'), reference, resolution.kind]),
        [
          ['a', 'github:o/r/main', 'not-locked'],
          ['f', '', 'not-locked'],
        ],
      );
      assert.deepEqual(inputs[1]?.follows, ['a']);
    }
  });

  it('lists what flake.nix declares beyond the lock', () => {
    const { inputs } = read(
      '{ inputs.a.url = "github:o/r"; inputs.b.url = "github:o/b"; outputs = { self, c, ... }: { }; }',
      LOCK,
    );
    assert.deepEqual(
      inputs.map(({ path, resolution }) => `${path.join('/')} ${resolution.kind}`),
      ['a node', 'a/x node', 'b not-locked', 'c not-locked', 'f node'],
    );
  });

  it('reads a lock alone, and nothing at all', () => {
    assert.deepEqual(
      read(undefined, LOCK).inputs.map(({ path }) => path.join('/')),
      ['a', 'a/x', 'f'],
    );
    assert.deepEqual(read(undefined, undefined), { lock: { state: 'missing' }, inputs: [], findings: [] });
  });

  it('gives inputs that lead nowhere no source', () => {
    const { inputs } = read(undefined, lockText({ self: [], gone: 'gone', circle: ['circle'] }));
    assert.deepEqual(
      inputs.map(({ path, node, type, reference }) => [path[0], node, type, reference]),
      [
        ['circle', '', 'unknown', ''],
        ['gone', '', 'unknown', ''],
        ['self', 'root', 'self', 'self'],
      ],
    );
  });

  it('computes a store path only where one follows', () => {
    const storePath = (locked: object, options: Partial<FlakeOptions> = {}): string | undefined =>
      read(undefined, lockText({ a: 'a' }, { a: { locked, original: locked } }), options).inputs[0]?.storePath;
    const file = { type: 'file', url: 'https://h/x', narHash: SAMPLE_HASH };
    assert.equal(storePath(file), SAMPLE_PATH);
    assert.equal(storePath({ ...file, name: 'my-lib' }), '/nix/store/mrp1xhjaxla71vb1v6ipgj6njrmz8g2b-my-lib');
    assert.equal(storePath({ ...file, name: '../evil' }), undefined);
    assert.equal(storePath({ type: 'path', path: './sub' }), undefined);
    assert.equal(storePath({ ...file, narHash: 'sha256-AAAA' }), undefined);
    assert.match(storePath(file, { storeDir: '/opt/store' }) ?? '', /^\/opt\/store\/[0-9a-z]{32}-source$/);
  });

  it('takes for private what either side of the lock says is', () => {
    const reason = (locked: object, original: object, patterns: string[] = []): string | undefined =>
      read(undefined, lockText({ a: 'a' }, { a: { locked, original } }), { privatePatterns: patterns }).inputs[0]?.privateReason;
    const github = { type: 'github', owner: 'o', repo: 'r' };
    const ssh = { type: 'git', url: 'ssh://git@h.example/x' };
    assert.equal(reason(github, github), undefined);
    assert.ok(reason(ssh, ssh));
    assert.ok(reason(github, ssh));
    assert.ok(reason(ssh, github));
    assert.ok(reason(github, github, ['github:o/*']));
  });

  it('shows a commit only when it is one', () => {
    const node = { ...nodeJson(), locked: { ...nodeJson().locked, rev: 'main' } };
    assert.equal(read(undefined, lockText({ a: 'a' }, { a: node })).inputs[0]?.rev, undefined);
  });

  it('orders findings by place', () => {
    const nix =
      '{ nixConfig.sandbox = false; inputs.a.url = "http://h.example/x"; inputs.b.url = "git+http://u:p@h.example/y"; }';
    const places = read(nix, lockText({ a: 5 as unknown as string })).findings.map(
      ({ place }) => [place?.file, place?.span.start ?? -1] as const,
    );
    const inNix = places.filter(([file]) => file === 'flake.nix').map(([, start]) => start);
    assert.deepEqual(
      inNix,
      [...inNix].sort((a, b) => a - b),
    );
    assert.equal(places.at(-1)?.[0], 'flake.lock');
  });

  it('takes time in proportion to the lock', () => {
    const textsOf = (length: number) => {
      const keys = Array.from({ length }, (_, index) => `n${index}`);
      const edges = Object.fromEntries(keys.slice(0, 100).map((key) => [key, key]));
      const nodes = Object.fromEntries(
        keys.map((key, index) => [
          key,
          nodeJson(
            index * 10 + 10 < keys.length
              ? Object.fromEntries(keys.slice(index * 10, index * 10 + 10).map((each) => [each, each]))
              : { up: ['n0', 'n1'] },
            `r${index % 7}`,
          ),
        ]),
      );
      const lock = lockText(edges, nodes);
      const nix = `{ inputs = { ${keys
        .slice(0, 100)
        .map((key) => `${key}.url = "github:o/r";`)
        .join(' ')} }; outputs = _: { }; }`;
      return { nix, lock };
    };
    assertLinear(5000, textsOf, ({ nix, lock }) => void read(nix, lock, { maxAgeDays: 1, allowedOwners: ['x'] }));
  });

  it('never throws, keeps to the texts, and says each thing once', () => {
    const name = fc.constantFrom('a', 'b', 'c', '__proto__', 'x y', '`](x)', '\u202e', '${', 'a/b', '');
    const reference = fc.constantFrom(
      'github:o/r',
      'nixpkgs',
      'http://u:p@h/x',
      'path:/x',
      './..',
      'git+ssh://g@h/x',
      'https://flakehub.com/f/o/r/*',
      '',
      'foo:',
    );
    const input = fc.oneof(
      fc.tuple(name, reference).map(([each, url]) => `"${each}".url = "${url}";`),
      fc.tuple(name, name).map(([each, target]) => `"${each}".follows = "${target}";`),
      fc.tuple(name, name, reference).map(([each, inner, url]) => `"${each}".inputs."${inner}".url = "${url}";`),
      fc.tuple(name, name, name).map(([each, inner, target]) => `"${each}".inputs."${inner}".follows = "${target}";`),
    );
    const nix = fc
      .array(input, { maxLength: 6 })
      .map((inputs) => `{ inputs = { ${inputs.join(' ')} }; outputs = { self, a, ... }: { }; }`);
    const edge = fc.oneof(name, fc.array(name, { maxLength: 2 }));
    const source = fc.record(
      {
        type: fc.constantFrom('github', 'git', 'tarball', 'path', 'indirect', 'x'),
        owner: name,
        repo: name,
        url: reference,
        id: name,
        path: name,
        rev: fc.constantFrom('a'.repeat(40), 'b'.repeat(40), 'z'),
        narHash: fc.constantFrom(SAMPLE_HASH, 'x'),
      },
      { requiredKeys: ['type'] },
    );
    const node = fc.record(
      { inputs: fc.dictionary(name, edge), locked: source, original: source, parent: fc.array(name, { maxLength: 2 }) },
      { requiredKeys: [] },
    );
    const lock = fc.tuple(fc.dictionary(name, edge), fc.dictionary(name, node)).map(([root, nodes]) => lockText(root, nodes));
    const cut = fc.tuple(fc.oneof(nix, lock), fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1)));
    fc.assert(
      fc.property(
        fc.oneof({ weight: 4, arbitrary: nix }, cut),
        fc.oneof({ weight: 4, arbitrary: lock }, cut, fc.string()),
        (flakeNix, flakeLock) => {
          // Looks at places, lengths and repetitions as well.
          const found = allFindings({ nix: flakeNix, lock: flakeLock }, { maxAgeDays: 1, allowedOwners: ['o'] });
          for (const each of found) {
            assert.doesNotMatch(each.message, /\p{Cc}|\u202e/u);
            for (const fix of each.finding.fixes ?? []) if (fix.kind === 'edit') applied(flakeNix, each, fix.title);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
