import assert from 'node:assert/strict';
import fc from 'fast-check';
import { lockProblems, parseFlakeLock, walkLock, type FlakeLock } from '../../../server/src/domain/flakeLock';
import type { Span } from '../../../server/src/util/span';
import { lockText, nodeJson, parsedLock, SAMPLE_HASH } from '../../support/lockText';
import { assertLinear } from '../../support/growth';

function unreadable(
  text: string,
  maxBytes?: number,
): { readonly message: string; readonly text: string; readonly version?: number } {
  const parsed = parseFlakeLock(text, maxBytes === undefined ? {} : { maxBytes });
  assert.equal(parsed.kind, 'unreadable');
  const { message, span, version } = parsed;
  return { message, text: text.slice(span.start, span.end), ...(version === undefined ? {} : { version }) };
}

function problems(lock: FlakeLock): string[] {
  return lockProblems(lock, walkLock(lock).reached).map(({ kind }) => kind);
}

describe('parseFlakeLock', () => {
  it('reads nodes with their positions', () => {
    const text = lockText({ nixpkgs: 'n', util: ['mid', 'util'] }, { n: { ...nodeJson(), flake: false } });
    const lock = parsedLock(text);
    const at = (span: Span | undefined): string | undefined => span && text.slice(span.start, span.end);
    const node = lock.nodes.get('n');
    assert.equal(lock.version, 7);
    assert.equal(at(node?.keySpan), '"n"');
    assert.match(at(node?.span) ?? '', /^\{[^]*\}$/);
    assert.match(at(node?.lockedSpan) ?? '', /^\{[^]*"narHash"[^]*\}$/);
    assert.equal(at(node?.lockedSpans.get('owner')), '"o"');
    assert.equal(at(node?.originalSpans.get('repo')), '"r"');
    assert.equal(at(node?.lockedSpans.get('lastModified')), '1700000000');
    assert.equal(node?.flake, false);
    assert.equal(node.narHash, SAMPLE_HASH);
    const edges = lock.nodes.get('root')?.inputs;
    assert.equal(at(edges?.get('nixpkgs')?.span), '"n"');
    assert.equal(at(edges?.get('nixpkgs')?.nameSpan), '"nixpkgs"');
    assert.match(at(edges?.get('util')?.span) ?? '', /^\[[^]*\]$/);
    assert.deepEqual(edges?.get('util'), { ...edges?.get('util'), kind: 'follows', path: ['mid', 'util'] });
  });

  it('lays the info of old locks over locked, whatever the version', () => {
    for (const version of [5, 6, 7]) {
      const node = {
        locked: { type: 'github', rev: 'r', lastModified: 1 },
        info: { narHash: SAMPLE_HASH, lastModified: 2 },
        original: { type: 'github' },
      };
      const lock = parsedLock(JSON.stringify({ version, root: 'top', nodes: { top: { inputs: { x: 'x' } }, x: node } }));
      assert.equal(lock.nodes.get('x')?.narHash, SAMPLE_HASH);
      assert.equal(lock.nodes.get('x')?.locked?.get('lastModified'), 2);
      assert.equal(lock.rootKey, 'top');
    }
  });

  it('reads parent, dir and whatever else a node may have', () => {
    const node = {
      locked: { type: 'path', path: './sub' },
      original: { type: 'path', path: './sub' },
      parent: ['a', 'b'],
      buildTime: true,
      deep: [{ x: [1] }],
    };
    const lock = parsedLock(lockText({ sub: 'sub' }, { sub: node }));
    assert.deepEqual(lock.nodes.get('sub')?.parent, ['a', 'b']);
    assert.deepEqual(problems(lock), []);
  });

  it('takes hostile keys for names', () => {
    const text = `{"version":7,"root":"__proto__","nodes":{"__proto__":{"inputs":{"constructor":"toString","__proto__":["hasOwnProperty"]}},
      "toString":{"locked":{"type":"github","__proto__":"x"},"original":{"type":"github"}}}}`;
    const lock = parsedLock(text);
    assert.equal(lock.nodes.size, 2);
    assert.deepEqual([...(lock.nodes.get('__proto__')?.inputs.keys() ?? [])], ['constructor', '__proto__']);
    assert.equal(lock.nodes.get('toString')?.locked?.get('__proto__'), 'x');
    assert.equal(({} as Record<string, unknown>)['inputs'], undefined);
  });

  it('reads the last of two equal keys, as Nix, and tells', () => {
    const text = `{"version":7,"root":"root","nodes":{"root":{"inputs":{"x":"good","x":"evil"}},
      "evil":{"locked":{"type":"github","owner":"good","owner":"evil"},"original":{"type":"github"}}}}`;
    const lock = parsedLock(text);
    assert.deepEqual(lock.nodes.get('root')?.inputs.get('x')?.kind, 'node');
    assert.equal(lock.nodes.get('evil')?.locked?.get('owner'), 'evil');
    assert.deepEqual(problems(lock), ['duplicate-key', 'duplicate-key']);
  });

  it('skips a byte order mark', () => assert.equal(parseFlakeLock(`\uFEFF${lockText({})}`).kind, 'ok'));

  const damaged: [name: string, text: string, message: RegExp, at: string][] = [
    ['an empty file', '', /empty/, ''],
    ['white space', ' \n ', /empty/, ''],
    ['a placeholder instead of a link', '../../flake.lock', /no JSON/, '..'],
    ['an array', '[1, 2]', /no JSON object/, '['],
    ['a text', '"x"', /no JSON object/, '"'],
    ['a half-written file', lockText({ a: 'a' }).slice(0, 40), /ends too early/, '"'],
    ['a missing comma', '{"version": 7 "root": "x"}', /"," or "}" is missing here, not "root"/, '"root"'],
    ['a missing colon', '{"version" 7}', /":" is missing here, not 7/, '7'],
    ['a trailing comma', '{"version": 7,}', /name in quotes is missing here, not }/, '}'],
    ['a trailing comma in what is skipped', '{"x": {"a": 1,}}', /missing here/, '}'],
    ['a missing bracket in what is skipped', '{"x": [1, {"a": 2]}', /missing here/, ']'],
    ['a comment', '{ // hello\n"version": 7}', /comments/, '// hello'],
    ['merge conflict markers', '{\n<<<<<<< HEAD\n"version": 7}', /merge conflict/, '<<<<<<<'],
    ['something behind', '{"version": 7} x', /no JSON/, 'x'],
    ['two values', '{"version": 7} {}', /nothing may follow/, '{'],
    ['an unclosed text', '{"version\n": 7}', /malformed/, '"version'],
    ['a control character in a text', '{"a\u0001": 7}', /malformed/, '"a\u0001"'],
    ['a bad escape', '{"a\\x": 7}', /malformed/, '"a\\x"'],
    ['no version', '{"root": "root", "nodes": {"root": {}}}', /no version/, '{'],
    ['a version that is a text', '{"version": "7"}', /no number/, '"7"'],
    ['no root', '{"version": 7, "nodes": {}}', /no root/, '{'],
    ['a root that is no text', '{"version": 7, "root": 1, "nodes": {}}', /no text/, '1'],
    ['a root that is missing', '{"version": 7, "root": "r", "nodes": {}}', /root "r" is missing/, '"r"'],
    ['no nodes', '{"version": 7, "root": "r"}', /no nodes/, '{'],
    ['nodes that are an array', '{"version": 7, "root": "r", "nodes": []}', /no nodes/, '{'],
    ['a million brackets', '['.repeat(1_000_000), /too deeply/, '['],
    ['a million braces', '{"a":'.repeat(1_000_000), /too deeply/, '{'],
  ];
  for (const [name, text, message, at] of damaged) {
    it(`says what is wrong with ${name}`, () => {
      const found = unreadable(text);
      assert.match(found.message, message);
      assert.ok(found.text.startsWith(at), found.text);
    });
  }

  for (const version of [0, 1, 4, 8, 7.5, 1e300]) {
    it(`refuses version ${version}, as Nix does`, () => {
      const found = unreadable(JSON.stringify({ version, root: 'root', nodes: { root: {} } }));
      assert.deepEqual(found, {
        message: `unsupported version ${version}, Nix reads 5 to 7`,
        text: JSON.stringify(version),
        version,
      });
    });
  }

  it('refuses a file that is too large before looking at it', () => {
    assert.match(unreadable(`{"x": "${'a'.repeat(2 ** 21)}"}`, 2 ** 20).message, /larger than 1 MB/);
  });

  const broken: [kind: string, nodes: Record<string, unknown>][] = [
    ['not-an-object', { x: 5 }],
    ['not-an-object', { x: { locked: [], original: { type: 'git' } } }],
    ['missing-locked', { x: { original: { type: 'git' } } }],
    ['missing-original', { x: { locked: { type: 'git' } } }],
    ['missing-type', { x: { locked: { url: 'x' }, original: { type: 'git' } } }],
    ['bad-attribute', { x: { ...nodeJson(), flake: 'no' } }],
    ['bad-attribute', { x: { ...nodeJson(), parent: 'root' } }],
    ['bad-attribute', { x: { locked: { type: 'git', rev: null }, original: { type: 'git' } } }],
    ['bad-attribute', { x: { locked: { type: 'git', revCount: -1 }, original: { type: 'git' } } }],
    ['bad-attribute', { x: { locked: { type: 'git', lastModified: 1.5 }, original: { type: 'git' } } }],
    ['bad-edge', { x: nodeJson({ y: 5 as unknown as string }) }],
    ['bad-edge', { x: nodeJson({ y: ['a', 1 as unknown as string] }) }],
    ['bad-edge', { x: { ...nodeJson(), inputs: 'y' } }],
    ['missing-node', { x: nodeJson({ y: 'nowhere' }) }],
    ['edge-to-root', { x: nodeJson({ y: 'root' }) }],
    ['unknown-attribute', { x: { locked: { type: 'github', submodules: true }, original: { type: 'github' } } }],
  ];
  for (const [kind, nodes] of broken) {
    it(`keeps a lock with ${kind} in one node, and tells: ${JSON.stringify(nodes['x']).slice(0, 50)}`, () => {
      const lock = parsedLock(lockText({ x: 'x', good: 'good' }, { ...nodes, good: nodeJson() }));
      assert.ok(problems(lock).includes(kind), problems(lock).join());
      assert.equal(lock.nodes.get('good')?.narHash, SAMPLE_HASH);
    });
    it(`says nothing of ${kind} in a node that nobody reaches: ${JSON.stringify(nodes['x']).slice(0, 50)}`, () => {
      assert.deepEqual(problems(parsedLock(lockText({}, nodes))), []);
    });
  }

  it('does not judge the attributes of a type that it does not know', () => {
    const node = { locked: { type: 'fossil', whatever: 1 }, original: { type: 'fossil' } };
    assert.deepEqual(problems(parsedLock(lockText({ x: 'x' }, { x: node }))), []);
  });

  it('says what is wrong with a hash', () => {
    const hash = (narHash: unknown): string | undefined => {
      const node = { locked: { type: 'tarball', narHash }, original: { type: 'tarball' } };
      return parsedLock(lockText({ x: 'x' }, { x: node })).nodes.get('x')?.narHashProblem?.message;
    };
    assert.equal(hash(SAMPLE_HASH), undefined);
    assert.equal(hash(SAMPLE_HASH.replace('=', '')), undefined);
    for (const bad of ['', 'sha256:0gh0pjkhg3ykk61ygnmqpahqnc35cqc3b8y8lk3ibx3fjnyldvkp', 'sha1-AAAA', 'sha256-AAAA', 5])
      assert.ok(hash(bad));
  });

  it('never throws and names places inside the text, whatever that is', () => {
    const whole = lockText({ a: 'a', b: ['a', 'c'] }, { a: nodeJson({ c: 'c' }), c: nodeJson() });
    const cut = fc.nat(whole.length).map((end) => whole.slice(0, end));
    const holed = fc
      .tuple(fc.nat(whole.length), fc.nat(20), fc.string())
      .map(([at, length, put]) => whole.slice(0, at) + put + whole.slice(at + length));
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), cut, holed), (text) => {
        const parsed = parseFlakeLock(text);
        const spans = parsed.kind === 'unreadable' ? [parsed.span] : allSpans(parsed.lock);
        for (const { start, end } of spans) assert.ok(0 <= start && start <= end && end <= text.length);
      }),
      { numRuns: 400 },
    );
  });

  it('accepts what JSON.parse accepts and refuses the rest', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.json().map((text) => text.slice(1)),
        ),
        (text) => {
          const parsed = parseFlakeLock(`{"x": ${text}}`);
          let valid = true;
          try {
            JSON.parse(`{"x": ${text}}`);
          } catch {
            valid = false;
          }
          assert.equal(
            parsed.kind === 'unreadable' && parsed.message === 'it has no version',
            valid && !text.includes('"version"'),
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  it('takes time in proportion to the number of nodes', () => {
    const lockOf = (length: number) => {
      const names = Array.from({ length }, (_, index) => `n${index}`);
      return lockText(
        Object.fromEntries(names.map((name) => [name, name])),
        Object.fromEntries(names.map((name) => [name, nodeJson()])),
      );
    };
    assertLinear(4000, lockOf, (text) => void parseFlakeLock(text));
  });

  it('survives 40 MB', () => {
    const text = `{"version": 7, "root": "root", "nodes": {"root": {"note": "${'a'.repeat(40_000_000)}"}}}`;
    assert.equal(parseFlakeLock(text).kind, 'ok');
  });
});

function allSpans(lock: FlakeLock): Span[] {
  return [...lock.nodes.values()].flatMap((node) => [
    node.span,
    node.keySpan,
    ...node.lockedSpans.values(),
    ...node.originalSpans.values(),
    ...[...node.inputs.values()].flatMap(({ span, nameSpan }) => [span, nameSpan]),
    ...node.problems.map(({ span }) => span),
  ]);
}
