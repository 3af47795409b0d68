/**
 * Asks one origin for many small files: over kept HTTP/1.1 connections, or over one HTTP/2 connection where the server offers it. It
 * knows only what every server of files does; everything else is trouble, for which its caller has the careful way.
 */
import type { ClientHttp2Session, connect } from 'node:http2';
import { connect as connectTcp, isIP } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { Fifo } from '../../util/fifo';
import { Http1Line, type LineOwner, type RawRequest } from './http1Line';
import { askOverHttp2 } from './http2Request';
import { TROUBLE, type RawDone, type RawPipe, type RequestHeaders } from './rawPipe';

/** What an {@link OriginPipe} is made from. */
export interface OriginPipeOptions {
  readonly origin: URL;
  /** Requests under way at once. */
  readonly width: number;
  readonly maxBodyBytes: number;
  /** Of one request, connecting included. */
  readonly timeoutMs: number;
  readonly secureContext: () => Promise<SecureContext>;
}

/** A narinfo with its head fits. */
const READ_BUFFER_BYTES = 16 * 1024;

const TICK_MS = 250;

/** So many requests are under way at first; that is enough for a server in the same building. */
const FIRST_ROOM = 16;

/** After this time in which requests waited for room there may be more, in milliseconds. */
const GROW_AFTER_MS = 5;

/** Busier than this, the thread would only let more answers wait. */
const MAX_UTILIZATION = 0.9;

/** So many connections are opened in one go: opening all of them at once would hold up everybody else for 10 ms and more. */
const OPENED_AT_ONCE = 4;

/** Room for as many small answers as may be on their way. */
const HTTP2_WINDOW_BYTES = 8 * 1024 * 1024;

