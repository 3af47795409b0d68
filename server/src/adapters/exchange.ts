/** One request and its answer over an undici dispatcher, bounded in size. */
import type { Dispatcher } from 'undici';
import type { TransportFailure, TransportResponse } from '../engine/ports';
import { onAbort } from '../util/abort';
import { describeBytes } from './nodeFiles';
import { describeNetworkError, tooLarge } from './transportFailure';

/** Compressing what cannot be compressed makes it a little larger. */
const ENCODING_OVERHEAD_BYTES = 4096;

/** As much of an unwanted body is read to keep the connection; a longer one is cut off. */
const MAX_UNWANTED_BYTES = 16 * 1024;

/**
 * Sends a request and collects the answer, its body still encoded. Only the body of a 2xx is wanted: of the others the status
 * tells all, so that a long or slow error page changes nothing. Rejects when `signal` aborts before there is a status.
 */
export function exchange(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  maxBytes: number,
  signal: AbortSignal,
): Promise<TransportResponse | TransportFailure> {
  return new Promise((resolve, reject) => {
    const collector = new Collector(maxBytes, (answer) => {
      dispose();
      resolve(answer);
    });
    const dispose = onAbort(signal, () => {
      if (!collector.giveUp()) reject(signal.reason as Error);
    });
    if (!signal.aborted) dispatcher.dispatch(options, collector);
  });
}

/** Collects one answer and settles once, whatever undici calls afterwards. */
class Collector implements Dispatcher.DispatchHandler {
  readonly #maxBytes: number;
  readonly #settle: (answer: TransportResponse | TransportFailure) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #head: { readonly status: number; readonly headers: Record<string, string> } | undefined;
  #chunks: Buffer[] = [];
  #length = 0;
  #settled = false;

  constructor(maxBytes: number, settle: (answer: TransportResponse | TransportFailure) => void) {
    this.#maxBytes = maxBytes;
    this.#settle = settle;
  }

  /** Stops. Tells whether there was an answer already that now counts. */
  giveUp(): boolean {
    const answered = this.#head !== undefined && !this.#wanted;
    if (answered) this.#answer();
    this.#end();
    return answered;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#settled) this.#end();
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200 || this.#settled) return;
    this.#head = { status, headers: flatten(headers) };
    if (this.#wanted && Number(this.#head.headers['content-length']) > this.#limit) this.#refuse();
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    this.#length += chunk.length;
    if (this.#length <= this.#limit) {
      if (this.#wanted) this.#chunks.push(chunk);
    } else if (this.#wanted) this.#refuse();
    else {
      this.#answer();
      this.#end();
    }
  }

  onResponseEnd(): void {
    this.#answer();
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#head !== undefined && !this.#wanted) this.#answer();
    else this.#finish(describeNetworkError(error));
  }

  get #wanted(): boolean {
    return this.#head !== undefined && this.#head.status < 300;
  }

  get #limit(): number {
    return this.#wanted ? this.#maxBytes + ENCODING_OVERHEAD_BYTES : MAX_UNWANTED_BYTES;
  }

  #refuse(): void {
    this.#finish(tooLarge(describeBytes(this.#maxBytes)));
    this.#end();
  }

  #answer(): void {
    if (this.#head !== undefined) this.#finish({ kind: 'response', ...this.#head, body: Buffer.concat(this.#chunks) });
  }

  #finish(answer: TransportResponse | TransportFailure): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#chunks = [];
    this.#settle(answer);
  }

  #end(): void {
    this.#settled = true;
    this.#controller?.abort(new Error('given up'));
  }
}

/** One text per header; repeated ones are joined as HTTP allows. The record has no prototype: its keys come from a cache. */
function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
