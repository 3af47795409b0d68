/** Source identities as records and policies name them: `github.com/nixos/nixpkgs`, or `github.com/nixos/*` for all of an owner. */
import { pathGlob } from '../../util/pathGlob';

/** Tells whether a pattern means a source; case does not count, as on the forges. */
export function meansSource(pattern: string, source: string): boolean {
  const [wanted, actual] = [pattern.toLowerCase(), source.toLowerCase()];
  return wanted.endsWith('/*') ? actual.startsWith(wanted.slice(0, -1)) && actual.length >= wanted.length : wanted === actual;
}

/** All patterns that mean a source: the source itself, and one for each slash in it. */
export function patternsOf(source: string): readonly string[] {
  const lower = source.toLowerCase();
  const patterns = [lower];
  for (let slash = lower.indexOf('/'); slash >= 0; slash = lower.indexOf('/', slash + 1))
    patterns.push(`${lower.slice(0, slash)}/*`);
  return patterns;
}

/** Tells whether one of `globs` matches the path of an input or the identity of its source. */
export function matchesInput(globs: readonly string[], path: readonly string[], source: string | undefined): boolean {
  // A name may have a slash in it; in a path it must not pass for two names.
  const joined = path.map((name) => name.replaceAll('/', '\uFFFD')).join('/');
  return globs.some((glob) => {
    const test = pathGlob(glob);
    return test(joined) || (source !== undefined && (test(source) || meansSource(glob, source)));
  });
}
