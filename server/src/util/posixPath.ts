/** Paths of Unix as text: no file is looked at, no link followed. */

/** Makes a path absolute and removes `.`, `..`, doubled and trailing slashes; `undefined` when it stays relative. */
export function resolvePath(path: string, directory?: string): string | undefined {
  const whole = path.startsWith('/') ? path : `${directory ?? ''}/${path}`;
  if (!path.startsWith('/') && directory?.startsWith('/') !== true) return undefined;
  const parts: string[] = [];
  for (const part of whole.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Gives the directory of an absolute path, without trailing slash unless it is the root. */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}
