/** When a request is worth repeating, and after how long. Source of the status classes: `facts/nix-formats.md`, from Nix's filetransfer.cc. */
import type { TransportFailure, TransportResponse } from '../engine/ports';

/** A request is sent at most once more than this. */
export const MAX_RETRIES = 2;

const FIRST_PAUSE_MS = 400;

/** Nobody is waited for longer than this, whatever a server asks for. */
export const MAX_PAUSE_MS = 15 * 60 * 1000;

/** Deterministic answers among the 5xx: not implemented, version not supported, sign in to the network first. */
const LASTING: ReadonlySet<number> = new Set([501, 505, 511]);

/** Tells whether the same request may fare better a moment later. */
export function isTransient(answer: TransportResponse | TransportFailure): boolean {
  if (answer.kind === 'failed') return answer.reason === 'timeout' || answer.reason === 'network';
  const { status } = answer;
  return status === 408 || status === 429 || (status >= 500 && !LASTING.has(status));
}

/**
 * Says how long to wait before repeating a request that was repeated `retries` times already; `undefined` when it is not worth it.
 *
 * @param random From 0 to 1; spreads the repetitions of many requests that failed together.
 */
export function retryPause(
  answer: TransportResponse | TransportFailure,
  retries: number,
  now: number,
  random: number,
): number | undefined {
  if (retries >= MAX_RETRIES || !isTransient(answer)) return undefined;
  const spread = 0.5 + random / 2;
  return retryAfter(answer, now) ?? Math.round(FIRST_PAUSE_MS * 3 ** retries * spread);
}

/**
 * Reads `Retry-After` of an answer that asks for patience (RFC 9110, section 10.2.3): seconds, or a date. In milliseconds from `now`,
 * at most {@link MAX_PAUSE_MS}; `undefined` when there is none or it cannot be read.
 */
export function retryAfter(answer: TransportResponse | TransportFailure, now: number): number | undefined {
  if (answer.kind === 'failed') return undefined;
  const text = answer.headers['retry-after']?.trim() ?? '';
  if (/^[0-9]{1,9}$/.test(text)) return Math.min(Number(text) * 1000, MAX_PAUSE_MS);
  const date = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.min(Math.max(date - now, 0), MAX_PAUSE_MS);
}
