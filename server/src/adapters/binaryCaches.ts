/** Opens caches, whatever their kind. */
import type { Substituter } from '../domain/substituter';
import type { BinaryCache, Clock, Environment, Files, Transport } from '../engine/ports';
import { FileBinaryCache } from './fileBinaryCache';
import { HttpBinaryCache } from './httpBinaryCache';
import { basicAuthorization } from './proxyHandshake';
import { openS3BinaryCache, s3Address } from './s3BinaryCache';

/** A cache, and how to prove there who asks. */
export interface CacheToOpen {
  readonly substituter: Substituter;
  /** From the netrc file. User-info of the substituter's URL goes first, as it does for curl. */
  readonly credentials?: { readonly login: string; readonly password: string } | undefined;
}

/** What opening a cache needs. */
export interface CacheDependencies {
  readonly transport: Transport;
  readonly files: Files;
  readonly environment: Environment;
  readonly clock: Clock;
  /** Name and version of this tool, and nothing about its user: `flake-trust/1.2.3`. */
  readonly userAgent: string;
  /** Of one attempt at one request. */
  readonly timeoutMs: number;
}

/** Opens a cache for reading. Nothing is asked yet. */
export function openBinaryCache({ substituter, credentials }: CacheToOpen, dependencies: CacheDependencies): BinaryCache {
  const { transport, files, timeoutMs, userAgent } = dependencies;
  const headers = { 'user-agent': userAgent, accept: '*/*' };
  if (!substituter.askable) return notAskable(substituter);
  switch (substituter.scheme) {
    case 'http':
    case 'https': {
      const { user, password } = substituter.credentials ?? { user: credentials?.login, password: credentials?.password };
      const authenticated = user !== undefined && password !== undefined;
      const all = authenticated ? { ...headers, authorization: basicAuthorization(user, password) } : headers;
      return new HttpBinaryCache({
        url: substituter.url,
        transport,
        timeoutMs,
        headers: () => Promise.resolve({ headers: all, authenticated }),
      });
    }
    case 's3':
      return openS3BinaryCache(substituter, { ...dependencies, headers });
    case 'file':
      return substituter.path === undefined ? notAskable(substituter) : new FileBinaryCache(substituter.path, files);
    case 'other':
      return notAskable(substituter);
  }
}

/** The web addresses under which a cache is asked, for the allow-list: none for a directory. */
export function addressesOf(substituter: Substituter): readonly string[] {
  if (!substituter.askable) return [];
  switch (substituter.scheme) {
    case 'http':
    case 'https':
      return [substituter.url];
    case 's3':
      return [s3Address(substituter)];
    case 'file':
    case 'other':
      return [];
  }
}

function notAskable({ reason = 'it cannot be asked' }: Substituter): BinaryCache {
  const answer = Promise.resolve({ kind: 'unreachable', reason } as const);
  return { info: () => answer, narinfo: () => answer };
}
