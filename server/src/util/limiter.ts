import { onAbort } from './abort';

interface Waiting {
  /** Order of arrival over all keys. */
  readonly ticket: number;
  readonly start: () => void;
}

interface Lane {
  running: number;
  readonly waiting: Set<Waiting>;
}

/** Bounds how much runs at once: so much per key, so much overall. Who came first goes first, as far as their key has room. */
export class Limiter {
  #perKey: number;
  readonly #overall: number;
  readonly #lanes = new Map<string, Lane>();
  #running = 0;
  #tickets = 0;

  constructor(perKey: number, overall: number) {
    this.#perKey = perKey;
    this.#overall = overall;
  }

  /** Changes how much may run per key; what runs already goes on. */
  setPerKey(perKey: number): void {
    this.#perKey = perKey;
    this.#startMore();
  }

  /** Runs `work` when there is room, and settles as it does. Rejects with the reason of `signal` when that aborts while waiting. */
  async run<T>(key: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const lane = await this.#enter(key, signal);
    try {
      return await work();
    } finally {
      lane.running--;
      this.#running--;
      this.#forgetIdle(key, lane);
      this.#startMore();
    }
  }

  #enter(key: string, signal: AbortSignal): Promise<Lane> {
    signal.throwIfAborted();
    const lane = this.#lanes.get(key) ?? { running: 0, waiting: new Set() };
    this.#lanes.set(key, lane);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        ticket: this.#tickets++,
        start: () => {
          dispose();
          resolve(lane);
        },
      };
      lane.waiting.add(waiting);
      const dispose = onAbort(signal, () => {
        lane.waiting.delete(waiting);
        this.#forgetIdle(key, lane);
        reject(signal.reason as Error);
      });
      this.#startMore();
    });
  }

  #startMore(): void {
    while (this.#running < this.#overall) {
      let first: { lane: Lane; waiting: Waiting } | undefined;
      for (const lane of this.#lanes.values()) {
        if (lane.running >= this.#perKey) continue;
        const [waiting] = lane.waiting;
        if (waiting !== undefined && (first === undefined || waiting.ticket < first.waiting.ticket)) first = { lane, waiting };
      }
      if (first === undefined) return;
      first.lane.waiting.delete(first.waiting);
      first.lane.running++;
      this.#running++;
      first.waiting.start();
    }
  }

  #forgetIdle(key: string, lane: Lane): void {
    if (lane.running === 0 && lane.waiting.size === 0) this.#lanes.delete(key);
  }
}
