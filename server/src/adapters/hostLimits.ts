/** What each host has earned: how many requests at once, and a rest when it fails again and again or asks for one. */
import type { Clock, TransportFailure, TransportResponse } from '../engine/ports';
import { Limiter } from '../util/limiter';
import { MAX_PAUSE_MS, retryAfter } from './retry';
import { failed } from './transportFailure';

/** So many failures in a row open the circuit. */
const FAILURES_TO_OPEN = 3;

const FIRST_REST_MS = 30_000;

/** Trouble of the host or of the way to it; the others are about one request. */
const HOST_TROUBLE: ReadonlySet<TransportFailure['reason']> = new Set(['dns', 'refused', 'tls', 'proxy', 'timeout', 'network']);

/** Why a host is left alone for now. */
export interface Rest {
  /** Milliseconds since 1970. */
  readonly until: number;
  /** `asked`: the host lives and asked to wait; `failing`: it failed repeatedly. */
  readonly why: 'asked' | 'failing';
  readonly failure: TransportFailure;
}

interface HostState {
  failures: number;
  /** How many rests there were since the last good answer. */
  rests: number;
  rest: Rest | undefined;
}

/** How much may be asked at once. */
export interface LimitOptions {
  readonly perHost: number;
  readonly overall: number;
  readonly clock: Clock;
}

export class HostLimits {
  readonly #limiter: Limiter;
  readonly #clock: Clock;
  readonly #hosts = new Map<string, HostState>();

  constructor({ perHost, overall, clock }: LimitOptions) {
    this.#limiter = new Limiter(perHost, overall);
    this.#clock = clock;
  }

  setPerHost(perHost: number): void {
    this.#limiter.setPerKey(perHost);
  }

  /** Runs `work` when the host, and all together, have room. First come, first served. */
  run<T>(host: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#limiter.run(host, work, signal);
  }

  /** Says whether and why a host is to be left alone now. */
  resting(host: string): Rest | undefined {
    const rest = this.#hosts.get(host)?.rest;
    return rest !== undefined && rest.until > this.#clock.now() ? rest : undefined;
  }

  /** Learns from an answer. @param startedAt When its request was sent: what was sent before a rest began says nothing new. */
  learn(host: string, answer: TransportResponse | TransportFailure, startedAt: number): void {
    const trouble = troubleOf(answer);
    if (trouble === undefined) {
      // A failure that is about one request only (too large, redirected) says nothing about the host.
      if (answer.kind === 'response') this.#hosts.delete(host);
      return;
    }
    const state = this.#hosts.get(host) ?? { failures: 0, rests: 0, rest: undefined };
    this.#hosts.set(host, state);
    const now = this.#clock.now();
    const wait = retryAfter(answer, now);
    const patience = answer.kind === 'response' && (answer.status === 429 || answer.status === 503) && wait !== undefined;
    if (patience) {
      state.rest = rest(trouble, 'asked', now, Math.max(wait, (state.rest?.until ?? now) - now));
      return;
    }
    if (state.rest !== undefined && startedAt < state.rest.until) return;
    state.failures++;
    if (state.failures < FAILURES_TO_OPEN && state.rests === 0) return;
    state.rest = rest(trouble, 'failing', now, Math.min(FIRST_REST_MS * 2 ** state.rests, MAX_PAUSE_MS));
    state.failures = 0;
    state.rests++;
  }

  /** Gives one host, or all, a fresh start: the user asks again, or the network changed. */
  forgive(host?: string): void {
    if (host === undefined) this.#hosts.clear();
    else this.#hosts.delete(host);
  }
}

function troubleOf(answer: TransportResponse | TransportFailure): TransportFailure | undefined {
  if (answer.kind === 'failed') return HOST_TROUBLE.has(answer.reason) ? answer : undefined;
  return answer.status === 429 || answer.status >= 500 ? failed('network', `HTTP ${answer.status}`) : undefined;
}

function rest(cause: TransportFailure, why: Rest['why'], now: number, ms: number): Rest {
  const pause = ms < 120_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.ceil(ms / 60_000)} min`;
  return { until: now + ms, why, failure: { ...cause, message: `${cause.message}; not asked again for ${pause}` } };
}
