import type { Transport, TransportFailure, TransportRequest, TransportResponse } from '../../server/src/engine/ports';

export type Answer = TransportResponse | TransportFailure;

/** A transport that answers as the test says, and keeps what it was asked. */
export function scriptedTransport(
  answer: (request: TransportRequest, asked: number, signal: AbortSignal) => Answer | Promise<Answer>,
): Transport & { readonly requests: readonly TransportRequest[] } {
  const requests: TransportRequest[] = [];
  return {
    requests,
    get: (request, signal) => {
      requests.push(request);
      return Promise.resolve(answer(request, requests.length, signal));
    },
  };
}

/** A response. */
export function answered(status: number, headers: Readonly<Record<string, string>> = {}, body = ''): TransportResponse {
  return { kind: 'response', status, headers, body: Buffer.from(body) };
}

/** A failure. */
export function failing(reason: TransportFailure['reason'], message = `made to fail: ${reason}`): TransportFailure {
  return { kind: 'failed', reason, message };
}
