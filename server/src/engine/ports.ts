/**
 * What the engine needs of the world. Each port has one adapter (`adapters/`) and a fake in `test/support/`.
 * Everything that waits takes an `AbortSignal` last, and rejects only when it aborts (or for a bug): every other failure is a value.
 */
import type { CacheFacts } from '../domain/cacheFacts';
import type { Derivation } from '../domain/derivation';
import type { LocalPathInfo } from '../domain/localPathInfo';
import type { CacheInfo } from '../domain/nixCacheInfo';
import type { SignatureTriple } from '../domain/signatureCheck';
import type { StorePath, StorePathHash } from '../domain/storePath';

/** Tells the time; milliseconds since 1970. */
export interface Clock {
  now(): number;
}

/** Reports what people running the tool may want to read later; never secrets, never user-info of URLs. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Environment variables and the user's directories. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: string;
}

export type FileRead =
  | { readonly kind: 'read'; readonly text: string; /** Owner, where the platform tells. */ readonly uid?: number }
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      /** Set when there is something at the path that is no readable text file of that size, rather than no way to it. */
      readonly unfit?: boolean;
    };

/** Reads local files. */
export interface Files {
  /**
   * Reads a regular file as UTF-8; one larger than `maxBytes` is `failed`, so is a device, a pipe or a folder.
   * @param within A folder above the file: what a symbolic link leads to outside of it is not opened, and `failed`; so is a link that leads nowhere.
   */
  read(path: string, maxBytes: number, signal: AbortSignal, within?: string): Promise<FileRead>;
}

/** Why no answer came. The word is stable; `message` is for people. */
export interface TransportFailure {
  readonly kind: 'failed';
  readonly reason: 'dns' | 'refused' | 'tls' | 'proxy' | 'timeout' | 'too-large' | 'redirect' | 'not-allowed' | 'network';
  readonly message: string;
  /** The HTTP status with which a proxy refused: 407 asks for its own password. */
  readonly status?: number;
}

export interface TransportResponse {
  readonly kind: 'response';
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface TransportRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The response is given up, as `too-large`, when its body (decoded) grows over it. */
  readonly maxBytes: number;
  /** For the whole exchange, redirects included. */
  readonly timeoutMs: number;
}

