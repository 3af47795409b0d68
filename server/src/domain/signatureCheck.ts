/** Ed25519 for thousands of signatures: each a triple that is known again by its digest. */
import { hash } from 'node:crypto';
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
