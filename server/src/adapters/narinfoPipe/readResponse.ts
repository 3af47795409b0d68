/**
 * Reads one HTTP/1.1 response out of bytes that begin with it. Strict: whatever two programs could understand differently is `odd`, and
 * the connection it came over is not used again. Source: RFC 9112.
 */

/** A response, complete. `end` is where it ends; `body` is a part of the bytes given, or a copy where it came in chunks. */
export interface ReadResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly contentEncoding: string;
  readonly retryAfter: string;
  readonly body: Buffer;
  readonly end: number;
  /** Whether the connection may be used for another request. */
  readonly keepAlive: boolean;
}

export type ResponseRead =
  | ReadResponse
  /** More bytes are needed; `atLeast` bytes in all, where that is known. */
  | { readonly kind: 'more'; readonly atLeast: number }
  | { readonly kind: 'odd' };

const ODD: ResponseRead = { kind: 'odd' };

const MAX_HEAD_BYTES = 32 * 1024;

/** Names of headers are tokens; a line that begins with a blank continues the one before, as only old servers write it. */
const HEAD = /^HTTP\/1\.([01]) ([2-5]\d\d)(?: [^\r\n]*)?(?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\r\n]*)*$/;
const FIELDS = /\r\n(connection|content-(?:length|encoding)|transfer-encoding|retry-after):([^\r\n]*)/gi;

/** Reads the response at the beginning of `bytes`; its body may take `maxBodyBytes`. */
export function readResponse(bytes: Buffer, maxBodyBytes: number): ResponseRead {
  const headEnd = bytes.indexOf('\r\n\r\n', 0, 'latin1');
  if (headEnd < 0) return bytes.length > MAX_HEAD_BYTES ? ODD : { kind: 'more', atLeast: bytes.length + 1 };
  if (headEnd > MAX_HEAD_BYTES) return ODD;
  const head = parseHead(bytes.toString('latin1', 0, headEnd));
  if (head === undefined) return ODD;
  const bodyStart = headEnd + 4;
  if (head.chunked) return readChunks(bytes, bodyStart, maxBodyBytes, head);
  const { contentLength = head.status === 204 || head.status === 304 ? 0 : undefined } = head;
  // Without a length the body ends with the connection, and a cut one looks like a whole one.
  if (contentLength === undefined || contentLength > maxBodyBytes) return ODD;
  const end = bodyStart + contentLength;
  if (bytes.length < end) return { kind: 'more', atLeast: end };
  return response(head, bytes.subarray(bodyStart, end), end);
}

interface Head {
  readonly status: number;
  readonly keepAlive: boolean;
  readonly chunked: boolean;
  readonly contentLength: number | undefined;
  readonly contentEncoding: string;
  readonly retryAfter: string;
}

function parseHead(text: string): Head | undefined {
  const head = HEAD.exec(text);
  if (head === null) return undefined;
  let keepAlive = head[1] === '1';
  let contentLength: number | undefined;
  let chunked = false;
  let contentEncoding = '';
  let retryAfter = '';
  FIELDS.lastIndex = 0;
  for (let found = FIELDS.exec(text); found !== null; found = FIELDS.exec(text)) {
    const [, name = '', field = ''] = found;
    const value = field.trim();
    // The names have different lengths.
    switch (name.length) {
      case 'connection'.length:
        keepAlive &&= !/\bclose\b/i.test(value);
        break;
      case 'content-length'.length:
        if (!/^\d{1,15}$/.test(value) || (contentLength !== undefined && contentLength !== Number(value))) return undefined;
        contentLength = Number(value);
        break;
      case 'content-encoding'.length:
        contentEncoding = contentEncoding === '' ? value : `${contentEncoding},${value}`;
        break;
      case 'retry-after'.length:
        retryAfter = value;
        break;
      default:
        if (chunked || value.toLowerCase() !== 'chunked') return undefined;
        chunked = true;
    }
  }
  // Both lengths at once are how one response is made to look like two.
  if (chunked && (contentLength !== undefined || head[1] === '0')) return undefined;
  return { status: Number(head[2]), keepAlive, chunked, contentLength, contentEncoding, retryAfter };
}

/** Reads a body in chunks up to its end; extensions of a chunk and trailers are `odd`, since no cache sends any. */
function readChunks(bytes: Buffer, start: number, maxBodyBytes: number, head: Head): ResponseRead {
  const chunks: Buffer[] = [];
  let total = 0;
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1');
    if (lineEnd < 0) return bytes.length - at > 16 ? ODD : { kind: 'more', atLeast: bytes.length + 1 };
    const size = bytes.toString('latin1', at, lineEnd);
    if (!/^[0-9A-Fa-f]{1,8}$/.test(size)) return ODD;
    const length = parseInt(size, 16);
    total += length;
    if (total > maxBodyBytes) return ODD;
    const end = lineEnd + 2 + length;
    if (bytes.length < end + 2) return { kind: 'more', atLeast: end + 2 };
    if (bytes[end] !== 0x0d || bytes[end + 1] !== 0x0a) return ODD;
    if (length === 0) return response(head, Buffer.concat(chunks), end + 2);
    chunks.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
  }
}

function response({ status, contentEncoding, retryAfter, keepAlive }: Head, body: Buffer, end: number): ReadResponse {
  return { kind: 'response', status, contentEncoding, retryAfter, body, end, keepAlive };
}
