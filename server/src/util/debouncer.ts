/** Runs work once, some time after it was last asked for, per key. Nothing runs after {@link Debouncer.dispose}. */
export class Debouncer {
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #disposed = false;

  /** Runs `work` in `delayMs`, instead of what was waiting under the same key. */
  schedule(key: string, delayMs: number, work: () => void): void {
    this.cancel(key);
    if (this.#disposed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      work();
    }, delayMs);
    this.#timers.set(key, timer);
  }

  /** Runs `work` in `delayMs` unless something waits under the key already: at most one run per `delayMs`, however often it is asked for. */
  coalesce(key: string, delayMs: number, work: () => void): void {
    if (!this.#timers.has(key)) this.schedule(key, delayMs, work);
  }

  /** Forgets what waits under a key. */
  cancel(key: string): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }

  dispose(): void {
    this.#disposed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
