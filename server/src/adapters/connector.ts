/** Opens the sockets of the direct transport: straight to the cache, or through a proxy, with certificates checked either way. */
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { buildConnector } from 'undici';
import type { Proxy } from './proxySettings';
import { describeProxy, openTunnel } from './proxyHandshake';
import { describeNetworkError, failed, TransportError } from './transportFailure';

/** An open connection takes part in nothing that is longer than this, so that a firewall that drops packets costs one wait. */
const CONNECT_TIMEOUT_MS = 10_000;

type Connect = (options: buildConnector.Options) => Promise<Socket>;

/** What {@link connector} builds on. */
export interface ConnectorParts {
  readonly buildConnector: typeof buildConnector;
  readonly secureContext: SecureContext;
  /** Every socket from its first moment on, so that all can be destroyed at the end. */
  readonly track: (socket: Socket) => void;
}

/** Makes undici's connect function for one way to the network; it fails with a {@link TransportError}. */
export function connector(proxy: Proxy | undefined, parts: ConnectorParts): buildConnector.connector {
  const connect = proxy === undefined ? straight(parts, true) : throughProxy(proxy, parts);
  return (options, callback) => {
    connect(options).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(new TransportError(describeNetworkError(error)), null),
    );
  };
}

/** Opens TCP, and TLS over it for https. */
function straight({ buildConnector, secureContext, track }: ConnectorParts, strictTls: boolean): Connect {
  const open = buildConnector({ secureContext, rejectUnauthorized: strictTls, timeout: CONNECT_TIMEOUT_MS });
  return (options) =>
    new Promise((resolve, reject) => {
      let secure = false;
      const socket = (open as (...args: Parameters<typeof open>) => Socket)(options, (error, opened) => {
        if (error === null) resolve(opened);
        else reject(secure ? handshakeError(error) : error);
      });
      // From here on a broken connection is a broken handshake.
      socket.once('connect', () => (secure = options.protocol === 'https:'));
      if (options.httpSocket === undefined) track(socket);
      else secure = true;
    });
}

/** A connection cut during the handshake is most often a filter that reads the server's name, so it counts as `tls`. */
function handshakeError(error: Error): Error {
  const failure = describeNetworkError(error);
  return failure.reason === 'network' && (error as NodeJS.ErrnoException).code === 'ECONNRESET'
    ? new TransportError(failed('tls', 'the connection broke before it was secure'))
    : error;
}

/**
 * Opens a tunnel for https (CONNECT, or SOCKS 5) and speaks TLS with the cache inside. For plain http the connection to the HTTP
 * proxy itself is handed over: the request then names the whole URL.
 */
function throughProxy(proxy: Proxy, parts: ConnectorParts): Connect {
  const connect = straight(parts, proxy.strictTls);
  return async (options) => {
    const socket = await openProxy(proxy, connect);
    if (options.protocol === 'http:' && proxy.scheme !== 'socks5') return socket;
    const port = options.port === '' ? (options.protocol === 'https:' ? 443 : 80) : Number(options.port);
    await openTunnel(socket, proxy, { hostname: options.hostname, port }, CONNECT_TIMEOUT_MS);
    if (options.protocol === 'http:') return socket;
    return connect({ ...options, httpSocket: socket });
  };
}

async function openProxy(proxy: Proxy, connect: Connect): Promise<Socket> {
  try {
    return await connect({
      protocol: proxy.scheme === 'https' ? 'https:' : 'http:',
      hostname: proxy.hostname,
      host: describeProxy(proxy),
      port: String(proxy.port),
    });
  } catch (error) {
    throw new TransportError(
      failed('proxy', `the proxy ${describeProxy(proxy)} cannot be used: ${describeNetworkError(error).message}`),
    );
  }
}
