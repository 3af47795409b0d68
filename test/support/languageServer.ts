/** The real server in this process, over a pair of streams, with files and caches that the test makes. */
import { PassThrough } from 'node:stream';
import { createConnection } from 'vscode-languageserver';
import { createProtocolConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node';
import { createEngine } from '../../server/src/engine/engine';
import type { BinaryCache, FileRead } from '../../server/src/engine/ports';
import type { EngineOptions, ServerHost } from '../../server/src/lsp/host';
import { startServer } from '../../server/src/server';
import { fakeCache } from './fakeCache';
import { fakeStore } from './fakeStore';
import { type ClientOptions, connectClient, type LanguageClient } from './languageClient';
import { environment } from './memoryFiles';

export interface ServerSetup extends ClientOptions {
  /** By absolute path; the test may change them. */
  readonly files?: Map<string, string | FileRead>;
  /** By canonical URL. */
  readonly caches?: Readonly<Record<string, BinaryCache>>;
  /** In place of an engine over {@link caches}. */
  readonly openEngine?: ServerHost['openEngine'];
  /** The section `flakeTrust` of the editor. */
  readonly settings?: unknown;
}

export interface TestServer {
  readonly client: LanguageClient;
  /** The engines that were opened, with their options. */
  readonly engines: readonly EngineOptions[];
  /** How many of them were closed. */
  readonly closed: () => number;
  /** What the process was told to exit with. */
  readonly exits: readonly number[];
}

/** Starts a server and connects to it. */
export async function startTestServer(setup: ServerSetup = {}): Promise<TestServer> {
  const { files = new Map<string, string | FileRead>(), caches = {} } = setup;
  const toServer = new PassThrough();
  const toClient = new PassThrough();
  const engines: EngineOptions[] = [];
  const exits: number[] = [];
  let closed = 0;
  // As the library does over standard input and output, but that this process is not ended.
  const connection = createConnection(
    (logger) => createProtocolConnection(new StreamMessageReader(toServer), new StreamMessageWriter(toClient), logger),
    { shutdownReceived: false, initialize: () => undefined, exit: (code) => void exits.push(code) },
  );
  startServer(connection, {
    files: {
      read: (path, maxBytes) => {
        const file = files.get(path);
        if (file === undefined) return Promise.resolve({ kind: 'absent' });
        if (typeof file !== 'string') return Promise.resolve(file);
        return Promise.resolve(file.length > maxBytes ? { kind: 'failed', reason: 'too large' } : { kind: 'read', text: file });
      },
    },
    clock: { now: () => Date.now() },
    environment: environment(),
    openEngine: (options, log, editor) => {
      if (setup.openEngine !== undefined) return setup.openEngine(options, log, editor);
      engines.push(options);
      const engine = createEngine({
        openCache: ({ substituter }) => caches[substituter.url] ?? fakeCache(),
        store: fakeStore(),
        clock: { now: () => Date.now() },
        log,
      });
      const close = () => {
        closed += 1;
        return engine.close();
      };
      return Promise.resolve({ ...engine, close });
    },
  });
  // An editor that is not asked for its settings hands them over at the beginning.
  const pushed = setup.capabilities?.workspace?.configuration === true ? {} : { settings: setup.settings };
  const client = await connectClient(toClient, toServer, {
    ...setup,
    initializationOptions: { ...pushed, ...setup.initializationOptions },
  });
  client.settings = setup.settings ?? {};
  return { client, engines, closed: () => closed, exits };
}
