/** A binary cache over HTTP: which address holds what, and what each status means. Source: `facts/nix-formats.md` section 4.4. */
import { describeCacheInfoError, parseNixCacheInfo } from '../domain/nixCacheInfo';
import type { StorePathHash } from '../domain/storePath';
import type {
  BinaryCache,
  CacheInfoLookup,
  NarinfoLookup,
  Transport,
  TransportFailure,
  TransportResponse,
} from '../engine/ports';
import { plainText } from '../util/plainText';
import { SharedTasks } from '../util/sharedTasks';
import { decodeText, looksLikeWebPage, MAX_CACHE_FILE_BYTES } from './cacheText';

/** What an {@link HttpBinaryCache} is made from. */
export interface HttpBinaryCacheOptions {
  /** Where the files of the cache lie; no user-info, query or trailing slash. */
  readonly url: string;
  readonly transport: Transport;
  /** Of one attempt. */
  readonly timeoutMs: number;
  /** Makes the headers of a GET for one address. `authenticated`: they say who asks. */
  readonly headers: (
    url: string,
  ) => Promise<{ readonly headers: Readonly<Record<string, string>>; readonly authenticated: boolean }>;
}

type Unusable = Extract<NarinfoLookup, { kind: 'unauthorized' | 'malformed' | 'unreachable' }>;

interface Asked {
  readonly answer: TransportResponse | TransportFailure;
  readonly authenticated: boolean;
}

export class HttpBinaryCache implements BinaryCache {
  readonly #options: HttpBinaryCacheOptions;
  readonly #infoTasks = new SharedTasks<CacheInfoLookup>();

  constructor(options: HttpBinaryCacheOptions) {
    this.#options = options;
  }

  info(signal: AbortSignal): Promise<CacheInfoLookup> {
    return this.#infoTasks.run('', (shared) => this.#askInfo(shared), signal);
  }

  async narinfo(hash: StorePathHash, signal: AbortSignal): Promise<NarinfoLookup> {
    const asked = await this.#ask(`${hash}.narinfo`, signal);
    const status = statusOf(asked);
    if (status === 404 || status === 410) return { kind: 'absent' };
    // Nix takes 403 for absent, since a bucket that may not be listed says it for what it does not have. It is also what a cache says that
    // keeps a path from us, and nobody outside can tell the two apart: "it may have it" must not read as "it has none".
    const text = textOf(asked);
    return typeof text === 'string' ? { kind: 'found', text } : text;
  }

  async #askInfo(signal: AbortSignal): Promise<CacheInfoLookup> {
    const asked = await this.#ask('nix-cache-info', signal);
    const status = statusOf(asked);
    // Nix would now PUT a nix-cache-info there. We only ever read.
    if (status === 404 || status === 410) return { kind: 'not-a-cache', reason: `it has no nix-cache-info (HTTP ${status})` };
    const text = textOf(asked);
    if (typeof text !== 'string') return text;
    const info = parseNixCacheInfo(text);
    if (!info.ok) return { kind: 'malformed', reason: `nix-cache-info: ${describeCacheInfoError(info.error)}` };
    return { kind: 'found', info: info.value };
  }

  async #ask(name: string, signal: AbortSignal): Promise<Asked> {
    const { transport, timeoutMs } = this.#options;
    const url = `${this.#options.url}/${name}`;
    const { headers, authenticated } = await this.#options.headers(url);
    const answer = await transport.get({ url, headers, maxBytes: MAX_CACHE_FILE_BYTES, timeoutMs }, signal);
    return { answer, authenticated };
  }
}

function statusOf({ answer }: Asked): number | undefined {
  return answer.kind === 'response' ? answer.status : undefined;
}

/** The text of an answer with status 200, or why there is none. */
function textOf(asked: Asked): string | Unusable {
  const { answer } = asked;
  if (answer.kind === 'failed' || answer.status !== 200) return unusable(asked);
  const text = decodeText(answer.body);
  if (text === undefined) return { kind: 'malformed', reason: 'the answer is not UTF-8 text' };
  return looksLikeWebPage(text) ? { kind: 'malformed', reason: 'the answer is a web page' } : text;
}

function unusable({ answer, authenticated }: Asked): Unusable {
  if (answer.kind === 'failed') {
    // The cache did answer, with something that nobody can use; all other failures leave us knowing nothing of it.
    if (answer.reason === 'too-large') return { kind: 'malformed', reason: answer.message };
    return { kind: answer.status === 407 ? 'unauthorized' : 'unreachable', reason: answer.message };
  }
  const { status, headers } = answer;
  switch (status) {
    case 401:
      return {
        kind: 'unauthorized',
        reason: authenticated ? 'it does not accept the password (HTTP 401)' : 'it asks for a password (HTTP 401)',
      };
    case 403:
      return {
        kind: 'unauthorized',
        reason: authenticated ? 'it denies access to this account (HTTP 403)' : 'it denies access (HTTP 403)',
      };
    case 407:
      return { kind: 'unauthorized', reason: 'a proxy asks for a password (HTTP 407)' };
    default: {
      const region = headers['x-amz-bucket-region'];
      const elsewhere = region === undefined ? '' : `: the bucket is in the region "${plainText(region, 30)}"`;
      return { kind: 'unreachable', reason: `HTTP ${status}${REASONS.get(status) ?? ''}${elsewhere}` };
    }
  }
}

const REASONS: ReadonlyMap<number, string> = new Map([
  [408, ' (the request took too long)'],
  [429, ' (too many requests)'],
  [500, ' (internal error)'],
  [502, ' (bad gateway)'],
  [503, ' (not available now)'],
  [504, ' (gateway timed out)'],
  [511, ' (this network wants a sign-in first)'],
]);
