/** The thread that walks closures for the language server: see closureThread/threadedWalks.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { nodeEnvironment } from './adapters/nodeEnvironment';
import { lowerThreadPriority } from './adapters/threadPriority';
import { openClosureRuntime } from './closureRuntime';
import type { FromThread, ThreadData, ToThread } from './closureThread/messages';
import { unpackRequest } from './closureThread/packedRequest';
import { buffersOf, packWalk } from './engine/closure/packedWalk';
import type { ClosureProgress } from './engine/closure/request';
import type { Logger, Transport, TransportFailure, TransportResponse } from './engine/ports';
import { onAbort } from './util/abort';

lowerThreadPriority();

const { options, editor } = workerData as ThreadData;
const { transport, connections, timeoutMs, network, sslCertFile, storageDir } = options;

const send = (message: FromThread, transfer: readonly ArrayBuffer[] = []): void => parentPort?.postMessage(message, transfer);

const say =
  (level: keyof Logger) =>
  (message: string): void =>
    send({ kind: 'log', level, message });

/** Requests that the editor sends for us, by number. */
const fetches = new Map<number, (result: TransportResponse | TransportFailure) => void>();
let nextFetch = 1;

const editorTransport: Transport = {
  get: (request, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const fetch = nextFetch++;
      const dispose = onAbort(signal, () => {
        fetches.delete(fetch);
        send({ kind: 'give-up', fetch });
        reject(signal.reason as Error);
      });
      fetches.set(fetch, (result) => {
        dispose();
        fetches.delete(fetch);
        resolve(result);
      });
      send({ kind: 'fetch', fetch, request });
    }),
};

const runtime = openClosureRuntime({
  environment: nodeEnvironment(),
  log: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
  ...{ connections, timeoutMs, transport, remember: true, background: true, editorProxy: network },
  ...(editor ? { editor: editorTransport } : {}),
  ...(storageDir === undefined ? {} : { storageDir }),
  ...(sslCertFile === undefined ? {} : { sslCertFile }),
});

const cancels = new Map<number, AbortController>();
/** What walks leave to the next one; settles, never rejects. */
let remembering: Promise<unknown> = Promise.resolve();

async function walk({ walk, request }: Extract<ToThread, { kind: 'walk' }>): Promise<void> {
  const cancel = new AbortController();
  cancels.set(walk, cancel);
  try {
    // What the one before understood is known to this one.
    await remembering;
    const asked = {
      ...unpackRequest(request),
      onProgress: (progress: ClosureProgress) => send({ kind: 'progress', walk, progress }),
    };
    await new Promise<void>((resolve, reject) => {
      const exploring = runtime.explore(asked, cancel.signal, (walked) => {
        const packed = packWalk(walked);
        send({ kind: 'walked', walk, packed }, buffersOf(packed));
        resolve();
      });
      remembering = exploring.catch(reject);
    });
  } catch (error) {
    send({ kind: 'broken', walk, message: error instanceof Error ? error.message : String(error) });
  } finally {
    cancels.delete(walk);
  }
}

parentPort?.on('message', (message: ToThread) => {
  switch (message.kind) {
    case 'walk':
      void walk(message);
      break;
    case 'cancel':
      cancels.get(message.walk)?.abort();
      break;
    case 'fetched':
      fetches.get(message.fetch)?.(message.result);
      break;
    case 'close':
      void remembering.then(() => runtime.close()).finally(() => send({ kind: 'closed' }));
      break;
  }
});
