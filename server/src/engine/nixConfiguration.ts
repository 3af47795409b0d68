/** The user's Nix configuration, read from files and environment as Nix reads it, without running Nix. */

/** Something wrong in a configuration, as a sentence for people. */
export interface ConfigurationProblem {
  readonly message: string;
  readonly file?: string;
  /** One-based. */
  readonly line?: number;
}

/** What Nix's configuration says that matters for trust. */
export interface NixConfiguration {
  /** By canonical setting name, words joined by one space. Without `access-tokens`, and without user-info in URLs: it may be shown. */
  readonly settings: ReadonlyMap<string, string>;
  /** In configured order, as written; an entry may hold a password. */
  readonly substituters: readonly string[];
  readonly trustedSubstituters: readonly string[];
  readonly trustedPublicKeys: readonly string[];
  readonly requireSigs: boolean;
  readonly netrcFile: string;
  readonly sslCertFile?: string;
  readonly acceptFlakeConfig: boolean;
  readonly problems: readonly ConfigurationProblem[];
}
