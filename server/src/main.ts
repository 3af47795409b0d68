/**
 * The process of the language server: over Node's IPC when the extension starts it, over standard input and output for every other editor
 * (`flake-trust lsp --stdio`). It ends with its editor: the protocol library watches the stream and the editor's process.
 */
import { createConnection } from 'vscode-languageserver/node';
import { describeThrown } from './lsp/log';
import { createRuntime } from './runtime';
import { startServer } from './server';
import { heardForeground } from './util/foreground';

const connection = createConnection();
// The channel closes when the editor's side is gone, even if it was killed.
process.on('disconnect', () => process.exit());
// A bug in one feature must not take the others with it.
process.on('unhandledRejection', (reason) => connection.console.error(`A bug: ${describeThrown(reason)}`));
// Before the protocol library has taken it apart.
if (process.argv.includes('--stdio')) process.stdin.on('data', heardForeground);
else process.on('message', heardForeground);
startServer(connection, createRuntime());
