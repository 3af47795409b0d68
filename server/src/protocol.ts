/**
 * What the language server and an editor's extension say to each other beyond the Language Server Protocol.
 * The only file of the server that the client may import: names and shapes, no code that knows Nix.
 * An editor that sends none of it (Neovim, Helix, Emacs) gets hover, Problems and navigation all the same.
 */

import type { AuditReport, ClosurePath } from './domain/closureReport';

/** `initializationOptions` of the server; every field may be left out. */
export interface InitializationOptions {
  /** False in Restricted Mode: no request leaves, nothing of the workspace is believed. Default: true. */
  readonly workspaceTrusted?: boolean;
  /** Folder for remembered answers; default `$XDG_CACHE_HOME/flake-trust`. */
  readonly storageDir?: string;
  /** Settings for an editor that has no `workspace/configuration`; same shape as the section `flakeTrust`. */
  readonly settings?: unknown;
  /** Whether the client answers {@link FETCH}. */
  readonly editorTransport?: boolean;
  /** Whether the client knows the commands that hover and lens link to; without it none is linked. */
  readonly commands?: boolean;
}

/**
 * The configuration section `flakeTrust` as the server receives it. The extension combines the levels (user, workspace,
 * folder) before it answers, because VS Code would let a repository's value replace the user's: see `client/src/configuration.ts`.
 */
export const SECTION = 'flakeTrust';

/** The section that the server asks for beside {@link SECTION}: the editor's own network settings, for the direct transport. */
export const NETWORK_SECTION = 'http';
export interface EditorNetwork {
  readonly proxy?: string;
  readonly noProxy?: readonly string[];
  readonly proxyStrictSSL?: boolean;
}

/** Request, server to client: one GET made by the editor, which knows proxy scripts and the system's certificates. */
export const FETCH = 'flakeTrust/fetch';
export interface FetchParams {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}
export type FetchResult =
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** Base64. */ readonly body: string;
    }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string };

/** Notification, client to server: the workspace became trusted (it never becomes untrusted without a restart). */
export const WORKSPACE_TRUSTED = 'flakeTrust/workspaceTrusted';

/** Request: the flakes that the server has open or was told of. */
export const FLAKES = 'flakeTrust/flakes';
export interface FlakeSummary {
  /** Opaque id that links in hover and lens carry. */
  readonly id: string;
  /** URI of the folder that holds flake.nix. */
  readonly uri: string;
  readonly inputs: readonly {
    readonly id: string;
    readonly path: readonly string[];
    readonly reference: string;
    readonly summary: string;
  }[];
}

/** Request: audits the inputs of one flake; reports progress under `workDoneToken`, can be cancelled. */
export const AUDIT = 'flakeTrust/audit';
export interface AuditParams {
  /** Of the folder, of flake.nix or of flake.lock. */
  readonly uri: string;
  readonly refresh?: boolean;
  /** The user agreed to as many look-ups as it takes. */
  readonly confirmed?: boolean;
  readonly workDoneToken?: string | number;
}
export interface AuditResult {
  readonly uri: string;
  readonly cancelled: boolean;
  readonly counts: { readonly inputs: number; readonly errors: number; readonly warnings: number; readonly informations: number };
  /** One sentence for a notification. */
  readonly summary: string;
  /** Nothing was asked, because it would take more than 200 look-ups: those of {@link lookups}. Ask the user, then send `confirmed`. */
  readonly needsConfirmation?: true;
  /** With {@link needsConfirmation}: how many store paths would be looked up, counted at each cache. */
  readonly lookups?: number;
  /** With {@link needsConfirmation}: in how many caches. */
  readonly caches?: number;
}

/** Request: asks the caches again about one input, named by the opaque id that hover and {@link FLAKES} give. */
export const CHECK_INPUT = 'flakeTrust/checkInput';
export interface InputParams {
  readonly id: string;
}

/** Request: the report of the last audit (or of what is known), as text. */
export const REPORT = 'flakeTrust/report';
export interface ReportParams {
  readonly uri: string;
  readonly format: 'markdown' | 'json' | 'text';
}
export interface ReportResult {
  readonly text: string;
}

/** Request: everything about one input as Markdown for people (`details`), or as JSON for a ticket (`evidence`). */
export const DETAILS = 'flakeTrust/details';
export interface DetailsParams extends InputParams {
  readonly as: 'details' | 'evidence';
}

