/** What a check is given. */
import type { FlakeFacts, FlakeOptions } from '../flakeFacts/types';
import type { LockWalk } from '../flakeLock';

/** A flake that has been read, before its findings. */
export interface CheckedFlake extends Omit<FlakeFacts, 'findings'> {
  readonly walk?: LockWalk;
  readonly options: FlakeOptions;
}
