/**
 * Globs over paths with `/`, as editors use them to leave files out: `*` and `?` inside one segment, `**` for any number of segments,
 * `{a,b}`, `[a-z]` not. Time is at most (length of glob) × (length of path), because a repository may bring the glob.
 */

const MAX_ALTERNATIVES = 64;

/** Makes a test for one glob; without a leading slash it is matched against the whole of a relative path. */
export function pathGlob(glob: string): (path: string) => boolean {
  const alternatives = expandBraces(glob.replace(/^\.?\/+/, '').replace(/\/+$/, '')).map((pattern) => pattern.split('/'));
  return (path) => {
    const segments = path.split('/').filter((segment) => segment !== '');
    return alternatives.some((pattern) => matchSegments(pattern, segments));
  };
}

/** Tells whether one of `globs` matches the path or a folder above it. */
export function isExcluded(globs: readonly string[], path: string): boolean {
  const segments = path.split('/').filter((segment) => segment !== '');
  const tests = globs.map(pathGlob);
  return segments.some((_, index) => {
    const part = segments.slice(0, index + 1).join('/');
    return tests.some((test) => test(part));
  });
}

/** Expands `{a,b}`, nested ones too; a glob with more than {@link MAX_ALTERNATIVES} alternatives is cut there. */
function expandBraces(glob: string): string[] {
  const done: string[] = [];
  const todo = [glob];
  while (todo.length > 0 && done.length < MAX_ALTERNATIVES && todo.length < MAX_ALTERNATIVES) {
    const next = todo.shift() ?? '';
    const innermost = /\{([^{}]*)\}/.exec(next);
    if (innermost === null) done.push(next);
    else
      for (const choice of (innermost[1] ?? '').split(','))
        todo.push(next.slice(0, innermost.index) + choice + next.slice(innermost.index + innermost[0].length));
  }
  return done;
}

/** Matches segments from left to right; on a mismatch behind a `**`, that one takes one segment more. */
function matchSegments(pattern: readonly string[], segments: readonly string[]): boolean {
  return wild(pattern, segments, (part) => part === '**', matchOne);
}

/** Matches the characters of one segment. */
function matchOne(pattern: string, segment: string): boolean {
  return wild(
    Array.from(pattern),
    Array.from(segment),
    (part) => part === '*',
    (part, character) => part === '?' || part === character,
  );
}

/** Matches with one kind of wildcard for "any number"; it is enough to return to the last one. */
function wild(
  pattern: readonly string[],
  items: readonly string[],
  isMany: (part: string) => boolean,
  isSame: (part: string, item: string) => boolean,
): boolean {
  let at = 0;
  let item = 0;
  let many = -1;
  let resume = 0;
  while (item < items.length) {
    const part = pattern[at];
    const current = items[item] ?? '';
    if (part !== undefined && isMany(part)) {
      many = at++;
      resume = item;
    } else if (part !== undefined && isSame(part, current)) {
      at++;
      item++;
    } else if (many >= 0) {
      at = many + 1;
      item = ++resume;
    } else {
      return false;
    }
  }
  return pattern.slice(at).every(isMany);
}
