/** The query of a store URL: which parameters Nix knows for which kind of store, and what values it takes. */
import { err, ok, type Result } from './result';

type ParameterType = 'text' | 'boolean' | 'integer' | 'path';

/** The parameters of one kind of store, with the type of their values. */
export type StoreParameters = Readonly<Record<string, ParameterType>>;

/** Parameters of every store, Nix 2.8 to 2.34. */
const STORE_PARAMETERS = {
  'path-info-cache-size': 'integer',
  priority: 'integer',
  store: 'path',
  'system-features': 'text',
  trusted: 'boolean',
  'want-mass-query': 'boolean',
} as const;

/** Of a binary cache of any kind. */
export const CACHE_PARAMETERS: StoreParameters = {
  ...STORE_PARAMETERS,
  compression: 'text',
  'compression-level': 'integer',
  'index-debug-info': 'boolean',
  'local-nar-cache': 'text',
  'parallel-compression': 'boolean',
  'secret-key': 'text',
  'secret-keys': 'text',
  'write-nar-listing': 'boolean',
  'narinfo-compression': 'text',
  'ls-compression': 'text',
  'log-compression': 'text',
};

export const HTTP_PARAMETERS: StoreParameters = {
  ...CACHE_PARAMETERS,
  'tls-certificate': 'text',
  'tls-private-key': 'text',
};

export const S3_PARAMETERS: StoreParameters = {
  ...CACHE_PARAMETERS,
  'addressing-style': 'text',
  'buffer-size': 'integer',
  endpoint: 'text',
  'multipart-chunk-size': 'integer',
  'multipart-threshold': 'integer',
  'multipart-upload': 'boolean',
  profile: 'text',
  region: 'text',
  scheme: 'text',
  'storage-class': 'text',
};

/** Splits and decodes a query as Nix does (`decodeQuery` in src/libutil/url.cc): a name without `=` is skipped, the first one counts. */
export function decodeQuery(query: string): ReadonlyMap<string, string> | undefined {
  const params = new Map<string, string>();
  for (const part of query.split('&')) {
    const equals = part.indexOf('=');
    if (equals < 0) continue;
    const name = part.slice(0, equals);
    const value = decode(part.slice(equals + 1));
    if (value === undefined) return undefined;
    if (!params.has(name)) params.set(name, value);
  }
  return params;
}

/** Why Nix drops a store with a warning. */
export interface ParameterError {
  readonly kind: 'bad-parameter';
  readonly parameter: string;
  readonly value: string;
}

/** What parameters say of any kind of store. */
export interface StoreOptions {
  /** Names that no known version of Nix has for this kind of store: Nix warns and ignores them. */
  readonly unknownParams: readonly string[];
  /** Nix takes paths from it without any signature. */
  readonly trusted: boolean;
  /** Overrides the advertised one; lower is asked first. */
  readonly priority?: number;
}

/** Checks the values of all known parameters, as Nix does when it opens a store. */
export function checkParams(params: ReadonlyMap<string, string>, known: StoreParameters): Result<StoreOptions, ParameterError> {
  const unknownParams: string[] = [];
  for (const [parameter, value] of params) {
    const type = Object.hasOwn(known, parameter) ? known[parameter] : undefined;
    if (type === undefined) unknownParams.push(parameter);
    else if (!isOfType(value, type)) return err({ kind: 'bad-parameter', parameter, value });
  }
  const priority = parseInteger(params.get('priority') ?? '');
  return ok({
    unknownParams,
    trusted: parseBoolean(params.get('trusted') ?? '') === true,
    ...(priority === undefined ? {} : { priority }),
  });
}

function isOfType(value: string, type: ParameterType): boolean {
  switch (type) {
    case 'text':
      return true;
    case 'boolean':
      return parseBoolean(value) !== undefined;
    case 'integer':
      return parseInteger(value) !== undefined;
    case 'path':
      return value.startsWith('/');
  }
}

/** Reads a boolean as Nix's settings do; `undefined` for what Nix refuses. */
export function parseBoolean(value: string): boolean | undefined {
  if (value === 'true' || value === 'yes' || value === '1') return true;
  if (value === 'false' || value === 'no' || value === '0') return false;
  return undefined;
}

/** Reads an integer of 32 bits as Nix's settings do; `undefined` for what Nix refuses. */
export function parseInteger(value: string): number | undefined {
  if (!/^[+-]?[0-9]{1,10}$/.test(value)) return undefined;
  const number = Number(value);
  return number >= -(2 ** 31) && number < 2 ** 31 ? number : undefined;
}

/** Decodes percent signs; `undefined` for what is not UTF-8. */
export function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
