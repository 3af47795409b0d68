/** Finds the Nix that the user installed, and never one that came with a repository. */
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Environment } from '../../engine/ports';

export type NixSearch =
  | {
      readonly kind: 'found';
      /** The executable, absolute. */
      readonly file: string;
      /** A `PATH` of its believable entries, for what Nix starts in turn (`git`, `ssh`). */
      readonly searchPath: string;
    }
  | { readonly kind: 'absent'; /** Entries of `PATH` that were passed over. */ readonly refused: readonly string[] };

/**
 * Searches `PATH`. An entry that is relative, or that leads into one of `foreign` folders (a flake, a workspace) or the repository around
 * it, is passed over: otherwise a repository could ship a program named `nix` or `git` that opening an editor there, or a
 * `PATH` with `./bin` in it, would start.
 */
export function findNix(environment: Environment, foreign: readonly string[]): Promise<NixSearch> {
  return findProgram('nix', environment, foreign);
}

/** Searches for another program in the same way. */
export async function findProgram(
  name: string,
  { variables, home }: Environment,
  foreign: readonly string[],
): Promise<NixSearch> {
  const folders = await foreignFolders(foreign, home);
  const believable: string[] = [];
  const refused: string[] = [];
  for (const entry of new Set((variables['PATH'] ?? '').split(path.delimiter))) {
    if (path.isAbsolute(entry) && !(await leadsInto(entry, folders))) believable.push(entry);
    else if (entry !== '') refused.push(entry);
  }
  for (const entry of believable) {
    const file = path.join(entry, name);
    if ((await isExecutable(file)) && !(await leadsInto(file, folders))) {
      return { kind: 'found', file, searchPath: believable.join(path.delimiter) };
    }
  }
  return { kind: 'absent', refused };
}

/** The folders as they are named and as they are, each up to the repository that it is part of. */
async function foreignFolders(foreign: readonly string[], home: string): Promise<string[]> {
  const folders = new Set<string>();
  const own = await realpath(home).catch(() => home);
  for (const named of foreign) {
    for (const folder of [path.resolve(named), await realpath(named).catch(() => path.resolve(named))]) {
      for (const candidate of [folder, await repositoryAround(folder)]) {
        // Who keeps the whole home in one repository also has ~/.nix-profile/bin there; a home is no clone.
        if (candidate !== undefined && !isInside(own, candidate)) folders.add(candidate);
      }
    }
  }
  return [...folders];
}

async function repositoryAround(folder: string): Promise<string | undefined> {
  for (let at = folder; ; at = path.dirname(at)) {
    if (await exists(path.join(at, '.git'))) return at;
    if (path.dirname(at) === at) return undefined;
  }
}

async function leadsInto(file: string, folders: readonly string[]): Promise<boolean> {
  const real = await realpath(file).catch(() => file);
  return folders.some((folder) => isInside(path.resolve(file), folder) || isInside(real, folder));
}

function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative === '' || (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative));
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
