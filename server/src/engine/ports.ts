/**
 * What the engine needs of the world. Each port has one adapter (`adapters/`) and a fake in `test/support/`.
 * Everything that waits takes an `AbortSignal` last, and rejects only when it aborts (or for a bug): every other failure is a value.
 */
import type { CacheInfo } from '../domain/nixCacheInfo';
import type { StorePathHash } from '../domain/storePath';

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
  /** Reads a regular file as UTF-8; one larger than `maxBytes` is `failed`, so is a device, a pipe or a folder. */
  read(path: string, maxBytes: number, signal: AbortSignal): Promise<FileRead>;
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
  getNarinfo(cacheUrl: string, hash: StorePathHash): Promise<Remembered<StoredNarinfo> | undefined>;
  putNarinfo(cacheUrl: string, hash: StorePathHash, answer: StoredNarinfo, at: number): void;
  getInfo(cacheUrl: string): Promise<Remembered<CacheInfo> | undefined>;
  putInfo(cacheUrl: string, info: CacheInfo, at: number): void;
  /** Forgets everything, on disk too. */
  clear(): Promise<void>;
  /** Writes what is still in memory; afterwards nothing more is written. */
  close(): Promise<void>;
}
