/**
 * Makes flake-trust-<version>.vsix, prints what is in it, and refuses a package that is too large or holds what must not be
 * shipped or lacks what must be.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createVSIX } from '@vscode/vsce';

const MAX_BYTES = 1.5 * 1000 * 1000;

const root = path.join(import.meta.dirname, '..');
const { name, version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
const vsix = path.join(root, `${name}-${version}.vsix`);

// Runs the script vscode:prepublish first, which builds for release. Everything is bundled: no node_modules.
await createVSIX({ cwd: root, packagePath: vsix, dependencies: false });

const archive = await readFile(vsix);
const files = entriesOf(archive).filter((entry) => !entry.name.endsWith('/'));
for (const { name: file, size } of files) console.log(`${String(size).padStart(9)}  ${file}`);
console.log(`${String(archive.length).padStart(9)}  ${path.basename(vsix)}, ${files.length} files`);

const has = (file) => files.some((entry) => entry.name === `extension/${file}`);
const required = [
  'dist/extension.js',
  'dist/server.js',
  'dist/cli.js',
  'dist/closureView.js',
  'dist/closureView.css',
  'dist/commands.js',
  'dist/runClosure.js',
  'dist/directTransport.js',
  'dist/closureThread.js',
  'dist/signatureWorker.js',
  'dist/THIRD-PARTY-NOTICES.txt',
  'docs/schema/policy.schema.json',
  'docs/schema/records.schema.json',
  'package.nls.json',
  'media/icon.png',
];
const problems = [
  ...(archive.length > MAX_BYTES ? [`larger than ${MAX_BYTES} bytes`] : []),
  ...files
    .filter((entry) => /\.(node|map|ts|tsbuildinfo)$|node_modules|\/test\//.test(entry.name))
    .map((entry) => `${entry.name} must not be shipped`),
  ...required.filter((file) => !has(file)).map((file) => `${file} is missing`),
  ...(files.some((entry) => /^extension\/docs\/checks\/.+\.md$/.test(entry.name))
    ? []
    : ['the pages about the checks are missing']),
];
for (const problem of problems) console.error(`error: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;

/** Reads names and sizes (uncompressed, in bytes) from the central directory of a ZIP archive without comment. */
function entriesOf(zip) {
  const end = zip.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  const entries = [];
  for (let at = zip.readUInt32LE(end + 16); zip.readUInt32LE(at) === 0x02014b50;) {
    const nameLength = zip.readUInt16LE(at + 28);
    entries.push({ name: zip.toString('utf8', at + 46, at + 46 + nameLength), size: zip.readUInt32LE(at + 24) });
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}
