/** Which flake a document belongs to. Only files on disk are looked at: an editor's diff and history views have other schemes. */
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { FlakeFile } from '../domain/finding';

/** Returns the local path of a `file:` URI without host, or nothing. */
export function pathOfUri(uri: string): string | undefined {
  if (!/^file:\/\/(?:localhost)?\//i.test(uri)) return undefined;
  try {
    return fileURLToPath(uri.replace(/^file:\/\/localhost\//i, 'file:///').replace(/[?#].*$/s, ''));
  } catch {
    // A damaged escape, or a `%2F`, which no path has.
    return undefined;
  }
}

/** Returns the folder and which of its two files a document is; nothing for any other document. */
export function flakeFileOf(uri: string): { readonly dir: string; readonly file: FlakeFile } | undefined {
  const path = pathOfUri(uri);
  if (path === undefined) return undefined;
  const name = basename(path);
  return name === 'flake.nix' || name === 'flake.lock' ? { dir: dirname(path), file: name } : undefined;
}

/** Returns the folder of the flake that a URI of a folder, of flake.nix or of flake.lock names. */
export function flakeDirOf(uri: string): string | undefined {
  const path = pathOfUri(uri);
  if (path === undefined) return undefined;
  return flakeFileOf(uri)?.dir ?? (path.length > 1 ? path.replace(/[/\\]+$/, '') : path);
}

/** Returns the URI of a file of a flake. */
export function uriOfFile(dir: string, file: FlakeFile): string {
  return pathToFileURL(join(dir, file)).href;
}

/** Returns the URI of a folder, without a slash at its end. */
export function uriOfDir(dir: string): string {
  return pathToFileURL(dir).href;
}

/** Tells whether a folder is another one or lies below it. */
export function isInside(dir: string, folder: string): boolean {
  const path = relative(folder, dir);
  return path !== '..' && !/^\.\.[/\\]/.test(path) && !isAbsolute(path);
}
