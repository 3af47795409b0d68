/** `nix build --dry-run --json`: which derivations and outputs installables stand for. The same shape from 2.8 to 2.34. */
import { err, ok, type Result } from '../../domain/result';
import { parseStorePath, STORE_DIR, type StorePath } from '../../domain/storePath';
import type { FormatError } from './derivations';
import { asObject, asString, parseJson } from './json';

export interface Buildables {
  readonly roots: readonly { readonly drvPath: StorePath; readonly outputs: readonly string[] }[];
  readonly paths: readonly StorePath[];
}

/** Parses the list; a derivation named twice is joined, with all outputs that were selected. */
export function parseBuildables(text: string, storeDir: string = STORE_DIR): Result<Buildables, FormatError> {
  const json = parseJson(text);
  if (!Array.isArray(json)) return err('what it prints of a dry run is no JSON list');
  const roots = new Map<StorePath, Set<string>>();
  const paths = new Set<StorePath>();
  for (const element of json as readonly unknown[]) {
    const object = asObject(element);
    const drvPath = asString(object?.['drvPath']);
    const parsed = parseStorePath(drvPath ?? asString(element) ?? asString(object?.['path']) ?? '', storeDir);
    if (!parsed.ok) return err('what it prints of a dry run is not understood');
    if (drvPath === undefined) {
      paths.add(parsed.value);
      continue;
    }
    const outputs = roots.get(parsed.value) ?? new Set<string>();
    for (const output of Object.keys(asObject(object?.['outputs']) ?? {})) outputs.add(output);
    roots.set(parsed.value, outputs);
  }
  return ok({
    roots: [...roots].map(([drvPath, outputs]) => ({ drvPath, outputs: [...outputs].sort() })),
    paths: [...paths],
  });
}
