import type { Signer } from './signer';

/** Writes a key as `nix key generate-secret` does: name, then seed and public key in base64. */
export function secretKeyText({ name, publicKey, secret }: Signer): string {
  const seed = secret.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
  const bytes = Buffer.from(publicKey.slice(name.length + 1), 'base64');
  return `${name}:${Buffer.concat([seed, bytes]).toString('base64')}`;
}
