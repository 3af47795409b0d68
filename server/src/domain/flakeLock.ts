/** flake.lock, versions 5 to 7: parsed with positions, `follows` resolved. Only nodes reachable from the root matter. */
export { parseFlakeLock } from './flakeLock/parse';
export { LockResolver, reachableInputs, resolveInput, walkLock, type LockWalk } from './flakeLock/resolve';
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
