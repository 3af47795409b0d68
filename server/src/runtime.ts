/** The composition root: the only place that builds adapters. Language server and command line differ in what they ask it for. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { nodeFiles } from './adapters/nodeFiles';
import { defaultStorageDirectory } from './adapters/storageDirectory';
import { systemClock } from './adapters/systemClock';
import { baseRuntime } from './baseRuntime';
import { createEngine, type Engine } from './engine/engine';
import type { AnswerStore, Environment, Logger, Transport } from './engine/ports';
import type { ClosureOptions, ClosureWalks, EngineOptions, ServerHost } from './lsp/host';
import { sleep } from './util/abort';
import { VERSION } from './version';

export interface RuntimeEngineOptions extends EngineOptions {
  /** False: nothing is read from or written to disk. Default: true. */
  readonly remember?: boolean;
}

export interface Runtime extends ServerHost {
  openEngine(options: RuntimeEngineOptions, log: Logger, editor: Transport | undefined): Promise<Engine>;
}

/** Makes the runtime of this process. */
export function createRuntime(): Runtime {
  const base = baseRuntime();
  const { environment } = base;
  return {
    ...base,
    openEngine: (options, log, editor) => openEngine(options, environment, log, editor),
    openClosures: (options, log, editor) => openClosures(options, environment, log, editor),
    openBinaries: async (storageDir) => {
      const { FileBinariesStore } = await import('./adapters/fileBinariesStore');
      return new FileBinariesStore(storageDir ?? defaultStorageDirectory(environment));
    },
    openVettingFolder: async (dir) => (await import('./adapters/vetting/nodeVettingFolder')).nodeVettingFolder(dir),
    openGit: async (foreignFolders) =>
      (await import('./adapters/vetting/gitHistory')).gitHistory({ environment, foreignFolders }),
    openNix: async (options) => (await import('./adapters/nixCli')).createNixCli({ environment, ...options }),
  };
}

/** Hosts are asked in parallel, so that one slow cache does not hold up the others; this bounds them all together. */
const HOSTS_AT_ONCE = 3;

async function openEngine(
  options: RuntimeEngineOptions,
  environment: Environment,
  log: Logger,
  editor: Transport | undefined,
): Promise<Engine> {
  // Loaded here, not at start: an editor waits for the server, and most of its life nothing is asked.
  const [{ openBinaryCache, addressesOf }, { AllowListTransport }, { PoliteTransport }, { HostLimits }] = await Promise.all([
    import('./adapters/binaryCaches'),
    import('./adapters/allowListTransport'),
    import('./adapters/politeTransport'),
    import('./adapters/hostLimits'),
  ]);
  const { transport, close } = await openTransport(options, environment, log, editor);
  const limits = new HostLimits({
    perHost: options.maxRequestsPerHost,
    overall: options.maxRequestsPerHost * HOSTS_AT_ONCE,
    clock: systemClock,
  });
  // The gate is inside: its redirects share the time of one attempt, in which waiting for room does not count.
  const gate = new AllowListTransport(transport);
  const polite = new PoliteTransport(gate, { limits, clock: systemClock, sleep, log, random: Math.random });
  const allowed = new Set<string>();
  const engine = createEngine({
    openCache: ({ substituter }, configuration) => {
      for (const address of addressesOf(substituter)) allowed.add(address);
      gate.allow([...allowed]);
      const credentials = substituter.host === undefined ? undefined : configuration.credentialsFor(substituter.host);
      return openBinaryCache(
        { substituter, credentials },
        {
          transport: polite,
          files: nodeFiles,
          environment,
          clock: systemClock,
          userAgent: `flake-trust/${VERSION}`,
          timeoutMs: options.timeoutMs,
        },
      );
    },
    store: await openStore(options, environment, log),
    clock: systemClock,
    log,
  });
  return {
    ...engine,
    check: (facts, scope, signal) => {
      // Whoever asks again by hand wants an answer now, also from a host that is resting after failures.
      if (scope.refresh === true) limits.forgive();
      return engine.check(facts, scope, signal);
    },
    close: async () => {
      await engine.close();
      await close();
    },
  };
}

async function openClosures(
  options: ClosureOptions,
  environment: Environment,
  log: Logger,
  editor: Transport | undefined,
): Promise<ClosureWalks> {
  const { transport, connections, timeoutMs, network, sslCertFile, storageDir } = options;
  const open = async (): Promise<ClosureWalks> => {
    const { openClosureRuntime } = await import('./closureRuntime');
    return openClosureRuntime({
      ...{ environment, log, connections, timeoutMs, transport, remember: true, background: true, editorProxy: network },
      ...(editor === undefined ? {} : { editor }),
      ...(storageDir === undefined ? {} : { storageDir }),
      ...(sslCertFile === undefined ? {} : { sslCertFile }),
    });
  };
  const file = path.join(__dirname, 'closureThread.js');
  // There is none where the sources run as they are.
  if (!existsSync(file)) return open();
  const { ThreadedWalks } = await import('./closureThread/threadedWalks');
  const thread = new ThreadedWalks({ file, options, log, editor });
  let here: Promise<ClosureWalks> | undefined;
  return {
    // What is remembered of a few paths is read sooner than a thread starts.
    walk: async (request, signal) => (request.offline === true ? await (here ??= open()) : thread).walk(request, signal),
    close: async () => {
      await Promise.all([thread.close(), here?.then((walks) => walks.close())]);
    },
  };
}

async function openTransport(
  { transport, network, sslCertFile }: RuntimeEngineOptions,
  environment: Environment,
  log: Logger,
  editor: Transport | undefined,
): Promise<{ readonly transport: Transport; readonly close: () => Promise<void> }> {
  if (editor !== undefined && transport === 'editor') return { transport: editor, close: () => Promise.resolve() };
  const { DirectTransport } = await import('./adapters/directTransport');
  const direct = new DirectTransport({
    environment,
    files: nodeFiles,
    log,
    editorProxy: network,
    ...(sslCertFile === undefined ? {} : { certificateFile: sslCertFile }),
  });
  const close = () => direct.close();
  if (editor === undefined || transport === 'direct') return { transport: direct, close };
  const { AutoTransport } = await import('./adapters/autoTransport');
  return { transport: new AutoTransport(direct, editor), close };
}

async function openStore(
  { remember = true, storageDir }: RuntimeEngineOptions,
  environment: Environment,
  log: Logger,
): Promise<AnswerStore> {
  if (!remember) return (await import('./adapters/noAnswerStore')).noAnswerStore;
  const { DiskAnswerStore } = await import('./adapters/diskAnswerStore');
  return new DiskAnswerStore({ directory: storageDir ?? defaultStorageDirectory(environment), log });
}
