/** The language server as an editor runs it, in a process of its own that can be asked what it uses. */
import { spawn } from 'node:child_process';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';

/**
 * Loaded into the measured process. Answers a signal with what it uses, after a full collection, and with the longest time since the signal before
 * in which its main thread heard nobody, in milliseconds.
 */
const PROBE = `
  const { monitorEventLoopDelay } = require('node:perf_hooks');
  const stalls = monitorEventLoopDelay({ resolution: 1 });
  stalls.enable();
  process.on('SIGUSR2', () => {
    const stallMs = Math.max(0, stalls.max / 1e6 - 1);
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const { maxRSS } = process.resourceUsage();
    process.stderr.write('probe ' + JSON.stringify({ rss, peak: maxRSS * 1024, heapUsed, cpuMs: (user + system) / 1000, stallMs }) + '\\n');
    setImmediate(() => setImmediate(() => stalls.reset()));
  });
`;

/** Starts a server and says `initialize`; `readyMs` is the time from its start until it answered. */
export async function startServer(file, home, settings = {}) {
  const started = performance.now();
  const preload = `data:text/javascript,${encodeURIComponent(`import { createRequire } from 'node:module'; const require = createRequire('/'); ${PROBE}`)}`;
  const child = spawn(process.execPath, ['--expose-gc', '--import', preload, file, '--stdio'], {
    env: {
      PATH: process.env.PATH,
      HOME: home,
      XDG_CACHE_HOME: `${home}/cache`,
      NIX_CONF_DIR: home,
      NIX_USER_CONF_FILES: '',
      NO_PROXY: '*',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
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
