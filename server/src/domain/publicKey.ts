/** Ed25519 public keys as nix.conf has them: `name:base64`. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { decodeBase64, isBase64 } from './base64';
import { isWeakPoint } from './ed25519';
import { err, ok, type Result } from './result';

export interface PublicKey {
  /** `name:base64` in canonical spelling: the identity. The name alone is a label that anybody can write. */
  readonly text: string;
  readonly name: string;
  /** 32 bytes. */
  readonly bytes: Buffer;
  /** Made once: parsing a key takes longer than verifying with it. */
  readonly keyObject: KeyObject;
}

/**
 * Why a text is no usable public key. `secret-key`: it has the 64 bytes of a secret key, which must not stand in a configuration.
 * `weak`: a point for which anybody can make signatures; libsodium, and so Nix, never verifies with it.
 */
export type PublicKeyError =
  | { readonly kind: 'no-name' }
  | { readonly kind: 'not-base64' }
  | { readonly kind: 'wrong-length' }
  | { readonly kind: 'secret-key' }
  | { readonly kind: 'weak' };

/** Says what is wrong with a key, to follow a subject: "The key …". Never repeats the key: it may be a secret one. */
export function describePublicKeyError(error: PublicKeyError): string {
  switch (error.kind) {
    case 'no-name':
      return 'is not in the form name:base64';
    case 'not-base64':
      return 'has characters after its name that are not base64';
    case 'wrong-length':
      return 'is not a key of 32 bytes';
    case 'secret-key':
      return 'is a secret key, not a public one: replace the key pair, whoever read this file can sign with it';
    case 'weak':
      return 'is a point for which anybody can make signatures';
  }
}

const KEY_LENGTH = 32;

/** What precedes the 32 bytes in a DER-encoded Ed25519 public key (RFC 8410). */
const DER_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Parses `name:base64`; the name is all before the first colon. Source: Nix, `Key::parse`. */
export function parsePublicKey(text: string): Result<PublicKey, PublicKeyError> {
  const colon = text.indexOf(':');
  if (colon <= 0 || colon === text.length - 1) return err({ kind: 'no-name' });
  const base64 = text.slice(colon + 1);
  const bytes = decodeBase64(base64, KEY_LENGTH);
  if (bytes === undefined) {
    if (decodeBase64(base64, 2 * KEY_LENGTH) !== undefined) return err({ kind: 'secret-key' });
    return err({ kind: isBase64(base64) ? 'wrong-length' : 'not-base64' });
  }
  if (isWeakPoint(bytes)) return err({ kind: 'weak' });
  const name = text.slice(0, colon);
  const keyObject = createPublicKey({ key: Buffer.concat([DER_PREFIX, bytes]), format: 'der', type: 'spki' });
  return ok({ text: `${name}:${bytes.toString('base64')}`, name, bytes, keyObject });
}

/** The keys that count, by name, and what is wrong with the others. */
export interface TrustedKeys {
  /** Where a name occurs twice the first entry wins, as in Nix: a wrong key listed first hides the right one. */
  readonly byName: ReadonlyMap<string, PublicKey>;
  /** Nix fails every command for one of these. Here they are reported and left out. `text` is as it came, and may be a secret key: print its name at most. */
  readonly problems: readonly { readonly text: string; readonly error: PublicKeyError }[];
  /** Keys hidden by an earlier one of the same name with other bytes. */
  readonly shadowed: readonly PublicKey[];
}

/** Collects the trusted keys, in configured order. */
export function trustedKeys(texts: readonly string[]): TrustedKeys {
  const byName = new Map<string, PublicKey>();
  const problems: { text: string; error: PublicKeyError }[] = [];
  const shadowed: PublicKey[] = [];
  for (const text of texts) {
    const key = parsePublicKey(text);
    if (!key.ok) {
      problems.push({ text, error: key.error });
      continue;
    }
    const first = byName.get(key.value.name);
    if (first === undefined) byName.set(key.value.name, key.value);
    else if (first.text !== key.value.text) shadowed.push(key.value);
  }
  return { byName, problems, shadowed };
}
