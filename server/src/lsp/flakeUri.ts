/** Which flake a document belongs to. Only files on disk are looked at: an editor's diff and history views have other schemes. */
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { FlakeFile } from '../domain/finding';
import { VETTING_FILES, VETTING_FOLDER, type VettingFile } from '../domain/vetting/types';

/** A file of a flake that is read, by its path from the flake's folder. */
export type FlakeText = FlakeFile | VettingFile;

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

const VETTING_TEXTS = new Map<string, VettingFile>(
  Object.values(VETTING_FILES).map((file) => [file.slice(VETTING_FOLDER.length + 1), file]),
);

/** The same for all of its files that are read, those of the folder `flake-trust/` too. */
export function flakeTextOf(uri: string): { readonly dir: string; readonly file: FlakeText } | undefined {
  const path = pathOfUri(uri);
  const file = path === undefined ? undefined : VETTING_TEXTS.get(basename(path));
  if (path === undefined || file === undefined) return flakeFileOf(uri);
  const folder = dirname(path);
  return basename(folder) === VETTING_FOLDER ? { dir: dirname(folder), file } : undefined;
}

/** Returns the folder of the flake to which a folder `flake-trust/` belongs: an editor may tell of the folder alone when it is deleted. */
export function flakeDirOfVettingFolder(uri: string): string | undefined {
  const path = pathOfUri(uri);
  return path !== undefined && basename(path) === VETTING_FOLDER ? dirname(path) : undefined;
}

/** Returns the folder of the flake that a URI of the folder or of one of the files names. */
export function flakeDirOf(uri: string): string | undefined {
  const path = pathOfUri(uri);
  if (path === undefined) return undefined;
  return flakeTextOf(uri)?.dir ?? (path.length > 1 ? path.replace(/[/\\]+$/, '') : path);
}

/** Returns the URI of a file of a flake. */
export function uriOfFile(dir: string, file: FlakeText): string {
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
