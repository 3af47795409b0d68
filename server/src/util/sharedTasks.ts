import { whileNotAborted } from './abort';

interface Running<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Runs at most one task per key at a time; everybody who asks meanwhile waits for the same one. Who cancels stops waiting; the task
 * itself is aborted only when nobody waits for it any more. Nothing is kept once a task has ended.
 */
export class SharedTasks<T> {
  readonly #running = new Map<string, Running<T>>();

  /** Joins the task that runs under `key`, or starts one. Rejects as the task does, or with the reason of `signal`. */
  async run(key: string, task: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const running = this.#running.get(key) ?? this.#start(key, task);
    running.waiting += 1;
    try {
      return await whileNotAborted(running.result, signal);
    } finally {
      running.waiting -= 1;
      if (running.waiting === 0 && this.#forget(key, running)) running.controller.abort();
    }
  }

  /** Aborts everything that runs. */
  abortAll(): void {
    for (const { controller } of this.#running.values()) controller.abort();
    this.#running.clear();
  }

  #start(key: string, task: (signal: AbortSignal) => Promise<T>): Running<T> {
    const controller = new AbortController();
    const running: Running<T> = { result: task(controller.signal), controller, waiting: 0 };
    this.#running.set(key, running);
    const forget = () => {
      this.#forget(key, running);
    };
    running.result.then(forget, forget);
    return running;
  }

  /** Lets the next caller start anew, who must not join a task that ended or is being given up. Tells whether it was still running. */
  #forget(key: string, running: Running<T>): boolean {
    return this.#running.get(key) === running && this.#running.delete(key);
  }
}
