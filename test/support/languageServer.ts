/** The real server in this process, over a pair of streams, with files and caches that the test makes. */
import { PassThrough } from 'node:stream';
import { createConnection } from 'vscode-languageserver';
import { createProtocolConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node';
import { createEngine } from '../../server/src/engine/engine';
import { gitHistory } from '../../server/src/adapters/vetting/gitHistory';
import { nodeVettingFolder } from '../../server/src/adapters/vetting/nodeVettingFolder';
import { SignatureWorkers } from '../../server/src/adapters/signatures/signatureWorkers';
import { VerifiedSignaturesMemory } from '../../server/src/adapters/verifiedSignaturesFile';
import { walkClosure } from '../../server/src/engine/closure/walkClosure';
import type { BinariesStore, BinaryCache, Environment, FileRead, Files, NixCli } from '../../server/src/engine/ports';
import type { ClosureOptions, EngineOptions, NixOptions, ServerHost } from '../../server/src/lsp/host';
import { startServer } from '../../server/src/server';
import { fakeCache } from './fakeCache';
import { fakeStore } from './fakeStore';
import { type ClientOptions, connectClient, type LanguageClient } from './languageClient';
import { fakeNix } from './fakeNix';
import { memoryBinaries } from './memoryBinaries';
import { environment } from './memoryFiles';

export interface ServerSetup extends ClientOptions {
  /** By absolute path; the test may change them. */
  readonly files?: Map<string, string | FileRead>;
  /** In place of {@link files}: those of this computer, for what is written there. */
  readonly disk?: Files;
  /** Where git is found, and configured; without one there is none. */
  readonly gitEnvironment?: Environment;
  /** By canonical URL. */
  readonly caches?: Readonly<Record<string, BinaryCache>>;
  /** In place of an engine over {@link caches}. */
  readonly openEngine?: ServerHost['openEngine'];
  /** In place of a walk over {@link caches}. */
  readonly openClosures?: ServerHost['openClosures'];
  /** The installed Nix; one that knows nothing when absent. */
  readonly nix?: NixCli;
  /** What is remembered of packages. */
  readonly binaries?: BinariesStore;
  /** The section `flakeTrust` of the editor. */
  readonly settings?: unknown;
}

export interface TestServer {
  readonly client: LanguageClient;
  /** The engines that were opened, with their options. */
  readonly engines: readonly EngineOptions[];
  /** What walks closures, as it was opened. */
  readonly walks: readonly ClosureOptions[];
  /** Every Nix that was made, with the folders that it must not come from. */
  readonly nixes: readonly NixOptions[];
  /** How many of them were closed. */
  readonly closed: () => number;
  /** What the process was told to exit with. */
  readonly exits: readonly number[];
}

/** Starts a server and connects to it. */
export async function startTestServer(setup: ServerSetup = {}): Promise<TestServer> {
  const { files = new Map<string, string | FileRead>(), caches = {}, binaries = memoryBinaries() } = setup;
  const toServer = new PassThrough();
  const toClient = new PassThrough();
  const engines: EngineOptions[] = [];
  const walks: ClosureOptions[] = [];
  const nixes: NixOptions[] = [];
  const store = fakeStore();
  const verified = new VerifiedSignaturesMemory();
  const exits: number[] = [];
  let closed = 0;
  // As the library does over standard input and output, but that this process is not ended.
  const connection = createConnection(
    (logger) => createProtocolConnection(new StreamMessageReader(toServer), new StreamMessageWriter(toClient), logger),
    { shutdownReceived: false, initialize: () => undefined, exit: (code) => void exits.push(code) },
  );
  startServer(connection, {
    files: setup.disk ?? {
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
        store,
        clock: { now: () => Date.now() },
        log,
      });
      const close = () => {
        closed += 1;
        return engine.close();
      };
      return Promise.resolve({ ...engine, close });
    },
    openClosures: (options, log, editor) => {
      walks.push(options);
      if (setup.openClosures !== undefined) return setup.openClosures(options, log, editor);
      return Promise.resolve({
        walk: (request, signal) =>
          walkClosure(
            { ...request, connections: options.connections },
            {
              openCache: ({ substituter }) => caches[substituter.url] ?? fakeCache(),
              store,
              clock: { now: () => Date.now() },
              log,
              verified,
              openVerifier: () => new SignatureWorkers({ workers: 0, digests: true }),
            },
            signal,
          ),
        close: () => Promise.resolve(),
      });
    },
    openBinaries: () => Promise.resolve(binaries),
    openVettingFolder: (dir) => Promise.resolve(nodeVettingFolder(dir)),
    openGit: (foreignFolders) =>
      Promise.resolve(gitHistory({ environment: setup.gitEnvironment ?? environment(), foreignFolders })),
    openNix: (options) => {
      nixes.push(options);
      return Promise.resolve(setup.nix ?? fakeNix());
    },
  });
  // An editor that is not asked for its settings hands them over at the beginning.
  const pushed = setup.capabilities?.workspace?.configuration === true ? {} : { settings: setup.settings };
  const client = await connectClient(toClient, toServer, {
    ...setup,
    initializationOptions: { ...pushed, ...setup.initializationOptions },
  });
  client.settings = setup.settings ?? {};
  return { client, engines, walks, nixes, closed: () => closed, exits };
}
