/** What a walk over a closure is asked for, and what it needs of the world. */
import type { StorePath } from '../../domain/storePath';
import type { EnginePorts } from '../engine';
import type { FactsStore, SignatureVerifier, VerifiedSignatures } from '../ports';
import type { ConfiguredCache, TrustConfiguration } from '../trustConfiguration';

export interface ClosureRequest {
  readonly roots: readonly StorePath[];
  /** Further paths that are looked at with all that they refer to. No chain begins at one that a root leads to. */
  readonly also?: readonly StorePath[];
  readonly configuration: TrustConfiguration;
  /** Says why a cache must not hear of these paths; it is not asked then. */
  readonly withheld?: (cache: ConfiguredCache) => string | undefined;
  /** Asks every cache for every path, and compares. Else a path is asked for in Nix's order until a cache has it and Nix would take it. */
  readonly challenge: boolean;
  /** No more paths are looked at than this; default {@link DEFAULT_MAX_PATHS}. */
  readonly maxPaths?: number;
  /** No more references are followed in all; default {@link DEFAULT_MAX_REFERENCES}. */
  readonly maxReferences?: number;
  /** No chain of references is followed further than this; default {@link DEFAULT_MAX_CHAIN}. */
  readonly maxChain?: number;
  /** Questions under way at one cache; default 64. */
  readonly connections?: number;
  /** Asks again whatever is remembered. */
  readonly refresh?: boolean;
  /** Asks nobody; remembered answers count whatever their age. */
  readonly offline?: boolean;
  readonly onProgress?: (progress: ClosureProgress) => void;
}

/** How far a walk is. Told at the start, at the end, and a few times a second between. */
export interface ClosureProgress {
  /** Paths that are known to belong to the closure. */
  readonly found: number;
  /** Of them, those of which everything asked is answered. */
  readonly answered: number;
  readonly verified: number;
  readonly requestsPerSecond: number;
  readonly perCache: readonly { readonly url: string; readonly asked: number; readonly found: number }[];
}

export interface ClosurePorts extends EnginePorts {
  readonly verified: VerifiedSignatures;
  /** Absent where nothing is remembered. */
  readonly facts?: FactsStore;
  /** Made for one walk, which closes it. */
  readonly openVerifier: () => SignatureVerifier;
}

/** Several times all of nixpkgs. */
export const DEFAULT_MAX_PATHS = 500_000;

/** A path has about six; a cache that gives each thousands would fill the memory. */
export const DEFAULT_MAX_REFERENCES = 10_000_000;

/** The longest chains of real systems have about a hundred paths. */
export const DEFAULT_MAX_CHAIN = 10_000;

/** Manners towards a public server. */
export const DEFAULT_CONNECTIONS = 64;
