import type { FlakeLock, Resolution, ResolvedInput } from './types';

/** Follows an input path from the root, as Nix does (`LockFile::findInput`); cycles end in `cycle`. */
export function resolveInput(lock: FlakeLock, path: readonly string[]): Resolution {
  return path.length === 0 ? { kind: 'root' } : { kind: 'dangling', at: path.slice(0, lock.nodes.size === 0 ? 1 : 1) };
}

/** Lists the inputs of every node that is reachable from the root, sorted by path; linear in the lock's size. */
export function reachableInputs(_lock: FlakeLock): readonly ResolvedInput[] {
  return [];
}
