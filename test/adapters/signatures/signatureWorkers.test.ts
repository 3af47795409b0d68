import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { SignatureWorkers } from '../../../server/src/adapters/signatures/signatureWorkers';
import { parsePublicKey, type PublicKey } from '../../../server/src/domain/publicKey';
import { signatureDigest, type SignatureTriple } from '../../../server/src/domain/signatureCheck';
import type { SignatureVerifier, VerifiedSignature } from '../../../server/src/engine/ports';
import { forgedSignature } from '../../support/forgedSignature';
import { makeSigner, type Signer } from '../../support/signer';

describe('SignatureWorkers', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'flake-trust-worker-'));
  const file = path.join(folder, 'signatureWorker.js');
  const signers = [makeSigner('one-1'), makeSigner('two-1')];

  before(() => {
    buildSync({
      entryPoints: [path.join(__dirname, '../../../server/src/signatureWorker.ts')],
      bundle: true,
      platform: 'node',
      outfile: file,
    });
  });
  after(() => rmSync(folder, { recursive: true }));

  const ways: readonly (readonly [string, { readonly file?: string }])[] = [
    ['in the pool, where there is no program for a worker', {}],
    ['in workers', { file }],
    ['in the pool, where the worker cannot start', { file: path.join(folder, 'none.js') }],
  ];
  for (const [way, program] of ways) {
    it(`tells good from bad, each triple by its digest, ${way}`, async () => {
      const triples = Array.from({ length: 700 }, (_, index) => tripleOf(signers[index % 2]!, index));
      const verifier = new SignatureWorkers({ ...program, workers: 2, digests: true });
      try {
        const answers = await verifyAll(verifier, triples);
        for (const [index, { verified, digest }] of answers.entries()) {
          assert.equal(verified, index % 7 !== 3, `${index}`);
          assert.equal(digest, verified ? signatureDigest(triples[index]!) : undefined);
        }
      } finally {
        verifier.close();
      }
    });
  }

  it('takes text beyond ASCII and of any length as it is', async () => {
    const verifier = new SignatureWorkers({ file, workers: 1, digests: false });
    try {
      const texts = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? 'é✓𝄞'.repeat(index * 40) : ''));
      const triples = texts.map((text) => signed(signers[0]!, text));
      assert.ok((await verifyAll(verifier, triples)).every(({ verified }) => verified));
    } finally {
      verifier.close();
    }
  });

  it('refuses what node:crypto takes and libsodium does not: a signature that begins with a weak point', async () => {
    const key = keyOf(signers[0]!);
    const verifier = new SignatureWorkers({ file, workers: 1, digests: false });
    try {
      const triples = Array.from({ length: 150 }, () => ({ text: 'anything', signature: forgedSignature(), key }));
      assert.ok((await verifyAll(verifier, triples)).every(({ verified }) => !verified));
    } finally {
      verifier.close();
    }
  });

  it('goes on in the pool when a worker dies, and answers all that it was asked', async () => {
    const dying = path.join(folder, 'dying.js');
    writeFileSync(dying, "require('node:worker_threads').parentPort.once('message', () => process.exit(1));");
    const verifier = new SignatureWorkers({ file: dying, workers: 1, digests: false });
    try {
      const triples = Array.from({ length: 400 }, (_, index) => tripleOf(signers[0]!, index));
      const answers = await verifyAll(verifier, triples);
      assert.deepEqual(
        answers.map(({ verified }) => verified),
        triples.map((_, index) => index % 7 !== 3),
      );
    } finally {
      verifier.close();
    }
  });

  it('answers nothing after it was closed', async () => {
    const verifier = new SignatureWorkers({ file, workers: 1, digests: false });
    let answers = 0;
    for (let index = 0; index < 400; index++) verifier.verify(tripleOf(signers[0]!, index), () => answers++);
    verifier.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(answers, 0);
  });
});

function keyOf({ publicKey }: Signer): PublicKey {
  const key = parsePublicKey(publicKey);
  assert.ok(key.ok);
  return key.value;
}

function signed(signer: Signer, text: string): SignatureTriple {
  return { text, signature: sign(null, Buffer.from(text), signer.secret), key: keyOf(signer) };
}

/** Every seventh is a signature of something else. */
function tripleOf(signer: Signer, index: number): SignatureTriple {
  const triple = signed(signer, `1;/nix/store/${index};sha256:x;1;`);
  return index % 7 === 3 ? { ...triple, text: `${triple.text} ` } : triple;
}

function verifyAll(verifier: SignatureVerifier, triples: readonly SignatureTriple[]): Promise<VerifiedSignature[]> {
  return new Promise((resolve) => {
    const answers: VerifiedSignature[] = [];
    let left = triples.length;
    for (const [index, triple] of triples.entries()) {
      verifier.verify(triple, (answer) => {
        assert.equal(answers[index], undefined, 'answered twice');
        answers[index] = answer;
        if (--left === 0) resolve(answers);
      });
    }
  });
}
