import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { narHashToNix32, type NarHash } from '../../server/src/domain/hash';

export interface Signer {
  readonly name: string;
  /** `name:base64`, for `trusted-public-keys`. */
  readonly publicKey: string;
  readonly secret: KeyObject;
}

/** Makes a key for the test; nothing is known of it beforehand. */
export function makeSigner(name: string): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const der = publicKey.export({ format: 'der', type: 'spki' });
  return { name, publicKey: `${name}:${der.subarray(-32).toString('base64')}`, secret: privateKey };
}

export interface NarinfoFields {
  readonly storePath: string;
  readonly narHash: NarHash;
  readonly narSize?: number;
  /** Absolute. */
  readonly references?: readonly string[];
  readonly ca?: string;
  readonly signers?: readonly Signer[];
  /** `Sig` values as they are, beside those of `signers`. */
  readonly signatures?: readonly string[];
  /** Signs other content than it says. */
  readonly forged?: boolean;
}

/** Writes a narinfo as Nix does, signed by whoever is asked. */
export function narinfoText({
  storePath,
  narHash,
  narSize = 120,
  references = [],
  ca,
  signers = [],
  signatures = [],
  forged = false,
}: NarinfoFields): string {
  const hash = narHashToNix32(narHash);
  const fingerprint = `1;${storePath};${hash};${forged ? narSize + 1 : narSize};${[...references].sort().join(',')}`;
  const sigs = [
    ...signers.map(({ name, secret }) => `${name}:${sign(null, Buffer.from(fingerprint), secret).toString('base64')}`),
    ...signatures,
  ];
  return [
    `StorePath: ${storePath}`,
    `URL: nar/${hash.slice('sha256:'.length)}.nar.xz`,
    'Compression: xz',
    `NarHash: ${hash}`,
    `NarSize: ${narSize}`,
    `References: ${references.map((path) => path.slice(path.lastIndexOf('/') + 1)).join(' ')}`,
    ...sigs.map((text) => `Sig: ${text}`),
    ...(ca === undefined ? [] : [`CA: ${ca}`]),
    '',
  ].join('\n');
}

/** The `CA` value of an input's source. */
export function sourceAddress(narHash: NarHash): string {
  return `fixed:r:${narHashToNix32(narHash)}`;
}
