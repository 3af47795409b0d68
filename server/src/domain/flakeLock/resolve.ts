/**
 * Where inputs lead. A `follows` is an input path from the root, and its own steps may be `follows` again, in circles even: Nix
 * 2.8 writes such locks and overflows its stack on them. Each edge is resolved once and remembered, without recursion, so the
 * whole lock takes time linear in its size, whatever its shape.
 */
import type { FlakeLock, LockEdge, Resolution } from './types';

/** The walk along one `follows` path. */
interface Walk {
  readonly edge: LockEdge | undefined;
  readonly path: readonly string[];
  /** How many steps are done, and the node where they led. */
  step: number;
  key: string;
}

/** Resolves edges and paths of one lock, remembering what it found. */
export class LockResolver {
  readonly #lock: FlakeLock;
  readonly #known = new Map<LockEdge, Resolution>();
  /** Edges whose walk has begun and not ended: meeting one again is a cycle. */
  readonly #open = new Set<LockEdge>();

  constructor(lock: FlakeLock) {
    this.#lock = lock;
  }

  /** Resolves an edge. A node that is missing is `dangling`; `path` is the path of the edge itself, for that case. */
  resolveEdge(edge: LockEdge, path: readonly string[]): Resolution {
    if (edge.kind === 'node') return this.#nodeResolution(edge.key, path);
    return this.#known.get(edge) ?? this.#walk({ edge, path: edge.path, step: 0, key: this.#lock.rootKey });
  }

  /** Follows an input path from the root; the empty path is the root itself. */
  resolvePath(path: readonly string[]): Resolution {
    return this.#walk({ edge: undefined, path, step: 0, key: this.#lock.rootKey });
  }

  #walk(first: Walk): Resolution {
    const walks: Walk[] = [first];
    if (first.edge !== undefined) this.#open.add(first.edge);
    let result: Resolution = { kind: 'root' };
    for (let walk = walks.at(-1); walk !== undefined; walk = walks.at(-1)) {
      const next = this.#advance(walk);
      if (next.kind === 'into') {
        walks.push(next.walk);
        continue;
      }
      walks.pop();
      result = next.resolution;
      if (walk.edge !== undefined) {
        this.#open.delete(walk.edge);
        this.#known.set(walk.edge, result);
      }
    }
    return result;
  }

  /** Goes on with a walk until it ends or needs the result of another edge first. */
  #advance(
    walk: Walk,
  ): { readonly kind: 'into'; readonly walk: Walk } | { readonly kind: 'end'; readonly resolution: Resolution } {
    for (; walk.step < walk.path.length; walk.step += 1) {
      const name = walk.path[walk.step] ?? '';
      const at = (): readonly string[] => walk.path.slice(0, walk.step + 1);
      const edge = this.#lock.nodes.get(walk.key)?.inputs.get(name);
      if (edge === undefined) return { kind: 'end', resolution: { kind: 'dangling', at: at() } };
      let target: Resolution | undefined;
      if (edge.kind === 'node') target = this.#nodeResolution(edge.key, at);
      else if (this.#open.has(edge)) target = { kind: 'cycle' };
      else target = this.#known.get(edge);
      if (target === undefined && edge.kind === 'follows') {
        this.#open.add(edge);
        return { kind: 'into', walk: { edge, path: edge.path, step: 0, key: this.#lock.rootKey } };
      }
      if (target?.kind === 'node') walk.key = target.key;
      else if (target?.kind === 'root') walk.key = this.#lock.rootKey;
      else if (target !== undefined) return { kind: 'end', resolution: target };
    }
    return { kind: 'end', resolution: this.#nodeResolution(walk.key, walk.path) };
  }

  #nodeResolution(key: string, at: readonly string[] | (() => readonly string[])): Resolution {
    if (key === this.#lock.rootKey) return { kind: 'root' };
    if (this.#lock.nodes.has(key)) return { kind: 'node', key };
    return { kind: 'dangling', at: typeof at === 'function' ? at() : at };
  }
}

/** Follows an input path from the root, as Nix does (`LockFile::findInput`); cycles end in `cycle`. */
export function resolveInput(lock: FlakeLock, path: readonly string[]): Resolution {
  return new LockResolver(lock).resolvePath(path);
}
