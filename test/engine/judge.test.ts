import assert from 'node:assert/strict';
import type { InputReport, PathVerdict } from '../../server/src/domain/inputsReport';
import { storePathHash } from '../../server/src/domain/storePath';
import { engineBench, NEVER, type BenchCache } from '../support/engineBench';
import { fakeCache } from '../support/fakeCache';
import { flakeFacts, inputFacts, narHashOf } from '../support/flakeFacts';
import { makeSigner, narinfoText, sourceAddress, type NarinfoFields } from '../support/signer';

const ours = makeSigner('cache.example.org-1');
const others = makeSigner('stranger-1');
/** Has the name of our key, and other bytes. */
const impostor = makeSigner('cache.example.org-1');

const input = inputFacts('nixpkgs');
const honest: NarinfoFields = { storePath: input.storePath!, narHash: input.narHash! };
const ca = sourceAddress(input.narHash!);

const serving = (url: string, fields: NarinfoFields): BenchCache => ({
  url,
  cache: fakeCache({ narinfos: [[storePathHash(input.storePath!), { kind: 'found', text: narinfoText(fields) }]] }),
});
const without = (url: string): BenchCache => ({ url });
const broken = (url: string): BenchCache => ({ url, cache: fakeCache({ info: { kind: 'unreachable', reason: 'down' } }) });

async function judge(...caches: BenchCache[]): Promise<InputReport> {
  const { engine, configuration } = engineBench(caches, [ours.publicKey]);
  const report = await engine.check(flakeFacts([input]), { configuration, offline: false }, NEVER);
  return report.inputs[0]!;
}

describe('the verdict of a source', () => {
  const a = 'https://a.example';
  const b = 'https://b.example';
  const cases: readonly (readonly [string, readonly BenchCache[], PathVerdict, readonly string[]])[] = [
    ['no cache at all', [], 'unknown', []],
    ['no cache answers', [broken(a)], 'unknown', []],
    ['no cache has it', [without(a), without(b)], 'absent', []],
    ['one has it not, one does not answer', [without(a), broken(b)], 'absent', []],
    ['content-addressed, unsigned', [serving(a, { ...honest, ca })], 'content-addressed', []],
    ['signed by our key', [serving(a, { ...honest, signers: [ours] })], 'verified', [ours.name]],
    ['content-addressed and signed', [serving(a, { ...honest, ca, signers: [ours] })], 'verified', [ours.name]],
    ['signed by a stranger and by us', [serving(a, { ...honest, signers: [others, ours] })], 'verified', [ours.name]],
    ['signed by a stranger', [serving(a, { ...honest, signers: [others] })], 'untrusted-key', []],
    ['unsigned', [serving(a, honest)], 'unsigned', []],
    ['signed under our name by other bytes', [serving(a, { ...honest, signers: [impostor] })], 'invalid-signature', []],
    ['a signature over other content', [serving(a, { ...honest, signers: [ours], forged: true })], 'invalid-signature', []],
    [
      'the best of two: verified before unsigned',
      [serving(a, honest), serving(b, { ...honest, signers: [ours] })],
      'verified',
      [ours.name],
    ],
    ['the best of two: unsigned before absent', [without(a), serving(b, honest)], 'unsigned', []],
    [
      'the best of two: a stranger before a false signature',
      [serving(a, { ...honest, signers: [impostor] }), serving(b, { ...honest, signers: [others] })],
      'untrusted-key',
      [],
    ],
    [
      'other content wins over all, whoever signed it, and its signer is not the signer',
      [serving(a, { ...honest, ca, signers: [] }), serving(b, { ...honest, narHash: narHashOf('evil'), signers: [ours] })],
      'hash-mismatch',
      [],
    ],
    [
      'other content beside a verified answer: its signer is named',
      [serving(a, { ...honest, signers: [ours] }), serving(b, { ...honest, narHash: narHashOf('evil') })],
      'hash-mismatch',
      [ours.name],
    ],
  ];
  for (const [name, caches, verdict, keyNames] of cases) {
    it(`${name}: ${verdict}`, async () => {
      assert.deepEqual((await judge(...caches)).signer, { verdict, keyNames });
    });
  }
});

describe('an answer', () => {
  it('lists every signature with its verdict, and what it found', async () => {
    const { answers } = await judge(serving('https://a.example', { ...honest, ca, signers: [others, ours, impostor] }));
    const [answer] = answers;
    assert.deepEqual(answer, {
      url: 'https://a.example',
      answer: 'found',
      narHash: input.narHash,
      contentAddressed: true,
      signatures: [
        { keyName: 'stranger-1', verdict: 'untrusted-key' },
        { keyName: 'cache.example.org-1', verdict: 'verified' },
        { keyName: 'cache.example.org-1', verdict: 'invalid' },
      ],
      checkedAt: '2026-11-22T12:00:00.000Z',
    });
  });

  it('says what is odd about it in words', async () => {
    const { answers } = await judge(
      serving('https://a.example', { ...honest, ca: sourceAddress(narHashOf('other')), signatures: ['not a signature'] }),
    );
    assert.equal(
      answers[0]?.reason,
      'its CA field does not lead to this path; one of its Sig lines is no signature, for which newer Nix refuses the whole answer',
    );
  });

  it('carries no hostile text', async () => {
    const { answers } = await judge(
      serving('https://a.example', { ...honest, signatures: [`\u202Eevil\u001b[2J:${'A'.repeat(86)}==`] }),
    );
    assert.deepEqual(answers[0]?.signatures, [{ keyName: '\uFFFDevil\uFFFD[2J', verdict: 'untrusted-key' }]);
  });
});
