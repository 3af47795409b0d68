/** The audit of a closure, as a whole. */
import { Closure } from './closure';
import type { ClosurePorts, ClosureRequest } from './request';
import { walk } from './walk';

/**
 * Walks the closure of store paths over the configured caches. Never rejects for what a cache does; when `signal` aborts it ends at once
 * with what is known, and `stopped` says so.
 */
export async function walkClosure(request: ClosureRequest, ports: ClosurePorts, signal: AbortSignal): Promise<Closure> {
  return Closure.of(await walk(request, ports, signal), request.challenge);
}
