/** Copies the Nix grammar of the package tm-grammars to syntaxes/nix.tmLanguage.json, which is not kept in the repository. */
import { copyFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const from = fileURLToPath(import.meta.resolve('tm-grammars/grammars/nix.json'));
const to = fileURLToPath(new URL('../syntaxes/nix.tmLanguage.json', import.meta.url));

await copyFile(from, to);
