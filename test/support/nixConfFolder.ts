import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseNixConf } from '../../server/src/domain/nixConf';
import { readNixConfiguration } from '../../server/src/engine/nixConfiguration';
import { never } from './abort';
import { environment, memoryFiles } from './memoryFiles';

/** What the real Nix made of a nix.conf. */
interface Expected {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly error?: unknown;
  readonly lines: readonly {
    readonly line: number;
    readonly name?: string;
    readonly value?: string;
    readonly directive?: string;
    readonly file?: string;
  }[];
}

/** The folders below `root` that hold a nix.conf and what Nix says of it. */
export function nixConfFolders(root: string): readonly string[] {
  const folders = readdirSync(root).filter((name) => existsSync(join(root, name, 'expected.json')));
  return folders.sort().map((name) => join(root, name));
}

/** Compares what is read from a folder's nix.conf, as the only configuration, with what the real Nix made of it. */
export async function assertReadsAsNix(folder: string): Promise<void> {
  const text = readFileSync(join(folder, 'nix.conf'), 'utf8');
  const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected;
  assertLines(text, expected);
  const files = memoryFiles({ '/conf/nix.conf': text });
  const read = await readNixConfiguration(files, environment({ NIX_CONF_DIR: '/conf', NIX_USER_CONF_FILES: '' }), never);
  const refusals = read.problems.filter(({ message }) => message.includes('Nix refuses'));
  if (expected.error !== undefined) {
    assert.ok(refusals.length > 0, 'Nix refuses the file');
    return;
  }
  assert.deepEqual(refusals, []);
  const words = (name: string): readonly string[] => (read.settings.get(name) ?? '').split(' ').filter((word) => word !== '');
  const { settings = {} } = expected;
  assert.deepEqual(read.substituters, settings['substituters']);
  assert.deepEqual([...read.trustedSubstituters].sort(), settings['trusted-substituters']);
  assert.deepEqual(read.trustedPublicKeys, settings['trusted-public-keys']);
  assert.deepEqual(words('trusted-users'), settings['trusted-users']);
  assert.deepEqual(words('allowed-users'), settings['allowed-users']);
  assert.equal(read.requireSigs, settings['require-sigs']);
  assert.equal(['true', 'yes', '1'].includes(read.settings.get('fallback') ?? ''), settings['fallback']);
  assert.equal(read.netrcFile.replace(/^\/conf\//, '<confdir>/'), settings['netrc-file']);
  const connections = read.settings.get('http-connections');
  if (connections !== undefined) assert.equal(Number(connections), settings['http-connections']);
}

/** The lines one by one; a secret value is dropped on purpose. */
function assertLines(text: string, { lines }: Expected): void {
  const read = parseNixConf(text).map((line) => {
    switch (line.kind) {
      case 'setting':
        return { line: line.line, name: line.name, value: line.words.join(' ') };
      case 'include':
        return { line: line.line, directive: line.optional ? '!include' : 'include', file: line.file };
      case 'problem':
        return { line: line.line };
    }
  });
  const written = lines.map((line) => (line.name?.endsWith('access-tokens') === true ? { ...line, value: '' } : line));
  const collapsed = written.map((line) =>
    line.value === undefined ? line : { ...line, value: line.value.split(/\s+/).join(' ') },
  );
  assert.deepEqual(read, collapsed);
}
