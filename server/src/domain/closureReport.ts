/**
 * The public JSON contract of `flake-trust audit`: the report of inputs, and the closure of store paths beside it. Schema version 1;
 * fields may be added, never changed.
 */
import type { FixedSource, FixedSourceTotals } from './fixedSources';
import type { CacheAnswer, InputsReport, PathVerdict } from './inputsReport';
import type { ShardReport } from './shardReport';

/** What `flake-trust audit --json` prints. */
export interface AuditReport extends InputsReport {
  /** Set when this is one of several shards, which `flake-trust merge` joins. */
  readonly shard?: ShardReport;
  readonly closure?: ClosureReport;
}

/** Every store path that the roots need: who vouches for it, where it comes from. */
export interface ClosureReport {
  readonly roots: readonly string[];
  /** Sorted by store path. */
  readonly paths: readonly ClosurePath[];
  readonly totals: ClosureTotals;
  /** What each cache has of it, in the order in which Nix would ask. */
  readonly coverage: readonly CacheCoverage[];
  /** Set when the walk ended before every path was looked at. */
  readonly stopped?: ClosureStop;
  /** What Nix would do to have the outputs; of an audit of outputs. */
  readonly plan?: PlanReport;
  /** How much of it comes from each input, where that can be shown; what belongs to none is counted last. Of an audit of outputs. */
  readonly byInput?: readonly InputShare[];
  /** What the build downloads, which no signature covers; of an audit of outputs. */
  readonly sources?: { readonly totals: FixedSourceTotals; readonly list: readonly FixedSource[] };
}

/** What of a closure comes from one input. */
export interface InputShare {
  /** Path of the input from the root; absent for what could not be shown to come from any. */
  readonly input?: readonly string[];
  readonly paths: number;
  /** Sum of the NAR sizes that are known. */
  readonly narBytes: number;
}

/**
 * A path in the local store. Its database does not tell from which cache it came; its signatures are those that it had when it was
 * substituted, verified here again.
 */
export interface LocalCopy {
  readonly verdict: PathVerdict;
  /** Names of trusted keys with a signature that verifies, sorted. */
  readonly keyNames: readonly string[];
  /** SRI. */
  readonly narHash: string;
}

/** What Nix would do, counting a path as fetched only if it would be accepted with everything that it refers to. */
export interface PlanReport {
  /** Version of the Nix that was run. */
  readonly nix: string;
  /** Needed paths in the local store. */
  readonly local: number;
  /** Needed paths that would be fetched. */
  readonly substitute: number;
  /** Sorted by derivation. */
  readonly build: readonly {
    readonly drvPath: string;
    readonly outputs: readonly string[];
    readonly reason: 'not-in-caches' | 'broken-closure' | 'forbidden' | 'unknown-path';
    /** What is not there: the output itself, or something that it refers to. */
    readonly missing?: string;
  }[];
  /** Sources that a build needs and that are nowhere. */
  readonly missing: readonly string[];
  /** Derivations about which Nix did not say enough. */
  readonly unplanned: readonly string[];
}

/**
 * What the caches that have a path say of its NarHash. `agree`: at least two independent ones, the same; `single`: one, or mirrors of
 * one; `differ`: not the same; `none`: no cache has it.
 */
export type Agreement = 'agree' | 'differ' | 'single' | 'none';

/** One store path. Hash, size and references are those of the narinfo that Nix would take, or else of the best one there is. */
export interface ClosurePath {
  readonly storePath: string;
  readonly verdict: PathVerdict;
  /** Names of trusted keys with a signature that verifies, sorted. */
  readonly keyNames: readonly string[];
  /** URL of the first cache, in Nix's order, whose narinfo passes Nix's check. */
  readonly from?: string;
  /** SRI. */
  readonly narHash?: string;
  readonly narSize?: number;
  /** Sorted; may name the path itself. */
  readonly references: readonly string[];
  /** Path of the input that it comes from, where that can be shown; left out rather than guessed. */
  readonly input?: readonly string[];
  /** Built on this machine, or what Nix would have to build here; of an audit of outputs. */
  readonly built?: 'local' | 'would-build';
  /** What the local store says of the path, where it has it; of an audit of outputs. */
  readonly local?: LocalCopy;
  /** Of a challenge. */
  readonly agreement?: Agreement;
  /** Of every cache asked, in Nix's order: of a challenge, and of a path that no cache could be asked about. */
  readonly answers?: readonly CacheAnswer[];
}

export interface ClosureTotals {
  readonly paths: number;
  /** Sum of all NAR sizes that are known. */
  readonly narBytes: number;
  readonly byVerdict: Readonly<Partial<Record<PathVerdict, number>>>;
  /** Each path under every key that verified for it. */
  readonly byKey: Readonly<Record<string, number>>;
  /** Each path under the cache that Nix would take it from. */
  readonly byCache: Readonly<Record<string, number>>;
  readonly differ: number;
}

/** What one cache has of a closure. */
export interface CacheCoverage {
  readonly url: string;
  /** How many of the paths it answered about. Fewer than all without a challenge, where a path that is found is not asked for elsewhere. */
  readonly answered: number;
  readonly paths: number;
  /** Sum of the NAR sizes of those paths. */
  readonly bytes: number;
  /** Paths that no other cache has; only after a challenge, as nobody else was asked. */
  readonly onlyHere?: number;
  /** What it does not have; those that most others refer to come first. */
  readonly missing: readonly { readonly storePath: string; /** How many paths refer to it. */ readonly neededBy: number }[];
  /** How to give it what it lacks; absent when there is nothing that may be copied. */
  readonly fill?: readonly CacheFill[];
}

/** A set of paths to copy from one cache to another. */
export interface CacheFill {
  readonly from: string;
  /** Verified paths whose references are there, or are copied before them. In that order. */
  readonly paths: readonly string[];
  /** For a POSIX shell. */
  readonly command: string;
}

/** Why a walk ended early. */
export interface ClosureStop {
  readonly reason: 'max-paths' | 'max-references' | 'max-chain' | 'cancelled';
  /** The limit that was reached. */
  readonly limit?: number;
  /** Paths that are known to belong to the closure, but were not looked at; their verdict is `unknown`. */
  readonly unvisited: number;
}
