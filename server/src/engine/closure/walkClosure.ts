/** The audit of a closure, as a whole. */
import { Closure } from './closure';
import { collectFacts } from './facts';
import type { ClosurePorts, ClosureRequest } from './request';
import { walk, type OwnWalk, type Walked } from './walk';

/**
 * Walks the closure of store paths over the configured caches. Never rejects for what a cache does; when `signal` aborts it ends at once
 * with what is known, and `stopped` says so.
 */
export function walkClosure(request: ClosureRequest, ports: ClosurePorts, signal: AbortSignal): Promise<Closure> {
  return walkAndRemember(request, ports, signal, (walked) => Closure.of(walked, request.challenge));
}

/** Walks, makes something of what was found out, and leaves to the next audit what this one understood. */
export async function walkAndRemember<Made>(
  request: ClosureRequest,
  ports: ClosurePorts,
  signal: AbortSignal,
  make: (walked: Walked) => Made | Promise<Made>,
): Promise<Made> {
  const walked = await walk(request, ports, signal);
  const made = await make(walked);
  await rememberFacts(walked, request, ports);
  return made;
}

async function rememberFacts(
  { lanes, paths, answersOf }: OwnWalk,
  { configuration: { storeDir, trusted } }: ClosureRequest,
  { facts }: ClosurePorts,
): Promise<void> {
  if (facts === undefined) return;
  for (const lane of lanes) {
    if (!lane.learned) continue;
    const info = lane.info === undefined ? undefined : { value: lane.info, at: lane.infoAt };
    const collected = await collectFacts(paths, (path) => answersOf(path)?.[lane.order], {
      ...{ storeDir, trusted, info },
      before: lane.facts,
    });
    facts.put(lane.url, collected);
  }
}
