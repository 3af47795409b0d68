/**
 * Answers the server's request {@link FETCH} with the extension host's `fetch`, which knows the editor's proxy, proxy
 * scripts and the system's certificates.
 *
 * The second fence behind the server's allow-list: whatever a hostile file made the server ask, only the two questions that
 * one puts to a binary cache leave from here, never in Restricted Mode, never with credentials in the address.
 * The hosts themselves the extension cannot judge: most come from nix.conf, which the server reads.
 */
import type { FetchParams, FetchResult } from '../../server/src/protocol';

const MAX_BYTES = 16 * 1024 * 1024;
const MAX_TIMEOUT_MS = 120_000;
const QUESTION = /\/(?:nix-cache-info|[0-9a-df-np-sv-z]{32}\.narinfo)$/;
const HEADERS = new Set([
  'accept',
  'authorization',
  'if-none-match',
  'user-agent',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
]);

/** Makes one GET. Never rejects: what goes wrong is a `failed` answer. */
export async function answerFetch(params: FetchParams, trusted: boolean, signal: AbortSignal): Promise<FetchResult> {
  const refusal = refuse(params, trusted);
  if (refusal !== undefined) return { kind: 'failed', reason: 'not-allowed', message: refusal };
  const headers = Object.fromEntries(Object.entries(params.headers).filter(([name]) => HEADERS.has(name.toLowerCase())));
  const deadline = AbortSignal.timeout(Math.min(params.timeoutMs, MAX_TIMEOUT_MS));
  try {
    const response = await fetch(params.url, {
      headers,
      redirect: 'manual',
      credentials: 'omit',
      signal: AbortSignal.any([signal, deadline]),
    });
    // A browser's fetch hides where a redirect leads.
    if (response.type === 'opaqueredirect')
      return { kind: 'failed', reason: 'redirect', message: 'redirected to an unknown address' };
    const body = await readAtMost(response, Math.min(params.maxBytes, MAX_BYTES));
    if (body === undefined) return { kind: 'failed', reason: 'too-large', message: `larger than ${params.maxBytes} bytes` };
    return {
      kind: 'response',
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: body.toString('base64'),
    };
  } catch (error) {
    if (deadline.aborted && !signal.aborted)
      return { kind: 'failed', reason: 'timeout', message: `no answer in ${params.timeoutMs} ms` };
    return { kind: 'failed', ...describeFailure(error) };
  }
}

/** Says why a request must not leave, or nothing. */
function refuse({ url }: FetchParams, trusted: boolean): string | undefined {
  if (!trusted) return 'nothing is sent in Restricted Mode';
  if (!URL.canParse(url)) return 'not a URL';
  const { protocol, pathname, username, password, hash } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') return `${protocol} is not asked`;
  if (username !== '' || password !== '' || hash !== '') return 'credentials in the URL';
  return QUESTION.test(pathname) ? undefined : 'not a question to a binary cache';
}

/** Reads a body, or gives `undefined` as soon as it grows over `maxBytes`. */
async function readAtMost(response: Response, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (response.body === null) return Buffer.alloc(0);
  // Leaving the loop early cancels the stream.
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/PROXY|TUNNEL/, 'proxy'],
  [/ENOTFOUND|EAI_AGAIN|NAME_NOT_RESOLVED/, 'dns'],
  [/ECONNREFUSED|CONNECTION_REFUSED/, 'refused'],
  [/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER/, 'tls'],
  [/TIMEDOUT|TIMED_OUT|TIMEOUT/, 'timeout'],
];

/** Finds the kind of a failure in the codes of an error and its causes: Node's (`ENOTFOUND`) and Chromium's (`net::ERR_…`). */
function describeFailure(error: unknown): { reason: string; message: string } {
  let text = '';
  let message = 'the request failed';
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    const code = 'code' in cause ? String(cause.code) : '';
    // Chromium's code stands in the message; of other messages only the code counts, for they quote the address.
    text += ` ${code} ${/net::\w+/.exec(cause.message)?.[0] ?? ''}`;
    message = cause.message;
  }
  return { reason: REASONS.find(([pattern]) => pattern.test(text))?.[1] ?? 'network', message };
}
