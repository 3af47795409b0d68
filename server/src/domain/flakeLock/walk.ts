/** Walks a lock from its root: which inputs there are, and by which path. */
import { compareText } from '../../util/compare';
import { LockResolver } from './resolve';
import type { FlakeLock, LockEdge, ResolvedInput } from './types';

/** All that can be reached. */
export interface LockWalk {
  /** Sorted by path. */
  readonly inputs: readonly ResolvedInput[];
  /** Keys of the nodes that can be reached, the root's among them. */
  readonly reached: ReadonlySet<string>;
  /** False when the lock is nested so deeply that its paths would fill the memory: the deepest inputs are left out. */
  readonly complete: boolean;
  readonly resolver: LockResolver;
  /** Where a node hangs in the tree of edges that name nodes, `follows` left aside; absent for the root. */
  owner(key: string): NodeOwner | undefined;
  /** The path of a node in that tree, which is the one under which flake.nix can override it; absent when it is very deep. */
  directPath(key: string): readonly string[] | undefined;
}

/** The edge by which a node is reached first. */
export interface NodeOwner {
  readonly parentKey: string;
  readonly name: string;
  /** Length of the node's path. */
  readonly depth: number;
}

/** Path elements of all inputs together. Real locks need some thousand; a chain of a million nodes would need 10^12. */
const MAX_PATH_ELEMENTS = 4_000_000;

/** Overrides in flake.nix are not read deeper. */
const MAX_DIRECT_PATH = 100;

/** An input, and whether its node's own inputs are listed behind it. */
interface Found {
  readonly input: ResolvedInput;
  readonly opens: boolean;
}

/**
 * Walks from the root, breadth first; linear in the lock's size.
 *
 * The path of an input is the shortest that leads to its node, through `follows` too, and then its name; among equally short
 * ones the first in order of names.
 */
export function walkLock(lock: FlakeLock): LockWalk {
  const resolver = new LockResolver(lock);
  const edgesOf = sortedEdges(lock);
  const byNode = new Map<string, readonly Found[]>();
  const reached = new Map<string, readonly string[]>([[lock.rootKey, []]]);
  let elements = 0;
  let complete = true;
  // A Map is walked in order of insertion, also over what is inserted meanwhile: breadth first.
  for (const [parentKey, parentPath] of reached) {
    const edges = edgesOf(parentKey);
    elements += edges.length * (parentPath.length + 1);
    complete = elements <= MAX_PATH_ELEMENTS;
    if (!complete) break;
    const found = edges.map(([name, edge]): Found => {
      const path = [...parentPath, name];
      const resolution = resolver.resolveEdge(edge, path);
      const opens = resolution.kind === 'node' && !reached.has(resolution.key);
      if (resolution.kind === 'node' && opens) reached.set(resolution.key, path);
      return { input: { path, parentKey, edge, resolution }, opens };
    });
    byNode.set(parentKey, found);
  }
  const owners = nodeOwners(lock, edgesOf);
  return {
    inputs: inOrder(byNode, lock.rootKey),
    reached: new Set(reached.keys()),
    complete,
    resolver,
    owner: (key) => owners.get(key),
    directPath: (key) => directPath(owners, key),
  };
}

/** Lists the inputs of every node that is reachable from the root, sorted by path; linear in the lock's size. */
export function reachableInputs(lock: FlakeLock): readonly ResolvedInput[] {
  return walkLock(lock).inputs;
}

type EdgesOf = (key: string) => readonly (readonly [name: string, edge: LockEdge])[];

/** Gives the edges of nodes in order of their names, which is how Nix writes them. */
function sortedEdges(lock: FlakeLock): EdgesOf {
  const known = new Map<string, readonly (readonly [string, LockEdge])[]>();
  return (key) => {
    let edges = known.get(key);
    if (edges === undefined) {
      const unsorted = [...(lock.nodes.get(key)?.inputs ?? [])];
      edges = unsorted.every(([name], index) => index === 0 || (unsorted[index - 1]?.[0] ?? '') < name)
        ? unsorted
        : unsorted.sort(([a], [b]) => compareText(a, b));
      known.set(key, edges);
    }
    return edges;
  };
}

/** Lists depth first what was found breadth first, which sorts by path without comparing any. */
function inOrder(byNode: ReadonlyMap<string, readonly Found[]>, rootKey: string): readonly ResolvedInput[] {
  const ordered: ResolvedInput[] = [];
  const pending = [...(byNode.get(rootKey) ?? [])].reverse();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { input, opens } = next;
    ordered.push(input);
    if (!opens || input.resolution.kind !== 'node') continue;
    for (const child of [...(byNode.get(input.resolution.key) ?? [])].reverse()) pending.push(child);
  }
  return ordered;
}

function nodeOwners(lock: FlakeLock, edgesOf: EdgesOf): ReadonlyMap<string, NodeOwner> {
  const owners = new Map<string, NodeOwner>();
  const keys = new Set([lock.rootKey]);
  for (const parentKey of keys) {
    const depth = (owners.get(parentKey)?.depth ?? 0) + 1;
    for (const [name, edge] of edgesOf(parentKey)) {
      if (edge.kind !== 'node' || keys.has(edge.key) || !lock.nodes.has(edge.key)) continue;
      keys.add(edge.key);
      owners.set(edge.key, { parentKey, name, depth });
    }
  }
  return owners;
}

function directPath(owners: ReadonlyMap<string, NodeOwner>, key: string): readonly string[] | undefined {
  if ((owners.get(key)?.depth ?? 0) > MAX_DIRECT_PATH) return undefined;
  const path: string[] = [];
  for (let owner = owners.get(key); owner !== undefined; owner = owners.get(owner.parentKey)) path.push(owner.name);
  return path.reverse();
}
