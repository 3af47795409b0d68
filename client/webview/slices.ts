/** Long work in short pieces, so that a key press is never waited for. */

const SLICE_MS = 6;
/** Reading the clock costs more than a step of the work. */
const STEPS_PER_LOOK = 1024;

/** Thrown out of work that newer work made useless. */
export class Superseded extends Error {}

/** One job; `await slices.pause()` wherever {@link due} is true. */
export class Slices {
  readonly #signal: AbortSignal | undefined;
  #until = performance.now() + SLICE_MS;
  #steps = 0;

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** Whether the time of this piece is over. Cheap enough for every step of a loop. */
  get due(): boolean {
    return (++this.#steps & (STEPS_PER_LOOK - 1)) === 0 && performance.now() >= this.#until;
  }

  /** Lets the page draw and answer. Rejects with {@link Superseded} when the job is no longer wanted. */
  async pause(): Promise<void> {
    await nextTask();
    if (this.#signal?.aborted === true) throw new Superseded();
    this.#until = performance.now() + SLICE_MS;
  }
}

/** A task of its own, without the four milliseconds that nested timers wait. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
