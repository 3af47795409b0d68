/** What libraries throw, put into the words of the transport port. */
import type { TransportFailure } from '../engine/ports';

/** A failure on its way through code that knows only errors. */
export class TransportError extends Error {
  readonly failure: TransportFailure;

  constructor(failure: TransportFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Makes a failure. `message` is one clause for people, without secrets. */
export function failed(reason: TransportFailure['reason'], message: string): TransportFailure {
  return { kind: 'failed', reason, message };
}

/** Says that the whole exchange took too long. */
export function timedOut(timeoutMs: number): TransportFailure {
  return failed('timeout', `no complete answer within ${describeSeconds(timeoutMs)}`);
}

/** Says that a body or the headers outgrew what is wanted. */
export function tooLarge(what: string): TransportFailure {
  return failed('too-large', `the answer is larger than ${what}`);
}

function describeSeconds(ms: number): string {
  return ms >= 1000 ? `${Math.round(ms / 100) / 10} s` : `${ms} ms`;
}

/** Puts an error of Node's network or TLS code, or of undici, into our words; the text of an unknown error is not shown. */
export function describeNetworkError(error: unknown): TransportFailure {
  if (error instanceof TransportError) return error.failure;
  const code = errorCode(error);
  const known = NETWORK_ERRORS.get(code);
  if (known !== undefined) return failed(...known);
  if (code.startsWith('EAI_')) return failed('dns', 'the name of the host cannot be looked up');
  const certificate = CERTIFICATE_ERRORS.get(code);
  if (certificate !== undefined) return failed('tls', `its certificate is not trusted: ${certificate}`);
  if (TLS_CODE.test(code)) return failed('tls', `no secure connection (${code})`);
  if (error instanceof Error && error.name === 'HTTPParserError') return failed('network', 'the answer is not HTTP');
  return failed('network', code === '' ? 'the connection failed' : `the connection failed (${code})`);
}

const NETWORK_ERRORS: ReadonlyMap<string, readonly [TransportFailure['reason'], string]> = new Map([
  ['ENOTFOUND', ['dns', 'the name of the host is not known']],
  ['EAI_AGAIN', ['dns', 'the name of the host cannot be looked up now']],
  ['ECONNREFUSED', ['refused', 'the connection was refused']],
  ['ECONNRESET', ['network', 'the connection broke']],
  ['EPIPE', ['network', 'the connection broke']],
  ['UND_ERR_SOCKET', ['network', 'the connection broke before the answer was complete']],
  ['UND_ERR_CLOSED', ['network', 'given up: the connection is being closed']],
  ['UND_ERR_DESTROYED', ['network', 'given up: the connection is being closed']],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', ['network', 'the answer is shorter or longer than announced']],
  ['EHOSTUNREACH', ['network', 'there is no route to the host']],
  ['ENETUNREACH', ['network', 'there is no network']],
  ['EADDRNOTAVAIL', ['network', 'there is no network']],
  ['ETIMEDOUT', ['timeout', 'the connection timed out']],
  ['UND_ERR_CONNECT_TIMEOUT', ['timeout', 'the connection timed out']],
  ['UND_ERR_HEADERS_TIMEOUT', ['timeout', 'the answer did not begin in time']],
  ['UND_ERR_BODY_TIMEOUT', ['timeout', 'the answer stopped halfway']],
  ['UND_ERR_HEADERS_OVERFLOW', ['too-large', 'the headers of the answer are too large']],
] as const);

const CERTIFICATE_ERRORS: ReadonlyMap<string, string> = new Map([
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'it is for another host'],
  ['HOSTNAME_MISMATCH', 'it is for another host'],
  ['CERT_HAS_EXPIRED', 'it has expired'],
  ['CERT_NOT_YET_VALID', 'it is not valid yet'],
  ['CERT_REVOKED', 'it was revoked'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'it is signed by itself'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its authority is not known here'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'its authority is not known here'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'its authority is not known here'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its authority is not known here'],
]);

/** OpenSSL's and Node's codes for a handshake or a certificate that is not good. */
const TLS_CODE =
  /^(?:EPROTO|ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|CRL_|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$|OUT_OF_MEM$|UNABLE_TO_)/;

function errorCode(error: unknown): string {
  // With several addresses for a name Node throws an AggregateError; it carries the code of the first.
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code.slice(0, 60) : '';
}
