/** The public half of a secret key file; the secret half is not kept. */
import { decodeBase64 } from './base64';

/** Of an Ed25519 secret key as libsodium stores it: seed and public key. */
const SECRET_LENGTH = 64;
const PUBLIC_OFFSET = 32;

/** Gives `name:base64` of the public key in a file of `secret-key-files`; `undefined` for anything else. Source: Nix, `SecretKey::toPublicKey`. */
export function publicKeyOfSecret(text: string): string | undefined {
  const trimmed = text.trim();
  const colon = trimmed.indexOf(':');
  const bytes = colon <= 0 ? undefined : decodeBase64(trimmed.slice(colon + 1), SECRET_LENGTH);
  return bytes === undefined
    ? undefined
    : `${trimmed.slice(0, colon)}:${Buffer.from(bytes.subarray(PUBLIC_OFFSET)).toString('base64')}`;
}