export class OriginPipe implements RawPipe, LineOwner {
  readonly host: string;
  readonly maxBodyBytes: number;
  readonly #options: OriginPipeOptions;
  readonly #queue = new Fifo<RawRequest>();
  readonly #lines = new Set<Http1Line>();
  readonly #free: Http1Line[] = [];
  /** Connections being made whose protocol is not known. */
  #opening = 0;
  /** Opened since others were last heard. */
  #opened = 0;
  /** So many requests may be under way now: more only help while this thread waits for answers, and make whoever else uses it wait when it does not. */
  #room = FIRST_ROOM;
  #growing: NodeJS.Timeout | undefined;
  /** Whether the server speaks HTTP/2; not known before the first secure connection. */
  #http2: boolean | undefined;
  #session: ClientHttp2Session | undefined;
  #streams = 0;
  #ticker: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: OriginPipeOptions) {
    this.#options = options;
    this.host = options.origin.host;
    this.maxBodyBytes = options.maxBodyBytes;
    if (options.origin.protocol === 'http:') this.#http2 = false;
  }

  get(path: string, headers: RequestHeaders, done: RawDone): void {
    if (this.#closed) return;
    this.#queue.push({ path, headers, done, repeated: false });
    this.#pump();
  }

  forget(headers: RequestHeaders): void {
    for (const request of this.#queue.drain()) if (request.headers !== headers) this.#queue.push(request);
    for (const line of [...this.#lines]) if (line.request?.headers === headers) line.destroy();
  }

  /** Ends every connection. No question is answered any more. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#ticker);
    clearTimeout(this.#growing);
    this.#queue.clear();
    for (const line of [...this.#lines]) line.destroy();
    this.#session?.destroy();
  }

  onFree(line: Http1Line): void {
    const request = this.#queue.shift();
    if (request === undefined) this.#free.push(line);
    else line.send(request, performance.now());
  }

  onClosed(line: Http1Line, unanswered: RawRequest | undefined): void {
    this.#lines.delete(line);
    const free = this.#free.indexOf(line);
    if (free >= 0) this.#free.splice(free, 1);
    if (this.#closed) return;
    if (unanswered !== undefined) this.#queue.push(unanswered);
    this.#pump();
  }

  #pump(): void {
    if (this.#closed) return;
    if (this.#http2 === true) {
      this.#pumpHttp2();
      return;
    }
    for (;;) {
      if (this.#queue.length === 0) return;
      const line = this.#free.pop();
      if (line !== undefined) {
        const request = this.#queue.shift();
        if (request !== undefined) line.send(request, performance.now());
        continue;
      }
      // Until the first secure connection has told the protocol, one is enough.
      const room = this.#http2 === undefined ? 1 : Math.min(this.#room, this.#options.width);
      if (this.#lines.size + this.#opening >= room) {
        this.#growSoon();
        return;
      }
      if (this.#opened >= OPENED_AT_ONCE) return;
      if (this.#opened++ === 0) {
        setImmediate(() => {
          this.#opened = 0;
          this.#pump();
        });
      }
      this.#open();
    }
  }

  #open(): void {
    this.#tick();
    if (this.#options.origin.protocol === 'http:') this.#openPlain();
    else {
      this.#opening++;
      this.#openSecure().catch(() => this.#failOpening());
    }
  }

  #openPlain(): void {
    const request = this.#queue.shift();
    if (request === undefined) return;
    const buffer = Buffer.allocUnsafe(READ_BUFFER_BYTES);
    const socket = connectTcp({
      ...this.#address(),
      noDelay: true,
      onread: {
        buffer,
        callback: (length) => {
          line.receive(buffer.subarray(0, length));
          return true;
        },
      },
    });
    const line = new Http1Line(socket, this);
    this.#lines.add(line);
    line.send(request, performance.now());
  }

  async #openSecure(): Promise<void> {
    const secureContext = await this.#options.secureContext();
    // Loaded for the first secure connection: they take longer to load than a small audit takes.
    const [{ connect }, http2] = await Promise.all([import('node:tls'), import('node:http2')]);
    const { host, port } = this.#address();
    const socket = connect({
      host,
      port,
      secureContext,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    const timer = setTimeout(() => socket.destroy(), this.#options.timeoutMs);
    socket.once('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(timer);
      if (!settled) this.#failOpening();
      settled = true;
    });
    let settled = false;
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      settled = true;
      this.#opening--;
      if (this.#closed) socket.destroy();
      else this.#useSecure(socket, http2.connect);
    });
  }

  #useSecure(socket: TLSSocket, connectHttp2: typeof connect): void {
    this.#http2 = socket.alpnProtocol === 'h2';
    if (this.#http2) {
      if (this.#session === undefined) this.#useSession(socket, connectHttp2);
      else socket.destroy();
    } else {
      socket.setNoDelay(true);
      const line = new Http1Line(socket, this);
      this.#lines.add(line);
      socket.on('data', (bytes: Buffer) => line.receive(bytes));
      this.onFree(line);
    }
    this.#pump();
  }

  #useSession(socket: TLSSocket, connectHttp2: typeof connect): void {
    const session = connectHttp2(this.#options.origin, { createConnection: () => socket, settings: { enablePush: false } });
    this.#session = session;
    // The usual window of 64 KiB for all streams together holds a few dozen narinfos: at a distance everybody would wait for it.
    session.once('connect', () => session.setLocalWindowSize(HTTP2_WINDOW_BYTES));
    session.on('error', () => undefined);
    session.on('remoteSettings', () => this.#pump());
    const gone = () => {
      if (this.#session !== session) return;
      this.#session = undefined;
      this.#pump();
    };
    session.on('goaway', gone).on('close', gone);
  }

  #pumpHttp2(): void {
    const session = this.#session;
    if (session === undefined || session.closed || session.destroyed) {
      if (this.#queue.length > 0 && this.#opening === 0) this.#open();
      return;
    }
    const { width } = this.#options;
    const allowed = Math.min(this.#room, width, session.remoteSettings.maxConcurrentStreams ?? width);
    while (this.#queue.length > 0) {
      if (this.#streams >= Math.max(1, allowed)) {
        this.#growSoon();
        return;
      }
      const request = this.#queue.shift();
      if (request === undefined) return;
      this.#streams++;
      askOverHttp2(session, request, { maxBodyBytes: this.maxBodyBytes, timeoutMs: this.#options.timeoutMs }, (answer) => {
        this.#streams--;
        if (this.#closed) return;
        request.done(answer);
        this.#pump();
      });
    }
  }

  #growSoon(): void {
    if (this.#growing !== undefined || this.#room >= this.#options.width) return;
    const before = performance.eventLoopUtilization();
    this.#growing = setTimeout(() => {
      this.#growing = undefined;
      if (performance.eventLoopUtilization(before).utilization < MAX_UTILIZATION) this.#room *= 2;
      this.#pump();
    }, GROW_AFTER_MS);
  }

  /** Nobody answers there: whoever waits learns it at once, instead of each trying for itself. */
  #failOpening(): void {
    this.#opening--;
    const waiting = this.#queue.drain();
    if (!this.#closed) for (const { done } of waiting) done(TROUBLE);
  }

  /** One timer for all requests: thousands of timers would cost more than the requests. */
  #tick(): void {
    this.#ticker ??= setInterval(() => {
      const late = performance.now() - this.#options.timeoutMs;
      for (const line of [...this.#lines]) if (line.request !== undefined && line.startedAt < late) line.giveUp();
    }, TICK_MS).unref();
  }

  #address(): { readonly host: string; readonly port: number } {
    const { hostname, port, protocol } = this.#options.origin;
    return {
      host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
      port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    };
  }
}
