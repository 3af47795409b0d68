/** What the language server needs of its process: given by main.ts from runtime.ts, by tests from fakes. */
import type { Closure } from '../engine/closure/closure';
import type { ClosureRequest } from '../engine/closure/request';
import type { Engine } from '../engine/engine';
import type { BinariesStore, Clock, Environment, Files, Logger, NixCli, Transport } from '../engine/ports';
import type { GitHistory, VettingFolder } from '../engine/vetting/ports';
import type { EditorNetwork } from '../protocol';

/** How the caches are reached; another value makes another engine. */
export interface EngineOptions {
  /** Folder for remembered answers; the default of the command line when absent. */
  readonly storageDir?: string;
  readonly transport: 'auto' | 'direct' | 'editor';
  readonly maxRequestsPerHost: number;
  readonly timeoutMs: number;
  /** The editor's proxy settings. */
  readonly network: EditorNetwork;
  /** File of certificates that nix.conf names. */
  readonly sslCertFile?: string;
}

/** How the caches are reached for an audit of closures, which the user started. */
export interface ClosureOptions extends Omit<EngineOptions, 'maxRequestsPerHost'> {
  /** Requests under way at one host. */
  readonly connections: number;
}

/** What walks closures is gone, with all that was under way. The message is for people, a sentence. */
export class WalksEnded extends Error {}

/** What walks closures. */
export interface ClosureWalks {
  /** Walks; see `walkClosure`. Rejects with {@link WalksEnded} where it does so in a thread that ended. */
  walk(request: Omit<ClosureRequest, 'connections'>, signal: AbortSignal): Promise<Closure>;
  /** Writes what is still in memory and ends every connection. */
  close(): Promise<void>;
}

/** Which Nix is run. */
export interface NixOptions {
  /** Folders whose programs are never run: the flake's, and those open in the editor. */
  readonly foreignFolders: readonly string[];
  readonly storeDir: string;
}

export interface ServerHost {
  readonly files: Files;
  readonly clock: Clock;
  readonly environment: Environment;
  /** Makes an engine. What speaks HTTP is loaded here or later, not at start. `editor` is absent where the client fetches nothing. */
  openEngine(options: EngineOptions, log: Logger, editor: Transport | undefined): Promise<Engine>;
  /** Makes what walks closures; loaded when first called. Nothing is asked yet. */
  openClosures(options: ClosureOptions, log: Logger, editor: Transport | undefined): Promise<ClosureWalks>;
  /** Opens what is remembered of the packages of inputs, in the folder for remembered answers. */
  openBinaries(storageDir: string | undefined): Promise<BinariesStore>;
  /** Opens the folder `flake-trust/` of a flake, which need not be there yet. */
  openVettingFolder(dir: string): Promise<VettingFolder>;
  /** Makes the way to the installed git, which never is one in `foreignFolders`. Nothing is run yet. */
  openGit(foreignFolders: readonly string[]): Promise<GitHistory>;
  /** Makes the way to the installed Nix. Nothing is run yet. */
  openNix(options: NixOptions): Promise<NixCli>;
}
