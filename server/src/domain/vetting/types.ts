/** The shapes of the vetting files after reading. docs/vetting.md is the reference of their texts. */
import type { Severity } from '../finding';
import type { NarHash } from '../hash';
import type { PublicKey } from '../publicKey';
import type { Criterion } from './criteria';

export const VETTING_FOLDER = 'flake-trust';

/** The files of the folder `flake-trust/` beside flake.nix, as findings name them. */
export const VETTING_FILES = {
  policy: `${VETTING_FOLDER}/policy.jsonc`,
  records: `${VETTING_FOLDER}/records.jsonc`,
  imports: `${VETTING_FOLDER}/imports.lock.json`,
} as const;

export type VettingFile = (typeof VETTING_FILES)[keyof typeof VETTING_FILES];

export const RECORD_KINDS = ['audit', 'exemption', 'trust', 'violation', 'revocation'] as const;

export type RecordKind = (typeof RECORD_KINDS)[number];

/** A tree as it is reviewed: `narHash` binds, `rev` is for people and for showing differences. */
export interface Tree {
  readonly narHash: NarHash;
  readonly rev?: string;
}

/** One statement about a source. */
export interface VettingRecord {
  /** Computed, not believed. */
  readonly id: string;
  readonly kind: RecordKind;
  /** Who says so: as written, usually `Name <mail>`. A claim, unless the record is signed. */
  readonly who: string;
  /** Milliseconds since 1970. */
  readonly when: number;
  /** A source identity; of `trust` and `violation` it may end in `/*`. */
  readonly source?: string;
  readonly narHash?: NarHash;
  readonly rev?: string;
  /** Of a delta audit: what was reviewed is the difference from this tree. */
  readonly from?: Tree;
  /** Empty for a revocation, and for a violation of everything. */
  readonly criteria: readonly string[];
  /** What was read, in words: nobody reads all of nixpkgs. */
  readonly scope?: string;
  /** What was read, as paths or attributes. */
  readonly paths?: readonly string[];
  /** The first millisecond in which it does not count any more. */
  readonly until?: number;
  /** As written. */
  readonly untilText?: string;
  /** Id of the record that a revocation takes out. */
  readonly revokes?: string;
  readonly notes?: string;
  readonly evidence?: readonly string[];
  /** `keyname:base64`. */
  readonly signature?: string;
  /** As read: what id and signature are made from. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Position in its file. */
  readonly index: number;
  /** Name of the import it came by; absent for the repository's own. */
  readonly importedFrom?: string;
}

/** What a policy asks of inputs. A later rule that matches replaces, field by field, what earlier ones say. */
export interface InputRule {
  /** Globs over the path of the input from the root (`nixpkgs`, `home-manager/nixpkgs`, `**`), or over its source identity. */
  readonly match?: readonly string[];
  readonly criteria?: readonly string[];
  /** How bad it is when an input is not vetted, where that differs from the default of the code. */
  readonly level?: Severity;
  readonly maxAgeDays?: number;
  /** `owner`, or `host/owner`. */
  readonly owners?: readonly string[];
  readonly hosts?: readonly string[];
  /** Branches, tags or channels that the input may follow; globs. */
  readonly refs?: readonly string[];
  readonly signedCommits?: boolean;
}

/** Who may vouch. */
export interface Reviewer {
  /** Name and mail, or the mail alone. */
  readonly who: string;
  /** If there are any, one of them has to have signed. */
  readonly keys: readonly PublicKey[];
  /** What they may vouch for; everything when absent. */
  readonly criteria?: readonly string[];
}

/** Another organisation's records. */
export interface ImportRule {
  readonly name: string;
  /** `https:` URL, or a path relative to flake.nix. */
  readonly from: string;
  /** Their criteria, and what they count for here. */
  readonly criteria: ReadonlyMap<string, readonly string[]>;
  /** Source identities, which may end in `/*`, and ids of records. */
  readonly exclude: readonly string[];
  readonly keys: readonly PublicKey[];
}

/** What a policy asks of the store paths of an output. */
export interface OutputsRule {
  readonly signedBy?: { readonly keys: readonly PublicKey[]; readonly atLeast: number };
  /** Canonical URLs; each path has to be in one of them. */
  readonly caches?: readonly string[];
  /** At least two independent caches have to have the same content. */
  readonly agreement?: boolean;
  /** Globs over names of store paths; nothing may be built here when empty. */
  readonly localBuilds?: readonly string[];
}

/** A finding that the project has decided to live with. */
export interface Suppression {
  readonly code: string;
  /** Glob over the subject's id; all when absent. */
  readonly subject?: string;
  readonly reason: string;
  readonly until: number;
  readonly untilText: string;
}

export interface Policy {
  readonly criteria: ReadonlyMap<string, Criterion>;
  readonly inputs: readonly InputRule[];
  readonly reviewers: readonly Reviewer[];
  readonly signaturesRequired: boolean;
  readonly imports: readonly ImportRule[];
  readonly outputs?: OutputsRule;
  readonly suppressions: readonly Suppression[];
}