/** Why the server could not do what was asked; both sentences are for people and harmless to show. */
export interface RequestFailure {
  readonly kind: 'failed';
  /** For what the extension can offer: another try that allows import from derivation, how to get Nix, managing trust, a form for one's name. */
  readonly reason?: 'needs-import-from-derivation' | 'no-nix' | 'restricted' | 'no-identity';
  readonly message: string;
  /** What the user can do. */
  readonly hint?: string;
}

/** Request: what a flake offers for this machine's system, to choose from. Runs the installed Nix; can be cancelled. */
export const OUTPUTS = 'flakeTrust/outputs';
export interface OutputsParams {
  /** Of the folder, of flake.nix or of flake.lock. */
  readonly uri: string;
}
export type OutputsResult =
  | {
      readonly kind: 'ok';
      readonly system: string;
      readonly outputs: readonly {
        /** For {@link AUDIT_OUTPUTS}. */
        readonly installable: string;
        readonly group: 'package' | 'dev-shell' | 'check' | 'nixos-configuration';
        /** Attribute name, for example `default`. */
        readonly label: string;
        readonly name?: string;
        readonly description?: string;
      }[];
    }
  | RequestFailure;

/**
 * Request: audits the closures of outputs; reports progress under `workDoneToken`, can be cancelled. Cancelled while caches are asked it has a
 * result all the same, with what was learned; cancelled before that, while Nix evaluates, there is none (`RequestCancelled`).
 */
export const AUDIT_OUTPUTS = 'flakeTrust/auditOutputs';
export interface AuditOutputsParams {
  readonly uri: string;
  readonly installables: readonly string[];
  /** Asks every cache for every path, and compares. */
  readonly challenge?: boolean;
  readonly refresh?: boolean;
  readonly allowImportFromDerivation?: boolean;
  readonly workDoneToken?: string | number;
}
export type AuditOutputsResult =
  | {
      readonly kind: 'ok';
      /** Opaque id of the finished audit, for {@link CLOSURE} and what follows; valid until newer audits push it out. */
      readonly audit: string;
      readonly cancelled: boolean;
      readonly counts: {
        readonly paths: number;
        readonly errors: number;
        readonly warnings: number;
        readonly informations: number;
      };
      /** One sentence for a notification. */
      readonly summary: string;
    }
  | RequestFailure;

/** Request: finds out, by running Nix, which binaries the packages of an input have, and who signed them. */
export const CHECK_BINARIES = 'flakeTrust/checkBinaries';
export interface CheckBinariesParams extends InputParams {
  readonly workDoneToken?: string | number;
}
export type CheckBinariesResult = { readonly kind: 'ok'; readonly summary: string } | RequestFailure;

/** Names a finished audit. */
export interface ClosureParams {
  readonly audit: string;
}

/** Request: a finished audit without its paths; `null` when it is no longer held. */
export const CLOSURE = 'flakeTrust/closure';
export interface ClosureOverview {
  /** URI of the flake's folder. */
  readonly uri: string;
  readonly installables: readonly string[];
  /** ISO 8601, UTC. */
  readonly finishedAt: string;
  readonly cancelled: boolean;
  /** All of the public report but `closure.paths`, which is empty here. */
  readonly report: AuditReport;
}

/**
 * Request: the paths of a finished audit, as columns; `null` when it is no longer held. Rows are sorted by store path. They come in pieces, so
 * that a hover need not wait for 50,000 of them: `client/src/closureData.ts` puts the pieces together.
 */
export const CLOSURE_PATHS = 'flakeTrust/closurePaths';
export interface ClosurePathsParams extends ClosureParams {
  /** Rows that the pieces before have; default 0. */
  readonly offset?: number;
}
export interface ClosureColumns {
  /** Rows of all pieces. Tables that columns index into are whole in each piece. */
  readonly total: number;
  readonly storeDir: string;
  /** `<hash>-<name>` of each path. All columns are as long as this one; it is empty behind the last row. */
  readonly names: readonly string[];
  /** Indexes into `verdictNames`. */
  readonly verdicts: readonly number[];
  readonly verdictNames: readonly string[];
  /** Indexes into `keySets`; each set holds the names of the keys that verified. */
  readonly keys: readonly number[];
  readonly keySets: readonly (readonly string[])[];
  /** Indexes into `cacheUrls`, -1 for none: where Nix would take the path from. */
  readonly from: readonly number[];
  readonly cacheUrls: readonly string[];
  /** NAR sizes in bytes, -1 where not known. */
  readonly sizes: readonly number[];
  /** How many paths each refers to, and by how many it is referred to, itself not counted. */
  readonly references: readonly number[];
  readonly referrers: readonly number[];
  /** 0 no, 1 built here, 2 would be built here. */
  readonly built: readonly number[];
  /** After a challenge: 0 none, 1 single, 2 agree, 3 differ; else absent. */
  readonly agreements?: readonly number[];
  /** Indexes into `inputPaths`, -1 where no input is known to have made the path. */
  readonly inputs: readonly number[];
  readonly inputPaths: readonly (readonly string[])[];
}

