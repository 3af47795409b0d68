/** The guard around every request of an editor: cancellation, failure, log. */
import { type CancellationToken, LSPErrorCodes, ResponseError } from 'vscode-languageserver';
import { enterForeground } from '../util/foreground';

/**
 * Runs `work` with the request's token as an `AbortSignal`. A cancelled request is answered as such; any other failure goes to `log` and is
 * answered with `fallback`, because an editor shows an error for a hover that fails.
 */
export async function answer<T>(
  token: CancellationToken,
  fallback: T,
  log: (error: unknown) => void,
  work: (signal: AbortSignal) => T | Promise<T>,
): Promise<T | ResponseError> {
  const controller = new AbortController();
  const leave = enterForeground();
  const listener = token.onCancellationRequested(() => controller.abort());
  try {
    if (token.isCancellationRequested) controller.abort();
    controller.signal.throwIfAborted();
    return await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) return new ResponseError(LSPErrorCodes.RequestCancelled, 'cancelled');
    log(error);
    return fallback;
  } finally {
    leave();
    listener.dispose();
  }
}
