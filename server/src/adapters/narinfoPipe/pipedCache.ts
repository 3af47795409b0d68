/**
 * The quick way to a cache over HTTP, beside the careful one. The quick way goes straight to the cache's own address, follows no redirect
 * and never repeats; whenever it meets anything but a plain answer, the question is put on the careful way, with its patience, its
 * proxies and its limits, and all others with it until that way has brought an answer.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { parseNixCacheInfo } from '../../domain/nixCacheInfo';
import type { StorePathHash } from '../../domain/storePath';
import type { BinaryCache, CacheInfoLookup, NarinfoLookup, NarinfoPipe } from '../../engine/ports';
import { sleep, whileNotAborted } from '../../util/abort';
import { looksLikeWebPage, MAX_CACHE_FILE_BYTES } from '../cacheText';
import { decodeBody } from '../decodeBody';
import type { RawAnswer, RawPipe, RawTrouble, RequestHeaders } from './rawPipe';

/** What a {@link PipedCache} is made from. */
export interface PipedCacheOptions {
  /** The careful way. */
  readonly careful: BinaryCache;
  readonly raw: RawPipe;
  /** Path of the cache at its origin, without a slash at its end. */
  readonly path: string;
  readonly headers: RequestHeaders;
}

const ABSENT: NarinfoLookup = { kind: 'absent' };

export class PipedCache implements BinaryCache {
  readonly #options: PipedCacheOptions;

  constructor(options: PipedCacheOptions) {
    this.#options = options;
  }

  async info(signal: AbortSignal): Promise<CacheInfoLookup> {
    return (await whileNotAborted(this.#quickInfo(), signal)) ?? (await this.#options.careful.info(signal));
  }

  /** What the cache says of itself, if it says so plainly. */
  #quickInfo(): Promise<CacheInfoLookup | undefined> {
    const { raw, path, headers } = this.#options;
    return new Promise((resolve) => {
      raw.get(`${path}/nix-cache-info`, headers, (answer) => {
        const plain = answer.kind === 'answer' && answer.status === 200 && answer.contentEncoding === '';
        const lookup = plain ? textOf(answer.body) : undefined;
        const info = lookup?.kind === 'found' ? parseNixCacheInfo(lookup.text) : undefined;
        resolve(info?.ok === true ? { kind: 'found', info: info.value } : undefined);
      });
    });
  }

  narinfo(hash: StorePathHash, signal: AbortSignal): Promise<NarinfoLookup> {
    return this.#options.careful.narinfo(hash, signal);
  }

  openPipe(): NarinfoPipe {
    const { careful, raw, path, headers } = this.#options;
    const closing = new AbortController();
    // Its own object, so that closing this pipe ends its own requests only.
    const own = { ...headers };
    let quick = true;
    let closed = false;
    /** When the host may be asked again, on the clock of `performance.now()`. */
    let restUntil = 0;
    const rested = async (): Promise<void> => {
      const ms = restUntil - performance.now();
      if (ms > 0) await sleep(ms, closing.signal);
    };
    const askCarefully = (hash: StorePathHash, done: (lookup: NarinfoLookup) => void): void => {
      rested()
        .then(() => careful.narinfo(hash, closing.signal))
        .then(
          (lookup) => {
            if (lookup.kind === 'found' || lookup.kind === 'absent') quick = true;
            if (!closed) done(lookup);
          },
          () => undefined,
        );
    };
    return {
      ask: (hash, done) => {
        if (!quick) {
          askCarefully(hash, done);
          return;
        }
        raw.get(`${path}/${hash}.narinfo`, own, (answer) => {
          if (closed) return;
          const lookup = this.#understand(answer);
          if (lookup === undefined) {
            quick = false;
            restUntil = Math.max(restUntil, performance.now() + pauseOf(answer));
            askCarefully(hash, done);
          } else if ('kind' in lookup) {
            done(lookup);
          } else {
            // Decoding takes another thread; the bytes are the connection's.
            void decodeThen(Buffer.from(lookup.encoded), lookup.encoding, (text) => {
              if (closed) return;
              if (text === undefined) askCarefully(hash, done);
              else done(text);
            });
          }
        });
      },
      close: () => {
        closed = true;
        closing.abort();
        raw.forget(own);
      },
    };
  }

  #understand(
    answer: RawAnswer | RawTrouble,
  ): NarinfoLookup | { readonly encoded: Buffer; readonly encoding: string } | undefined {
    if (answer.kind === 'trouble') return undefined;
    const { status, contentEncoding, body } = answer;
    if (status === 404 || status === 410) return ABSENT;
    if (status !== 200) return undefined;
    return contentEncoding === '' ? textOf(body) : { encoded: body, encoding: contentEncoding };
  }
}

async function decodeThen(body: Buffer, encoding: string, done: (lookup: NarinfoLookup | undefined) => void): Promise<void> {
  const decoded = await decodeBody(body, encoding, MAX_CACHE_FILE_BYTES);
  done('kind' in decoded ? undefined : textOf(Buffer.from(decoded.buffer, decoded.byteOffset, decoded.byteLength)));
}

/** No host may keep an audit waiting for longer; the careful way then asks, and says what it hears. */
const MAX_PAUSE_MS = 30_000;

/** For how long the host asked to be left alone, in milliseconds. */
function pauseOf(answer: RawAnswer | RawTrouble): number {
  if (answer.kind === 'trouble' || (answer.status !== 429 && answer.status !== 503) || answer.retryAfter === '') return 0;
  const ms = /^\d{1,9}$/.test(answer.retryAfter) ? Number(answer.retryAfter) * 1000 : Date.parse(answer.retryAfter) - Date.now();
  return ms > 0 ? Math.min(ms, MAX_PAUSE_MS) : 0;
}

/** The text of a good answer; `undefined` for what the careful way has words for. */
function textOf(body: Buffer): NarinfoLookup | undefined {
  // Nearly all narinfos are ASCII, which needs no decoding.
  const ascii = isAscii(body);
  if (!ascii && !isUtf8(body)) return undefined;
  const text = body.toString(ascii ? 'latin1' : 'utf8');
  return text.startsWith('StorePath:') || !looksLikeWebPage(text) ? { kind: 'found', text } : undefined;
}
