/** What a pipe brings back, before anybody asks what it means. */

/** A complete answer whose status alone, or whose status and body, say everything. */
export interface RawAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly contentEncoding: string;
  /** The value of `Retry-After`, empty where there is none. */
  readonly retryAfter: string;
  /** Empty unless the status is 200. Valid only while `done` runs. */
  readonly body: Buffer;
}

/**
 * Anything else: no connection, a time-out, a redirect, an answer too large or not quite HTTP. Nothing is said of it here, because the
 * question is put again on the careful way, which finds the words for it.
 */
export interface RawTrouble {
  readonly kind: 'trouble';
}

export const TROUBLE: RawTrouble = { kind: 'trouble' };

export type RawDone = (answer: RawAnswer | RawTrouble) => void;

/** GETs to one origin, many at once. */
export interface RawPipe {
  /** Calls `done` once, later; never after {@link close}. `headers` are lines with `\r\n` after each, without Host. */
  get(path: string, headers: RequestHeaders, done: RawDone): void;
  /** Forgets the requests made with `owner`'s headers: nobody waits for them any more. */
  forget(headers: RequestHeaders): void;
}

/** Headers of all requests to one cache; the object is its identity. */
export interface RequestHeaders {
  /** Lower-case names. */
  readonly fields: Readonly<Record<string, string>>;
  /** The same as lines of HTTP/1.1. */
  readonly lines: string;
}

/** Prepares headers; `undefined` when a value cannot be sent as it is. */
export function requestHeaders(fields: Readonly<Record<string, string>>): RequestHeaders | undefined {
  const entries = Object.entries(fields);
  // A line end in a password would begin another header, or another request.
  if (!entries.every(([name, value]) => /^[a-z-]+$/.test(name) && /^[\x20-\x7e]*$/.test(value))) return undefined;
  return { fields, lines: entries.map(([name, value]) => `${name}: ${value}\r\n`).join('') };
}
