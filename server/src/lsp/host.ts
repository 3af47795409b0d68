/** What the language server needs of its process: given by main.ts from runtime.ts, by tests from fakes. */
import type { Engine } from '../engine/engine';
import type { Clock, Environment, Files, Logger, Transport } from '../engine/ports';
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

export interface ServerHost {
  readonly files: Files;
  readonly clock: Clock;
  readonly environment: Environment;
  /** Makes an engine. What speaks HTTP is loaded here or later, not at start. `editor` is absent where the client fetches nothing. */
  openEngine(options: EngineOptions, log: Logger, editor: Transport | undefined): Promise<Engine>;
}
