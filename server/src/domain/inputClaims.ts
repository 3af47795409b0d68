/** Which inputs a store path may come from, and which of them it comes from, if that can be said. */
import type { StorePath } from './storePath';

/**
 * What speaks for an input. `source`: the path is its source; `sole`: it has no inputs of its own, and the path is a package of it or needed to
 * build one, so that it can come from nowhere else; `defines`: the path is a package of it that says to be defined in its source; `offers`: the path
 * is a package of it, which it may only pass on.
 */
export type ClaimKind = 'source' | 'sole' | 'defines' | 'offers';

export interface InputClaim {
  /** Path of the input from the root, the nearest to its node. */
  readonly input: readonly string[];
  readonly kind: ClaimKind;
  /** Sorted. */
  readonly paths: readonly string[];
}

/**
 * Decides for each of `wanted`: the input whose source it is; else the only one that can have made it; else the only one that says so; else the
 * only one that offers it. Nobody where two do. Depends on the claims alone, not on their order.
 */
export function decideClaims(
  claims: readonly InputClaim[],
  wanted: { has(path: StorePath): boolean },
): ReadonlyMap<StorePath, readonly string[]> {
  const byPath = new Map<StorePath, Map<string, { readonly input: readonly string[]; readonly kinds: Set<ClaimKind> }>>();
  for (const { input, kind, paths } of claims) {
    const key = JSON.stringify(input);
    for (const path of paths as readonly StorePath[]) {
      if (!wanted.has(path)) continue;
      const ofPath = byPath.get(path) ?? new Map<string, { readonly input: readonly string[]; readonly kinds: Set<ClaimKind> }>();
      byPath.set(path, ofPath);
      const one = ofPath.get(key) ?? { input, kinds: new Set<ClaimKind>() };
      ofPath.set(key, one);
      one.kinds.add(kind);
    }
  }
  const decided = new Map<StorePath, readonly string[]>();
  for (const [path, ofPath] of byPath) {
    const all = [...ofPath.values()];
    const having = (kind: ClaimKind) => all.filter(({ kinds }) => kinds.has(kind));
    const [sources, sole, defining] = [having('source'), having('sole'), having('defines')];
    const speaking = [sources, sole.length === 1 ? sole : [], defining, sole, all].find(({ length }) => length > 0) ?? [];
    const [only, another] = speaking;
    if (only === undefined || another !== undefined) continue;
    // Two that cannot both be right.
    if (sources.length === 0 && defining.length > 0 && !defining.includes(only)) continue;
    decided.set(path, only.input);
  }
  return decided;
}
