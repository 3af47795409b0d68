import path from 'node:path';
import type { Environment } from '../engine/ports';

/** Where answers are remembered unless told otherwise: `$XDG_CACHE_HOME/flake-trust`. A relative `XDG_CACHE_HOME` counts as unset, as its specification says. */
export function defaultStorageDirectory({ variables, home }: Environment): string {
  const cacheHome = variables['XDG_CACHE_HOME'] ?? '';
  return path.join(path.isAbsolute(cacheHome) ? cacheHome : path.join(home, '.cache'), 'flake-trust');
}
