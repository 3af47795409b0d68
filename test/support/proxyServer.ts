/** Proxies on this machine: HTTP (CONNECT and whole URLs) and SOCKS 5. They resolve every name to the port that the test says. */
import { once } from 'node:events';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Certificate } from './certificates';

export interface ProxyServer {
  readonly port: number;
  /** What was asked for: `host:port` of a tunnel, the URL of a plain request. */
  readonly asked: readonly string[];
  readonly close: () => Promise<void>;
}

export interface ProxyServerOptions {
  /** Where every host leads to: a port of 127.0.0.1. */
  readonly target: () => number;
  /** `user:password` without which it answers 407. */
  readonly password?: string;
  /** Answers every CONNECT with this instead. */
  readonly refuseWith?: string;
  /** Speaks TLS itself. */
  readonly tls?: Certificate;
}

/** Starts an HTTP proxy. */
export async function startHttpProxy({ target, password, refuseWith, tls }: ProxyServerOptions): Promise<ProxyServer> {
  const asked: string[] = [];
  const expected = password === undefined ? undefined : `Basic ${Buffer.from(password).toString('base64')}`;
  const http = createHttpServer((request, response) => {
    asked.push(request.url ?? '');
    if (expected !== undefined && request.headers['proxy-authorization'] !== expected) {
      response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end();
      return;
    }
    const { pathname } = new URL(request.url ?? '');
    const headers = { ...request.headers };
    delete headers['proxy-authorization'];
    httpRequest({ port: target(), host: '127.0.0.1', path: pathname, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    })
      .on('error', () => response.destroy())
      .end();
  });
  http.on('connect', (request, socket: Socket) => {
    asked.push(request.url ?? '');
    socket.on('error', () => undefined);
    if (refuseWith !== undefined) socket.end(refuseWith);
    else if (expected !== undefined && request.headers['proxy-authorization'] !== expected)
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n');
    else join(socket, target(), 'HTTP/1.1 200 Connection established\r\n\r\n');
  });
  const outer = tls === undefined ? http : createTlsServer(tls, (socket) => http.emit('connection', socket));
  return listen(outer, asked);
}

/** Starts a SOCKS 5 proxy. */
export function startSocksProxy({ target, password }: ProxyServerOptions): Promise<ProxyServer> {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    void (async () => {
      const method = password === undefined ? 0 : 2;
      const [, count = 0] = await take(socket, 2);
      const offered = await take(socket, count);
      socket.write(Buffer.from([5, offered.includes(method) ? method : 255]));
      if (!offered.includes(method)) return void socket.end();
      if (password !== undefined) {
        const user = await take(socket, (await take(socket, 2))[1] ?? 0);
        const word = await take(socket, (await take(socket, 1))[0] ?? 0);
        const good = `${user.toString()}:${word.toString()}` === password;
        socket.write(Buffer.from([1, good ? 0 : 1]));
        if (!good) return void socket.end();
      }
      const [, , , type] = await take(socket, 4);
      const address = await take(socket, type === 1 ? 4 : type === 4 ? 16 : ((await take(socket, 1))[0] ?? 0));
      asked.push(`${type === 3 ? address.toString() : address.toString('hex')}:${(await take(socket, 2)).readUInt16BE()}`);
      join(socket, target(), Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
    })().catch(() => socket.destroy());
  });
  return listen(server, asked);
}

async function take(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes = length === 0 ? Buffer.alloc(0) : (socket.read(length) as Buffer | null);
    if (bytes !== null) return bytes;
    await once(socket, 'readable');
  }
}

function join(socket: Socket, port: number, greeting: string | Buffer): void {
  const onward = connect(port, '127.0.0.1', () => {
    socket.write(greeting);
    socket.pipe(onward).pipe(socket);
  });
  onward.on('error', () => socket.destroy());
  socket.on('close', () => onward.destroy());
}

async function listen(server: Server, asked: readonly string[]): Promise<ProxyServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
