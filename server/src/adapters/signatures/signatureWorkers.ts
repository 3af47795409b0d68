/**
 * Verifies signatures on other threads. The first few go to Node's own pool, which is there at once; many go to workers in batches, since a
 * signature alone costs the main thread as much on its way to the pool and back as an answer of a cache does, and leaves garbage behind.
 */
import { verify } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { isWeakPoint } from '../../domain/ed25519';
import { signatureDigest, type SignatureTriple } from '../../domain/signatureCheck';
import { verifySignature } from '../../domain/verifyNarinfo';
import type { SignatureVerifier, VerifiedSignature } from '../../engine/ports';
import { Fifo } from '../../util/fifo';
import { BatchWriter, type BatchAnswer, type BatchMessage, type SignatureWorkerData } from './signatureBatch';

export interface SignatureWorkersOptions {
  /** The worker's program; without one everything goes to the pool. */
  readonly file?: string;
  /** So many workers at most; they start one by one, while those that run have enough to do. */
  readonly workers: number;
  /** Whether digests of what verified are wanted. */
  readonly digests: boolean;
  /** Somebody works on with this thread meanwhile: then the workers let it go first. */
  readonly background?: boolean;
}

/** So many signatures go to the pool before a worker is worth its start. */
const POOLED = 64;

/** So many signatures make a batch; fewer when the workers have nothing to do. */
const BATCH = 48;

/** A worker has the next batch at hand while it works on one. */
const BATCHES_AHEAD = 2;

/** With more than this waiting, the main thread helps: it would have nothing else to do, as no more is asked until there is room. */
const HELP_ABOVE = BATCH;

/** So many it verifies in one go: under a millisecond. */
const HELP = 8;

type Done = (answer: VerifiedSignature) => void;

interface Waiting {
  readonly triple: SignatureTriple;
  readonly done: Done;
}

export class SignatureWorkers implements SignatureVerifier {
  readonly #options: SignatureWorkersOptions;
  #pooled = 0;
  #workers: WorkerThread[] = [];
  #broken = false;
  readonly #queue = new Fifo<Waiting>();
  #flushing = false;
  #helping = false;
  #closed = false;

  constructor(options: SignatureWorkersOptions) {
    this.#options = options;
    this.#broken = options.file === undefined || options.workers < 1;
  }

