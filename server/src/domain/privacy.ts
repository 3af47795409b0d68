/**
 * What must not be told to others: which hosts are somebody's own, and which inputs are. A store path hash tells a public
 * cache that its asker has that very source, so a private input is only asked for at caches that are private themselves.
 */
import { parseUrl } from '../util/parseUrl';
import { plainText } from '../util/plainText';
import { printFlakeRef, type FlakeAttrs } from './flakeRef';
import { isSecretParameter } from './flakeRef/credentials';

const PRIVATE_SUFFIXES = ['local', 'internal', 'lan', 'corp', 'home.arpa', 'intranet', 'private', 'localhost'];

/**
 * Tells whether a host belongs to this machine or to a network of its own: loopback, private and link-local addresses in any
 * spelling, names of one label, and the suffixes that are not in the public DNS. A text that is no host counts as private:
 * about what cannot be understood nobody is asked.
 */
export function isPrivateHost(host: string): boolean {
  const name = canonicalHost(host);
  if (name === undefined) return true;
  if (name.startsWith('[')) return isPrivateIpv6(name.slice(1, -1));
  const octets = ipv4Octets(name);
  if (octets !== undefined) return isPrivateIpv4(octets);
  if (!name.includes('.')) return true;
  return PRIVATE_SUFFIXES.some((suffix) => name.endsWith(`.${suffix}`));
}

/**
 * Says why a source is private, as words that go after "private: "; `undefined` when it is public.
 *
 * @param patterns Of the user: each is a printed flake reference or the beginning of one up to a `/`, `?` or `#`, where `*`
 *   stands for any characters; case does not count.
 */
export function privateReason(attrs: FlakeAttrs, patterns: readonly string[]): string | undefined {
  const reference = printFlakeRef(attrs);
  const pattern = patterns.find((candidate) => matchesReference(candidate, reference));
  if (pattern !== undefined) return `matches your pattern "${plainText(pattern)}"`;
  if (attrs.get('type') === 'path') return 'a path on this machine';
  const host = attrs.get('host');
  if (typeof host === 'string' && isPrivateHost(host)) return `the host "${plainText(host)}" is not public`;
  const url = attrs.get('url');
  return typeof url === 'string' ? privateUrlReason(url) : undefined;
}

function privateUrlReason(url: string): string | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return /^[^/]+@[^/]+:/.test(url) ? 'fetched over ssh' : 'a path on this machine';
  const transport = scheme.slice(scheme.lastIndexOf('+') + 1);
  if (transport === 'ssh') return 'fetched over ssh';
  if (transport === 'file' || transport === 'path') return 'a path on this machine';
  const address = parseUrl(`http:${url.slice(scheme.length + 1)}`);
  if (address === undefined) return 'its URL cannot be read';
  if (address.username !== '' || address.password !== '') return 'its URL carries a credential';
  for (const name of address.searchParams.keys()) {
    if (isSecretParameter(name)) return 'its URL carries a credential';
  }
  return isPrivateHost(address.hostname) ? `the host "${plainText(address.hostname)}" is not public` : undefined;
}

/** Matches without backtracking: each piece between stars is searched once, from where the one before it ended. */
function matchesReference(pattern: string, reference: string): boolean {
  const [first = '', ...rest] = pattern.trim().toLowerCase().split('*');
  const text = reference.toLowerCase();
  if (pattern.trim() === '' || !text.startsWith(first)) return false;
  let at = first.length;
  for (const [index, piece] of rest.entries()) {
    if (index === rest.length - 1 && text.endsWith(piece) && text.length - piece.length >= at) return true;
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at === text.length || first.endsWith('/') || '/?#'.includes(text.charAt(at));
}

/** The host as it would be contacted, an IPv6 address in brackets; `undefined` for what is no host. */
function canonicalHost(host: string): string | undefined {
  if (host.length > 512 || /[/?#@\\\s]/.test(host)) return undefined;
  const bare = host
    .replace(/^([^:]*):[0-9]{1,5}$/, '$1')
    .replace(/^\[/, '')
    .replace(/\]$/, '');
  const address = parseUrl(bare.includes(':') ? `http://[${bare.replace(/%.*$/s, '')}]/` : `http://${bare}/`);
  return address?.hostname.replace(/\.$/, '');
}

function ipv4Octets(name: string): readonly number[] | undefined {
  return /^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$/.test(name) ? name.split('.').map(Number) : undefined;
}

/** This host, private, shared (carrier or overlay networks), loopback, link-local, and whatever is never routed (RFC 6890). */
function isPrivateIpv4([a = 0, b = 0]: readonly number[]): boolean {
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    a >= 224
  );
}

/** @param address As the WHATWG parser prints it: lower case, `::` for the longest run of zeros, no dotted tail. */
function isPrivateIpv6(address: string): boolean {
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = new Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  const groups = [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
  const [first = 0] = groups;
  const embedded = [(groups[6] ?? 0) >> 8, (groups[6] ?? 0) & 0xff, (groups[7] ?? 0) >> 8, (groups[7] ?? 0) & 0xff];
  // An IPv4 address inside an IPv6 one (mapped, compatible, or behind NAT64) reaches the same machine.
  if (groups.slice(0, 5).every((group) => group === 0)) return isPrivateIpv4(embedded);
  if (first === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every((group) => group === 0)) return isPrivateIpv4(embedded);
  return (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80 || (first & 0xff00) === 0xff00;
}