/** One GET over http or https. Redirects are not followed here: a 3xx is a response. */
export interface Transport {
  get(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse | TransportFailure>;
}

/** What a cache says of itself. */
export type CacheInfoLookup =
  | { readonly kind: 'found'; readonly info: CacheInfo }
  | { readonly kind: 'unauthorized'; readonly reason: string }
  | { readonly kind: 'not-a-cache'; readonly reason: string }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** The text that a cache serves for a store path hash; parsed and verified by the caller, never here. */
export type NarinfoLookup =
  | { readonly kind: 'found'; readonly text: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unauthorized'; readonly reason: string }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** One binary cache, opened. Read only: it never writes to the cache, not even where Nix would. */
export interface BinaryCache {
  /** Asks for `nix-cache-info`. */
  info(signal: AbortSignal): Promise<CacheInfoLookup>;
  /** Asks for `<hash>.narinfo`. */
  narinfo(hash: StorePathHash, signal: AbortSignal): Promise<NarinfoLookup>;
  /** Opens a way to ask for thousands of narinfos; absent where {@link narinfo} is the only way. */
  openPipe?(): NarinfoPipe;
}

/** Asks one cache for thousands of narinfos, many at once, at a small cost each. The answers are those of {@link BinaryCache.narinfo}. */
export interface NarinfoPipe {
  /** Calls `done` once, later; never after the pipe was closed. */
  ask(hash: StorePathHash, done: (lookup: NarinfoLookup) => void): void;
  /** Gives up what is under way. */
  close(): void;
}

/** Remembers which exact triples of signed text, signature and key verified, by their digests. Never more than that. */
export interface VerifiedSignatures {
  /** Reads what earlier sessions remembered. */
  load(): Promise<void>;
  /** Whether nothing is remembered, so that digests need not be made to look. */
  readonly empty: boolean;
  has(digest: string): boolean;
  add(digest: string): void;
}

/** What became of one signature. */
export interface VerifiedSignature {
  readonly verified: boolean;
  /** Of a signature that verified, for {@link VerifiedSignatures}; left out where nothing is to be remembered. */
  readonly digest?: string;
}

/** Verifies Ed25519 signatures, as `verifySignature` of `verifyNarinfo.ts` does, without keeping the main thread busy. */
export interface SignatureVerifier {
  /** Calls `done` once, later. */
  verify(triple: SignatureTriple, done: (answer: VerifiedSignature) => void): void;
  /** Ends what is under way; no question is answered any more. */
  close(): void;
}

/** A remembered answer of a cache, with the time when it was given (milliseconds since 1970). */
export interface Remembered<T> {
  readonly value: T;
  readonly at: number;
}

/** What may be remembered of a narinfo look-up: failures are not. */
export type StoredNarinfo = Extract<NarinfoLookup, { kind: 'found' | 'absent' }>;

/**
 * Remembers what caches answered, on disk, over sessions; never a verdict. Lifetimes are applied by the caller, who also
 * wants to show old answers with their age when offline. A damaged, foreign or unwritable store behaves as an empty one.
 */
export interface AnswerStore {
  /** Set where nothing is ever remembered, so that there is no use in looking. */
  readonly forgetful?: true;
  getNarinfo(cacheUrl: string, hash: StorePathHash): Promise<Remembered<StoredNarinfo> | undefined>;
  /** The same as many {@link getNarinfo}, with few reads; in the order of `hashes`. */
  getNarinfos?(cacheUrl: string, hashes: readonly StorePathHash[]): Promise<readonly (Remembered<StoredNarinfo> | undefined)[]>;
  putNarinfo(cacheUrl: string, hash: StorePathHash, answer: StoredNarinfo, at: number): void;
  getInfo(cacheUrl: string): Promise<Remembered<CacheInfo> | undefined>;
  putInfo(cacheUrl: string, info: CacheInfo, at: number): void;
  /** Forgets everything, on disk too. */
  clear(): Promise<void>;
  /** Writes what is still in memory; afterwards nothing more is written. */
  close(): Promise<void>;
}

/** Remembers facts on disk, by cache. A damaged, foreign or outdated file is as good as none. */
export interface FactsStore {
  /** What is remembered, without the rows about which the answer store has something newer. */
  open(cacheUrl: string): Promise<CacheFacts | undefined>;
  /** Keeps facts until the store is closed, when it writes them. */
  put(cacheUrl: string, facts: CacheFacts): void;
}

/** Why Nix gave no answer. The word is stable; `message` and `hint` are for people, and harmless to print. */
export interface NixFailure {
  readonly kind: 'failed';
  readonly reason:
    | 'not-found'
    | 'too-old'
    | 'bad-installable'
    | 'missing-attribute'
    | 'needs-import-from-derivation'
    | 'lock-needs-changes'
    | 'evaluation'
    | 'unknown-format'
    | 'too-large'
    | 'timeout'
    | 'failed';
  readonly message: string;
  /** What the user can do. */
  readonly hint?: string;
}

export type NixAnswer<T> = { readonly kind: 'ok'; readonly value: T } | NixFailure;

/** Which Nix is installed. */
export interface NixVersion {
  /** As it says itself, for example `2.34.8`. */
  readonly text: string;
  readonly major: number;
  readonly minor: number;
  readonly implementation: 'nix' | 'lix' | 'determinate';
  /** The executable that is run, absolute. */
  readonly file: string;
}

/** A flake on this machine, and how far its code may go. */
export interface NixFlake {
  /** Absolute. Nix is run there, so that `.#…` means this flake. */
  readonly dir: string;
  /** Lets evaluation build derivations and read the result. Builds foreign code; default false. */
  readonly allowImportFromDerivation?: boolean;
}

/** An output that can be audited. All names come from the flake. */
export interface FlakeOutput {
  readonly kind: 'package' | 'dev-shell' | 'check' | 'nixos-configuration';
  /** For {@link NixCli.resolve}, for example `.#packages.x86_64-linux.default`. */
  readonly installable: string;
  readonly attrPath: readonly string[];
  /** Of the derivation, where Nix told. */
  readonly name?: string;
  readonly description?: string;
}

export interface FlakeOutputs {
  readonly system: string;
  /** By kind in the order of the type, then by name. */
  readonly outputs: readonly FlakeOutput[];
}

/** What installables stand for. */
export interface ResolvedInstallables {
  /** The outputs that were selected, by derivation. */
  readonly roots: readonly { readonly drvPath: StorePath; readonly outputs: readonly string[] }[];
  /** Installables that are store paths already. */
  readonly paths: readonly StorePath[];
  /** The derivations of `roots` and all that they need, directly or not. */
  readonly derivations: ReadonlyMap<StorePath, Derivation>;
}

/** One output of a package of an input. */
export interface PackageOutput {
  /** Attribute under `packages.<system>` or `legacyPackages.<system>`. */
  readonly attribute: string;
  readonly output: string;
  readonly path: StorePath;
  /** Where the package is defined, as its `meta.position` claims: `file:line`. */
  readonly position?: string;
}

export interface InputPackages {
  readonly system: string;
  /** The input has too many packages, so that only some were looked at. */
  readonly sampled: boolean;
  /** Sorted by attribute and output. */
  readonly outputs: readonly PackageOutput[];
  /** Attributes that do not evaluate. */
  readonly failed: readonly string[];
}

/**
 * The Nix that the user has installed. Every question evaluates at most: nothing is built (unless import from derivation was allowed), no
 * setting of the flake is accepted, flake.lock is not written. Rejects only when `signal` aborts, which ends what was started.
 */
export interface NixCli {
  version(signal: AbortSignal): Promise<NixAnswer<NixVersion>>;
  /** Lists what a flake offers for this machine's system. */
  listOutputs(flake: NixFlake, signal: AbortSignal): Promise<NixAnswer<FlakeOutputs>>;
  /** Evaluates installables and reads the derivations behind them. */
  resolve(flake: NixFlake, installables: readonly string[], signal: AbortSignal): Promise<NixAnswer<ResolvedInstallables>>;
  /** Asks the local store; the answer has the valid ones of `paths`. No cache is asked. */
  localPaths(paths: readonly StorePath[], signal: AbortSignal): Promise<NixAnswer<ReadonlyMap<StorePath, LocalPathInfo>>>;
  /** Evaluates the packages of an input as this flake locks it; `input` is its path from the root. `sample` are used where there are too many. */
  inputPackages(
    flake: NixFlake,
    input: readonly string[],
    sample: readonly string[],
    signal: AbortSignal,
  ): Promise<NixAnswer<InputPackages>>;
  /** The same, of no other packages than those with these attribute names; names that the input does not have are left out. */
  findPackages(
    flake: NixFlake,
    input: readonly string[],
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<NixAnswer<InputPackages>>;
}

/** The packages of an input as they were found once, with the time (milliseconds since 1970). */
export interface StoredPackages extends InputPackages {
  readonly at: number;
}

/**
 * Remembers which output paths the packages of an input have, on disk, over sessions: what Nix evaluated, never what a cache said, nor a verdict.
 * `key` is a `lockedGraphDigest`. A damaged, foreign or unwritable store behaves as an empty one.
 */
export interface BinariesStore {
  /** One for each system, sorted by it. */
  get(key: string): Promise<readonly StoredPackages[]>;
  /** Replaces what is known for the system. */
  put(key: string, packages: StoredPackages): Promise<void>;
  /** Forgets everything. */
  clear(): Promise<void>;
}
