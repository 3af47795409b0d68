// The licences of what the bundles contain, as their authors ask to be told.
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';

/** Gives the text of THIRD-PARTY-NOTICES.txt for the packages that esbuild's metafiles name. */
export async function noticesOf(root, metafiles) {
  const folders = new Set(
    metafiles
      .flatMap(({ inputs }) => Object.keys(inputs))
      .map(packageFolder)
      .filter((folder) => folder !== undefined),
  );
  const notices = new Map();
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(await readFile(path.join(root, folder, 'package.json'), 'utf8'));
    // All of them: the icons of @vscode/codicons have one licence, and another file names their author.
    const files = (await readdir(path.join(root, folder))).sort().filter((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const texts = await Promise.all(files.map((file) => readFile(path.join(root, folder, file), 'utf8')));
    notices.set(`${name} ${version}`, texts.length === 0 ? `Licence: ${license}` : texts.map((text) => text.trim()).join('\n\n'));
  }
  const parts = [...notices]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([title, text]) => `${title}\n${'-'.repeat(title.length)}\n${text}\n`);
  return `Flake Trust contains code of these packages.\n\n${parts.join('\n\n')}`;
}

/** The innermost package folder of a bundled file, for example `node_modules/a/node_modules/@b/c`. */
function packageFolder(file) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}
