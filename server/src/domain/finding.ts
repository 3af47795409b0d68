/** One thing to tell: what was found, how bad it is, where it stands, and what to do. */
import type { Span } from '../util/span';

export type Severity = 'error' | 'warning' | 'information' | 'hint';

/**
 * When a code is reported: `always`; only after an audit that the user started (`audit`); only once the user set
 * a limit or list (`limit`); only once the flake has a policy (`policy`).
 */
export type Occasion = 'always' | 'audit' | 'limit' | 'policy';

interface CodeFacts {
  readonly severity: Severity;
  readonly occasion: Occasion;
  /** A few words, for lists of checks. */
  readonly title: string;
}

/**
 * Every diagnostic code: its default severity, when it is reported, what it is about. A code never changes its meaning;
 * each has a page `docs/checks/<code>.md`.
 */
export const FINDING_CODES = {
  'flake-malformed': { severity: 'warning', occasion: 'always', title: 'flake.nix is half-written, or no flake' },
  'lock-missing': { severity: 'information', occasion: 'always', title: 'A flake with inputs but no flake.lock' },
  'lock-out-of-date': { severity: 'warning', occasion: 'always', title: 'flake.nix and flake.lock disagree about an input' },
  'lock-no-hash': { severity: 'warning', occasion: 'always', title: 'A lock entry without narHash' },
  'lock-unreadable': { severity: 'error', occasion: 'always', title: 'flake.lock cannot be read' },
  'lock-tampered': { severity: 'error', occasion: 'always', title: 'What is locked is not what was asked for' },
  'follows-dangling': { severity: 'warning', occasion: 'always', title: 'follows names an input that does not exist' },
  'follows-root': { severity: 'hint', occasion: 'always', title: 'follows = "" hands over the root flake' },
  'indirect-ref': { severity: 'information', occasion: 'audit', title: 'An input looked up in the flake registry' },
  'insecure-transport': { severity: 'warning', occasion: 'always', title: 'An input fetched over plain http' },
  'credentials-in-url': { severity: 'error', occasion: 'always', title: 'A credential in an input URL' },
  'local-path-input': { severity: 'information', occasion: 'audit', title: 'An input that points to a path on this machine' },
  'duplicate-source': { severity: 'hint', occasion: 'always', title: 'One source locked at several revisions' },
  'stale-input': { severity: 'information', occasion: 'limit', title: 'An input locked longer ago than your limit' },
  'unexpected-owner': { severity: 'warning', occasion: 'limit', title: 'An owner outside your list' },
  'hash-mismatch': { severity: 'error', occasion: 'always', title: 'A cache serves a different hash than flake.lock' },
  'caches-disagree': { severity: 'error', occasion: 'always', title: 'Two caches serve different content for one path' },
  'narinfo-changed': { severity: 'warning', occasion: 'always', title: 'A cache serves other content than it did before' },
  'closure-incomplete': { severity: 'warning', occasion: 'always', title: 'A closure that could not be audited to its end' },
  'download-weak-hash': { severity: 'warning', occasion: 'audit', title: 'A build downloads something pinned by MD5 or SHA-1' },
  'download-insecure': { severity: 'information', occasion: 'audit', title: 'A build downloads something without encryption' },
  'signature-invalid': { severity: 'error', occasion: 'always', title: 'A signature that does not verify' },
  'signer-unknown': { severity: 'information', occasion: 'audit', title: 'Signed only by keys you do not trust' },
  unsigned: { severity: 'warning', occasion: 'always', title: 'Served without a signature' },
  'substituter-no-key': { severity: 'warning', occasion: 'always', title: 'nixConfig adds a cache but no key for it' },
  'key-no-substituter': { severity: 'hint', occasion: 'always', title: 'nixConfig trusts a key but adds no cache for it' },
  'key-malformed': { severity: 'error', occasion: 'always', title: 'A public key that is none' },
  'key-name-reused': { severity: 'error', occasion: 'always', title: 'A known key name with other bytes' },
  'substituter-insecure': { severity: 'warning', occasion: 'always', title: 'nixConfig adds a cache over plain http' },
  'nixconfig-widens-trust': { severity: 'information', occasion: 'always', title: 'Accepting nixConfig would trust another key' },
  'registry-override': { severity: 'warning', occasion: 'always', title: 'nixConfig changes a setting that widens trust' },
  'not-vetted': { severity: 'information', occasion: 'policy', title: 'No review covers an input' },
  'vetting-expired': { severity: 'information', occasion: 'policy', title: 'The review or exemption of an input has ended' },
  'vetting-other-hash': { severity: 'warning', occasion: 'policy', title: 'The review of an input covers another hash' },
  denied: { severity: 'error', occasion: 'policy', title: 'A record denies an input' },
  'policy-invalid': { severity: 'error', occasion: 'policy', title: 'A mistake in the vetting files' },
  'record-signature': { severity: 'error', occasion: 'policy', title: 'A record whose signature does not verify' },
  'policy-input': { severity: 'warning', occasion: 'policy', title: 'An input that the policy does not allow' },
  'policy-keys': { severity: 'error', occasion: 'policy', title: 'Paths without the signatures that the policy asks for' },
  'policy-cache': { severity: 'error', occasion: 'policy', title: 'Paths in none of the caches that the policy names' },
  'policy-agreement': { severity: 'error', occasion: 'policy', title: 'Paths about which too few caches agree' },
  'policy-local-build': { severity: 'error', occasion: 'policy', title: 'Paths that the policy does not allow to be built here' },
} as const satisfies Record<string, CodeFacts>;

export type FindingCode = keyof typeof FINDING_CODES;

/** Which text a span refers to. `nix.conf` findings name their file in the subject instead. */
export type FlakeFile = 'flake.nix' | 'flake.lock';

export interface Place {
  readonly file: FlakeFile;
  readonly span: Span;
}

/** What an editor may offer. Only `edit` changes text; nothing here ever changes whom the user trusts. */
export type Fix =
  | { readonly kind: 'edit'; readonly title: string; readonly place: Place; readonly newText: string }
  | { readonly kind: 'copy'; readonly title: string; readonly text: string };

export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** When it is reported, where that differs from its code's occasion. */
  readonly occasion?: Occasion;
  /** One sentence of at most 120 characters: subject in quotes, evidence, consequence. Foreign text in it is cut and stripped. */
  readonly message: string;
  readonly subject: { readonly kind: 'input' | 'path' | 'cache' | 'key' | 'file'; readonly id: string };
  readonly place?: Place;
  /** Further places that belong to it, for example the second lock node of a duplicate. */
  readonly related?: readonly { readonly place: Place; readonly message: string }[];
  /** Address of the page about the code. */
  readonly help: string;
  readonly evidence?: Readonly<Record<string, unknown>>;
  readonly fixes?: readonly Fix[];
}

const DOCS = 'https://github.com/flake-trust/flake-trust/blob/main/docs/checks/';

/** Makes a finding with the default severity and the help page of its code. */
export function finding(
  code: FindingCode,
  facts: Omit<Finding, 'code' | 'severity' | 'help'> & { readonly severity?: Severity },
): Finding {
  return { severity: FINDING_CODES[code].severity, ...facts, code, help: helpUrl(code) };
}

/** The address of the page about a code, which also ships with the extension. */
export function helpUrl(code: FindingCode): string {
  return `${DOCS}${code}.md`;
}
