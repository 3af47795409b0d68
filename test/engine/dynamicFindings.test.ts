import assert from 'node:assert/strict';
import type { InputFacts } from '../../server/src/domain/flakeFacts';
import type { ReportedFinding } from '../../server/src/domain/inputsReport';
import { storePathHash } from '../../server/src/domain/storePath';
import { engineBench, NEVER, type BenchCache } from '../support/engineBench';
import { fakeCache } from '../support/fakeCache';
import { flakeFacts, inputFacts, lockNodeAt, narHashOf } from '../support/flakeFacts';
import { makeSigner, narinfoText, sourceAddress, type NarinfoFields, type Signer } from '../support/signer';

const ours = makeSigner('cache.example.org-1');
const stranger = makeSigner('stranger-1');
const impostor = makeSigner('cache.example.org-1');
const input = inputFacts('tools');
const evil = narHashOf('evil');

function serving(url: string, fields: Partial<NarinfoFields> & { readonly of?: InputFacts }): BenchCache {
  const { of = input, ...rest } = fields;
  const text = narinfoText({ storePath: of.storePath!, narHash: of.narHash!, ...rest });
  return { url, cache: fakeCache({ narinfos: [[storePathHash(of.storePath!), { kind: 'found', text }]] }) };
}

async function findings(
  caches: readonly BenchCache[],
  { inputs = [input], audit = false, keys = [ours] }: { inputs?: InputFacts[]; audit?: boolean; keys?: Signer[] } = {},
): Promise<readonly ReportedFinding[]> {
  const bench = engineBench(
    caches,
    keys.map(({ publicKey }) => publicKey),
  );
  const scope = { configuration: bench.configuration, offline: false, audit };
  return (await bench.engine.check(flakeFacts(inputs), scope, NEVER)).findings;
}

const codes = (found: readonly ReportedFinding[]) =>
  found.map(({ code, severity, message }) => `${severity} ${code}: ${message}`);
const a = 'https://a.example';
const b = 'https://b.example';
const ca = sourceAddress(input.narHash!);

describe('findings from what caches say', () => {
  const cases: readonly (readonly [string, readonly BenchCache[], boolean, readonly string[]])[] = [
    ['nothing for a path that no cache has', [{ url: a }], true, []],
    ['nothing for a content-addressed path without signature', [serving(a, { ca })], true, []],
    ['nothing for a verified path', [serving(a, { signers: [ours, stranger] })], true, []],
    [
      'hash-mismatch, whoever signed it',
      [serving(a, { narHash: evil, signers: [ours] })],
      false,
      ['error hash-mismatch: Input "tools": cache a.example serves a different hash than flake.lock records'],
    ],
    [
      'hash-mismatch for a source with references',
      [serving(a, { ca, references: [input.storePath!] })],
      false,
      ['error hash-mismatch: Input "tools": cache a.example describes this source as none can be'],
    ],
    [
      'caches-disagree beside it when another cache is right',
      [serving(a, { ca }), serving(b, { narHash: evil })],
      false,
      [
        'error caches-disagree: Input "tools": a.example and b.example serve different content for one path',
        'error hash-mismatch: Input "tools": cache b.example serves a different hash than flake.lock records',
      ],
    ],
    [
      'signature-invalid, once for an input',
      [serving(a, { ca, signers: [impostor] }), serving(b, { ca, signers: [impostor] })],
      false,
      ['error signature-invalid: Input "tools": signature by "cache.example.org-1" from a.example does not verify'],
    ],
    ['signer-unknown not without an audit', [serving(a, { signers: [stranger] })], false, []],
    [
      'signer-unknown in an audit',
      [serving(a, { signers: [stranger, makeSigner('b-1'), makeSigner('c-1')] })],
      true,
      ['information signer-unknown: Input "tools": signed only by keys you do not trust: b-1, c-1 and 1 more'],
    ],
    [
      'signer-unknown for a content-addressed path, too: it is information',
      [serving(a, { ca, signers: [stranger] })],
      true,
      ['information signer-unknown: Input "tools": signed only by keys you do not trust: stranger-1'],
    ],
    [
      'unsigned, in an audit only',
      [serving(a, {})],
      true,
      ['information unsigned: Input "tools": a.example serves it without a signature'],
    ],
    ['unsigned not without an audit: the hash binds a source', [serving(a, {})], false, []],
    ['not unsigned when another cache serves it signed', [serving(a, {}), serving(b, { signers: [ours] })], true, []],
  ];
  for (const [name, caches, audit, expected] of cases) {
    it(name, async () => {
      assert.deepEqual(codes(await findings(caches, { audit })), expected);
    });
  }

  it('count mirrors that pass on one signature line as one voice', async () => {
    const signed = narinfoText({ storePath: input.storePath!, narHash: input.narHash!, signers: [ours] });
    const [mirror] = /(?<=Sig: ).*/.exec(signed) ?? [];
    const [finding] = await findings([
      serving(a, { signatures: [mirror!] }),
      serving(b, { signatures: [mirror!] }),
      serving('https://c.example', { signers: [stranger] }),
      serving('https://d.example', { narHash: evil }),
    ]);
    assert.equal(finding?.code, 'caches-disagree');
    assert.deepEqual(
      (finding.evidence as { parties: { caches: string[]; voices: number }[] }).parties.map(({ caches, voices }) => [
        caches,
        voices,
      ]),
      [
        [[a, b, 'https://c.example'], 2],
        [['https://d.example'], 1],
      ],
    );
  });

  it('keep their evidence: what was locked, what was served, who signed it', async () => {
    const [finding] = await findings([serving(a, { narHash: evil, signers: [ours], references: [input.storePath!] })]);
    const { served, ...rest } = finding?.evidence as { served: Record<string, unknown>[] };
    assert.deepEqual(rest, { storePath: input.storePath, locked: input.narHash });
    assert.equal(served.length, 1);
    assert.equal(served[0]?.['narHash'], evil);
    assert.deepEqual(served[0]['verifiedBy'], [ours.name]);
  });
});

