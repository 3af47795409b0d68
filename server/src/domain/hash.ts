/** Hashes as Nix writes them, in all four spellings; NAR hashes in the one spelling that the rest of the code uses. */
import { decodeBase64 } from './base64';
import type { Brand } from './brand';
import { decodeNixBase32, encodeNixBase32, nixBase32Length } from './nixBase32';
import { err, ok, type Result } from './result';

/** SHA-256 of a NAR as canonical SRI: `sha256-` and 44 characters of base64. Equal hashes are equal strings. */
export type NarHash = Brand<string, 'NarHash'>;

export type HashAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512';

const BYTE_LENGTH: ReadonlyMap<string, number> = new Map<HashAlgorithm, number>([
  ['md5', 16],
  ['sha1', 20],
  ['sha256', 32],
  ['sha512', 64],
]);

export interface Hash {
  readonly algorithm: HashAlgorithm;
  readonly bytes: Buffer;
}

/**
 * Why a text is no hash: it names no algorithm; one that is not known (or, for a NAR hash, another than SHA-256); its digest has the
 * wrong length or characters; it is not SRI where only SRI will do.
 */
export type HashError =
  | { readonly kind: 'no-algorithm' }
  | { readonly kind: 'unknown-algorithm'; /** Cut, and harmless to print. */ readonly algorithm: string }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'not-sri' };

/** Says what is wrong with a hash, to follow a subject: "narHash …". */
export function describeHashError(error: HashError): string {
  switch (error.kind) {
    case 'no-algorithm':
      return 'does not name its algorithm';
    case 'unknown-algorithm':
      return `uses "${error.algorithm}", which is not supported here`;
    case 'malformed':
      return 'has a digest of the wrong length or with wrong characters';
    case 'not-sri':
      return 'is not in the form "sha256-…"';
  }
}

/**
 * Parses `<algorithm>:<digest>` (base 16, Nix base-32 or base64, told apart by length) or SRI `<algorithm>-<base64>`.
 * The algorithm is needed. Source: Nix, `Hash::parseAnyPrefixed`.
 */
export function parseHash(text: string): Result<Hash, HashError> {
  const colon = text.indexOf(':');
  const separator = colon === -1 ? text.indexOf('-') : colon;
  if (separator === -1) return err({ kind: 'no-algorithm' });
  const algorithm = text.slice(0, separator);
  const digest = text.slice(separator + 1);
  return colon === -1 ? decodeDigest(algorithm, digest, 'sri') : decodeDigest(algorithm, digest, 'any');
}

/** Decodes a digest that stands apart from its algorithm: base64 alone for `sri`, else whichever spelling has that length. */
export function decodeDigest(algorithm: string, digest: string, spelling: 'sri' | 'any'): Result<Hash, HashError> {
  const byteLength = BYTE_LENGTH.get(algorithm);
  if (byteLength === undefined)
    return err({ kind: 'unknown-algorithm', algorithm: algorithm.slice(0, 20).replace(/[^\w.-]/g, '?') });
  let bytes: Buffer | undefined;
  if (spelling === 'sri') bytes = decodeBase64(digest, byteLength);
  else if (digest.length === byteLength * 2) bytes = decodeBase16(digest);
  else if (digest.length === nixBase32Length(byteLength)) bytes = decodeNixBase32(digest, byteLength);
  else if (digest.length === Math.ceil(byteLength / 3) * 4) bytes = decodeBase64(digest, byteLength);
  return bytes === undefined ? err({ kind: 'malformed' }) : ok({ algorithm: algorithm as HashAlgorithm, bytes });
}

function decodeBase16(text: string): Buffer | undefined {
  return /^[0-9a-fA-F]*$/.test(text) ? Buffer.from(text, 'hex') : undefined;
}

/** The usual spelling in narinfos. 52 digits hold 260 bits, so that the first is 0 or 1: no two such texts are the same hash. */
const SHA256_NIX32 = /^sha256:[01][0-9a-df-np-sv-z]{51}$/;

/** Tells whether a text is a SHA-256 in the spelling of {@link narHashToNix32}. */
export function isSha256Nix32(text: string): boolean {
  return SHA256_NIX32.test(text);
}

/** The last NAR hash that came in that spelling, and the spelling: it is what a fingerprint, made a moment later, asks for. */
let latest: { readonly hash: NarHash; readonly nix32: string } | undefined;

/** Parses the NAR hash of a narinfo, in any spelling. Anything but SHA-256 is refused: Nix never makes another, nor imports one. */
export function parseNarHash(text: string): Result<NarHash, HashError> {
  if (SHA256_NIX32.test(text)) {
    const bytes = decodeNixBase32(text.slice('sha256:'.length), 32);
    if (bytes === undefined) return err({ kind: 'malformed' });
    const hash = `sha256-${bytes.toString('base64')}` as NarHash;
    latest = { hash, nix32: text };
    return ok(hash);
  }
  const hash = parseHash(text);
  if (!hash.ok) return hash;
  const { algorithm, bytes } = hash.value;
  return algorithm === 'sha256'
    ? ok(`sha256-${bytes.toString('base64')}` as NarHash)
    : err({ kind: 'unknown-algorithm', algorithm });
}

/** Canonical already: padded, and no bits left over. */
const SHA256_SRI = /^sha256-[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** Parses the `narHash` of flake.lock: SRI only; its padding may be missing. */
export function parseLockNarHash(text: string): Result<NarHash, HashError> {
  if (SHA256_SRI.test(text)) return ok(text as NarHash);
  if (text.includes(':') || !text.includes('-')) return err({ kind: 'not-sri' });
  return parseNarHash(text);
}

/** Decodes the 32 bytes. */
export function narHashBytes(hash: NarHash): Buffer {
  return Buffer.from(hash.slice('sha256-'.length), 'base64');
}

/** Spells a NAR hash as fingerprints and narinfos do: `sha256:` and 52 characters of Nix base-32. */
export function narHashToNix32(hash: NarHash): string {
  if (latest?.hash === hash) return latest.nix32;
  return `sha256:${encodeNixBase32(narHashBytes(hash))}`;
}

/** Shortens for people: `sha256-9Js/SR…noM=`. Never compare these. */
export function shortHash(hash: NarHash): string {
  return `${hash.slice(0, 13)}…${hash.slice(-4)}`;
}
