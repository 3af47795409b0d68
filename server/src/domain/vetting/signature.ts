/** Signatures of records: Ed25519 over the canonical form, with keys in the form that Nix uses for caches. */
import { createPrivateKey, sign, verify } from 'node:crypto';
import { decodeBase64 } from '../base64';
import { isWeakPoint } from '../ed25519';
import type { PublicKey } from '../publicKey';
import { canonicalRecord, SIGNED_PREFIX } from './canonical';
import type { VettingRecord } from './types';

/**
 * `unsigned`; `unknown-key`: by a name for which no key is known here, which says nothing; `invalid`: under the name of a known key, and it does
 * not verify; `verified` with the key.
 */
export type RecordSignature =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'unknown-key'; /** As claimed. */ readonly keyName: string }
  | { readonly kind: 'invalid'; readonly keyName: string }
  | { readonly kind: 'verified'; readonly key: PublicKey };

/** Checks the signature of a record against the keys known here; several may have one name. */
export function checkSignature(
  { signature, fields }: Pick<VettingRecord, 'signature' | 'fields'>,
  keys: readonly PublicKey[],
): RecordSignature {
  if (signature === undefined) return { kind: 'unsigned' };
  const colon = signature.indexOf(':');
  const keyName = signature.slice(0, Math.max(0, colon));
  const bytes = colon <= 0 ? undefined : decodeBase64(signature.slice(colon + 1), 64);
  if (bytes === undefined) return { kind: 'invalid', keyName };
  const named = keys.filter(({ name }) => name === keyName);
  if (named.length === 0) return { kind: 'unknown-key', keyName };
  const signed = Buffer.from(SIGNED_PREFIX + canonicalRecord(fields), 'utf8');
  // libsodium, which Nix uses, refuses a first half of small order; OpenSSL does not.
  const key = isWeakPoint(bytes.subarray(0, 32))
    ? undefined
    : named.find(({ keyObject }) => verify(null, signed, keyObject, bytes));
  return key === undefined ? { kind: 'invalid', keyName } : { kind: 'verified', key };
}

/** What is before a seed of 32 bytes in a DER-encoded Ed25519 private key (RFC 8410). */
const DER_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Signs as the holder of a secret key in the form of `nix key generate-secret`: `name:base64` of seed and public key. Nothing for another text. */
export function signRecord(canonical: string, secretKey: string): string | undefined {
  const text = secretKey.trim();
  const colon = text.indexOf(':');
  const bytes = colon <= 0 ? undefined : decodeBase64(text.slice(colon + 1), 64);
  if (bytes === undefined) return undefined;
  const key = createPrivateKey({ key: Buffer.concat([DER_PREFIX, bytes.subarray(0, 32)]), format: 'der', type: 'pkcs8' });
  return `${text.slice(0, colon)}:${sign(null, Buffer.from(SIGNED_PREFIX + canonical, 'utf8'), key).toString('base64')}`;
}
