/** Which proxy a request goes through: the editor's settings, else the environment variables that curl, and so Nix, obeys. */
import { BlockList, isIP } from 'node:net';
import { parseUrl } from '../util/parseUrl';

/** The editor's `http.proxy`, `http.noProxy` and `http.proxyStrictSSL`. */
export interface EditorProxy {
  readonly proxy?: string;
  readonly noProxy?: readonly string[];
  readonly proxyStrictSSL?: boolean;
}

export interface ProxySources {
  readonly editor?: EditorProxy;
  /** Environment variables. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** A proxy to go through. */
export interface Proxy {
  readonly kind: 'proxy';
  readonly scheme: 'http' | 'https' | 'socks5';
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string;
  readonly port: number;
  readonly credentials?: { readonly user: string; readonly password: string };
  /** False when the user switched certificate checks off for what goes through the proxy (`http.proxyStrictSSL`). */
  readonly strictTls: boolean;
}

export type ProxyChoice =
  | { readonly kind: 'direct' }
  | Proxy
  | { readonly kind: 'unusable'; /** Never contains the proxy's credentials. */ readonly reason: string };

const DIRECT: ProxyChoice = { kind: 'direct' };
const DEFAULT_PORTS = { http: 80, https: 443, socks5: 1080 } as const;

/**
 * Chooses the proxy for a request. The editor's proxy goes before the environment's; lower-case variables before upper-case
 * ones; empty ones count as unset. This machine itself is never reached through a proxy, whatever the variables say.
 */
export function proxyFor(url: URL, { editor, variables }: ProxySources): ProxyChoice {
  const hostname = bareHostname(url);
  if (isLoopback(hostname)) return DIRECT;
  const proxy = editor?.proxy?.trim() ?? '';
  const exceptions = (editor?.noProxy ?? []).flatMap(words);
  const text = proxy === '' ? proxyVariable(url, variables) : proxy;
  if (text === undefined) return DIRECT;
  const excepted = exceptions.length > 0 ? exceptions : words(variable(variables, 'no_proxy') ?? '');
  if (excepted.some((exception) => matchesException(hostname, effectivePort(url), exception))) return DIRECT;
  return parseProxy(text, editor?.proxyStrictSSL ?? true);
}

function proxyVariable(url: URL, variables: ProxySources['variables']): string | undefined {
  if (url.protocol === 'https:') return variable(variables, 'https_proxy') ?? variable(variables, 'all_proxy');
  // In a CGI program HTTP_PROXY is a header of whoever asks ("httpoxy"), not a setting of whoever runs us.
  const cgi = variables['REQUEST_METHOD'] !== undefined;
  const lower = nonEmpty(variables['http_proxy']);
  return lower ?? (cgi ? undefined : nonEmpty(variables['HTTP_PROXY'])) ?? variable(variables, 'all_proxy');
}

function variable(variables: ProxySources['variables'], name: string): string | undefined {
  return nonEmpty(variables[name]) ?? nonEmpty(variables[name.toUpperCase()]);
}

function nonEmpty(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

function parseProxy(text: string, strictTls: boolean): ProxyChoice {
  const url = parseUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url === undefined || url.hostname === '') return { kind: 'unusable', reason: 'the configured proxy is not a URL' };
  const scheme = SCHEMES.get(url.protocol);
  if (scheme === undefined)
    return { kind: 'unusable', reason: `proxies of the kind "${url.protocol.slice(0, 20)}//" are not supported` };
  const credentials = { user: decode(url.username), password: decode(url.password) };
  return {
    kind: 'proxy',
    scheme,
    hostname: bareHostname(url),
    port: url.port === '' ? DEFAULT_PORTS[scheme] : Number(url.port),
    ...(url.username === '' && url.password === '' ? {} : { credentials }),
    strictTls,
  };
}

/** Names are always resolved by a SOCKS proxy itself (curl's `socks5h`), as browsers do: only it may know them. */
const SCHEMES: ReadonlyMap<string, Proxy['scheme']> = new Map([
  ['http:', 'http'],
  ['https:', 'https'],
  ['socks:', 'socks5'],
  ['socks5:', 'socks5'],
  ['socks5h:', 'socks5'],
]);

/**
 * Tells whether a word of `no_proxy` covers a host: `*`; a name, which covers the names below it too, with or without a dot or `*.`
 * before it; an address; a range of addresses such as `10.0.0.0/8`. A name or an address may be followed by a port.
 */
function matchesException(hostname: string, port: number, exception: string): boolean {
  if (exception === '*') return true;
  const { host, port: onlyPort } = splitPort(exception.toLowerCase());
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const [address = '', prefix] = host.split('/');
  const family = isIP(address);
  if (family !== 0) return isIP(hostname) === family && inRange(hostname, address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  const name = host.replace(/^\*?\.+/, '').replace(/\.$/, '');
  const bare = hostname.replace(/\.$/, '');
  return name !== '' && (bare === name || bare.endsWith(`.${name}`));
}

function inRange(hostname: string, address: string, prefix: string | undefined, family: 'ipv4' | 'ipv6'): boolean {
  const range = new BlockList();
  const bits = prefix === undefined ? (family === 'ipv4' ? 32 : 128) : /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (bits < 0 || bits > (family === 'ipv4' ? 32 : 128)) return false;
  range.addSubnet(address, bits, family);
  return range.check(hostname, family);
}

function splitPort(word: string): { host: string; port?: number } {
  const bracketed = /^\[([^\]]*)\](?::([0-9]{1,5}))?$/.exec(word) ?? /^([^:]*):([0-9]{1,5})$/.exec(word);
  if (bracketed === null) return { host: word };
  const [, host = '', port] = bracketed;
  return port === undefined ? { host } : { host, port: Number(port) };
}

/** Tells whether a host is this machine. */
function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '::1') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}

/** The host of a URL in lower case, without the brackets of an IPv6 address. */
export function bareHostname(url: URL): string {
  return url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname.toLowerCase();
}

/** The port that a request to `url` goes to. */
export function effectivePort(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
