/** Reports read back from files that anybody may have written. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseReport } from '../../../server/src/engine/merge/parseReport';
import { auditOfReport } from '../../../server/src/report/finishedAudit';
import { REPORT_FORMATS, reportPieces } from '../../../server/src/report/reportPieces';
import { nthHash } from '../../support/nthHash';
import { schemaErrors } from '../../support/reportSchema';

const pathOf = (n: number) => `/nix/store/${nthHash(n, 'parse')}-path-${n}`;
const narHash = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
const url = 'https://cache.example';

/** Something of everything. */
const report = () => ({
  schemaVersion: 1,
  tool: { name: 'flake-trust', version: '1.2.3' },
  lock: { state: 'missing' },
  caches: [{ url, origin: 'command-line', state: 'reachable', priority: 40 }],
  inputs: [
    {
      ...{ path: ['nixpkgs'], node: 'nixpkgs', type: 'github', reference: 'github:NixOS/nixpkgs', flake: true, private: false },
      ...{ narHash, storePath: pathOf(9), rev: 'a'.repeat(40), lastModified: 1 },
      declaredAt: { line: 1, character: 2, endLine: 1, endCharacter: 9 },
      binaries: {
        ...{ system: 'x86_64-linux', outputs: 2, found: 1, verified: 1, unknown: 1, sampled: true, keyNames: ['k-1'] },
        ...{ caches: [url], notAsked: { reason: 'a path', caches: [url] }, checkedAt: '2026-01-01T00:00:00.000Z' },
      },
      answers: [
        {
          ...{ url, answer: 'found', narHash, contentAddressed: false, checkedAt: '2026-01-01T00:00:00.000Z' },
          signatures: [{ keyName: 'k-1', verdict: 'verified' }],
        },
      ],
      signer: { verdict: 'verified', keyNames: ['k-1'] },
      vetting: {
        ...{
          state: 'exempted',
          by: 'Ada',
          reviewedBy: 'Bob',
          criteria: ['safe-to-build'],
          until: '2027-01-01',
          basis: 'exemption',
          signed: true,
        },
        ...{ missing: ['x'], scope: ['lib/'], records: ['r1'], rules: [{ rule: 'owner', outcome: 'violated', actual: 'them' }] },
      },
    },
  ],
  findings: [
    {
      ...{ code: 'closure-incomplete', severity: 'warning', message: 'Not whole', help: 'https://example.org' },
      subject: { kind: 'path', id: 'closure' },
      evidence: { reason: 'cancelled' },
      suppressed: { reason: 'Known.', until: '2027-01-01' },
    },
  ],
  shard: {
    ...{ index: 2, count: 3, unvisited: [pathOf(2)] },
    question: {
      ...{ roots: '0'.repeat(32), caches: '1'.repeat(32), keys: '2'.repeat(32), options: '3'.repeat(32) },
      vetting: '4'.repeat(32),
    },
    answers: [{ url, sizes: [17] }],
    groups: [{ code: 'unsigned', key: url, paths: [pathOf(1)] }],
    claims: [{ input: ['nixpkgs'], kind: 'sole', paths: [pathOf(1)] }],
    more: [{ code: 'signature-invalid', subjects: [pathOf(1)] }],
    plan: { local: [], substitute: [pathOf(1)] },
    policy: {
      outputs: {
        signedBy: { keys: ['k-1:AAAA'], atLeast: 1, notTrusted: ['k-1:AAAA'] },
        caches: [url],
        outcomes: [{ rule: 'policy-keys', broken: [pathOf(1)], unknown: [] }],
      },
      suppressions: [{ code: 'unsigned', subject: '*', reason: 'Known.', until: '2027-01-01' }],
    },
  },
  closure: {
    roots: [pathOf(1)],
    paths: [
      {
        storePath: pathOf(1),
        verdict: 'unsigned',
        keyNames: [],
        narHash,
        narSize: 17,
        references: [pathOf(2)],
        input: ['nixpkgs'],
      },
    ],
    totals: { paths: 1, narBytes: 17, byVerdict: { unsigned: 1 }, byKey: {}, byCache: { [url]: 0 }, differ: 0 },
    coverage: [{ url, answered: 1, paths: 1, bytes: 17, missing: [] }],
    stopped: { reason: 'cancelled', unvisited: 1 },
    byInput: [{ input: ['nixpkgs'], paths: 1, narBytes: 17 }],
    plan: {
      nix: '2.8.0',
      local: 0,
      substitute: 1,
      build: [{ drvPath: pathOf(5), outputs: ['out'], reason: 'forbidden' }],
      missing: [],
      unplanned: [],
    },
    sources: {
      totals: { sources: 0, byAlgorithm: {}, byHost: [], byIssue: { 'weak-hash': 0, 'plain-http': 0, 'no-url': 0 } },
      list: [
        {
          ...{ drvPath: pathOf(6), name: 'src', algorithm: 'sha256', hash: narHash, method: 'flat', issues: ['plain-http'] },
          urls: [{ url: 'http://example.org/x', scheme: 'http', host: 'example.org' }],
        },
      ],
    },
  },
});

