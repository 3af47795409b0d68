/**
 * URLs as Nix reads them (libutil/url.cc), which is not how browsers do: nothing is resolved or guessed, path segments are
 * decoded one by one, and printing encodes all but unreserved characters. Two spellings of one URL print alike.
 */

export interface NixUrl {
  readonly scheme: string;
  /** Absent for `file:./x`; an empty host for `file:///x`. */
  readonly authority?: { readonly userInfo?: string; readonly host: string; readonly port?: string };
  /** Decoded. A path that begins with `/` has an empty first segment. */
  readonly path: readonly string[];
  /** Decoded; of a repeated parameter the first counts, one without `=` is ignored. */
  readonly query: ReadonlyMap<string, string>;
  readonly fragment: string;
}

const PARTS = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#([^]*))?$/;
const AUTHORITY = /^(?:([^@\s\\"<>^`{|}]*)@)?(\[[0-9a-zA-Z:.%]*\]|[^@:\s\\"<>^`{|}[\]]*)(?::(\d*))?$/;
const PATH_CHARACTERS = /^[a-zA-Z0-9\-._~!$&'"()*+,;=:@%/]*$/;
const QUERY_CHARACTERS = /^[a-zA-Z0-9\-._~!$&'"()*+,;=:@%/?[\]^|{}` ]*$/;

const MAX_LENGTH = 16_384;

/** Parses a URL; gives nothing for a text that has no scheme, that Nix refuses as one, or that is longer than any URL. */
export function parseNixUrl(text: string): NixUrl | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const parts = PARTS.exec(text);
  if (parts === null) return undefined;
  const [, scheme = '', authorityText, pathText = '', queryText = '', fragmentText = ''] = parts;
  if (!PATH_CHARACTERS.test(pathText) || !QUERY_CHARACTERS.test(queryText)) return undefined;
  const path = pathText.split('/').map(percentDecode);
  const query = parseQuery(queryText);
  const fragment = percentDecode(fragmentText);
  if (!path.every((segment) => segment !== undefined) || query === undefined || fragment === undefined) return undefined;
  if (authorityText === undefined) return { scheme, path, query, fragment };
  const authority = AUTHORITY.exec(authorityText);
  if (authority === null) return undefined;
  const [, userInfo, host = '', port] = authority;
  return {
    scheme,
    authority: {
      host: host.toLowerCase(),
      ...(userInfo === undefined ? {} : { userInfo }),
      ...(port === undefined || port === '' ? {} : { port }),
    },
    path,
    query,
    fragment,
  };
}

/** Prints a URL in the one spelling that equal URLs share: parameters sorted, all but unreserved characters encoded. */
export function printNixUrl(url: NixUrl): string {
  const { authority } = url;
  const userInfo = authority?.userInfo === undefined ? '' : `${authority.userInfo}@`;
  const port = authority?.port === undefined ? '' : `:${authority.port}`;
  const origin = authority === undefined ? '' : `//${userInfo}${authority.host}${port}`;
  const fragment = url.fragment === '' ? '' : `#${percentEncode(url.fragment, '')}`;
  return `${url.scheme}:${origin}${printPath(url.path)}${printQuery(url.query)}${fragment}`;
}

/** Prints path segments, encoded. */
export function printPath(path: readonly string[]): string {
  return path.map((segment) => percentEncode(segment, ':@')).join('/');
}

/** Prints query parameters sorted by name, with their `?`; nothing for none. */
export function printQuery(query: ReadonlyMap<string, string>): string {
  if (query.size === 0) return '';
  const parameters = [...query].sort(([a], [b]) => (a < b ? -1 : 1));
  return `?${parameters.map(([name, value]) => `${percentEncode(name, ':@/?')}=${percentEncode(value, ':@/?')}`).join('&')}`;
}

/** Decodes `%xx`; gives nothing where it is malformed or no UTF-8. */
export function percentDecode(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Encodes all but unreserved characters and those in `keep`. A lone surrogate becomes U+FFFD. */
function percentEncode(text: string, keep: string): string {
  if (/^[a-zA-Z0-9\-._~]*$/.test(text)) return text;
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '\uFFFD'))
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%[0-9A-F]{2}/g, (encoded) => {
      const character = String.fromCharCode(parseInt(encoded.slice(1), 16));
      return keep.includes(character) ? character : encoded;
    });
}

/** Parses a query; gives nothing where it is malformed. Also for texts that are no URL, such as `./sub?rev=…`. */
export function parseQuery(text: string): ReadonlyMap<string, string> | undefined {
  const query = new Map<string, string>();
  for (const parameter of text.split('&')) {
    const equals = parameter.indexOf('=');
    if (equals < 0) continue;
    const name = percentDecode(parameter.slice(0, equals));
    const value = percentDecode(parameter.slice(equals + 1));
    if (name === undefined || value === undefined) return undefined;
    if (!query.has(name)) query.set(name, value);
  }
  return query;
}
