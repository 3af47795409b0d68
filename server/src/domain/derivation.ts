/** Derivations as Nix prints them: what they produce, what they need, and, for those with a fixed hash, where their content comes from. */
import { contentAddressedPath, type ContentAddress } from './contentAddress';
import type { Hash } from './hash';
import { isStorePathName, STORE_DIR, type StorePath } from './storePath';

/** One derivation of a build closure. */
export interface Derivation {
  /** The `.drv` itself. */
  readonly path: StorePath;
  readonly name: string;
  /** For example `x86_64-linux`, or `builtin`. */
  readonly system: string;
  /** By output name. */
  readonly outputs: ReadonlyMap<string, DerivationOutput>;
  /** Names of the outputs that are needed, by derivation. */
  readonly inputDrvs: ReadonlyMap<StorePath, readonly string[]>;
  readonly inputSrcs: readonly StorePath[];
  /** False where the derivation says `allowSubstitutes = false`: Nix then builds it though a cache has it. */
  readonly allowSubstitutes: boolean;
  /** Set when which derivations it needs is known only after building others (an experiment of Nix). */
  readonly dynamic?: boolean;
  /** Set when the content of its output is fixed by a hash: a download. */
  readonly fixed?: FixedOutput;
}

export interface DerivationOutput {
  /** Absent when the path is known only after the build: floating content-addressed and impure derivations. */
  readonly path?: StorePath;
}

/** Content fixed by a hash. The fetcher's variables are the flake author's word: anything can stand there. */
export interface FixedOutput {
  readonly method: ContentAddress['method'] | 'git';
  readonly hash: Hash;
  /** What fetchers are told, for the names of {@link FETCH_VARIABLES}; lists are joined by a space. */
  readonly variables: ReadonlyMap<string, string>;
}

/** Variables of a fixed-output derivation that say where its content comes from. */
export const FETCH_VARIABLES: readonly string[] = ['url', 'urls', 'rev', 'ref', 'tag', 'fetchSubmodules'];

/**
 * Computes where Nix puts the output of a fixed-output derivation; newer versions do not print it. `undefined` where no such path exists.
 * Source: Nix, `DerivationOutput::CAFixed::path`.
 */
export function fixedOutputPath(
  method: FixedOutput['method'],
  hash: Hash,
  derivationName: string,
  output: string,
  storeDir: string = STORE_DIR,
): StorePath | undefined {
  const name = output === 'out' ? derivationName : `${derivationName}-${output}`;
  if (method === 'git' || !isStorePathName(name)) return undefined;
  return contentAddressedPath({ method, hash }, [], name, storeDir);
}
