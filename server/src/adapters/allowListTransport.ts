/**
 * The gate before the network: only what lies under the address of a cache that the user configured is ever asked. Whatever text
 * of a flake or an answer of a cache may say, it cannot name a host.
 */
import type { Transport, TransportFailure, TransportRequest, TransportResponse } from '../engine/ports';
import { parseUrl } from '../util/parseUrl';
import { bareHostname, effectivePort } from './proxySettings';
import { failed } from './transportFailure';

const MAX_REDIRECTS = 3;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Headers that prove who asks; they never go to another host than the one they were made for. */
const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'x-amz-security-token',
]);

interface AllowedAddress {
  readonly hostname: string;
  readonly port: number;
  readonly secure: boolean;
  /** With a slash at its end. */
  readonly prefix: string;
}

/**
 * Passes requests to addresses on the list, and follows redirects as far as they stay there: at most three, never from https to
 * http, never to a host or port that is not on the list (so never into a private network, unless the user listed that host).
 */
export class AllowListTransport implements Transport {
  readonly #inner: Transport;
  #allowed: readonly AllowedAddress[] = [];

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  /** Replaces the list: addresses of caches, each with everything below its path. */
  allow(urls: readonly string[]): void {
    this.#allowed = urls.map(parseUrl).flatMap((url) => (url === undefined || !isHttp(url) ? [] : [allowedAddress(url)]));
  }

  async get(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse | TransportFailure> {
    const first = parseUrl(request.url);
    if (first === undefined || !this.#mayAsk(first))
      return failed('not-allowed', `${hostOf(first)} is not one of the configured caches`);
    const start = performance.now();
    let url = first;
    for (let redirects = 0; ; redirects++) {
      const timeoutMs = redirects === 0 ? request.timeoutMs : Math.ceil(request.timeoutMs - (performance.now() - start));
      if (timeoutMs <= 0) return failed('timeout', 'redirected until the time was over');
      const headers = sameHost(url, first) ? request.headers : withoutCredentials(request.headers);
      const answer = await this.#inner.get({ ...request, url: url.href, headers, timeoutMs }, signal);
      const location = answer.kind === 'response' && REDIRECTS.has(answer.status) ? answer.headers['location'] : undefined;
      if (location === undefined) return answer;
      if (redirects === MAX_REDIRECTS) return failed('redirect', `redirected more than ${MAX_REDIRECTS} times`);
      const next = this.#follow(location, url);
      if (!(next instanceof URL)) return next;
      url = next;
    }
  }

  #mayAsk(url: URL): boolean {
    return (
      isHttp(url) &&
      url.username === '' &&
      url.password === '' &&
      this.#allowed.some((allowed) => isSame(allowed, url) && url.pathname.startsWith(allowed.prefix))
    );
  }

  #follow(location: string, from: URL): URL | TransportFailure {
    const to = resolve(location, from);
    if (to === undefined || !isHttp(to))
      return failed('redirect', 'redirected to something that is no web address, not followed');
    if (from.protocol === 'https:' && to.protocol === 'http:')
      return failed('redirect', `redirected from https to http at ${hostOf(to)}, not followed`);
    if (!this.#allowed.some((allowed) => isSame(allowed, to) || isUpgrade(allowed, to)))
      return failed('redirect', `redirected to ${hostOf(to)}, not followed`);
    // A password in the target was chosen by the cache, not by the user.
    to.username = '';
    to.password = '';
    to.hash = '';
    return to;
  }
}

function allowedAddress(url: URL): AllowedAddress {
  const prefix = url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`;
  return { hostname: bareHostname(url), port: effectivePort(url), secure: url.protocol === 'https:', prefix };
}

function isSame(allowed: AllowedAddress, url: URL): boolean {
  return (
    bareHostname(url) === allowed.hostname &&
    effectivePort(url) === allowed.port &&
    (url.protocol === 'https:') === allowed.secure
  );
}

/** A cache listed as `http://host` may send to `https://host`: the same machine, better guarded. */
function isUpgrade(allowed: AllowedAddress, to: URL): boolean {
  return (
    bareHostname(to) === allowed.hostname &&
    !allowed.secure &&
    allowed.port === 80 &&
    to.protocol === 'https:' &&
    effectivePort(to) === 443
  );
}

/** Whether what was meant for `first` may be told to `url`: the same host and port, or its upgrade from http to https. */
function sameHost(url: URL, first: URL): boolean {
  return url.origin === first.origin || isUpgrade(allowedAddress(first), url);
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIAL_HEADERS.has(name.toLowerCase())));
}

function isHttp(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

/** Host and port for a message; the URL parser has made them harmless ASCII. */
function hostOf(url: URL | undefined): string {
  return url === undefined || url.host === '' ? 'the address' : url.host.slice(0, 255);
}

function resolve(location: string, base: URL): URL | undefined {
  try {
    return new URL(location, base);
  } catch {
    return undefined;
  }
}
