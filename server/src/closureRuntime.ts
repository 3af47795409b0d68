/** The second half of the composition root: what an audit of closures is built from, loaded when the first one starts. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { SecureContext } from 'node:tls';
import { AllowListTransport } from './adapters/allowListTransport';
import { addressesOf, openBinaryCache } from './adapters/binaryCaches';
import { AutoTransport } from './adapters/autoTransport';
import { DiskAnswerStore } from './adapters/diskAnswerStore';
import { DiskFactsStore } from './adapters/diskFactsStore';
import { HostLimits } from './adapters/hostLimits';
import { NarinfoPipes } from './adapters/narinfoPipe/narinfoPipes';
import { noAnswerStore } from './adapters/noAnswerStore';
import { nodeFiles } from './adapters/nodeFiles';
import { PoliteTransport } from './adapters/politeTransport';
import { proxyFor, type EditorProxy } from './adapters/proxySettings';
import { SignatureWorkers } from './adapters/signatures/signatureWorkers';
import { defaultStorageDirectory } from './adapters/storageDirectory';
import { systemClock } from './adapters/systemClock';
import { VerifiedSignaturesFile, VerifiedSignaturesMemory } from './adapters/verifiedSignaturesFile';
import { Closure } from './engine/closure/closure';
import type { ClosureRequest } from './engine/closure/request';
import type { Walked } from './engine/closure/walk';
import { walkAndRemember } from './engine/closure/walkClosure';
import type { Environment, Logger, Transport, TransportFailure, TransportRequest, TransportResponse } from './engine/ports';
import { sleep } from './util/abort';
import { VERSION } from './version';

export interface ClosureRuntimeOptions {
  readonly environment: Environment;
  readonly log: Logger;
  /** Requests under way at one host. */
  readonly connections: number;
  /** Of one request. */
  readonly timeoutMs: number;
  /** False: nothing is read from or written to disk. */
  readonly remember: boolean;
  /** Folder for remembered answers; default `$XDG_CACHE_HOME/flake-trust`. */
  readonly storageDir?: string;
  readonly sslCertFile?: string;
  readonly editorProxy?: EditorProxy;
  /** The editor's own way to the network. */
  readonly editor?: Transport;
  /** Somebody works on with this process meanwhile, and goes first. */
  readonly background?: boolean;
  /** How {@link editor} is used where it is given: alone, not at all, or for hosts that are not reached directly. Default: `editor`. */
  readonly transport?: 'auto' | 'direct' | 'editor';
}

export interface ClosureRuntime {
  /** Walks a closure; see `walkClosure`. */
  walk(request: Omit<ClosureRequest, 'connections'>, signal: AbortSignal): Promise<Closure>;
  /** Walks, and makes something else of what was found out; see {@link walkAndRemember}. */
  explore<Made>(
    request: Omit<ClosureRequest, 'connections'>,
    signal: AbortSignal,
    make: (walked: Walked) => Made | Promise<Made>,
  ): Promise<Made>;
  /** Writes what is still in memory and ends every connection. */
  close(): Promise<void>;
}

/** Careful requests under way at one host: those with which the quick way could do nothing. */
const CAREFUL_PER_HOST = 16;

