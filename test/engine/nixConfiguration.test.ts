import assert from 'node:assert/strict';
import { join } from 'node:path';
import { basename } from 'node:path/posix';
import fc from 'fast-check';
import { readNixConfiguration, type NixConfiguration } from '../../server/src/engine/nixConfiguration';
import { aborted, never } from '../support/abort';
import { environment, memoryFiles, type MemoryFiles } from '../support/memoryFiles';
import { assertReadsAsNix, nixConfFolders } from '../support/nixConfFolder';

type Contents = Parameters<typeof memoryFiles>[0];

function read(contents: Contents, variables: Readonly<Record<string, string>> = {}): Promise<NixConfiguration> {
  return readNixConfiguration(memoryFiles(contents), environment(variables), never);
}

async function substituters(contents: Contents, variables?: Readonly<Record<string, string>>): Promise<string> {
  return (await read(contents, variables)).substituters.join(' ');
}

const SYSTEM = '/etc/nix/nix.conf';
const USER = '/home/me/.config/nix/nix.conf';
const XDG = '/etc/xdg/nix/nix.conf';

describe('readNixConfiguration', () => {
  describe('reads real files as Nix does', () => {
    for (const folder of nixConfFolders(join(__dirname, '../fixtures/nixconf'))) {
      it(basename(folder), () => assertReadsAsNix(folder));
    }
  });

  describe('applies the chain in the order of Nix', () => {
    const system = 'substituters = a b\nextra-substituters = c\ninclude inc.conf\n';
    const included = { '/etc/nix/inc.conf': 'extra-substituters = inc\n' };
    const cases: readonly (readonly [rule: string, contents: Contents, variables: Record<string, string>, expected: string])[] = [
      ['has defaults without any file', {}, {}, 'https://cache.nixos.org/'],
      ['appends over files', { [SYSTEM]: system, ...included, [USER]: 'extra-substituters = home' }, {}, 'a b c inc home'],
      ['lets the user replace', { [SYSTEM]: system, ...included, [USER]: 'substituters = x' }, {}, 'x'],
      ['reads the shared files before the own', { [XDG]: 'substituters = x', [USER]: 'extra-substituters = h' }, {}, 'x h'],
      [
        'reads the first of a list last',
        { '/a': 'extra-substituters = u1', '/b': 'substituters = u2' },
        { NIX_USER_CONF_FILES: '/a:/b' },
        'u2 u1',
      ],
      [
        'reads the last of a list first',
        { '/a': 'extra-substituters = u1', '/b': 'substituters = u2' },
        { NIX_USER_CONF_FILES: '/b:/a' },
        'u2',
      ],
      [
        'reads no user file when the list is empty',
        { [USER]: 'substituters = x' },
        { NIX_USER_CONF_FILES: '' },
        'https://cache.nixos.org/',
      ],
      [
        'reads NIX_CONFIG last',
        { [USER]: 'substituters = x' },
        { NIX_CONFIG: 'extra-substituters = env\nbinary-caches = alias' },
        'alias',
      ],
      ['follows NIX_CONF_DIR', { '/c/nix.conf': 'substituters = c', [SYSTEM]: 'substituters = s' }, { NIX_CONF_DIR: '/c/' }, 'c'],
      [
        'follows XDG_CONFIG_HOME',
        { '/x/nix/nix.conf': 'substituters = x', [USER]: 'substituters = h' },
        { XDG_CONFIG_HOME: '/x' },
        'x',
      ],
      [
        'follows NIX_CONFIG_HOME first',
        { '/n/nix.conf': 'substituters = n' },
        { NIX_CONFIG_HOME: '/n', XDG_CONFIG_HOME: '/x' },
        'n',
      ],
      [
        'follows XDG_CONFIG_DIRS',
        { '/p/nix/nix.conf': 'extra-substituters = p', '/q/nix/nix.conf': 'substituters = q' },
        { XDG_CONFIG_DIRS: '/p:/q' },
        'q p',
      ],
      [
        'takes an empty XDG_CONFIG_HOME as it stands',
        { '/nix/nix.conf': 'substituters = root' },
        { XDG_CONFIG_HOME: '' },
        'root',
      ],
    ];
    for (const [rule, contents, variables, expected] of cases) {
      it(rule, async () => assert.equal(await substituters(contents, variables), expected));
    }
  });

  describe('includes', () => {
    it('are relative to the file that includes, in place, however deep', async () => {
      const contents = {
        [SYSTEM]: 'include d/../d/one.conf\nextra-substituters = end',
        '/etc/nix/d/one.conf': 'substituters = one\ninclude ../two.conf\ninclude /three.conf',
        '/etc/nix/two.conf': 'extra-substituters = two',
        '/three.conf': 'extra-substituters = three',
      };
      assert.equal(await substituters(contents), 'one two three end');
    });

    it('may be read twice, side by side', async () => {
      const contents = { [SYSTEM]: 'substituters = a\ninclude x\ninclude x', '/etc/nix/x': 'extra-substituters = x' };
      const { substituters: list, problems } = await read(contents);
      assert.deepEqual([list, problems], [['a', 'x', 'x'], []]);
    });

    it('that are missing stop Nix, unless they may miss', async () => {
      const { problems, substituters: list } = await read({ [SYSTEM]: '!include a\ninclude b\nsubstituters = x' });
      assert.deepEqual(problems, [
        { message: 'The included file /etc/nix/b does not exist: Nix refuses to start.', file: SYSTEM, line: 2 },
      ]);
      assert.deepEqual(list, ['x']);
    });

    it('in a circle end, with the place', async () => {
      const contents = {
        [SYSTEM]: 'include a',
        '/etc/nix/a': 'substituters = a\ninclude ./b',
        '/etc/nix/b': 'include ../nix/nix.conf',
      };
      const { problems, substituters: list } = await read(contents);
      assert.deepEqual(list, ['a']);
      assert.deepEqual(
        problems.map(({ file, line }) => [file, line]),
        [['/etc/nix/b', 1]],
      );
      assert.match(problems[0]?.message ?? '', /includes itself/);
    });

    it('that double each time end', async () => {
      const contents: Record<string, string> = { [SYSTEM]: 'include 0\n' };
      for (let i = 0; i < 60; i++) contents[`/etc/nix/${i}`] = `include ${i + 1}\ninclude ${i + 1}\n`;
      const files = memoryFiles(contents);
      const { problems } = await readNixConfiguration(files, environment(), never);
      assert.ok(files.asked.length <= 210);
      assert.match(problems[0]?.message ?? '', /too many includes/);
    });

    it('in NIX_CONFIG need an absolute path', async () => {
      const { substituters: list, problems } = await read({ '/x': 'substituters = x' }, { NIX_CONFIG: 'include /x\ninclude x' });
      assert.deepEqual(list, ['x']);
      assert.deepEqual(
        problems.map(({ file, line }) => [file, line]),
        [['NIX_CONFIG', 2]],
      );
    });
  });

  describe('problems', () => {
    it('name file and line, and the rest still counts', async () => {
      const { problems, substituters: list } = await read({ [SYSTEM]: 'cores=2\nsubstituters = a\nrequire-sigs = perhaps' });
      assert.deepEqual(list, ['a']);
      assert.deepEqual(problems, [
        { file: SYSTEM, line: 1, message: 'This line has no spaces around `=`: Nix refuses to start with it.' },
        { file: SYSTEM, line: 3, message: '`require-sigs` must be true or false: Nix refuses to start with it.' },
      ]);
    });

    it('say when a file cannot be read', async () => {
      const { problems } = await read({
        [SYSTEM]: '!include secret',
        '/etc/nix/secret': { kind: 'failed', reason: 'permission denied' },
      });
      assert.deepEqual(problems, [
        { file: '/etc/nix/secret', message: 'The file cannot be read (permission denied), so what it sets is not known here.' },
      ]);
    });

    it('say when a file is too large', async () => {
      const { problems } = await read({ [SYSTEM]: '#'.repeat(2 * 1024 * 1024) });
      assert.match(problems[0]?.message ?? '', /cannot be read \(larger than/);
    });

    it('say that a relative path is not read, which could be a file of the repository', async () => {
      const files: MemoryFiles = memoryFiles({ 'nix.conf': 'substituters = evil' });
      const { problems, substituters: list } = await readNixConfiguration(
        files,
        environment({ NIX_USER_CONF_FILES: 'nix.conf' }),
        never,
      );
      assert.deepEqual(list, ['https://cache.nixos.org/']);
      assert.match(problems[0]?.message ?? '', /relative path/);
      assert.deepEqual(files.asked, [SYSTEM]);
    });
  });

  it('gives the settings that decide about trust', async () => {
    const text = [
      'require-sigs = no',
      'accept-flake-config = yes',
      'trusted-substituters = t t u',
      'ssl-cert-file = /ca.pem',
      'secret-key-files = /k',
    ];
    const read1 = await read({ [SYSTEM]: text.join('\n') }, { NIX_SSL_CERT_FILE: '/env.pem' });
    assert.equal(read1.requireSigs, false);
    assert.equal(read1.acceptFlakeConfig, true);
    assert.deepEqual(read1.trustedSubstituters, ['t', 'u']);
    assert.equal(read1.sslCertFile, '/ca.pem');
    assert.deepEqual(read1.secretKeyFiles, ['/k']);
    assert.equal(read1.netrcFile, '/etc/nix/netrc');
    const read2 = await read(
      { '/c/nix.conf': 'netrc-file =' },
      { NIX_CONF_DIR: '/c', NIX_SSL_CERT_FILE: '', SSL_CERT_FILE: '/ssl.pem' },
    );
    assert.equal(read2.netrcFile, '');
    assert.equal(read2.sslCertFile, '/ssl.pem');
    assert.equal((await read({}, { NIX_CONF_DIR: '/c' })).netrcFile, '/c/netrc');
  });

  it('keeps no secret in what may be shown', async () => {
    const text =
      'access-tokens = github.com=s3cret\nsubstituters = https://me:s3cret@cache.example/x?y=@ s3://b\nflake-registry = https://s3cret@x.example';
    const { settings, problems, substituters: list } = await read({ [SYSTEM]: text });
    assert.doesNotMatch(JSON.stringify([...settings, ...problems]), /s3cret/);
    assert.equal(settings.get('substituters'), 'https://cache.example/x?y=@ s3://b');
    assert.equal(list[0], 'https://me:s3cret@cache.example/x?y=@');
  });

  it('knows where a cache or key is written', async () => {
    const { places } = await read({ [SYSTEM]: 'cores = 1\nextra-substituters = a', [USER]: 'extra-trusted-public-keys = k:x' });
    assert.deepEqual(
      [...places],
      [
        ['a', { file: SYSTEM, line: 2 }],
        ['k:x', { file: USER, line: 1 }],
      ],
    );
  });

  it('stops when it is cancelled', async () => {
    await assert.rejects(readNixConfiguration(memoryFiles({}), environment(), aborted));
  });

  it('never fails on what a file says', async () => {
    const piece = fc.oneof(
      fc.constantFrom('include nix.conf', '!include /etc/nix/nix.conf', '=', '\n', 'extra-substituters = a'),
      fc.string(),
    );
    const property = fc.asyncProperty(fc.array(piece), async (pieces) => {
      await read({ [SYSTEM]: pieces.join(' ') });
    });
    await fc.assert(property, { numRuns: 50 });
  });
});
