import { verify } from 'node:crypto';
import { isWeakPoint } from '../../domain/ed25519';
import { parsePublicKey, type PublicKey } from '../../domain/publicKey';
import { signatureDigest } from '../../domain/signatureCheck';
import { readBatch, type BatchAnswer, type BatchMessage } from './signatureBatch';

/**
 * Verifies the signatures of a batch as `verifySignature` of domain/verifyNarinfo.ts does, on this thread.
 * @param keys The keys of earlier batches by their numbers; those of this one are added.
 */
export function verifyBatch(message: BatchMessage, keys: PublicKey[]): BatchAnswer {
  for (const text of message.newKeys) {
    const key = parsePublicKey(text);
    // They were parsed before they were sent.
    if (!key.ok) throw new Error('not a public key');
    keys.push(key.value);
  }
  const verdicts = new Uint8Array(message.count);
  const digests: string[] = [];
  readBatch(message, (keyNumber, signature, text, index) => {
    const key = keys[keyNumber];
    if (key === undefined || isWeakPoint(signature.subarray(0, 32)) || !verify(null, text, key.keyObject, signature)) return;
    verdicts[index] = 1;
    if (message.digests) digests.push(signatureDigest({ text: text.toString('utf8'), signature, key }));
  });
  return { bytes: message.bytes, verdicts, digests };
}
