/** What is said to a proxy before it lets a connection through: HTTP CONNECT, or SOCKS 5 (RFC 1928, RFC 1929). */
import { isIP, type Socket } from 'node:net';
import type { TransportFailure } from '../engine/ports';
import type { Proxy } from './proxySettings';
import { describeNetworkError, failed, TransportError } from './transportFailure';

/** A proxy that answers CONNECT with more than this is none. */
const MAX_HEAD_BYTES = 16 * 1024;

/** Where the tunnel is to lead; an IPv6 address without brackets. */
export interface TunnelTarget {
  readonly hostname: string;
  readonly port: number;
}

/** Makes `socket`, an open connection to `proxy`, one to `target`. Destroys it and throws a {@link TransportError} on failure. */
export async function openTunnel(socket: Socket, proxy: Proxy, target: TunnelTarget, timeoutMs: number): Promise<void> {
  const timer = setTimeout(() => socket.destroy(proxyError(proxy, 'does not answer')), timeoutMs);
  try {
    await (proxy.scheme === 'socks5' ? socks5(socket, proxy, target) : httpConnect(socket, proxy, target));
  } catch (error) {
    socket.destroy();
    throw error instanceof TransportError ? error : proxyError(proxy, `fails: ${describeNetworkError(error).message}`);
  } finally {
    clearTimeout(timer);
  }
}

/** Host and port of a proxy, never its password. */
export function describeProxy({ hostname, port }: TunnelTarget): string {
  return hostname.includes(':') ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** Says that a proxy refused to pass a request on. */
export function proxyRefusal(proxy: Proxy, status: number): TransportFailure {
  const noPassword = proxy.credentials === undefined ? 'asks for a password' : 'does not accept the password';
  return { ...proxyFailure(proxy, `${status === 407 ? noPassword : 'refuses the connection'} (HTTP ${status})`), status };
}

/** The value of Proxy-Authorization, when there are credentials. */
export function proxyAuthorization({ credentials }: Proxy): string | undefined {
  return credentials === undefined ? undefined : basicAuthorization(credentials.user, credentials.password);
}

/** HTTP Basic credentials, UTF-8 inside (RFC 7617). */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

function proxyFailure(proxy: Proxy, what: string): TransportFailure {
  return failed('proxy', `the proxy ${describeProxy(proxy)} ${what}`);
}

function proxyError(proxy: Proxy, what: string): TransportError {
  return new TransportError(proxyFailure(proxy, what));
}

async function httpConnect(socket: Socket, proxy: Proxy, target: TunnelTarget): Promise<void> {
  const authority = describeProxy(target);
  const authorization = proxyAuthorization(proxy);
  const credentials = authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`);
  const head = await read(socket, proxy, (bytes) => {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0 && bytes.length > MAX_HEAD_BYTES) throw proxyError(proxy, 'answers with too much');
    return end < 0 ? undefined : end + 4;
  });
  const status = /^HTTP\/1\.[01] ([0-9]{3})[ \r]/.exec(head.toString('latin1'))?.[1];
  if (status === undefined) throw proxyError(proxy, 'does not answer in HTTP');
  if (!status.startsWith('2')) throw new TransportError(proxyRefusal(proxy, Number(status)));
}

async function socks5(socket: Socket, proxy: Proxy, { hostname, port }: TunnelTarget): Promise<void> {
  const take = (length: number) => read(socket, proxy, () => length);
  const NO_AUTHENTICATION = 0;
  const PASSWORD = 2;
  socket.write(Buffer.from(proxy.credentials === undefined ? [5, 1, NO_AUTHENTICATION] : [5, 2, NO_AUTHENTICATION, PASSWORD]));
  const [version, method] = await take(2);
  if (version !== 5) throw proxyError(proxy, 'does not speak SOCKS 5');
  if (method === PASSWORD && proxy.credentials !== undefined) {
    const [user, password] = [Buffer.from(proxy.credentials.user), Buffer.from(proxy.credentials.password)];
    if (user.length > 255 || password.length > 255) throw proxyError(proxy, 'cannot take so long a password');
    socket.write(Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]));
    if ((await take(2))[1] !== 0) throw proxyError(proxy, 'does not accept the password');
  } else if (method !== NO_AUTHENTICATION) throw proxyError(proxy, 'asks for a password');

  if (hostname.length > 255) throw proxyError(proxy, 'cannot take so long a name');
  socket.write(Buffer.concat([Buffer.from([5, 1, 0]), socksAddress(hostname), Buffer.from([port >> 8, port & 0xff])]));
  const [, reply = 1, , addressType] = await take(4);
  if (reply !== 0) throw proxyError(proxy, `refuses the connection (${SOCKS_REPLIES[reply] ?? `code ${reply}`})`);
  // The address that the proxy bound is of no use, but has to be read.
  await take((addressType === 1 ? 4 : addressType === 4 ? 16 : ((await take(1))[0] ?? 0)) + 2);
}

/** What RFC 1928 section 6 says of each code. */
const SOCKS_REPLIES: readonly (string | undefined)[] = [
  undefined,
  'general failure',
  'not allowed by its rules',
  'no network',
  'the host cannot be reached',
  'the host refuses',
  'timed out',
  'command not supported',
  'address type not supported',
];

/** A name is resolved by the proxy. */
function socksAddress(hostname: string): Buffer {
  if (isIP(hostname) === 4) return Buffer.from([1, ...hostname.split('.').map(Number)]);
  if (isIP(hostname) === 6) return Buffer.concat([Buffer.from([4]), ipv6Bytes(hostname)]);
  return Buffer.concat([Buffer.from([3, hostname.length]), Buffer.from(hostname, 'latin1')]);
}

/** @param address As the WHATWG parser prints it: without a dotted tail. */
function ipv6Bytes(address: string): Buffer {
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [left, right] = [groups(head), groups(tail ?? '')];
  const all = [...left, ...new Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0), ...right];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** Reads from the socket until `lengthOf` knows how many bytes are wanted and they are there; puts the rest back. */
function read(socket: Socket, proxy: Proxy, lengthOf: (bytes: Buffer) => number | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes: Buffer = Buffer.alloc(0);
    const finish = (settle: () => void) => {
      socket.pause();
      socket.off('data', onData).off('error', onError).off('close', onClose).off('end', onClose);
      settle();
    };
    const onData = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      try {
        const length = lengthOf(bytes);
        if (length === undefined || length > bytes.length) return;
        finish(() => {
          if (bytes.length > length) socket.unshift(bytes.subarray(length));
          resolve(bytes.subarray(0, length));
        });
      } catch (error) {
        onError(error as Error);
      }
    };
    const onError = (error: Error) => finish(() => reject(error));
    const onClose = () => onError(proxyError(proxy, 'closed the connection'));
    if (socket.destroyed) onClose();
    else socket.on('data', onData).on('error', onError).on('close', onClose).on('end', onClose).resume();
  });
}
