/** Which caches may be asked and which keys count: the user's nix.conf, settings and command line put together. */
import type { TrustedKeys } from '../domain/publicKey';
import type { CacheOrigin } from '../domain/inputsReport';
import type { Substituter } from '../domain/substituter';
import type { ConfigurationProblem } from './nixConfiguration';

/** What the user asked for, in settings and on the command line. */
export interface ConfigurationRequest {
  /** Whether the nix.conf chain is read; without it no cache and no key is assumed. */
  readonly nixConf: boolean;
  /** `--substituters`: replaces what nix.conf says. */
  readonly substituters?: readonly string[];
  readonly extraSubstituters: readonly string[];
  /** `--trusted-public-keys`: replaces what nix.conf says. */
  readonly trustedPublicKeys?: readonly string[];
  readonly extraTrustedPublicKeys: readonly string[];
  /** `flakeTrust.caches`, user level. */
  readonly caches: readonly { readonly url: string; readonly keys?: readonly string[]; readonly private?: boolean }[];
  /** Replaces nix.conf's; an empty text means that no netrc file is read. */
  readonly netrcFile?: string;
  /** `flakeTrust.trustedPublicKeys`, user level. */
  readonly settingsKeys: readonly string[];
  /** Default: `NIX_STORE_DIR`, else /nix/store. */
  readonly storeDir?: string;
}

/** A cache that somebody named. */
export interface ConfiguredCache {
  readonly substituter: Substituter;
  readonly origin: CacheOrigin;
  /** Whether it may be told which private inputs are used. */
  readonly private: boolean;
  readonly ask: boolean;
  /** Why it is not asked, as words without a full stop. */
  readonly reason?: string;
}

export interface TrustConfiguration {
  /** In configured order; each canonical URL once. */
  readonly caches: readonly ConfiguredCache[];
  readonly trusted: TrustedKeys;
  readonly requireSignatures: boolean;
  readonly storeDir: string;
  /** Looks a host up in the netrc file; for HTTP Basic auth, never printed. User-info of a substituter's URL goes first. */
  credentialsFor(host: string): { readonly login: string; readonly password: string } | undefined;
  readonly sslCertFile?: string;
  readonly problems: readonly ConfigurationProblem[];
}

/** A cache that a flake's `nixConfig` names. */
export interface DeclaredCache {
  /** Canonical. */
  readonly url: string;
  /** Keys of the same `nixConfig` that seem to belong to it; adding a cache without a key gives nothing, adding a key is global. */
  readonly keys: readonly string[];
  /**
   * `in-use`: the user's own configuration asks it. `accepted`, `refused`: Nix's trusted-settings.json says so of exactly
   * this setting and value. `not-accepted`: nobody said anything.
   */
  readonly state: 'in-use' | 'accepted' | 'not-accepted' | 'refused';
}