/** Request: everything about one path of a finished audit; `null` when audit or path are not held. */
export const CLOSURE_PATH = 'flakeTrust/closurePath';
export interface ClosurePathParams extends ClosureParams {
  readonly storePath: string;
}
export interface ClosurePathDetails {
  readonly path: ClosurePath;
  /** The shortest chain of references from a root to the path, both included. */
  readonly why: readonly Pick<ClosurePath, 'storePath' | 'verdict' | 'keyNames' | 'from'>[];
  /** The first hundred paths that refer to it. */
  readonly referrers: readonly string[];
  readonly referrerCount: number;
}

/**
 * Request: a finished audit as a file's text; empty when it is no longer held. The text of a large one comes in pieces, which
 * `client/src/closureData.ts` puts together.
 */
export const CLOSURE_EXPORT = 'flakeTrust/closureExport';
export interface ClosureExportParams extends ClosureParams {
  readonly format: 'json' | 'markdown' | 'html' | 'sarif' | 'cyclonedx' | 'text';
  /** The {@link ClosureExportResult.next} of the piece before; absent for the first one. */
  readonly next?: string;
}
export interface ClosureExportResult extends ReportResult {
  /** There is more: what to ask for it with. */
  readonly next?: string;
}

/**
 * Vetting. Every request below is refused in Restricted Mode (`restricted`): there, what a repository says of itself is only shown. Nothing is
 * written before the user saw it: a draft comes first, and is written by its opaque id.
 */

/** Request: what the form for a record about an input starts from. */
export const VETTING_FORM = 'flakeTrust/vettingForm';
export type VettingFormResult =
  | {
      readonly kind: 'ok';
      /** Path of the input from the root, joined by slashes. */
      readonly input: string;
      /** Source identity, for example `github:nixos/nixpkgs`. */
      readonly source?: string;
      readonly rev?: string;
      readonly narHash: string;
      /** The verdict of now. */
      readonly state: VettingState;
      /** One sentence that tells the verdict and what it rests on. */
      readonly summary: string;
      /** `Name <mail>` of git's user configuration. */
      readonly who?: string;
      /** All that the policy knows; `asked`: this input needs it. */
      readonly criteria: readonly { readonly name: string; readonly description: string; readonly asked: boolean }[];
      /** A tree of the same source that meets what is asked, so that the difference is enough. */
      readonly base?: VettingBase;
      /** A day, `YYYY-MM-DD`, that the form proposes for an exemption. */
      readonly exemptUntil: string;
    }
  | RequestFailure;
export type VettingState = AuditReport['inputs'][number]['vetting']['state'];
export interface VettingBase {
  readonly narHash: string;
  readonly rev?: string;
  /** For example "reviewed by Ada Example on 2026-03-01". */
  readonly words: string;
}

/** Request: makes a record from what the form says, and gives the text that would be written. */
export const VETTING_DRAFT = 'flakeTrust/vettingDraft';
export interface VettingDraftParams extends InputParams {
  readonly record: VettingDraft;
}
export type VettingDraft =
  | (DraftFields & {
      readonly kind: 'audit';
      /** Of the difference from {@link VettingBase}, instead of the whole tree. */
      readonly delta: boolean;
      /** What was read, in words. */
      readonly scope?: string;
      /** What was read, as paths or attributes. */
      readonly paths?: readonly string[];
      readonly until?: string;
    })
  | (DraftFields & { readonly kind: 'exemption'; readonly until: string })
  /** `everything`: all revisions of the source instead of this tree. No criteria: for every use. */
  | (DraftFields & { readonly kind: 'violation'; readonly everything: boolean });
interface DraftFields {
  readonly who: string;
  readonly criteria: readonly string[];
  readonly notes?: string;
}
export type VettingDraftResult =
  | {
      readonly kind: 'ok';
      /** Opaque id for {@link VETTING_WRITE}; valid until the texts that it was made from change. */
      readonly draft: string;
      /** The record as it will stand in the file. */
      readonly text: string;
      /** URI of records.jsonc. */
      readonly file: string;
      /** Why the record would not count, once it is written; a sentence. */
      readonly warning?: string;
    }
  | RequestFailure;

