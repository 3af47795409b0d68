/** One kept connection over which requests go one after another: no pipelining. */
import type { Socket } from 'node:net';
import { readResponse } from './readResponse';
import { TROUBLE, type RawAnswer, type RawDone, type RequestHeaders } from './rawPipe';

/** A question on its way. */
export interface RawRequest {
  readonly path: string;
  readonly headers: RequestHeaders;
  readonly done: RawDone;
  /** A kept connection was closed in the moment of asking; it was asked once more over another one. */
  repeated: boolean;
}

/** Hands the line its work, and hears of its end. */
export interface LineOwner {
  /** The value of the Host header. */
  readonly host: string;
  readonly maxBodyBytes: number;
  /** The line has answered and can be used again. */
  onFree(line: Http1Line): void;
  /** The line is closed; `unanswered` should be asked over another one. */
  onClosed(line: Http1Line, unanswered: RawRequest | undefined): void;
}

export class Http1Line {
  readonly #socket: Socket;
  readonly #owner: LineOwner;
  #request: RawRequest | undefined;
  /** Those sent last, and what follows the path of a request that has them. */
  #headers: RequestHeaders | undefined;
  #rest = '';
  /** What came of an answer that is not complete. */
  #received: Buffer | undefined;
  #length = 0;
  #needed = 0;
  #answers = 0;
  #ended = false;
  /** On the clock of `performance.now()`. */
  startedAt = 0;

  /** Takes a socket that is connected, or is about to be. Its bytes are to be given to {@link receive}. */
  constructor(socket: Socket, owner: LineOwner) {
    this.#socket = socket;
    this.#owner = owner;
    socket.on('error', () => this.#end());
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
  }

  get request(): RawRequest | undefined {
    return this.#request;
  }

  send(request: RawRequest, now: number): void {
    this.#request = request;
    this.startedAt = now;
    if (request.headers !== this.#headers) {
      this.#headers = request.headers;
      this.#rest = ` HTTP/1.1\r\nhost: ${this.#owner.host}\r\n${request.headers.lines}\r\n`;
    }
    this.#socket.write(`GET ${request.path}${this.#rest}`, 'latin1');
  }

  /** Takes bytes that arrived; they may be overwritten afterwards. */
  receive(bytes: Buffer): void {
    if (this.#ended) return;
    const request = this.#request;
    // Bytes that nobody asked for would be taken for the answer to the next question.
    if (request === undefined) {
      this.#end();
      return;
    }
    const all = this.#received === undefined ? bytes : this.#append(this.#received, bytes);
    if (all.length < this.#needed) return;
    const read = readResponse(all, this.#owner.maxBodyBytes);
    if (read.kind === 'more') {
      this.#needed = read.atLeast;
      if (this.#received === undefined) this.#keep(bytes);
      return;
    }
    if (read.kind === 'odd') {
      this.#answer(request, TROUBLE);
      this.#end();
      return;
    }
    this.#answers++;
    const { status, contentEncoding, retryAfter, body } = read;
    const reusable = read.keepAlive && read.end === all.length;
    const clean = read.end === all.length;
    this.#received = undefined;
    this.#length = 0;
    this.#needed = 0;
    this.#answer(request, clean ? { kind: 'answer', status, contentEncoding, retryAfter, body } : TROUBLE);
    if (reusable) this.#owner.onFree(this);
    else this.#end();
  }

  /** Closes the connection. What is under way gets no answer. */
  destroy(): void {
    this.#request = undefined;
    this.#end();
  }

  /** Gives up what is under way, as trouble, and closes. */
  giveUp(): void {
    const request = this.#request;
    if (request !== undefined) this.#answer(request, TROUBLE);
    this.#end();
  }

  #answer(request: RawRequest, answer: RawAnswer | typeof TROUBLE): void {
    this.#request = undefined;
    request.done(answer);
  }

  #keep(bytes: Buffer): void {
    this.#received = Buffer.allocUnsafe(Math.max(4096, bytes.length * 2));
    bytes.copy(this.#received);
    this.#length = bytes.length;
  }

  #append(before: Buffer, bytes: Buffer): Buffer {
    const length = this.#length + bytes.length;
    let target = before;
    if (length > before.length) {
      // Doubles, so that a body that comes byte by byte is not copied once for each.
      target = Buffer.allocUnsafe(length * 2);
      before.copy(target, 0, 0, this.#length);
      this.#received = target;
    }
    bytes.copy(target, this.#length);
    this.#length = length;
    return target.subarray(0, length);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket.destroy();
    const request = this.#request;
    this.#request = undefined;
    // A server may close a kept connection whenever it likes; a new one that closes without an answer is trouble.
    const again = request !== undefined && this.#answers > 0 && this.#length === 0 && !request.repeated;
    if (request !== undefined && !again) request.done(TROUBLE);
    this.#owner.onClosed(this, again ? { ...request, repeated: true } : undefined);
  }
}
