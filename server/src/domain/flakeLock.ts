/** flake.lock, versions 5 to 7: parsed with positions, `follows` resolved. Only nodes reachable from the root matter. */
export { lockMismatches, type Mismatch } from './flakeLock/agreement';
export { URL_COMMIT } from './flakeLock/immutableLink';
export { parseFlakeLock } from './flakeLock/parse';
export { lockProblems } from './flakeLock/problems';
export { LockResolver, resolveInput } from './flakeLock/resolve';
export { reachableInputs, walkLock, type LockWalk } from './flakeLock/walk';
export type {
  AttrSpans,
  FlakeLock,
  LockEdge,
  LockNode,
  LockProblem,
  NarHashProblem,
  ParsedLock,
  ResolvedInput,
  Resolution,
} from './flakeLock/types';
