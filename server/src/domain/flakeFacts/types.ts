/** The shapes of {@link ../flakeFacts}. */
import type { Span } from '../../util/span';
import type { Finding } from '../finding';
import type { FlakeLock, LockNode, Resolution } from '../flakeLock';
import type { DeclaredInput, FlakeNix } from '../flakeNix';
import type { FlakeAttrs } from '../flakeRef';
import type { NarHash } from '../hash';
import type { TrustedKeys } from '../publicKey';
import type { StorePath } from '../storePath';

/** One input: of the root, or of another reachable node; or one that flake.nix declares and flake.lock does not know. */
export interface InputFacts {
  /** From the root, the shortest, and among equals the first in order of names. */
  readonly path: readonly string[];
  /** Key in flake.lock after following; the root's key for `follows = ""`; empty when it leads to no node. */
  readonly node: string;
  /** As written, from the root: in flake.lock, or in flake.nix when there is no lock. */
  readonly follows?: readonly string[];
  /** `not-locked`: flake.nix declares it and flake.lock has no entry, is missing or cannot be read. */
  readonly resolution: Resolution | { readonly kind: 'not-locked' };
  /** Root inputs only. */
  readonly declared?: DeclaredInput;
  readonly lockNode?: LockNode;
  /** `locked`. */
  readonly attrs?: FlakeAttrs;
  readonly original?: FlakeAttrs;
  /** Of `locked`, else of the declared reference; `self` for the root flake itself, `unknown` when nothing tells. */
  readonly type: string;
  /** Of `original`, else as declared; without secrets; empty when nothing tells. */
  readonly reference: string;
  readonly rev?: string;
  /** Seconds since 1970; nothing vouches for it. */
  readonly lastModified?: number;
  readonly narHash?: NarHash;
  readonly storePath?: StorePath;
  readonly flake: boolean;
  /** Why the input is private, in words; absent for a public one. */
  readonly privateReason?: string;
}

/** What became of flake.lock. */
export type LockState =
  | { readonly state: 'ok'; readonly version: number; readonly lock: FlakeLock }
  | { readonly state: 'missing' }
  | { readonly state: 'unreadable'; readonly message: string; readonly span: Span; readonly version?: number };

/** What the two files of a flake say together. */
export interface FlakeFacts {
  readonly flakeNix?: FlakeNix;
  readonly flakeNixText?: string;
  readonly lockText?: string;
  readonly lock: LockState;
  /** Sorted by path. */
  readonly inputs: readonly InputFacts[];
  /** Static ones, with default severities, of all occasions: the caller filters. In order of their places. */
  readonly findings: readonly Finding[];
}

/** What the checks need to know of the user. */
export interface FlakeOptions {
  /** Globs over the printed reference; matching inputs are private beside those that are so by themselves. */
  readonly privatePatterns: readonly string[];
  readonly storeDir?: string;
  readonly maxAgeDays?: number;
  readonly allowedOwners?: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly trusted?: TrustedKeys;
  /** Canonical URLs of the caches that the user has configured. */
  readonly configuredCaches?: readonly string[];
}