/** Makes what walks closures. Nothing is asked yet. */
export function openClosureRuntime(options: ClosureRuntimeOptions): ClosureRuntime {
  const { environment, log, connections, timeoutMs, remember, editor, transport = 'editor' } = options;
  const userAgent = `flake-trust/${VERSION}`;
  const closing = new AbortController();
  const direct = new LateTransport(options);
  const throughEditor = editor !== undefined && transport === 'editor';
  const gate = new AllowListTransport(
    editor === undefined || transport === 'direct' ? direct : throughEditor ? editor : new AutoTransport(direct, editor),
  );
  const limits = new HostLimits({
    perHost: Math.min(connections, CAREFUL_PER_HOST),
    overall: CAREFUL_PER_HOST * 3,
    clock: systemClock,
  });
  const polite = new PoliteTransport(gate, { limits, clock: systemClock, sleep, log, random: Math.random });
  let certificates: Promise<SecureContext> | undefined;
  const pipes = new NarinfoPipes({
    width: connections,
    timeoutMs,
    userAgent,
    secureContext: () => (certificates ??= secureContext(options, closing.signal)),
    isDirect: (url) => !throughEditor && proxyFor(url, proxySources(options)).kind === 'direct',
  });
  const directory = options.storageDir ?? defaultStorageDirectory(environment);
  const answers = remember ? new DiskAnswerStore({ directory, log }) : undefined;
  const store = answers ?? noAnswerStore;
  const file = remember ? new VerifiedSignaturesFile(directory) : undefined;
  const facts = remember ? new DiskFactsStore(directory) : undefined;
  const verified = file ?? new VerifiedSignaturesMemory();
  const allowed = new Set<string>();

  const runtime: ClosureRuntime = {
    walk: (request, signal) => runtime.explore(request, signal, (walked) => Closure.of(walked, request.challenge)),
    explore: async (request, signal, make) => {
      // Who starts an audit wants an answer now, also from a host that is resting after failures.
      limits.forgive();
      return walkAndRemember(
        { ...request, connections },
        {
          openCache: ({ substituter }, configuration) => {
            for (const address of addressesOf(substituter)) allowed.add(address);
            gate.allow([...allowed]);
            const login = substituter.host === undefined ? undefined : configuration.credentialsFor(substituter.host);
            const careful = openBinaryCache(
              { substituter, credentials: login },
              { transport: polite, files: nodeFiles, environment, clock: systemClock, userAgent, timeoutMs },
            );
            return pipes.beside(careful, substituter, login);
          },
          store,
          ...(facts === undefined ? {} : { facts }),
          verified,
          openVerifier: () =>
            new SignatureWorkers({
              ...workerFile(),
              workers: Math.max(1, Math.min(4, availableParallelism() - 1)),
              digests: remember,
              background: options.background === true,
            }),
          clock: systemClock,
          log,
        },
        signal,
        make,
      );
    },
    close: async () => {
      closing.abort();
      pipes.close();
      await Promise.all([store.close(), file?.save(), direct.close()]);
      // Only now are the answers on disk of which the facts are.
      await facts?.save((url) => answers?.stateOf(url));
    },
  };
  return runtime;
}

function proxySources({ environment, editorProxy }: ClosureRuntimeOptions) {
  return { variables: environment.variables, ...(editorProxy === undefined ? {} : { editor: editorProxy }) };
}

async function secureContext(
  { environment, log, sslCertFile }: ClosureRuntimeOptions,
  signal: AbortSignal,
): Promise<SecureContext> {
  const { loadCertificates } = await import('./adapters/certificates');
  return loadCertificates(
    { files: nodeFiles, environment, log, ...(sslCertFile === undefined ? {} : { certificateFile: sslCertFile }) },
    signal,
  );
}

/** The program of a verifying thread; there is none where the sources run as they are. */
function workerFile(): { readonly file?: string } {
  const file = path.join(__dirname, 'signatureWorker.js');
  return existsSync(file) ? { file } : {};
}

/** The direct transport, loaded when something goes the careful way; most audits need it for nothing. */
class LateTransport implements Transport {
  readonly #options: ClosureRuntimeOptions;
  #transport: Promise<Transport & { close(): Promise<void> }> | undefined;

  constructor(options: ClosureRuntimeOptions) {
    this.#options = options;
  }

  async get(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse | TransportFailure> {
    return (await (this.#transport ??= this.#load())).get(request, signal);
  }

  async close(): Promise<void> {
    await (await this.#transport)?.close();
  }

  async #load() {
    const { DirectTransport } = await import('./adapters/directTransport');
    const { environment, log, sslCertFile, editorProxy } = this.#options;
    return new DirectTransport({
      environment,
      files: nodeFiles,
      log,
      ...(editorProxy === undefined ? {} : { editorProxy }),
      ...(sslCertFile === undefined ? {} : { certificateFile: sslCertFile }),
    });
  }
}
