/** A binary cache on this machine that does what it is told: serve, lie, hang, drip, cut off, redirect, flood. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createGzip, gzipSync } from 'node:zlib';
import type { Certificate } from './certificates';

export type Request = IncomingMessage | Http2ServerRequest;
export type Response = ServerResponse | Http2ServerResponse;

/** What the server does with one request. */
export type Behaviour = (request: Request, response: Response) => void;

export interface ServedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly httpVersion: string;
}

export interface CacheServer {
  /** Without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** What was asked, in order. */
  readonly requests: readonly ServedRequest[];
  /** Open connections. */
  readonly sockets: ReadonlySet<Socket>;
  /** Says what happens at a path; the last word counts. What is said of no path is answered with 404. */
  readonly on: (path: string, behaviour: Behaviour) => void;
  /** How often a path was asked for. */
  readonly count: (path: string) => number;
  /** Settles when the next request for `path` (or any) has arrived. */
  readonly requested: (path?: string) => Promise<void>;
  /** Ends at once, whatever is open. */
  readonly close: () => Promise<void>;
}

export interface CacheServerOptions {
  /** https with this certificate. */
  readonly tls?: Certificate;
  /** Offers HTTP/2 besides HTTP/1.1; needs `tls`. */
  readonly http2?: boolean;
  /** Address to listen at; default 127.0.0.1. */
  readonly host?: string;
  /** Host to name in the URL; default the address. */
  readonly name?: string;
}

/** Starts a server; `paths` are what it does from the beginning. */
export async function startCacheServer(
  paths: Readonly<Record<string, Behaviour>> = {},
  { tls, http2 = false, host = '127.0.0.1', name }: CacheServerOptions = {},
): Promise<CacheServer> {
  const behaviours = new Map(Object.entries(paths));
  const requests: ServedRequest[] = [];
  const sockets = new Set<Socket>();
  const waiting: { path: string | undefined; resolve: () => void }[] = [];
  const onRequest = (request: Request, response: Response) => {
    const path = request.url ?? '';
    requests.push({ path, headers: request.headers, httpVersion: request.httpVersion });
    for (const waiter of waiting.filter(({ path: wanted }) => wanted === undefined || wanted === path)) {
      waiting.splice(waiting.indexOf(waiter), 1);
      waiter.resolve();
    }
    response.on('error', () => undefined);
    (behaviours.get(path) ?? behaviours.get('*') ?? status(404, {}, '404'))(request, response);
  };
  const server = createSuitableServer(tls, http2, onRequest);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const shown = name ?? (host.includes(':') ? `[${host}]` : host);
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${shown}:${port}`,
    port,
    requests,
    sockets,
    on: (path, behaviour) => behaviours.set(path, behaviour),
    count: (path) => requests.filter((request) => request.path === path).length,
    requested: (path) => new Promise((resolve) => waiting.push({ path, resolve })),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function createSuitableServer(tls: Certificate | undefined, http2: boolean, onRequest: Behaviour): Server | Http2SecureServer {
  if (tls === undefined) return createServer({ maxHeaderSize: 1 << 20 }, onRequest);
  return http2 ? createSecureServer({ ...tls, allowHTTP1: true }, onRequest) : createTlsServer(tls, onRequest);
}

// Node's two kinds of response have no common type for these calls, although both have them.
function begin(response: Response, code: number, headers: Readonly<Record<string, string | number>>): void {
  (response as ServerResponse).writeHead(code, headers);
}

function send(response: Response, chunk: Uint8Array | string): boolean {
  return (response as ServerResponse).write(chunk);
}

function finish(response: Response, chunk: Uint8Array | string = ''): void {
  (response as ServerResponse).end(chunk);
}

function cut(response: Response): void {
  response.socket?.destroy();
}

/** Serves a text with 200. */
export function text(body: string, headers: Readonly<Record<string, string>> = {}): Behaviour {
  return status(200, { 'content-type': 'text/plain', ...headers }, body);
}

/** Answers with a status. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}, body: string | Uint8Array = ''): Behaviour {
  return (_, response) => {
    begin(response, code, { ...headers, 'content-length': Buffer.byteLength(body) });
    finish(response, body);
  };
}

/** Answers the first requests one way, in order, and all later ones as the last. */
export function inTurn(...behaviours: readonly Behaviour[]): Behaviour {
  let next = 0;
  return (request, response) => behaviours[Math.min(next++, behaviours.length - 1)]?.(request, response);
}

/** Sends to another address. */
export function redirect(location: string, code = 302): Behaviour {
  return status(code, { location });
}

/** A web page instead of what was asked for, as a captive portal or a login form does. */
export const htmlPage: Behaviour = status(
  200,
  { 'content-type': 'text/html; charset=utf-8' },
  '<!DOCTYPE html>\n<html><body>Sign in</body></html>',
);

/** Never answers. */
export const hang: Behaviour = () => undefined;

/** Begins to answer and stops. */
export const stall: Behaviour = (_, response) => {
  begin(response, 200, { 'content-length': 1000 });
  send(response, 'StorePath: ');
};

/** One byte every few milliseconds, for ever: no single pause is long. */
export const drip: Behaviour = (_, response) => {
  begin(response, 200, {});
  const timer = setInterval(() => send(response, 'x'), 5);
  response.on('close', () => clearInterval(timer));
};

/** Ends the connection in the middle of the announced body. */
export function truncated(body: string): Behaviour {
  return (_, response) => {
    begin(response, 200, { 'content-length': Buffer.byteLength(body) });
    (response as ServerResponse).write(body.slice(0, body.length / 2), () => cut(response));
  };
}

/** Ends the connection without a word. */
export const hangUp: Behaviour = (request) => request.socket.destroy();

/** Writes raw bytes into the connection (HTTP/1.1 only) and closes it. */
export function raw(bytes: string): Behaviour {
  return (request) => request.socket.end(bytes);
}

/** A body without end. */
export const endless: Behaviour = (_, response) => {
  begin(response, 200, { 'content-type': 'text/plain' });
  const chunk = Buffer.alloc(16 * 1024, 'x');
  const more = () => {
    while (!response.destroyed && send(response, chunk)) continue;
  };
  response.on('drain', more);
  more();
};

/** A few kilobytes that decompress to `megabytes`. */
export function gzipBomb(megabytes: number): Behaviour {
  const bomb = gzipSync(Buffer.alloc(megabytes * 1024 * 1024), { level: 9 });
  return status(200, { 'content-encoding': 'gzip' }, bomb);
}

/** A compressed body without end. */
export const endlessGzip: Behaviour = (_, response) => {
  begin(response, 200, { 'content-encoding': 'gzip' });
  const gzip = createGzip({ level: 1 });
  gzip.on('data', (chunk: Buffer) => send(response, chunk));
  const timer = setInterval(() => {
    gzip.write(Buffer.alloc(64 * 1024));
    gzip.flush();
  }, 5);
  response.on('close', () => {
    clearInterval(timer);
    gzip.destroy();
  });
};

/** A status line, and then one header after another (HTTP/1.1 only). */
export const endlessHeaders: Behaviour = ({ socket }) => {
  socket.write('HTTP/1.1 200 OK\r\n');
  let more = 0;
  const timer = setInterval(() => socket.write(`x-more-${more++}: ${'x'.repeat(200)}\r\n`), 1);
  socket.on('close', () => clearInterval(timer));
};

/** Headers of `bytes` bytes. */
export function hugeHeaders(bytes: number): Behaviour {
  return status(200, { 'x-filler': 'x'.repeat(bytes) }, 'ok');
}
