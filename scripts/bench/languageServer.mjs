/** The language server as an editor runs it, in a process of its own that can be asked what it uses. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';

// Not `--import`: with that Node loads the program in another way, which takes longer.
const PROBE = join(import.meta.dirname, 'probe.cjs');

/** Starts a server and says `initialize`; `readyMs` is the time from its start until it answered. */
export async function startServer(file, home, settings = {}) {
  const started = performance.now();
  const child = spawn(process.execPath, ['--expose-gc', '--require', PROBE, file, '--node-ipc'], {
    env: {
      PATH: process.env.PATH,
      HOME: home,
      XDG_CACHE_HOME: `${home}/cache`,
      NIX_CONF_DIR: home,
      NIX_USER_CONF_FILES: '',
      NO_PROXY: '*',
    },
    // As the extension starts it.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const connection = createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
  const statuses = [];
  connection.onNotification('flakeTrust/status', (status) => statuses.push(status));
  connection.listen();
  await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities: {},
    initializationOptions: { commands: true, settings },
  });
  const readyMs = performance.now() - started;
  await connection.sendNotification('initialized', {});
  child.stderr.setEncoding('utf8');
  return {
    readyMs,
    connection,
    until: async (state) => {
      while (statuses.at(-1)?.state !== state) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    open: (uri, text) =>
      connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'nix', version: 1, text } }),
    hover: (uri, line, character) =>
      connection.sendRequest('textDocument/hover', { textDocument: { uri }, position: { line, character } }),
    async probe() {
      child.kill('SIGUSR2');
      let text = '';
      for await (const chunk of child.stderr.iterator({ destroyOnReturn: false })) {
        text += chunk;
        const found = /probe (.*)\n/.exec(text)?.[1];
        if (found !== undefined) return JSON.parse(found);
      }
      throw new Error(`The server ended: ${text}`);
    },
    async stop() {
      const ended = new Promise((resolve) => child.on('exit', resolve));
      await connection.sendRequest('shutdown');
      await connection.sendNotification('exit');
      await ended;
    },
  };
}
