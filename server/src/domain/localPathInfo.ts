/** What the database of the local Nix store says of a path. */
import type { NarHash } from './hash';
import type { Narinfo } from './narinfo';
import type { StorePath } from './storePath';

/**
 * A valid path of the local store. Its database is written by the store's owner; it does not tell from which cache a path came, and it keeps
 * the signatures that the path had when it was substituted.
 */
export interface LocalPathInfo {
  readonly path: StorePath;
  readonly narHash: NarHash;
  /** Bytes. */
  readonly narSize: number;
  readonly references: readonly StorePath[];
  readonly deriver?: StorePath;
  /** `name:base64` each. */
  readonly signatures: readonly string[];
  /** The content address as narinfos spell it. */
  readonly ca?: string;
  /** Built on this machine: Nix trusts it without a signature. */
  readonly ultimate: boolean;
}

/** Puts local path information into the form that `verifyNarinfo` checks. The delivery fields are empty: there is nothing to download. */
export function localNarinfo(info: LocalPathInfo): Narinfo {
  const { path, narHash, narSize, references, signatures, ca } = info;
  return {
    storePath: path,
    url: '',
    compression: 'none',
    narHash,
    narSize,
    references,
    signatures,
    ...(ca === undefined ? {} : { ca }),
  };
}
