/** Asks the way a guest does: few at a time, again only when it may help, and not at all while a host needs its rest. */
import type { Clock, Logger, Transport, TransportFailure, TransportRequest, TransportResponse } from '../engine/ports';
import type { Sleep } from '../util/abort';
import { parseUrl } from '../util/parseUrl';
import type { HostLimits } from './hostLimits';
import { retryPause } from './retry';

/** The same trouble of the same host is told once in so long. */
const LOG_AGAIN_MS = 10 * 60 * 1000;

/** What a {@link PoliteTransport} is made from. */
export interface PoliteTransportOptions {
  readonly limits: HostLimits;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly log: Logger;
  /** From 0 to 1. */
  readonly random: () => number;
}

/**
 * Limits, repeats and rests. `timeoutMs` is the time of one attempt; all attempts and pauses together take at most twice that, the
 * time spent waiting for room not counted, and none is begun with less than a quarter of its time.
 */
export class PoliteTransport implements Transport {
  readonly #inner: Transport;
  readonly #options: PoliteTransportOptions;
  readonly #logged = new Map<string, number>();

  constructor(inner: Transport, options: PoliteTransportOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  async get(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse | TransportFailure> {
    const { limits, clock, sleep, random } = this.#options;
    const host = parseUrl(request.url)?.host ?? '';
    let leftMs = request.timeoutMs * 2;
    for (let retries = 0; ; retries++) {
      const waited = await this.#waitForRest(host, request.timeoutMs, leftMs, signal);
      if (typeof waited !== 'number') return waited;
      leftMs -= waited;

      const answer = await limits.run(
        host,
        () => this.#attempt(host, { ...request, timeoutMs: Math.min(request.timeoutMs, leftMs) }, signal),
        signal,
      );
      leftMs -= answer.tookMs;
      const pauseMs = retryPause(answer.value, retries, clock.now(), random());
      const rest = limits.resting(host);
      if (pauseMs === undefined || leftMs - pauseMs < request.timeoutMs / 4 || rest?.why === 'failing') {
        this.#tell(host, answer.value);
        return answer.value;
      }
      leftMs -= pauseMs;
      await sleep(pauseMs, signal);
    }
  }

  /** Waits while the host asked for patience, if there is time for it; says how long it was, or why the host is not asked. */
  async #waitForRest(host: string, timeoutMs: number, leftMs: number, signal: AbortSignal): Promise<number | TransportFailure> {
    const { limits, clock, sleep } = this.#options;
    let waited = 0;
    for (let rest = limits.resting(host); rest !== undefined; rest = limits.resting(host)) {
      const ms = rest.until - clock.now();
      if (rest.why === 'failing' || leftMs - waited - ms < timeoutMs / 4) return rest.failure;
      await sleep(ms, signal);
      waited += ms;
    }
    return waited;
  }

  async #attempt(host: string, request: TransportRequest, signal: AbortSignal) {
    const { limits, clock } = this.#options;
    // While this request waited for room, the ones before it may have found out that the host is down.
    const rest = limits.resting(host);
    if (rest?.why === 'failing') return { value: rest.failure, tookMs: 0 };
    const start = clock.now();
    const value = await this.#inner.get(request, signal);
    limits.learn(host, value, start);
    return { value, tookMs: Math.max(0, clock.now() - start) };
  }

  #tell(host: string, answer: TransportResponse | TransportFailure): void {
    const { clock, log } = this.#options;
    const what =
      answer.kind === 'failed'
        ? `${answer.reason}: ${answer.message}`
        : answer.status >= 500 || answer.status === 429
          ? `HTTP ${answer.status}`
          : undefined;
    if (what === undefined) return;
    const key = `${host} ${answer.kind === 'failed' ? answer.reason : answer.status}`;
    const last = this.#logged.get(key);
    if (last !== undefined && clock.now() - last < LOG_AGAIN_MS) return;
    this.#logged.set(key, clock.now());
    log.warn(`${host}: ${what}`);
  }
}
