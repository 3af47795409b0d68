/**
 * Substituter URLs, as nix.conf, settings and flakes write them: which store is meant, whether we can ask it, and by which
 * address it is known. Credentials are separated from the address here, once, so that nothing that prints an address can leak them.
 */
import { parseUrl } from '../util/parseUrl';
import { plainText } from '../util/plainText';
import { err, ok, type Result } from './result';
import {
  CACHE_PARAMETERS,
  checkParams,
  decode,
  decodeQuery,
  HTTP_PARAMETERS,
  parseBoolean,
  parseInteger,
  S3_PARAMETERS,
  type ParameterError,
  type StoreOptions,
} from './storeParameters';

/** A store that Nix may take paths from. */
export interface Substituter extends StoreOptions {
  /** As written. May hold a password: never print or log it, use {@link url}. */
  readonly raw: string;
  /**
   * Canonical, for display and as identity: no user-info, no query, no fragment, no trailing slash, the host in lower case.
   * Only an `s3` URL keeps `endpoint` (and a `scheme` other than https): without it two different buckets would share a name.
   */
  readonly url: string;
  readonly scheme: 'http' | 'https' | 'file' | 's3' | 'other';
  /** Whether it is a binary cache that this tool can ask. */
  readonly askable: boolean;
  /** Why it is not askable, as a sentence without a full stop. */
  readonly reason?: string;
  /** Query parameters, decoded. The first of a repeated one counts, as in Nix. */
  readonly params: ReadonlyMap<string, string>;
  /** User-info of an http(s) URL, decoded; sent as HTTP Basic auth. Never printed. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** The host that is contacted: lower case, without port and without the brackets of an IPv6 address; `http`, `https` and `s3` only. */
  readonly host?: string;
  /** Of a `file` cache: its directory, absolute. */
  readonly path?: string;
}

/** Why a text names no store; Nix drops such an entry with a warning and goes on with the others. */
export type SubstituterError =
  { readonly kind: 'not-a-store' } | { readonly kind: 'unknown-scheme'; readonly scheme: string } | ParameterError;

/** Longer texts name no store. */
const MAX_LENGTH = 8192;

