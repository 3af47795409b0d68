/** The parsed flake.lock: nodes with the positions that findings and jumps need. */
import type { Span } from '../../util/span';
import type { FlakeAttrs } from '../flakeRef';
import type { NarHash } from '../hash';

/** Why a `narHash` in a lock is no hash, in words. */
export interface NarHashProblem {
  readonly text: string;
  readonly message: string;
}

/** Something in a lock that Nix refuses (or that no Nix ever writes), where the rest can still be read. */
export interface LockProblem {
  readonly kind:
    | 'duplicate-key'
    | 'not-an-object'
    | 'bad-edge'
    | 'missing-node'
    | 'edge-to-root'
    | 'missing-locked'
    | 'missing-original'
    | 'bad-attribute'
    | 'unknown-attribute'
    | 'missing-type';
  /** A sentence part, to stand behind `flake.lock is not valid: `. Foreign text in it is quoted and cut. */
  readonly message: string;
  readonly span: Span;
}

/** What an input of a node points to: a node by its key, or an input path from the root (`follows`; `[]` is the root itself). */
export type LockEdge =
  | {
      readonly kind: 'node';
      readonly key: string;
      /** The value, with quotes or brackets. */ readonly span: Span;
      /** The input's name, with quotes. */ readonly nameSpan: Span;
    }
  | { readonly kind: 'follows'; readonly path: readonly string[]; readonly span: Span; readonly nameSpan: Span };

/** Where each attribute's value stands, quotes included. */
export type AttrSpans = ReadonlyMap<string, Span>;

export interface LockNode {
  readonly key: string;
  /** The key, with its quotes. */
  readonly keySpan: Span;
  /** The node's object, braces included. */
  readonly span: Span;
  readonly inputs: ReadonlyMap<string, LockEdge>;
  /** Absent on the root. The `info` of old locks is laid over it, as Nix does. */
  readonly locked?: FlakeAttrs;
  readonly original?: FlakeAttrs;
  readonly lockedSpan?: Span;
  readonly originalSpan?: Span;
  readonly lockedSpans: AttrSpans;
  readonly originalSpans: AttrSpans;
  readonly flake: boolean;
  /** Of a relative path input: the input path of the flake in whose tree it lies; `[]` is the root flake. */
  readonly parent?: readonly string[];
  /** Of `locked`, when it is one. */
  readonly narHash?: NarHash;
  readonly narHashProblem?: NarHashProblem;
  /** Count only when the node is reachable from the root: Nix never reads the others. */
  readonly problems: readonly LockProblem[];
}

export interface FlakeLock {
  readonly version: number;
  readonly rootKey: string;
  readonly nodes: ReadonlyMap<string, LockNode>;
  /** Of the file as a whole. */
  readonly problems: readonly LockProblem[];
}

export type ParsedLock =
  | { readonly kind: 'ok'; readonly lock: FlakeLock }
  | {
      readonly kind: 'unreadable';
      /** A sentence part. */ readonly message: string;
      readonly span: Span;
      readonly version?: number;
    };

/** Where an input path from the root leads. */
export type Resolution =
  | { readonly kind: 'node'; readonly key: string }
  | { readonly kind: 'root' }
  /** `at`: the shortest beginning of the path that names nothing. */
  | { readonly kind: 'dangling'; readonly at: readonly string[] }
  | { readonly kind: 'cycle' };

/** One input of one reachable node. */
export interface ResolvedInput {
  /** From the root, the shortest, and among equals the first in order of names. */
  readonly path: readonly string[];
  readonly parentKey: string;
  readonly edge: LockEdge;
  readonly resolution: Resolution;
}
