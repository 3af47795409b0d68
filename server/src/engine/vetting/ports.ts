/** What vetting needs of the world beside the engine's own ports. Each has one adapter in `adapters/vetting/`. */
import type { FileRead } from '../ports';

/** What became of a change. `changed`: somebody else wrote the file since it was read; nothing of theirs was lost. */
export type WriteOutcome =
  { readonly kind: 'written' } | { readonly kind: 'changed' } | { readonly kind: 'failed'; readonly reason: string };

/** The folder `flake-trust/` of one flake. Nothing outside it is ever written, whatever links a repository brings. */
export interface VettingFolder {
  /** `name` is that of a file in the folder, for example `records.jsonc`. */
  read(name: string, maxBytes: number, signal: AbortSignal): Promise<FileRead>;
  /** Replaces a file as a whole if it still has the text `expected`, or makes it if it is still absent (`undefined`). */
  write(name: string, expected: string | undefined, text: string): Promise<WriteOutcome>;
}

export interface CommitSummary {
  readonly rev: string;
  /** ISO 8601. */
  readonly date: string;
  /** Foreign text, as is the subject. */
  readonly author: string;
  readonly subject: string;
}

/** What lies between two revisions. */
export interface Comparison {
  readonly kind: 'compared';
  /** Absolute path of the repository that was read. */
  readonly repository: string;
  /** Commits that the second has and the first has not. */
  readonly commits: number;
  /** Whether the first leads to the second; otherwise the branch was rewritten, or it is another branch. */
  readonly linear: boolean;
  readonly files: number;
  readonly insertions: number;
  readonly deletions: number;
  /** Newest first, not all of them. */
  readonly log: readonly CommitSummary[];
  /** Those with most lines first, not all of them. Foreign names. */
  readonly changed: readonly { readonly path: string; readonly insertions: number; readonly deletions: number }[];
}

export interface CompareRequest {
  /** Whole commit hashes. */
  readonly from: string;
  readonly to: string;
  /** Repositories of this machine that the user named. */
  readonly clones: readonly string[];
  /** Globs that limit what is compared. */
  readonly paths?: readonly string[];
}

/** Reads git repositories of this machine; never fetches, never runs what a repository configures. */
export interface GitHistory {
  compare(
    request: CompareRequest,
    signal: AbortSignal,
  ): Promise<Comparison | { readonly kind: 'unavailable'; readonly reason: string }>;
  /**
   * The unified diff of what was compared in a repository; at most `maxBytes` of it, ending with a whole line. Nothing where git fails. Foreign
   * text as it is.
   */
  diff(
    repository: string,
    request: Omit<CompareRequest, 'clones'>,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<{ readonly text: string; readonly cut: boolean } | undefined>;
  /** `Name <mail>` as the user configured git, not as a repository does. */
  identity(signal: AbortSignal): Promise<string | undefined>;
}

/** Fetches one document that the user asked for. */
export type DocumentFetch = (
  url: string,
  maxBytes: number,
  signal: AbortSignal,
) => Promise<
  | { readonly kind: 'fetched'; readonly text: string }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      /** It answered, and what it said is refused; or it is not asked at all. */
      readonly refused?: boolean;
    }
>;
