/** How the language server's process is started. */
import type { ServerOptions } from 'vscode-languageclient/node';
import { TransportKind } from 'vscode-languageclient/node';

/** Where "Attach to Server" of .vscode/launch.json finds the server of an extension that is being debugged. */
const INSPECT_PORT = 6009;

/** Starts `module` with Node's IPC; when the extension itself is being debugged, the server can be too. */
export function serverOptions(module: string): ServerOptions {
  const run = { module, transport: TransportKind.ipc };
  return {
    run,
    debug: { ...run, options: { execArgv: ['--nolazy', `--inspect=127.0.0.1:${INSPECT_PORT}`, '--enable-source-maps'] } },
  };
}
