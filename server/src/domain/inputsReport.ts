/**
 * The public JSON contract, schema version 1: what `--json` prints and what every view (hover, Problems, report) reads.
 * Fields may be added, never changed. `docs/schema/report.schema.json` is the same as JSON Schema.
 */
import type { Finding } from './finding';

/** Zero-based lines and UTF-16 columns, as in the Language Server Protocol. */
export interface TextRange {
  readonly line: number;
  readonly character: number;
  readonly endLine: number;
  readonly endCharacter: number;
}

/** What is known of one flake: its lock, its inputs, the caches that were asked, what was found. */
export interface InputsReport {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: 'flake-trust'; readonly version: string };
  /** Absolute directory of the flake; absent for an audit of store paths alone. */
  readonly flake?: string;
  readonly lock: { readonly state: 'ok' | 'missing' | 'unreadable'; readonly version?: number; readonly message?: string };
  /** In the order in which Nix would ask; those that are not asked come last. */
  readonly caches: readonly CacheReport[];
  /** One for each input of each reachable lock node, `follows` resolved, sorted by path. */
  readonly inputs: readonly InputReport[];
  readonly findings: readonly ReportedFinding[];
}

/** Who named a cache. Only the first three are ever asked without the user's acceptance. */
export type CacheOrigin = 'nix.conf' | 'settings' | 'command-line' | 'flake' | 'policy';

export interface CacheReport {
  /** Without user-info and query. */
  readonly url: string;
  readonly origin: CacheOrigin;
  readonly state: 'reachable' | 'unreachable' | 'not-asked';
  readonly reason?: string;
  /** As Nix sorts by it: `?priority=` or the advertised one, 0 when neither is there. */
  readonly priority?: number;
  readonly storeDir?: string;
}

/** One input: its source as locked, what the caches say of that source, who vetted it. */
export interface InputReport {
  /** From the root, the shortest, and among equals the first in order of names. */
  readonly path: readonly string[];
  /** Key in flake.lock after following. */
  readonly node: string;
  /** As written in the lock, from the root; `[]` is the root flake itself. */
  readonly follows?: readonly string[];
  /** The input's own name in flake.nix, quotes included; root inputs only. */
  readonly declaredAt?: TextRange;
  readonly type: string;
  /** A flake reference without user-info, for example `github:NixOS/nixpkgs/nixos-unstable`. */
  readonly reference: string;
  readonly rev?: string;
  /** Seconds since 1970, as the lock claims; nothing vouches for it. */
  readonly lastModified?: number;
  /** SRI, padded. */
  readonly narHash?: string;
  /** Absent when not computable: no narHash, or a relative path input, which lies in its parent's tree. */
  readonly storePath?: string;
  readonly flake: boolean;
  readonly private: boolean;
  /** One per cache, in the order in which Nix would ask. */
  readonly answers: readonly CacheAnswer[];
  /** Of the source path. */
  readonly signer: { readonly verdict: PathVerdict; readonly keyNames: readonly string[] };
  /** Of the binaries built from the input, when they were checked. */
  readonly binaries?: {
    readonly system: string;
    readonly outputs: number;
    readonly found: number;
    readonly verified: number;
    /** About how many of the outputs no cache could be asked; absent when there is none. */
    readonly unknown?: number;
    /** The input has too many packages, so that only some were looked at. */
    readonly sampled?: boolean;
    readonly keyNames: readonly string[];
    readonly caches: readonly string[];
    /** Public caches that were not asked, and why the input is private. */
    readonly notAsked?: { readonly reason: string; readonly caches: readonly string[] };
    readonly checkedAt: string;
  };
  readonly vetting: {
    readonly state: 'no-policy' | 'vetted' | 'exempted' | 'unvetted' | 'expired' | 'other-hash' | 'denied';
    /** Who says so, as the records claim; several are joined with commas. */
    readonly by?: string;
    /** What the policy asks for. */
    readonly criteria?: readonly string[];
    /** The day or time when the first of the records ends, as written there. */
    readonly until?: string;
    /** Of `exempted`: who reviewed it all the same, so that the exemption is not needed any more. */
    readonly reviewedBy?: string;
    /** On what `vetted` and `exempted` rest; the weakest where it differs between criteria. */
    readonly basis?: 'review' | 'exemption' | 'trust';
    /** What of the criteria nothing meets. */
    readonly missing?: readonly string[];
    /** What was read, as the records say; absent where they say nothing. */
    readonly scope?: readonly string[];
    /** Whether every record that it rests on has a signature that verified. */
    readonly signed?: boolean;
    /** Ids of the records that it rests on, in the order in which they build on each other. */
    readonly records?: readonly string[];
    /** `false`: the repository is open in Restricted Mode, where what it says of itself is shown and does not count. Else absent. */
    readonly believed?: false;
    /** The other rules of the policy for this input. */
    readonly rules?: readonly PolicyRuleOutcome[];
  };
}

/** What became of one rule of the policy; `unknown` where the facts are not known, which is neither good nor bad. */
export interface PolicyRuleOutcome {
  readonly rule: 'max-age' | 'owner' | 'host' | 'ref' | 'commit-signature';
  readonly outcome: 'met' | 'violated' | 'unknown';
  readonly actual?: string;
}

/** What one cache said of one store path. */
export interface CacheAnswer {
  readonly url: string;
  readonly answer: 'found' | 'absent' | 'unauthorized' | 'unreachable' | 'malformed' | 'not-asked';
  readonly reason?: string;
  /** SRI. */
  readonly narHash?: string;
  /** Set when the path was recomputed from the `CA` field and agrees. */
  readonly contentAddressed?: boolean;
  readonly signatures?: readonly { readonly keyName: string; readonly verdict: SignatureVerdict }[];
  /** ISO 8601, UTC. */
  readonly checkedAt?: string;
}

export type SignatureVerdict = 'verified' | 'invalid' | 'untrusted-key';

/**
 * The best that any asked cache gives, except that `hash-mismatch` (against flake.lock) wins over all.
 * `verified`: at least one signature by a trusted key verifies. `unknown`: no cache could be asked, which is neither good nor bad.
 */
export type PathVerdict =
  'verified' | 'content-addressed' | 'hash-mismatch' | 'invalid-signature' | 'untrusted-key' | 'unsigned' | 'absent' | 'unknown';

/** A finding as it leaves the tool: its place as file, line and column instead of offsets. */
export interface ReportedFinding extends Pick<Finding, 'code' | 'severity' | 'message' | 'subject' | 'help' | 'evidence'> {
  readonly location?: TextRange & { readonly file: string };
  /** The project's policy says to live with it until then. It does not count for the exit code. */
  readonly suppressed?: { readonly reason: string; readonly until: string };
}
