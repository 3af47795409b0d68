/** One GET made by the editor's extension host, which knows proxy scripts and the system's certificates. */
import { CancellationTokenSource, type Connection } from 'vscode-languageserver';
import type { Transport, TransportFailure, TransportRequest, TransportResponse } from '../engine/ports';
import { FETCH, type FetchParams, type FetchResult } from '../protocol';

/** Longer than the request's own deadline, which the editor keeps: only for one that does not answer at all. */
const GRACE_MS = 2000;

const REASONS: ReadonlySet<string> = new Set<TransportFailure['reason']>([
  'dns',
  'refused',
  'tls',
  'proxy',
  'timeout',
  'too-large',
  'redirect',
  'not-allowed',
  'network',
]);

/** Sends each request to the editor. What comes back is checked like any other foreign data. */
export class EditorTransport implements Transport {
  readonly #connection: Pick<Connection, 'sendRequest'>;

  constructor(connection: Pick<Connection, 'sendRequest'>) {
    this.#connection = connection;
  }

  async get(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse | TransportFailure> {
    signal.throwIfAborted();
    const params: FetchParams = {
      url: request.url,
      headers: request.headers,
      maxBytes: request.maxBytes,
      timeoutMs: request.timeoutMs,
    };
    const cancellation = new CancellationTokenSource();
    let timer: NodeJS.Timeout | undefined;
    let onAbort: (() => void) | undefined;
    try {
      return await Promise.race([
        new Promise<never>((_, reject) => {
          onAbort = () => reject(signal.reason as Error);
          signal.addEventListener('abort', onAbort, { once: true });
        }),
        new Promise<TransportFailure>((resolve) => {
          timer = setTimeout(() => resolve(failed('timeout', 'the editor did not answer in time')), request.timeoutMs + GRACE_MS);
        }),
        this.#connection
          .sendRequest<unknown>(FETCH, params, cancellation.token)
          .then((result) => parse(result, request.maxBytes)),
      ]);
    } catch (error) {
      signal.throwIfAborted();
      return failed('network', error instanceof Error ? error.message : 'the editor could not send the request');
    } finally {
      clearTimeout(timer);
      if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
      // Of a request that was answered it cancels nothing; of one that was given up, it frees the editor.
      cancellation.cancel();
      cancellation.dispose();
    }
  }
}

function failed(reason: TransportFailure['reason'], message: string): TransportFailure {
  return { kind: 'failed', reason, message };
}

/** Checks an answer's shape and size. */
function parse(result: unknown, maxBytes: number): TransportResponse | TransportFailure {
  const { kind, status, headers, body, reason, message } = (
    typeof result === 'object' && result !== null ? result : {}
  ) as Partial<Record<keyof (FetchResult & { kind: 'response' }) | 'reason' | 'message', unknown>>;
  if (kind === 'response' && typeof status === 'number' && typeof body === 'string') {
    const bytes = Buffer.from(body, 'base64');
    if (bytes.length > maxBytes) return failed('too-large', `the answer is larger than ${maxBytes} bytes`);
    return { kind: 'response', status, headers: lowerCase(headers), body: bytes };
  }
  if (kind === 'failed' && typeof reason === 'string')
    return failed(isReason(reason) ? reason : 'network', typeof message === 'string' ? message : reason);
  return failed('network', 'the editor gave an answer of another shape');
}

const isReason = (reason: string): reason is TransportFailure['reason'] => REASONS.has(reason);

function lowerCase(headers: unknown): Record<string, string> {
  const result: Record<string, string> = Object.create(null) as Record<string, string>;
  if (typeof headers === 'object' && headers !== null)
    for (const [name, value] of Object.entries(headers)) if (typeof value === 'string') result[name.toLowerCase()] = value;
  return result;
}