function errorOf(value: unknown): string {
  const parsed = parseReport(typeof value === 'string' ? value : JSON.stringify(value));
  assert.ok(!parsed.ok, 'it was believed');
  return parsed.error;
}

describe('a report read back', () => {
  it('is what was written, with its members in their order, and what a later version adds', () => {
    const later = { ...report(), later: { added: [1] } };
    const parsed = parseReport(JSON.stringify(later));
    assert.ok(parsed.ok, parsed.ok ? '' : parsed.error);
    assert.equal(JSON.stringify(parsed.value), JSON.stringify(later));
  });

  const path = report().closure.paths[0]!;
  const closure = report().closure;
  const shard = report().shard;
  for (const [what, value, error] of [
    ['nothing', '', /^it is not JSON/],
    ['half a file', JSON.stringify(report()).slice(0, -20), /^it is not JSON/],
    ['a list', [], /^it is not a JSON object/],
    ['a web page', '<!doctype html>', /^it is not JSON/],
    ['something else', { hello: 1 }, /it has no schemaVersion/],
    ['a later version', { ...report(), schemaVersion: 2 }, /schema version 2/],
    ['a missing part', { ...report(), caches: undefined }, /^caches: /],
    [
      'a strange verdict',
      { ...report(), closure: { ...closure, paths: [path, { ...path, verdict: 'fine' }] } },
      /^closure\.paths\[1\]\.verdict: /,
    ],
    [
      'a path that would end a shell word',
      { ...report(), closure: { ...closure, roots: ["/nix/store/' ; rm"] } },
      /^closure\.roots\[0\]: this is no store path/,
    ],
    ['a path with a line break', { ...report(), closure: { ...closure, roots: [`${pathOf(1)}\n`] } }, /no store path/],
    [
      'a negative count',
      { ...report(), closure: { ...closure, totals: { ...closure.totals, paths: -1 } } },
      /^closure\.totals\.paths: /,
    ],
    ['a shard beyond the last', { ...report(), shard: { ...shard, index: 4 } }, /^shard\.index: there is no shard 4 of 3/],
    ['a million shards', { ...report(), shard: { ...shard, count: 1e6 } }, /^shard\.count: /],
    ['a shard of nothing', { ...report(), closure: undefined }, /^closure: a shard without one/],
    [
      'answers about other paths',
      { ...report(), shard: { ...shard, answers: [{ url, sizes: [] }] } },
      /^shard\.answers\[0\]\.sizes: /,
    ],
    [
      'answers of other caches',
      { ...report(), shard: { ...shard, answers: [{ url: 'https://x', sizes: [1] }] } },
      /^shard\.answers\[0\]: /,
    ],
    [
      'a rule that nobody has',
      { ...report(), shard: { ...shard, policy: { outputs: { outcomes: [{ rule: 'x', broken: [], unknown: [] }] } } } },
      /^shard\.policy\.outputs\.outcomes\[0\]\.rule: /,
    ],
    [
      'more suppressions than anybody has',
      { ...report(), shard: { ...shard, policy: { suppressions: Array(20_000).fill(shard.policy.suppressions[0]) } } },
      /^shard\.policy\.suppressions: /,
    ],
    ['brackets without end', '['.repeat(1e6), /nested more deeply/],
    [
      'brackets in what nobody names',
      { ...report(), x: JSON.parse('['.repeat(60) + ']'.repeat(60)) as unknown },
      /nested more deeply/,
    ],
  ] as const) {
    it(`is refused with ${what}, and the place is named`, () => assert.match(errorOf(value), error));
  }

  it('says nothing to a terminal that it was not meant to say', () => {
    assert.doesNotMatch(errorOf({ ...report(), ['\u001b[2J']: 1, caches: [{ url: '\u001b[31m', origin: '\u001b' }] }), /\u001b/);
  });

  it('never throws, and what is believed can be printed in every format', () => {
    const text = JSON.stringify(report());
    const places = fc.nat(text.length - 1);
    const piece = fc.oneof(
      fc.constantFrom('"', '{', '}', '[', ']', ',', ':', 'null', '-1', '1e400', '"__proto__"', '\\', '"\\ud800"', 'true'),
      fc.string({ maxLength: 8 }),
    );
    const damaged = fc.tuple(places, fc.nat(12), piece).map(([at, cut, by]) => text.slice(0, at) + by + text.slice(at + cut));
    const swapped = fc.tuple(fc.integer({ min: 0, max: 200 }), fc.jsonValue()).map(([nth, value]) => {
      let left = nth;
      return JSON.stringify(report(), (_, old: unknown) => (left-- === 0 ? value : old));
    });
    fc.assert(
      fc.property(fc.oneof(damaged, swapped), (input) => {
        const parsed = parseReport(input);
        if (!parsed.ok) return;
        assert.deepEqual(
          schemaErrors({ ...parsed.value }).filter((error) => !error.includes('additional')),
          [],
        );
        for (const format of REPORT_FORMATS) {
          const options = { now: 0, color: false, audit: true, why: [pathOf(2)] };
          const printed = [...reportPieces(format, auditOfReport(parsed.value), options)].join('');
          assert.doesNotMatch(printed, /\u001b/);
        }
      }),
      { numRuns: 400 },
    );
  });
});
