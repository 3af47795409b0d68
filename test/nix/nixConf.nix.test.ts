/** Our reading of configuration chains against what the installed Nix makes of the same files and variables. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { nodeFiles } from '../../server/src/adapters/nodeFiles';
import { readNixConfiguration, type NixConfiguration } from '../../server/src/engine/nixConfiguration';
import { never } from '../support/abort';
import { makeRealNix, type RealNix } from './realNix';

/** File texts and variables; `@` stands for the folder of the case, in which `conf` is the system's configuration folder. */
interface Chain {
  readonly files: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
}

type Shown = Readonly<Record<string, { readonly value: unknown } | undefined>>;

const CASES: Readonly<Record<string, Chain>> = {
  'no file at all': { files: {} },
  'extras over all files and an include': {
    files: {
      'conf/nix.conf': 'substituters = a b\nextra-substituters = c\ninclude inc.conf\n',
      'conf/inc.conf': 'extra-substituters = inc\n',
      'home/.config/nix/nix.conf': 'extra-substituters = home\n',
    },
  },
  'a plain setting of the user discards all before it': {
    files: {
      'conf/nix.conf': 'substituters = a b\nextra-substituters = c\n',
      'home/.config/nix/nix.conf': 'substituters = user\nextra-trusted-public-keys = k:AAAA\n',
    },
  },
  'XDG_CONFIG_HOME and XDG_CONFIG_DIRS': {
    files: {
      'own/nix/nix.conf': 'extra-substituters = own\n',
      'first/nix/nix.conf': 'extra-substituters = first\n',
      'second/nix/nix.conf': 'substituters = second\n',
    },
    variables: { XDG_CONFIG_HOME: '@/own', XDG_CONFIG_DIRS: '@/first:@/second' },
  },
  'NIX_USER_CONF_FILES, the first last': {
    files: { a: 'extra-substituters = u1\n', b: 'substituters = u2\n', 'home/.config/nix/nix.conf': 'substituters = home\n' },
    variables: { NIX_USER_CONF_FILES: '@/a::@/b' },
  },
  'NIX_USER_CONF_FILES, the plain one last': {
    files: { a: 'extra-substituters = u1\n', b: 'substituters = u2\n' },
    variables: { NIX_USER_CONF_FILES: '@/b:@/a' },
  },
  'NIX_USER_CONF_FILES, empty': {
    files: { 'home/.config/nix/nix.conf': 'substituters = home\n' },
    variables: { NIX_USER_CONF_FILES: '' },
  },
  'NIX_CONFIG has the last word, aliases too': {
    files: { 'conf/nix.conf': 'substituters = a\n' },
    variables: { NIX_CONFIG: 'extra-substituters = env\nbinary-caches = alias' },
  },
  'NIX_CONFIG may include by an absolute path': {
    files: { more: 'extra-substituters = more\n!include nothing\n' },
    variables: { NIX_CONFIG: 'substituters = x\ninclude @/more' },
  },
  'aliases, with and without extra-': {
    files: {
      'conf/nix.conf':
        'binary-caches = a\nextra-binary-caches = b\nextra-substituters = c\ntrusted-binary-caches = t\nextra-binary-cache-public-keys = k:AAAA\nbuild-fallback = true\n',
    },
  },
  'comments, quotes, tabs, carriage returns': {
    files: {
      'conf/nix.conf':
        '# x = y\r\nsubstituters =\ta#b\r\n\textra-substituters = "c d"\te\r\n\r\ntrusted-users = r\u00fcdiger @w\r\n',
    },
  },
  'nested includes, relative to each file': {
    files: {
      'conf/nix.conf': 'include d/../d/one\nextra-substituters = end\n',
      'conf/d/one': 'substituters = one\n!include ../two\n!include missing\n',
      'conf/two': 'extra-substituters = two\n',
    },
  },
  'an included folder counts for nothing': { files: { 'conf/nix.conf': 'include d\nsubstituters = a\n', 'conf/d/x': '' } },
  'one file twice': { files: { 'conf/nix.conf': 'include x\ninclude x\n', 'conf/x': 'extra-substituters = x\n' } },
  'booleans in their spellings': {
    files: { 'conf/nix.conf': 'require-sigs = no\nfallback = 1\naccept-flake-config = yes\nsubstitute = 0\n' },
  },
  'extra- on what is no list': {
    files: { 'conf/nix.conf': 'extra-require-sigs = false\nextra-netrc-file = x\nextra-nonsense = y\n' },
  },
  'empty values': {
    files: { 'conf/nix.conf': 'substituters =\ntrusted-public-keys =\nextra-trusted-public-keys =\nnetrc-file =\n' },
  },
  'netrc-file and the folder it lies in': { files: { 'conf/nix.conf': 'netrc-file = /x/y z\n' } },
  sets: {
    files: { 'conf/nix.conf': 'trusted-substituters = b a b\nextra-trusted-substituters = a c\nextra-allowed-users = x\n' },
  },
  'a missing include': { files: { 'conf/nix.conf': 'substituters = a\ninclude nothing\n' } },
  'a missing include in an included file': { files: { 'conf/nix.conf': '!include a\n', 'conf/a': 'include b\n' } },
  'no spaces around the sign': { files: { 'conf/nix.conf': 'substituters=a\n' } },
  'a lonely word': { files: { 'conf/nix.conf': 'substituters\n' } },
  'an include of two files': { files: { 'conf/nix.conf': 'include a b\n', 'conf/a': '' } },
  'a wrong boolean': { files: { 'conf/nix.conf': 'require-sigs = maybe\n' } },
  'an empty boolean': { files: { 'conf/nix.conf': 'fallback =\n' } },
  'a relative include in NIX_CONFIG': { files: {}, variables: { NIX_CONFIG: 'include x' } },
};

