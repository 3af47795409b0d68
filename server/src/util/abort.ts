/** Waiting that ends at once when an `AbortSignal` aborts, and leaves no timer and no listener behind. */
import { setMaxListeners } from 'node:events';

/**
 * Calls `listener` when `signal` aborts, at once if it has aborted already. Returns the function that takes the listener away again.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener();
    return () => undefined;
  }
  // One audit's signal is waited on by hundreds of requests; from the eleventh listener on Node would warn of a leak.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** Settles as `promise` does, or rejects with the signal's reason as soon as it aborts. What runs behind `promise` is not stopped. */
export function whileNotAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const dispose = onAbort(signal, () => reject(signal.reason as Error));
    promise.then(resolve, reject).finally(dispose);
  });
}

/** Waits some milliseconds; rejects with the signal's reason when it aborts. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** The {@link Sleep} of the real clock. */
export const sleep: Sleep = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      dispose();
      resolve();
    }, ms);
    const dispose = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
