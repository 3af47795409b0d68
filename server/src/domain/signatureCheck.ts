/** Ed25519 for thousands of signatures: checked by other threads, and known again by their digests. */
import { hash, verify } from 'node:crypto';
import { isWeakPoint } from './ed25519';
import type { PublicKey } from './publicKey';

/** What is signed, by what, and the key that is said to have made it. */
export interface SignatureTriple {
  readonly text: string;
  /** 64 bytes. */
  readonly signature: Uint8Array;
  readonly key: PublicKey;
}

/** Names a triple: 43 characters that no other triple has (SHA-256 over lengths that cannot be mistaken for each other). */
export function signatureDigest({ text, signature, key }: SignatureTriple): string {
  const bytes = Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength);
  return hash('sha256', `${bytes.toString('base64')} ${key.bytes.toString('base64')} ${text}`, 'base64url');
}

/** Verifies as `verifySignature` of `verifyNarinfo.ts` does, on a thread of Node's pool. `done` is called once, later. */
export function verifyInBackground(triple: SignatureTriple, done: (verified: boolean) => void): void {
  if (isWeakPoint(triple.signature.subarray(0, 32))) queueMicrotask(() => done(false));
  else verifyWith(triple, { done });
}

/** Node keeps the callback of a verification until the next full garbage collection; what it has told it must not keep as well. */
function verifyWith(
  { text, signature, key }: SignatureTriple,
  waiting: { done: ((verified: boolean) => void) | undefined },
): void {
  verify(null, Buffer.from(text), key.keyObject, signature, (error, verified) => {
    const { done } = waiting;
    waiting.done = undefined;
    done?.(error === null && verified);
  });
}