describe('nix.conf chains, as the installed Nix reads them', function () {
  this.timeout(120_000);
  let nix: RealNix;
  let count = 0;
  before(async () => {
    nix = await makeRealNix();
  });
  after(() => nix.dispose());

  async function compare({ files, variables = {} }: Chain): Promise<void> {
    const dir = join(nix.dir, `case-${count++}`);
    await mkdir(join(dir, 'conf'), { recursive: true });
    await mkdir(join(dir, 'home'), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, name)), { recursive: true });
      await writeFile(join(dir, name), text);
    }
    const given = Object.entries(variables).map(([name, text]) => [name, text.replaceAll('@/', `${dir}/`)] as const);
    const env: Record<string, string> = {
      HOME: join(dir, 'home'),
      NIX_CONF_DIR: join(dir, 'conf'),
      ...Object.fromEntries(given),
    };
    const unset = {
      XDG_CONFIG_HOME: undefined,
      XDG_CONFIG_DIRS: undefined,
      NIX_USER_CONF_FILES: undefined,
      NIX_CONFIG: undefined,
    };
    const shown = await nix.run(['--extra-experimental-features', 'nix-command', 'show-config', '--json'], {
      env: { ...unset, ...env },
    });
    const ours = await readNixConfiguration(nodeFiles, { variables: env, home: join(dir, 'home'), platform: 'linux' }, never);
    assertSame(ours, shown.status === 0 ? (JSON.parse(shown.stdout) as Shown) : undefined, JSON.stringify({ files, variables }));
  }

  for (const [rule, chain] of Object.entries(CASES)) {
    it(rule, () => compare(chain));
  }

  it('any lines in any three files', async () => {
    const name = fc.constantFrom(
      'substituters',
      'binary-caches',
      'trusted-public-keys',
      'trusted-substituters',
      'trusted-users',
      'require-sigs',
      'netrc-file',
    );
    const word = fc.constantFrom('a', 'b', 'k:AAAA', 'true', 'no', '', '=', '#', '"q', '\t', '\r', 'https://x.example/?a=b');
    const setting = fc.tuple(
      fc.constantFrom('', 'extra-'),
      name,
      fc.constantFrom(' = ', '  =\t', ' = ', '='),
      fc.array(word, { maxLength: 3 }),
    );
    const line = fc.oneof(
      { weight: 9, arbitrary: setting.map(([extra, key, sign, words]) => `${extra}${key}${sign}${words.join(' ')}`) },
      { weight: 1, arbitrary: fc.constantFrom('!include inc', 'include inc', '# comment', '', '!include no', 'include no') },
    );
    const text = fc.array(line, { maxLength: 5 }).map((lines) => lines.join('\n'));
    const included = fc
      .array(setting, { maxLength: 2 })
      .map((all) => all.map(([extra, key, , words]) => `${extra}${key} = ${words.join(' ')}`).join('\n'));
    const property = fc.asyncProperty(text, text, included, (system, user, inc) =>
      compare({
        files: { 'conf/nix.conf': system, 'home/.config/nix/nix.conf': user, 'conf/inc': inc, 'home/.config/nix/inc': inc },
      }),
    );
    await fc.assert(property, { numRuns: 60, seed: 20240501 });
  });
});

/** @param theirs Absent when Nix refused to start. */
function assertSame(ours: NixConfiguration, theirs: Shown | undefined, what: string): void {
  const refusals = ours.problems.filter(({ message }) => /Nix refuses|absolute path/.test(message));
  assert.equal(refusals.length > 0, theirs === undefined, `refused: ${what}: ${JSON.stringify(refusals)}`);
  if (theirs === undefined) return;
  const value = (name: string): unknown => theirs[name]?.value;
  const words = (name: string): readonly string[] => (ours.settings.get(name) ?? '').split(' ').filter((word) => word !== '');
  assert.deepEqual(ours.substituters, value('substituters'), what);
  assert.deepEqual([...ours.trustedSubstituters].sort(), value('trusted-substituters'), what);
  assert.deepEqual(ours.trustedPublicKeys, value('trusted-public-keys'), what);
  assert.deepEqual(words('trusted-users'), value('trusted-users'), what);
  assert.deepEqual(words('allowed-users'), value('allowed-users'), what);
  assert.equal(ours.requireSigs, value('require-sigs'), what);
  assert.equal(ours.acceptFlakeConfig, value('accept-flake-config'), what);
  assert.equal(ours.netrcFile, value('netrc-file'), what);
}
