/** Opens the quick way to caches over HTTP; caches at one origin share their connections. */
import type { SecureContext } from 'node:tls';
import type { Substituter } from '../../domain/substituter';
import type { BinaryCache } from '../../engine/ports';
import { parseUrl } from '../../util/parseUrl';
import { MAX_CACHE_FILE_BYTES } from '../cacheText';
import { basicAuthorization } from '../proxyHandshake';
import { OriginPipe } from './originPipe';
import { PipedCache } from './pipedCache';
import { requestHeaders } from './rawPipe';

/** What {@link NarinfoPipes} are made from. */
export interface NarinfoPipesOptions {
  /** Requests under way at one origin. */
  readonly width: number;
  readonly timeoutMs: number;
  readonly userAgent: string;
  readonly secureContext: () => Promise<SecureContext>;
  /** Whether an address is reached without a proxy: through one, the careful way is the only one. */
  readonly isDirect: (url: URL) => boolean;
}

export class NarinfoPipes {
  readonly #options: NarinfoPipesOptions;
  readonly #origins = new Map<string, OriginPipe>();

  constructor(options: NarinfoPipesOptions) {
    this.#options = options;
  }

  /** Puts the quick way beside the careful one; gives the careful one alone where there is no other. */
  beside(
    careful: BinaryCache,
    substituter: Substituter,
    login: { readonly login: string; readonly password: string } | undefined,
  ): BinaryCache {
    if (!substituter.askable || (substituter.scheme !== 'http' && substituter.scheme !== 'https')) return careful;
    const url = parseUrl(substituter.url);
    if (url === undefined || !this.#options.isDirect(url)) return careful;
    const { user, password } = substituter.credentials ?? { user: login?.login, password: login?.password };
    const headers = requestHeaders({
      'user-agent': this.#options.userAgent,
      accept: '*/*',
      ...(user === undefined || password === undefined ? {} : { authorization: basicAuthorization(user, password) }),
    });
    if (headers === undefined) return careful;
    const path = url.pathname === '/' ? '' : url.pathname;
    return new PipedCache({ careful, raw: this.#originOf(url), path, headers });
  }

  /** Ends every connection. */
  close(): void {
    for (const origin of this.#origins.values()) origin.close();
    this.#origins.clear();
  }

  #originOf(url: URL): OriginPipe {
    const known = this.#origins.get(url.origin);
    if (known !== undefined) return known;
    const { width, timeoutMs, secureContext } = this.#options;
    const origin = new OriginPipe({
      origin: new URL(url.origin),
      width,
      maxBodyBytes: MAX_CACHE_FILE_BYTES,
      timeoutMs,
      secureContext,
    });
    this.#origins.set(url.origin, origin);
    return origin;
  }
}
