/** Content addresses (`CA` of a narinfo, `narHash` of flake.lock) and the store paths that follow from them. */
import { createHash } from 'node:crypto';
import { decodeDigest, describeHashError, narHashBytes, type Hash, type HashError, type NarHash } from './hash';
import { encodeNixBase32 } from './nixBase32';
import { err, ok, type Result } from './result';
import { STORE_DIR, type StorePath } from './storePath';

/** How content became a hash: `text` as a text file with references, `flat` as the bytes of one file, `nar` as a NAR. */
export interface ContentAddress {
  readonly method: 'text' | 'flat' | 'nar';
  readonly hash: Hash;
}

/** `unsupported-method` is for `fixed:git:`, which Nix itself knows only as an experiment. */
export type ContentAddressError =
  | { readonly kind: 'malformed' }
  | { readonly kind: 'unsupported-method'; readonly method: string }
  | { readonly kind: 'bad-hash'; readonly error: HashError };

/** Says what is wrong with a content address, without repeating it. */
export function describeContentAddressError(error: ContentAddressError): string {
  switch (error.kind) {
    case 'malformed':
      return 'is not in the form "text:sha256:…", "fixed:…:…" or "fixed:r:…:…"';
    case 'unsupported-method':
      return `uses the method "${error.method}", which is not supported here`;
    case 'bad-hash':
      return describeHashError(error.error);
  }
}

/**
 * Parses `text:sha256:<digest>`, `fixed:<algorithm>:<digest>` or `fixed:r:<algorithm>:<digest>`; the digest in base 16, Nix base-32
 * or base64. Source: Nix, `ContentAddress::parse`.
 */
export function parseContentAddress(text: string): Result<ContentAddress, ContentAddressError> {
  const match = /^(text|fixed):(?:(r|git):)?([^:]*):([^:]*)$/.exec(text);
  if (match === null) return err({ kind: 'malformed' });
  const [, prefix = '', ingestion, algorithm = '', digest = ''] = match;
  if (ingestion === 'git') return err({ kind: 'unsupported-method', method: 'git' });
  if (prefix === 'text' && (ingestion !== undefined || algorithm !== 'sha256')) return err({ kind: 'malformed' });
  const hash = decodeDigest(algorithm, digest, 'any');
  if (!hash.ok) return err({ kind: 'bad-hash', error: hash.error });
  return ok({ method: prefix === 'text' ? 'text' : ingestion === 'r' ? 'nar' : 'flat', hash: hash.value });
}

/**
 * Computes the store path of content with the given name and references.
 *
 * `references` are sorted here and do not name the path itself; `self` says that it refers to itself. Gives `undefined` where no such
 * path exists: only texts and NARs hashed with SHA-256 may have references, and a text never refers to itself.
 * Source: Nix, `StoreDirConfig::makeFixedOutputPathFromCA`.
 */
export function contentAddressedPath(
  address: ContentAddress,
  references: readonly StorePath[],
  name: string,
  storeDir: string = STORE_DIR,
  self = false,
): StorePath | undefined {
  const { method, hash } = address;
  const base16 = hash.bytes.toString('hex');
  if (method === 'text') {
    return self ? undefined : makeStorePath(withReferences('text', references, false), base16, name, storeDir);
  }
  if (method === 'nar' && hash.algorithm === 'sha256') {
    return makeStorePath(withReferences('source', references, self), base16, name, storeDir);
  }
  if (references.length > 0 || self) return undefined;
  const inner = sha256(`fixed:out:${method === 'nar' ? 'r:' : ''}${hash.algorithm}:${base16}:`).toString('hex');
  return makeStorePath('output:out', inner, name, storeDir);
}

/**
 * Computes where Nix puts a locked source. `name` is the lock's `name` attribute, where it has one. The path needs no signature: whoever
 * has it can recompute it.
 */
export function sourceStorePath(narHash: NarHash, name = 'source', storeDir: string = STORE_DIR): StorePath {
  return makeStorePath('source', narHashBytes(narHash).toString('hex'), name, storeDir);
}

function withReferences(type: string, references: readonly StorePath[], self: boolean): string {
  return [type, ...[...references].sort(), ...(self ? ['self'] : [])].join(':');
}

/** Source: Nix manual, "Store Path Specification". The result is well-formed as long as `name` is. */
function makeStorePath(type: string, sha256Base16: string, name: string, storeDir: string): StorePath {
  const digest = sha256(`${type}:sha256:${sha256Base16}:${storeDir}:${name}`);
  const folded = new Uint8Array(20);
  digest.forEach((byte, i) => (folded[i % 20] = (folded[i % 20] ?? 0) ^ byte));
  return `${storeDir}/${encodeNixBase32(folded)}-${name}` as StorePath;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
