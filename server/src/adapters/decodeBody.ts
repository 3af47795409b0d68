/** Undoes the content encodings of an HTTP body, without letting a few bytes grow into gigabytes. */
import * as zlib from 'node:zlib';
import { promisify } from 'node:util';
import type { TransportFailure } from '../engine/ports';
import { plainText } from '../util/plainText';
import { describeBytes } from './nodeFiles';
import { failed, tooLarge } from './transportFailure';

type Decompress = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Uint8Array>;

/** Node has zstd from 22.15 on; older ones cannot say so in their types. */
const zstd = (zlib as { readonly zstdDecompress?: typeof zlib.brotliDecompress }).zstdDecompress;

const DECOMPRESS: ReadonlyMap<string, Decompress> = new Map<string, Decompress>([
  ['gzip', promisify<zlib.InputType, zlib.ZlibOptions, Uint8Array>(zlib.gunzip)],
  ['x-gzip', promisify<zlib.InputType, zlib.ZlibOptions, Uint8Array>(zlib.gunzip)],
  ['deflate', promisify<zlib.InputType, zlib.ZlibOptions, Uint8Array>(zlib.inflate)],
  ['br', promisify<zlib.InputType, zlib.BrotliOptions, Uint8Array>(zlib.brotliDecompress)],
  ...(zstd === undefined ? [] : [['zstd', promisify<zlib.InputType, zlib.BrotliOptions, Uint8Array>(zstd)] as const]),
]);

/** Nobody encodes twice in earnest. */
const MAX_ENCODINGS = 2;

/** What we can decode, for the request header `Accept-Encoding`. */
export const ACCEPT_ENCODING = [...DECOMPRESS.keys()]
  .filter((name) => name === 'gzip' || name === 'br' || name === 'zstd')
  .join(', ');

/**
 * Decodes `body` by the value of `Content-Encoding`. Caches send compressed files whether asked or not, since they are stored so.
 * Decompression stops at `maxBytes`: a bomb costs no more memory than an honest answer of that size.
 */
export async function decodeBody(
  body: Uint8Array,
  contentEncoding: string | undefined,
  maxBytes: number,
): Promise<Uint8Array | TransportFailure> {
  const encodings = (contentEncoding ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  if (encodings.length > MAX_ENCODINGS) return failed('network', 'the answer is encoded more than twice');
  let decoded = body;
  for (const name of encodings.reverse()) {
    const decompress = DECOMPRESS.get(name);
    if (decompress === undefined)
      return failed('network', `the answer is encoded as "${plainText(name, 20)}", which is not understood here`);
    try {
      decoded = await decompress(decoded, { maxOutputLength: maxBytes });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'ERR_BUFFER_TOO_LARGE'
        ? tooLarge(describeBytes(maxBytes))
        : failed('network', `the answer cannot be decoded as ${name}`);
    }
  }
  return decoded.length > maxBytes ? tooLarge(describeBytes(maxBytes)) : decoded;
}