describe('where they are', () => {
  const nixText = '{ inputs.tools.url = "github:example/tools"; }';
  const declared = {
    name: 'tools',
    nameSpan: { start: 9, end: 14 },
    nameSpans: [{ start: 9, end: 14 }],
    bindingSpans: [{ start: 2, end: 43 }],
    implicit: false,
    computed: false,
    attrs: new Map(),
    inputs: [],
  };

  async function placed(inputs: InputFacts[]): Promise<readonly ReportedFinding[]> {
    const bench = engineBench([serving(a, { narHash: evil })]);
    const facts = { ...flakeFacts(inputs), flakeNixText: nixText, lockText: '{\n  "tools": {}\n}' };
    return (await bench.engine.check(facts, { configuration: bench.configuration, offline: false }, NEVER)).findings;
  }

  it('at the name in flake.nix for a root input', async () => {
    const [finding] = await placed([inputFacts('tools', { declared, lockNode: lockNodeAt('tools', 4) })]);
    assert.deepEqual(finding?.location, { file: 'flake.nix', line: 0, character: 9, endLine: 0, endCharacter: 14 });
    assert.deepEqual(finding.subject, { kind: 'input', id: 'tools' });
  });

  it('at the key in flake.lock for a transitive one', async () => {
    const [finding] = await placed([inputFacts('home/tools', { lockNode: lockNodeAt('tools', 4) })]);
    assert.deepEqual(finding?.location, { file: 'flake.lock', line: 1, character: 2, endLine: 1, endCharacter: 9 });
    assert.deepEqual(finding.subject, { kind: 'input', id: 'home/tools' });
  });

  it('once for a lock node, at the input nearest to the root, rather the owner than one that follows', async () => {
    const node = { node: 'tools' };
    const found = await placed([
      inputFacts('a', { ...node, follows: ['b'] }),
      inputFacts('b', node),
      inputFacts('home/tools', { ...node, follows: ['b'] }),
    ]);
    assert.deepEqual(
      found.map(({ subject }) => subject.id),
      ['b'],
    );
  });
});

describe('messages', () => {
  it('stay within 120 characters and on one line, whatever the names', async () => {
    const nasty = `\u202E\u001b[31m${'n'.repeat(300)}\n# \`|<b>`;
    const long = inputFacts('x', { path: [nasty, nasty], narHash: input.narHash!, storePath: input.storePath! });
    const far = `https://${'c'.repeat(60)}.example/${'d'.repeat(60)}`;
    const signers = Array.from({ length: 12 }, (_, index) => makeSigner(`${'k'.repeat(60)}${index}`));
    const found = [
      ...(await findings([serving(far, { narHash: evil }), serving(`${far}/2`, {})], { inputs: [long] })),
      ...(await findings([serving(far, { narHash: evil, references: [input.storePath!] })], { inputs: [long] })),
      ...(await findings([serving(far, { signers })], { inputs: [long], audit: true })),
      ...(await findings([serving(far, { signers, forged: true })], { inputs: [long], keys: signers })),
      ...(await findings([serving(far, {})], { inputs: [long], audit: true })),
    ];
    assert.deepEqual([...new Set(found.map(({ code }) => code))].sort(), [
      'caches-disagree',
      'hash-mismatch',
      'signature-invalid',
      'signer-unknown',
      'unsigned',
    ]);
    for (const { message } of found) {
      assert.ok(message.length <= 120, `${message.length}: ${message}`);
      assert.doesNotMatch(message, /[\p{Cc}\p{Cf}]/u);
    }
  });
});
