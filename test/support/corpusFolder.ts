import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Finds the corpus: `FLAKE_TRUST_CORPUS`, or beside the checkout. Throws, saying so, when it is not there. */
export function corpusFolder(): string {
  const folder = process.env['FLAKE_TRUST_CORPUS'] ?? join(__dirname, '../../../shared/corpus');
  if (!existsSync(folder))
    throw new Error(`corpus not present: ${folder} does not exist; FLAKE_TRUST_CORPUS may name another folder`);
  return folder;
}
