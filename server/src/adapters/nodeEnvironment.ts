import { homedir } from 'node:os';
import type { Environment } from '../engine/ports';

/** Reads the environment of this process. The home is `HOME` where it is set, as for Nix, else what the system knows. */
export function nodeEnvironment(): Environment {
  const home = process.env['HOME'];
  return { variables: process.env, home: home === undefined || home === '' ? homedir() : home, platform: process.platform };
}
