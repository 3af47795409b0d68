/**
 * Where a file of a repository really lies. A hostile repository may bring a link in place of a file, to `~/.netrc` or a token of the user's; parts of what
 * that holds would then stand in messages and reports, which are published by CI. So such a link is not followed.
 */
import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';

export const LEADS_OUT = "it is a symbolic link that leads out of the flake's folder, and what it leads to is not read";
const LEADS_NOWHERE = 'it is a symbolic link that leads nowhere';

export type Place =
  /** Absolute, without any link in it. */
  { readonly kind: 'found'; readonly path: string } | { readonly kind: 'refused'; readonly reason: string };

/** Follows the links of `file`, and of the folders above it, as long as they lead to something in `folder`. Rejects as Node does, so with ENOENT where nothing is. */
export async function placeWithin(file: string, folder: string): Promise<Place> {
  const root = await realpath(folder);
  let place: string;
  try {
    place = await realpath(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && (await hasLink(file, folder)))
      return { kind: 'refused', reason: LEADS_NOWHERE };
    throw error;
  }
  return isBelow(place, root) ? { kind: 'found', path: place } : { kind: 'refused', reason: LEADS_OUT };
}

function isBelow(place: string, root: string): boolean {
  const relative = path.relative(root, place);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

/** Whether the file or a folder between it and `folder` is a link. */
async function hasLink(file: string, folder: string): Promise<boolean> {
  const top = path.resolve(folder);
  for (let at = path.resolve(file); at !== top && at !== path.dirname(at); at = path.dirname(at)) {
    const stats = await lstat(at).catch(() => undefined);
    if (stats?.isSymbolicLink()) return true;
  }
  return false;
}
