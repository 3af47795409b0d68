/**
 * Why each path is in a closure, as one number a path: the place of the path through which it is first reached from a root, so that following
 * the numbers gives a shortest chain. A closure that was walked knows them; here they are found for one that was read back from its JSON.
 */
import type { ClosurePath } from './closureReport';

/** In place of a number: the path is a root. */
export const FROM_ROOT = -1;

/** In place of a number: no root leads to the path; it was looked at beside them. */
export const FROM_NO_ROOT = -2;

type Referring = Pick<ClosurePath, 'storePath' | 'references'>;

/** Finds the numbers, by place in `paths`, breadth first. Linear in paths and references. */
export function reachedThrough(roots: readonly string[], paths: readonly Referring[]): Int32Array {
  const places = new Map<string, number>();
  for (const [place, { storePath }] of paths.entries()) places.set(storePath, place);
  const through = new Int32Array(paths.length).fill(FROM_NO_ROOT);
  const reached = new Int32Array(paths.length);
  let count = 0;
  const reach = (path: string, from: number): void => {
    const place = places.get(path);
    if (place === undefined || through[place] !== FROM_NO_ROOT) return;
    through[place] = from;
    reached[count++] = place;
  };
  for (const root of roots) reach(root, FROM_ROOT);
  // The list grows while it is read: the first way to a path is a shortest one.
  for (let at = 0; at < count; at++) {
    const place = reached[at] ?? 0;
    for (const reference of paths[place]?.references ?? []) reach(reference, place);
  }
  return through;
}

/** The chain of references that ends at a path, by the numbers of {@link reachedThrough}; empty when `paths` does not have it. */
export function chainTo(path: string, paths: readonly Referring[], through: Int32Array): readonly string[] {
  const chain: string[] = [];
  for (let place = paths.findIndex(({ storePath }) => storePath === path); place >= 0; place = through[place] ?? FROM_NO_ROOT) {
    chain.push(paths[place]?.storePath ?? '');
  }
  return chain.reverse();
}
