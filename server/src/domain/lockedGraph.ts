/** Which sources an input is evaluated from: its own, and those of its inputs as the flake locks them. */
import { createHash } from 'node:crypto';
import { compareText } from '../util/compare';
import { LockResolver, type FlakeLock } from './flakeLock';

/**
 * Digests the sources that the packages of a node depend on: its narHash, and its inputs' by name, followed and without end. Two flakes that lock the
 * same input with the same inputs have the same digest; one that makes it follow another nixpkgs has not. `undefined` where a source has no
 * hash or is the root flake itself. Takes time linear in what is reachable.
 */
export function lockedGraphDigest(lock: FlakeLock, key: string): string | undefined {
  const resolver = new LockResolver(lock);
  const numbers = new Map([[key, 0]]);
  const hash = createHash('sha256');
  // A map is walked in the order in which it grows: first come, first numbered, whatever the lock calls its nodes.
  for (const node of numbers.keys()) {
    const { narHash, inputs, locked } = lock.nodes.get(node) ?? {};
    if (narHash === undefined || inputs === undefined) return undefined;
    hash.update(`${JSON.stringify([narHash, locked?.get('dir') ?? ''])}\n`);
    for (const [name, edge] of [...inputs].sort(([a], [b]) => compareText(a, b))) {
      const resolution = resolver.resolveEdge(edge, [name]);
      if (resolution.kind !== 'node') return undefined;
      const number = numbers.get(resolution.key) ?? numbers.size;
      numbers.set(resolution.key, number);
      hash.update(`${JSON.stringify([name, number])}\n`);
    }
  }
  return hash.digest('hex');
}
