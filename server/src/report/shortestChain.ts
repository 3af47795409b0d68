import type { ClosurePath } from '../domain/closureReport';

/**
 * Finds a shortest chain of references from a root to `target`, both included; empty when there is none. Linear in paths and references.
 */
export function shortestChain(roots: readonly string[], paths: Iterable<ClosurePath>, target: string): readonly string[] {
  const references = new Map<string, readonly string[]>();
  for (const path of paths) references.set(path.storePath, path.references);
  const parents = new Map<string, string | undefined>();
  for (const root of roots) if (references.has(root)) parents.set(root, undefined);
  // A map yields what is added while it is walked: breadth first, so that the first way to a path is a shortest one.
  for (const path of parents.keys()) {
    if (path === target) break;
    for (const reference of references.get(path) ?? []) {
      if (references.has(reference) && !parents.has(reference)) parents.set(reference, path);
    }
  }
  if (!parents.has(target)) return [];
  const chain: string[] = [];
  for (let step: string | undefined = target; step !== undefined; step = parents.get(step)) chain.push(step);
  return chain.reverse();
}