/** Request: writes a draft; through an edit where the file is open in the editor, else as a whole to the disk. */
export const VETTING_WRITE = 'flakeTrust/vettingWrite';
export interface VettingWriteParams {
  readonly draft: string;
}
export type VettingWriteResult =
  { readonly kind: 'ok'; readonly summary: string; readonly files: readonly string[] } | RequestFailure;

/** Request: a draft of the policy and of one exemption for each present input, for {@link VETTING_WRITE}. */
export const VETTING_INIT = 'flakeTrust/vettingInit';
export interface VettingInitParams {
  /** Of the folder, of flake.nix or of flake.lock. */
  readonly uri: string;
  /** Default: git's user configuration; refused when that has none (`no-identity`). */
  readonly who?: string;
}
export type VettingInitResult =
  | {
      readonly kind: 'ok';
      readonly draft: string;
      /** Sentences for a question: how many inputs, exempted until when, which files. */
      readonly summary: string;
      /** URIs of the files that would be made. */
      readonly files: readonly string[];
    }
  | RequestFailure;

/** Request: what changed in an input since it was last vetted. Reads git repositories of this computer; fetches nothing; can be cancelled. */
export const VETTING_CHANGES = 'flakeTrust/vettingChanges';
export interface VettingChangesParams extends InputParams {
  /** Absolute folders of clones that the user chose. */
  readonly clones?: readonly string[];
}
export type VettingChangesResult =
  | {
      readonly kind: 'ok';
      readonly input: string;
      readonly base: VettingBase;
      /** The forge's page for the difference, where there is one. */
      readonly compareUrl?: string;
      /** Present when a repository of this computer has both revisions. */
      readonly comparison?: {
        /** Absolute folder. */
        readonly repository: string;
        readonly commits: number;
        readonly files: number;
        readonly insertions: number;
        readonly deletions: number;
        /** All of it for people: size, commits, files, and what to do next. */
        readonly markdown: string;
        /** The unified diff; cut where it is long, and it says so. */
        readonly diff: string;
      };
    }
  | RequestFailure;

/** Request: forgets every result, in memory and on disk. */
export const CLEAR = 'flakeTrust/clear';

/** Request: caches and keys that a flake's nixConfig names, and whether the user accepted them already. */
export const DECLARED_CACHES = 'flakeTrust/declaredCaches';
export interface DeclaredCachesParams {
  /** Of the folder, of flake.nix or of flake.lock. */
  readonly uri: string;
}
export type DeclaredCachesResult = readonly DeclaredCache[];
export interface DeclaredCache {
  readonly url: string;
  readonly keys: readonly string[];
  readonly state: 'in-use' | 'accepted' | 'not-accepted' | 'refused';
  /** What to know before accepting, for example that the key's name is known with other bytes. */
  readonly warnings: readonly string[];
}

/** Request: checks a public key's text before it is added to the user's settings. */
export const CHECK_KEY = 'flakeTrust/checkKey';
export interface CheckKeyParams {
  readonly text: string;
}
export interface CheckKeyResult {
  readonly ok: boolean;
  readonly message: string;
}

/** Notification, server to client: the state in words, for the status item. */
export const STATUS = 'flakeTrust/status';
export interface StatusParams {
  readonly state: 'idle' | 'checking' | 'ok' | 'problems' | 'offline' | 'restricted' | 'disabled';
  /** For example "7 inputs, 1 problem". */
  readonly text: string;
  /** Lines of a tooltip, plain text. */
  readonly details: readonly string[];
}

/** Commands that Markdown of the server may link to; each takes one opaque id and changes nothing by itself. */
export const LINKED_COMMANDS = {
  showInput: 'flakeTrust.showInput',
  checkInput: 'flakeTrust.checkInput',
  checkBinaries: 'flakeTrust.checkBinaries',
  auditOutputs: 'flakeTrust.auditOutputs',
  copyEvidence: 'flakeTrust.copyEvidence',
  explain: 'flakeTrust.explain',
  auditFlake: 'flakeTrust.auditFlake',
  showReport: 'flakeTrust.showReport',
  acceptCaches: 'flakeTrust.acceptCaches',
  addKey: 'flakeTrust.addKey',
  copyText: 'flakeTrust.copyText',
  recordReview: 'flakeTrust.recordReview',
  exemptInput: 'flakeTrust.exemptInput',
  denyInput: 'flakeTrust.denyInput',
  reviewChanges: 'flakeTrust.reviewChanges',
  startVetting: 'flakeTrust.startVetting',
  manageTrust: 'workbench.trust.manage',
} as const;
