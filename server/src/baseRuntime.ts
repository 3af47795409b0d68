/** The part of the runtime that costs nothing to make: what the command line needs before it knows what it is asked for. */
import { nodeEnvironment } from './adapters/nodeEnvironment';
import { nodeFiles } from './adapters/nodeFiles';
import { systemClock } from './adapters/systemClock';
import type { Clock, Environment, Files } from './engine/ports';

export interface BaseRuntime {
  readonly files: Files;
  readonly clock: Clock;
  readonly environment: Environment;
}

/** Files, clock and environment of this process. */
export function baseRuntime(): BaseRuntime {
  return { files: nodeFiles, clock: systemClock, environment: nodeEnvironment() };
}
