import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, '..', 'fixtures', 'nix-json');

/** The versions of Nix whose output was recorded. */
export const RECORDED_VERSIONS = ['2.8', '2.26', '2.34'] as const;

export type RecordedVersion = (typeof RECORDED_VERSIONS)[number];

/** What one of them printed for a command. */
export function recorded(version: RecordedVersion, name: string): string {
  return readFileSync(join(FOLDER, version, `${name}.json`), 'utf8');
}

/** Names of the recorded outputs that begin with `prefix`. */
export function recordedNames(version: RecordedVersion, prefix: string): string[] {
  return readdirSync(join(FOLDER, version))
    .filter((file) => file.startsWith(prefix))
    .map((file) => file.slice(0, -'.json'.length));
}
