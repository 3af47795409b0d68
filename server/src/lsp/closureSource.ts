/** What an audit of closures needs of the process: ways to the caches, the installed Nix, the packages that are remembered. Opened when first wanted. */
import type { BinariesStore, Logger, NixCli, Transport } from '../engine/ports';
import type { ClosureWalks, ServerHost } from './host';
import type { FlakeSettings } from './settingsSource';

export class ClosureSource {
  readonly #host: ServerHost;
  readonly #log: Logger;
  readonly #storageDir: string | undefined;
  readonly #editor: Transport | undefined;
  #binaries: Promise<BinariesStore> | undefined;

  constructor(host: ServerHost, log: Logger, storageDir: string | undefined, editor: Transport | undefined) {
    this.#host = host;
    this.#log = log;
    this.#storageDir = storageDir;
    this.#editor = editor;
  }

  /** Opens what walks closures; the caller closes it, and only then is everything that it learned on disk. */
  openWalks({ settings, network }: FlakeSettings, sslCertFile: string | undefined): Promise<ClosureWalks> {
    const options = {
      transport: settings['network.transport'],
      connections: settings['network.auditConnections'],
      timeoutMs: settings['network.timeoutSeconds'] * 1000,
      network,
      ...(this.#storageDir === undefined ? {} : { storageDir: this.#storageDir }),
      ...(sslCertFile === undefined ? {} : { sslCertFile }),
    };
    return this.#host.openClosures(options, this.#log, this.#editor);
  }

  /** Makes the way to the installed Nix, which never is one that lies in the flake or in an open folder. */
  openNix(foreignFolders: readonly string[], storeDir: string): Promise<NixCli> {
    return this.#host.openNix({ foreignFolders, storeDir });
  }

  binaries(): Promise<BinariesStore> {
    return (this.#binaries ??= this.#host.openBinaries(this.#storageDir));
  }
}
