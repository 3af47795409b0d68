/**
 * Walks closures in a thread of its own, so that an audit of any size keeps nobody waiting who works on in the editor: the main thread hears of it a
 * few times a second, and in the end gets it in one piece. A thread that dies, for want of memory say, takes its audit with it and no more.
 */
import { Worker } from 'node:worker_threads';
import { Closure } from '../engine/closure/closure';
import { readPackedWalk, type PackedWalk } from '../engine/closure/packedWalk';
import type { Logger, Transport } from '../engine/ports';
import { WalksEnded, type ClosureWalks } from '../lsp/host';
import { onAbort } from '../util/abort';
import type { FromThread, ThreadData, ToThread } from './messages';
import { packRequest, type WalkRequest } from './packedRequest';

interface UnderWay {
  readonly onProgress: WalkRequest['onProgress'];
  readonly resolve: (packed: PackedWalk) => void;
  readonly reject: (reason: Error) => void;
}

export interface ThreadedWalksOptions extends Pick<ThreadData, 'options'> {
  /** The thread's program. */
  readonly file: string;
  readonly log: Logger;
  /** The editor's own way to the network. */
  readonly editor: Transport | undefined;
  /** The most that its heap may take; the thread ends beyond. Default: {@link MEMORY_MB}. */
  readonly memoryMb?: number;
}

/** Room for more paths than a walk visits: whatever a hostile cache does, it ends the thread and not the server. */
const MEMORY_MB = 2048;

/** A third of what Node takes: most of what a walk makes is gone at once. */
const YOUNG_MB = 16;

export class ThreadedWalks implements ClosureWalks {
  readonly #options: ThreadedWalksOptions;
  #thread: Worker | undefined;
  /** Why there is no thread any more. */
  #ended: Error | undefined;
  #next = 1;
  readonly #walks = new Map<number, UnderWay>();
  /** What the editor is asked for, by the number that the thread gave it. */
  readonly #fetches = new Map<number, AbortController>();
  #onClosed: () => void = () => undefined;

  constructor(options: ThreadedWalksOptions) {
    this.#options = options;
  }

  async walk(request: WalkRequest, signal: AbortSignal): Promise<Closure> {
    const walk = this.#next++;
    let dispose: (() => void) | undefined;
    const packed = await new Promise<PackedWalk>((resolve, reject) => {
      this.#walks.set(walk, { onProgress: request.onProgress, resolve, reject });
      this.#send({ kind: 'walk', walk, request: packRequest(request) });
      dispose = onAbort(signal, () => this.#send({ kind: 'cancel', walk }));
    }).finally(() => dispose?.());
    return Closure.of(await readPackedWalk(packed, request.configuration.caches), request.challenge);
  }

  async close(): Promise<void> {
    if (this.#thread === undefined || this.#ended !== undefined) return;
    await new Promise<void>((resolve) => {
      this.#onClosed = resolve;
      this.#send({ kind: 'close' });
    });
    this.#end(new WalksEnded('The thread that asks caches was closed.'));
    await this.#thread.terminate();
  }

  #send(message: ToThread): void {
    if (this.#ended !== undefined) this.#end(this.#ended);
    else (this.#thread ??= this.#start()).postMessage(message);
  }

  #start(): Worker {
    const { file, options, editor, memoryMb = MEMORY_MB } = this.#options;
    const thread = new Worker(file, {
      workerData: { options, editor: editor !== undefined } satisfies ThreadData,
      execArgv: [],
      stdin: false,
      // A word there would be one between the server and its editor.
      stdout: true,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: YOUNG_MB },
    });
    thread.on('message', (message: FromThread) => this.#hear(message));
    thread.on('error', (error: NodeJS.ErrnoException) => this.#end(new WalksEnded(whyItEnded(error, memoryMb))));
    thread.on('exit', () => this.#end(new WalksEnded('The thread that asks caches ended.')));
    return thread;
  }

  #hear(message: FromThread): void {
    switch (message.kind) {
      case 'progress':
        this.#walks.get(message.walk)?.onProgress?.(message.progress);
        break;
      case 'walked':
        this.#take(message.walk)?.resolve(message.packed);
        break;
      case 'broken':
        this.#take(message.walk)?.reject(new Error(message.message));
        break;
      case 'fetch':
        void this.#fetch(message);
        break;
      case 'give-up':
        this.#fetches.get(message.fetch)?.abort();
        break;
      case 'log':
        this.#options.log[message.level](message.message);
        break;
      case 'closed':
        this.#onClosed();
        break;
    }
  }

  #take(walk: number): UnderWay | undefined {
    const found = this.#walks.get(walk);
    this.#walks.delete(walk);
    return found;
  }

  async #fetch({ fetch, request }: Extract<FromThread, { kind: 'fetch' }>): Promise<void> {
    const { editor } = this.#options;
    const giveUp = new AbortController();
    this.#fetches.set(fetch, giveUp);
    try {
      const result = await editor?.get(request, giveUp.signal);
      if (result !== undefined) this.#send({ kind: 'fetched', fetch, result });
    } catch (error) {
      // Given up: the thread knows.
      if (giveUp.signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      this.#send({ kind: 'fetched', fetch, result: { kind: 'failed', reason: 'network', message } });
    } finally {
      this.#fetches.delete(fetch);
    }
  }

  /** There is no thread any more: whoever waits for it is told why. */
  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const giveUp of this.#fetches.values()) giveUp.abort();
    const waiting = [...this.#walks.values()];
    this.#walks.clear();
    for (const { reject } of waiting) reject(this.#ended);
    this.#onClosed();
  }
}

function whyItEnded({ code, message }: NodeJS.ErrnoException, memoryMb: number): string {
  return code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? `What the caches say takes more than ${memoryMb} MB of memory. Audit fewer outputs at once, or with \`flake-trust audit --shard\`.`
    : `The thread that asks caches ended: ${message}`;
}
