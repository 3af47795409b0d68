import { userInfo } from 'node:os';
import type { Environment } from '../engine/ports';

/** Reads the environment of this process. The home is `HOME` where it is set, as for Nix, else what the system knows. */
export function nodeEnvironment(): Environment {
  const home = process.env['HOME'] ?? '';
  return { variables: process.env, home: home === '' ? homeOfUser() : home, platform: process.platform };
}

/** As the system's list of users says; the root directory for a user who is not in it, as in some containers. */
function homeOfUser(): string {
  try {
    return userInfo().homedir;
  } catch {
    return '/';
  }
}