/** The URL grammar of Nix (src/libutil/url-parts.hh); its alternatives are disjoint, so matching is linear. */
const URL_PARTS = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?$/;
const PATH = /^(?:[A-Za-z0-9\-._~!$&'"()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;
const AUTHORITY = /^(?:[A-Za-z0-9\-._~!$&'"()*+,;=:@[\]]|%[0-9A-Fa-f]{2})*$/;

/** Stores that are no binary cache, or that we open no connection to, with the reason as shown. */
const NOT_ASKED: ReadonlyMap<string, string> = new Map([
  ['ssh', 'reached over ssh, which Flake Trust does not open'],
  ['ssh-ng', 'reached over ssh, which Flake Trust does not open'],
  ['mounted-ssh-ng', 'reached over ssh, which Flake Trust does not open'],
  ['unix', 'a Nix daemon on this machine, not a binary cache'],
  ['daemon', 'a Nix daemon on this machine, not a binary cache'],
  ['local', 'a Nix store on this machine, not a binary cache'],
  ['local-overlay', 'a Nix store on this machine, not a binary cache'],
  ['auto', 'the Nix store of this machine, not a binary cache'],
  ['dummy', 'an empty store for tests'],
]);

const LOCAL_STORE = NOT_ASKED.get('local');

/**
 * Parses one word of `substituters`. Accepts and refuses what Nix does (`openStore` in src/libstore/store-api.cc), except that
 * a `file` path is percent-decoded, which Nix 2.8 does not do.
 */
export function parseSubstituter(text: string): Result<Substituter, SubstituterError> {
  if (text.length > MAX_LENGTH) return err({ kind: 'not-a-store' });
  const [, scheme, authority, path = '', query = ''] = URL_PARTS.exec(text) ?? [];
  if (scheme === undefined) return parseStoreName(text);
  if (!PATH.test(path) || !AUTHORITY.test(authority ?? '')) return err({ kind: 'not-a-store' });
  const params = decodeQuery(query);
  if (params === undefined) return err({ kind: 'not-a-store' });
  switch (scheme) {
    case 'http':
    case 'https':
      return parseHttp(text, scheme, authority ?? '', path, params);
    case 'file':
      return authority === undefined || authority === '' ? parseFile(text, path, params) : err({ kind: 'not-a-store' });
    case 's3':
      return parseS3(text, authority ?? '', path, params);
    default: {
      const reason = NOT_ASKED.get(scheme);
      if (reason === undefined) return err({ kind: 'unknown-scheme', scheme });
      return ok(notAsked(text, trimSlashes(`${scheme}://${withoutLogin(`${authority ?? ''}${path}`)}`), reason, params));
    }
  }
}

/** Says in words why a text names no store; never quotes the text, which may hold a password. */
export function describeSubstituterError(error: SubstituterError): string {
  switch (error.kind) {
    case 'not-a-store':
      return 'is not the URL of a store';
    case 'unknown-scheme':
      return `has the scheme "${plainText(error.scheme)}", which Nix does not know`;
    case 'bad-parameter':
      return `has the parameter "${plainText(error.parameter)}" with a value that Nix refuses, so Nix does not use it`;
  }
}

/** Shows a text that may be a substituter without the user-info and the query that it may hold. */
export function redactSubstituter(text: string): string {
  const parsed = parseSubstituter(text);
  if (parsed.ok) return parsed.value.url;
  const end = text.search(/[?#]/);
  const bare = end < 0 ? text : text.slice(0, end);
  const scheme = /^[a-z][a-z0-9+.-]{0,30}:\/\//i.exec(bare)?.[0] ?? '';
  // An `@` behind the cut: what looks like a query may be a part of a password.
  if (text.includes('@', bare.length)) return `${scheme}…`;
  const at = bare.lastIndexOf('@');
  return at < 0 ? bare : `${scheme}…${bare.slice(at)}`;
}

function parseHttp(
  raw: string,
  scheme: 'http' | 'https',
  authority: string,
  path: string,
  params: ReadonlyMap<string, string>,
): Result<Substituter, SubstituterError> {
  // The WHATWG parser spells hosts as they will be contacted, so that `http://2130706433` is seen to be 127.0.0.1.
  const address = parseUrl(`${scheme}://${authority}${path}`);
  if (address === undefined || address.hostname === '') return err({ kind: 'not-a-store' });
  const checked = checkParams(params, HTTP_PARAMETERS);
  if (!checked.ok) return checked;
  const credentials = credentialsOf(address);
  if (credentials === undefined) return err({ kind: 'not-a-store' });
  return ok({
    raw,
    url: trimSlashes(`${address.protocol}//${address.host}${address.pathname}`),
    scheme,
    askable: true,
    params,
    ...checked.value,
    ...credentials,
    host: bareHost(address),
  });
}

function parseFile(raw: string, path: string, params: ReadonlyMap<string, string>): Result<Substituter, SubstituterError> {
  const checked = checkParams(params, CACHE_PARAMETERS);
  if (!checked.ok) return checked;
  const decoded = decode(path);
  if (decoded === undefined || decoded === '' || decoded.includes('\0')) return err({ kind: 'not-a-store' });
  const directory = trimSlashes(decoded.replaceAll(/\/{2,}/g, '/'));
  const url = `file://${trimSlashes(path.replaceAll(/\/{2,}/g, '/')) || '/'}`;
  const absolute = directory === '' || directory.startsWith('/');
  return ok({
    raw,
    url,
    scheme: 'file',
    askable: absolute,
    ...(absolute
      ? { path: directory === '' ? '/' : directory }
      : { reason: 'a relative path, which means another directory in each process' }),
    params,
    ...checked.value,
  });
}

function parseS3(
  raw: string,
  bucket: string,
  path: string,
  params: ReadonlyMap<string, string>,
): Result<Substituter, SubstituterError> {
  const checked = checkParams(params, S3_PARAMETERS);
  if (!checked.ok) return checked;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(bucket)) return err({ kind: 'not-a-store' });
  const scheme = (params.get('scheme') ?? '') === '' ? 'https' : (params.get('scheme') ?? '').toLowerCase();
  if (scheme !== 'https' && scheme !== 'http') return err({ kind: 'bad-parameter', parameter: 'scheme', value: scheme });
  const endpoint = params.get('endpoint') ?? '';
  const region = params.get('region') ?? 'us-east-1';
  const address = parseUrl(
    endpoint === '' ? `https://s3.${region}.amazonaws.com` : `${scheme}://${endpoint.replace(/^https?:\/\//, '')}`,
  );
  // An endpoint is a host with an optional port: anything more would let a parameter choose the path or hide a password.
  if (
    address?.pathname !== '/' ||
    address.username !== '' ||
    address.password !== '' ||
    address.search !== '' ||
    address.hash !== ''
  ) {
    return err({
      kind: 'bad-parameter',
      parameter: endpoint === '' ? 'region' : 'endpoint',
      value: endpoint === '' ? region : endpoint,
    });
  }
  const names = [...(endpoint === '' ? [] : [`endpoint=${address.host}`]), ...(scheme === 'https' ? [] : [`scheme=${scheme}`])];
  const url = `s3://${bucket}${names.length === 0 ? '' : `?${names.join('&')}`}`;
  const whole = trimSlashes(path) === '';
  return ok({
    raw,
    url: whole ? url : `s3://${bucket}${path}`,
    scheme: 's3',
    askable: whole,
    ...(whole ? {} : { reason: 'an s3 URL with a path, where Nix expects a bucket' }),
    params,
    ...checked.value,
    host: bareHost(address),
  });
}

/** The spellings without a scheme: `auto`, `daemon`, `local`, and paths, which mean a local store and not a cache directory. */
function parseStoreName(text: string): Result<Substituter, SubstituterError> {
  const mark = text.indexOf('?');
  const name = mark < 0 ? text : text.slice(0, mark);
  const params = decodeQuery(mark < 0 ? '' : text.slice(mark + 1));
  if (params === undefined) return err({ kind: 'not-a-store' });
  const reason = name === 'auto' || name === 'daemon' || name === 'local' ? NOT_ASKED.get(name) : undefined;
  if (reason !== undefined) return ok(notAsked(text, name, reason, params));
  if (LOCAL_STORE !== undefined && name.includes('/') && !name.includes('://'))
    return ok(notAsked(text, withoutLogin(name), LOCAL_STORE, params));
  return err({ kind: 'not-a-store' });
}

/** What stands before an `@` is taken for a login wherever an address could begin, with slashes in front or without, so that it is never shown. */
function withoutLogin(address: string): string {
  const rest = address.replace(/^(\/*)[^/]*@/, '$1');
  return rest === address ? rest : withoutLogin(rest);
}

function notAsked(raw: string, url: string, reason: string, params: ReadonlyMap<string, string>): Substituter {
  const priority = parseInteger(params.get('priority') ?? '');
  return {
    raw,
    url,
    scheme: 'other',
    askable: false,
    reason,
    params,
    unknownParams: [],
    trusted: parseBoolean(params.get('trusted') ?? '') === true,
    ...(priority === undefined ? {} : { priority }),
  };
}

/** User-info, decoded; `undefined` when it cannot be decoded, an empty object when there is none. */
function credentialsOf(address: URL): Pick<Substituter, 'credentials'> | undefined {
  if (address.username === '' && address.password === '') return {};
  const user = decode(address.username);
  const password = decode(address.password);
  return user === undefined || password === undefined ? undefined : { credentials: { user, password } };
}

function bareHost(address: URL): string {
  return address.hostname.startsWith('[') ? address.hostname.slice(1, -1) : address.hostname;
}

/** Cuts trailing slashes in linear time, which `/\/+$/` does not. */
function trimSlashes(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '/') end--;
  return text.slice(0, end);
}
