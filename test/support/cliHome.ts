import path from 'node:path';
import { ensureBuilt } from './cli';
import { temporaryFolder } from './flakeDir';

/** A home of its own for one test of the bundled command line. */
export interface CliHome {
  readonly home: string;
  /** Where a flake may be written; not there yet. */
  readonly flake: string;
  readonly remove: () => void;
}

/** Makes a home, and builds the command line where that is due. */
export function cliHome(): CliHome {
  ensureBuilt();
  const { dir, remove } = temporaryFolder();
  return { home: dir, flake: path.join(dir, 'flake'), remove };
}
