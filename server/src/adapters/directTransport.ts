/**
 * The transport that talks to caches itself: keep-alive pools of undici, proxies, the certificates that Nix uses. For the command line, for other editors, and in VS Code as long as it gets through.
 */
import type { Socket } from 'node:net';
import type { Agent, Dispatcher } from 'undici';
import type {
  Environment,
  Files,
  Logger,
  Transport,
  TransportFailure,
  TransportRequest,
  TransportResponse,
} from '../engine/ports';
import { onAbort, whileNotAborted } from '../util/abort';
import { parseUrl } from '../util/parseUrl';
import { loadCertificates } from './certificates';
import { connector } from './connector';
import { ACCEPT_ENCODING, decodeBody } from './decodeBody';
import { exchange } from './exchange';
import { proxyAuthorization, proxyRefusal } from './proxyHandshake';
import { proxyFor, type EditorProxy, type Proxy } from './proxySettings';
import { describeNetworkError, failed, timedOut } from './transportFailure';

/** What a {@link DirectTransport} is made from. */
export interface DirectTransportOptions {
  /** For proxy and certificate variables. */
  readonly environment: Environment;
  readonly files: Files;
  readonly log: Logger;
  readonly editorProxy?: EditorProxy;
  /** `ssl-cert-file` of nix.conf, `--ssl-cert-file`. */
  readonly certificateFile?: string;
}

/** The most connections to one host; how many requests are under way at once is decided above. */
const MAX_CONNECTIONS = 16;

const MAX_HEADER_BYTES = 32 * 1024;

export class DirectTransport implements Transport {
  readonly #options: DirectTransportOptions;
  readonly #agents = new Map<string, Promise<Agent>>();
  readonly #sockets = new Set<Socket>();
  readonly #closing = new AbortController();
  #secureContext: ReturnType<typeof loadCertificates> | undefined;

  constructor(options: DirectTransportOptions) {
    this.#options = options;
  }

  async get(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse | TransportFailure> {
    signal.throwIfAborted();
    const url = parseUrl(request.url);
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return failed('not-allowed', 'only http and https can be asked');
    if (this.#isClosed()) return failed('network', 'the connection is closed');

    const end = new AbortController();
    const timer = setTimeout(() => end.abort(), request.timeoutMs);
    const disposers = [signal, this.#closing.signal].map((other) => onAbort(other, () => end.abort()));
    try {
      return await this.#get(url, request, end.signal);
    } catch (error) {
      signal.throwIfAborted();
      if (this.#isClosed()) return failed('network', 'the connection was closed');
      return end.signal.aborted ? timedOut(request.timeoutMs) : describeNetworkError(error);
    } finally {
      clearTimeout(timer);
      for (const dispose of disposers) dispose();
    }
  }

  /** Destroys every connection, those being made too. Requests under way end with a failure, later ones at once. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.allSettled([...this.#agents.values()].map(async (agent) => (await agent).destroy()));
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #get(url: URL, request: TransportRequest, signal: AbortSignal): Promise<TransportResponse | TransportFailure> {
    const choice = proxyFor(url, { variables: this.#options.environment.variables, ...this.#editorProxy() });
    if (choice.kind === 'unusable') return failed('proxy', choice.reason);
    const proxy = choice.kind === 'proxy' ? choice : undefined;
    const agent = await whileNotAborted(this.#agent(proxy), signal);
    const answer = await exchange(agent, dispatchOptions(url, request, proxy), request.maxBytes, signal);
    if (answer.kind === 'failed') return answer;
    // Some proxies ask for their password in the place of the cache's answer, which only they may.
    if (answer.status === 407 && proxy !== undefined) return proxyRefusal(proxy, 407);
    if (answer.body.length === 0) return answer;
    const body = await whileNotAborted(decodeBody(answer.body, answer.headers['content-encoding'], request.maxBytes), signal);
    return 'kind' in body ? body : { ...answer, body };
  }

  #editorProxy() {
    const { editorProxy } = this.#options;
    return editorProxy === undefined ? {} : { editor: editorProxy };
  }

  /** One agent for each way to the network, made when first needed. */
  #agent(proxy: Proxy | undefined): Promise<Agent> {
    const key = JSON.stringify(proxy ?? null);
    const existing = this.#agents.get(key);
    if (existing !== undefined) return existing;
    const agent = this.#createAgent(proxy);
    this.#agents.set(key, agent);
    return agent;
  }

  async #createAgent(proxy: Proxy | undefined): Promise<Agent> {
    this.#secureContext ??= loadCertificates(this.#options, this.#closing.signal);
    const [[{ default: Agent }, { default: buildConnector }], secureContext] = await Promise.all([
      library(),
      this.#secureContext,
    ]);
    return new Agent({
      connect: connector(proxy, { buildConnector, secureContext, track: (socket) => this.#track(socket) }),
      // The HTTP/2 of undici 7 throws out of an event handler, which ends the process, when a connection with it is destroyed. Over a
      // handful of kept connections HTTP/1.1 asks as fast.
      allowH2: false,
      connections: MAX_CONNECTIONS,
      maxHeaderSize: MAX_HEADER_BYTES,
      // The deadline of the whole exchange is ours.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  #track(socket: Socket): void {
    if (this.#isClosed()) socket.destroy();
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

/** Loaded when first needed, so that an editor is not kept waiting for it at the start. */
function library() {
  return Promise.all([import('undici/lib/dispatcher/agent.js'), import('undici/lib/core/connect.js')]);
}

function dispatchOptions(url: URL, { headers }: TransportRequest, proxy: Proxy | undefined): Dispatcher.DispatchOptions {
  const path = url.pathname + url.search;
  const all = { 'accept-encoding': ACCEPT_ENCODING, ...headers };
  // Over plain http an HTTP proxy is told the whole URL and reads its password from the request.
  if (proxy === undefined || url.protocol === 'https:' || proxy.scheme === 'socks5')
    return { origin: url.origin, path, method: 'GET', headers: all };
  const authorization = proxyAuthorization(proxy);
  return {
    origin: url.origin,
    path: url.origin + path,
    method: 'GET',
    headers: authorization === undefined ? all : { ...all, 'proxy-authorization': authorization },
  };
}