  verify(triple: SignatureTriple, done: Done): void {
    if (this.#broken || this.#pooled < POOLED) {
      this.#pooled++;
      this.#verifyInPool({ triple, done });
      return;
    }
    this.#queue.push({ triple, done });
    if (this.#queue.length >= BATCH) this.#flush();
    else this.#flushSoon();
  }

  close(): void {
    this.#closed = true;
    this.#queue.clear();
    for (const worker of this.#workers) worker.end();
    this.#workers = [];
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    // Behind all answers that have arrived by now.
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#queue.length > 0) {
      const worker = this.#freeWorker();
      if (worker === undefined) break;
      worker.send(this.#queue.take(BATCH));
    }
    if (this.#queue.length > HELP_ABOVE) this.#helpSoon();
  }

  #helpSoon(): void {
    if (this.#helping) return;
    this.#helping = true;
    setImmediate(() => {
      this.#helping = false;
      if (this.#closed || this.#queue.length <= HELP_ABOVE) return;
      for (const { triple, done } of this.#queue.takeLast(HELP))
        done(this.#answer(triple, verifySignature(triple.text, triple.signature, triple.key)));
      this.#flush();
    });
  }

  #freeWorker(): WorkerThread | undefined {
    let best: WorkerThread | undefined;
    for (const worker of this.#workers) if (best === undefined || worker.batches < best.batches) best = worker;
    if (best !== undefined && best.batches < BATCHES_AHEAD) return best;
    if (this.#workers.length >= this.#options.workers || this.#closed) return undefined;
    return this.#start();
  }

  #start(): WorkerThread | undefined {
    const { file, digests, background = false } = this.#options;
    if (file === undefined) return undefined;
    const worker = new WorkerThread(
      file,
      { digests, background },
      {
        onFree: () => this.#flush(),
        onBroken: (unanswered) => this.#onBroken(unanswered),
      },
    );
    this.#workers.push(worker);
    return worker;
  }

  /** The pool does what a worker cannot: a system may have no room for another thread. */
  #onBroken(unanswered: readonly Waiting[]): void {
    if (this.#closed) return;
    this.#broken = true;
    for (const waiting of [...unanswered, ...this.#queue.drain()]) this.#verifyInPool(waiting);
  }

  #answer(triple: SignatureTriple, verified: boolean): VerifiedSignature {
    return verified && this.#options.digests ? { verified, digest: signatureDigest(triple) } : { verified };
  }

  #verifyInPool({ triple, done }: Waiting): void {
    const tell = (verified: boolean): void => {
      if (!this.#closed) done(this.#answer(triple, verified));
    };
    if (isWeakPoint(triple.signature.subarray(0, 32))) queueMicrotask(() => tell(false));
    else verifyWith(triple, { tell });
  }
}

/** Node keeps the callback of a verification until the next full garbage collection; what it has told it must not keep as well. */
function verifyWith(
  { text, signature, key }: SignatureTriple,
  waiting: { tell: ((verified: boolean) => void) | undefined },
): void {
  verify(null, Buffer.from(text), key.keyObject, signature, (error, verified) => {
    const { tell } = waiting;
    waiting.tell = undefined;
    tell?.(error === null && verified);
  });
}

const GOOD: VerifiedSignature = { verified: true };
const BAD: VerifiedSignature = { verified: false };

interface WorkerOwner {
  /** The worker can take another batch. */
  onFree(): void;
  /** It could not be started, or died. Called once. */
  onBroken(unanswered: readonly Waiting[]): void;
}

/** One worker with what it was sent and has not answered. */
class WorkerThread {
  readonly #worker: Worker;
  readonly #digests: boolean;
  readonly #writer = new BatchWriter();
  readonly #keys = new Map<string, number>();
  readonly #unanswered: (readonly Waiting[])[] = [];

  constructor(
    file: string,
    { digests, background }: { readonly digests: boolean; readonly background: boolean },
    owner: WorkerOwner,
  ) {
    this.#digests = digests;
    // It holds a batch or two and makes no garbage that lives: the heap that Node would give it is ten times too large.
    this.#worker = new Worker(file, {
      workerData: { background } satisfies SignatureWorkerData,
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
      execArgv: [],
      env: {},
      stdin: false,
    });
    this.#worker.unref();
    this.#worker.on('message', (answer: BatchAnswer) => {
      const batch = this.#unanswered.shift() ?? [];
      this.#writer.giveBack(answer.bytes);
      // First of all it gets its next work.
      owner.onFree();
      if (this.#unanswered.length === 0) this.#worker.unref();
      this.#tell(batch, answer);
    });
    let broken = false;
    const onBroken = (): void => {
      if (broken) return;
      broken = true;
      owner.onBroken(this.#unanswered.splice(0).flat());
    };
    this.#worker.on('error', onBroken);
    this.#worker.on('exit', onBroken);
  }

  /** Batches sent and not answered. */
  get batches(): number {
    return this.#unanswered.length;
  }

  send(batch: readonly Waiting[]): void {
    const newKeys: string[] = [];
    for (const { triple } of batch) {
      let number = this.#keys.get(triple.key.text);
      if (number === undefined) {
        number = this.#keys.size;
        this.#keys.set(triple.key.text, number);
        newKeys.push(triple.key.text);
      }
      this.#writer.add(triple, number);
    }
    const { count, bytes } = this.#writer.take();
    const message: BatchMessage = { count, bytes, newKeys, digests: this.#digests };
    if (this.#unanswered.push(batch) === 1) this.#worker.ref();
    this.#worker.postMessage(message, [bytes.buffer]);
  }

  end(): void {
    this.#unanswered.length = 0;
    void this.#worker.terminate();
  }

  #tell(batch: readonly Waiting[], { verdicts, digests }: BatchAnswer): void {
    let index = 0;
    let nextDigest = 0;
    for (const { done } of batch) {
      const verified = verdicts[index++] === 1;
      const digest = verified && this.#digests ? digests[nextDigest++] : undefined;
      done(digest === undefined ? (verified ? GOOD : BAD) : { verified, digest });
    }
  }
}
