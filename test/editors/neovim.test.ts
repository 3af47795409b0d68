/** Flake Trust in Neovim: its built-in language client against `flake-trust lsp --stdio`, without any plugin of ours. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const FLAKE_NIX = `{
  inputs.tools.url = "http://tools.example.org/tools.tar.gz";
  inputs.lib.url = "github:acme/lib";
  outputs = { self, tools, lib }: { };
}
`;

const FLAKE_LOCK = JSON.stringify({
  version: 7,
  root: 'root',
  nodes: {
    root: { inputs: { tools: 'tools', lib: 'lib' } },
    tools: {
      locked: {
        type: 'tarball',
        url: 'http://tools.example.org/tools.tar.gz',
        narHash: 'sha256-VQwx4iP0JewFeL/1lqaKWmN9o3VmBeH5l9EKMEnAGik=',
      },
      original: { type: 'tarball', url: 'http://tools.example.org/tools.tar.gz' },
    },
    lib: {
      locked: {
        type: 'github',
        owner: 'evil',
        repo: 'lib',
        rev: '80fe496a5bb065968a89f573876137e14f3070b8',
        narHash: 'sha256-d+5GvZVu9BXHpMijNRhmZTCLobq42ueDmdOPB6e8AD4=',
        lastModified: 1704164645,
      },
      original: { type: 'github', owner: 'acme', repo: 'lib' },
    },
  },
});

interface Seen {
  readonly failure?: string;
  readonly diagnostics: readonly { code: string; message: string; line: number; character: number; source: string }[];
  readonly hover: string;
}

/** Command lines of the processes that carry `entry` in their environment (Linux). */
async function processesWith(entry: string): Promise<string[]> {
  const found: string[] = [];
  for (const id of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    // A process may end while we look, and others are not ours to read.
    const environment = await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '');
    if (environment.split('\0').includes(entry)) found.push(await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => id));
  }
  return found;
}

describe('Neovim', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flake-trust-neovim-'));
    await writeFile(join(folder, 'flake.nix'), FLAKE_NIX);
    await writeFile(join(folder, 'flake.lock'), FLAKE_LOCK);
    await writeFile(join(folder, 'nix.conf'), 'substituters =\n');
    await mkdir(join(folder, 'flake-trust'));
    await writeFile(join(folder, 'flake-trust/policy.jsonc'), '{ "version": 1 }\n');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('shows Problems and a hover, and leaves no process behind', async () => {
    const out = join(folder, 'seen.json');
    const home = join(folder, 'home');
    await run('nvim', ['--headless', '--clean', '-c', `luafile ${resolve('test/editors/neovim.lua')}`], {
      timeout: 60_000,
      env: {
        ...process.env,
        HOME: home,
        XDG_CACHE_HOME: join(home, 'cache'),
        NIX_CONF_DIR: folder,
        FLAKE_TRUST_NODE: process.execPath,
        FLAKE_TRUST_CLI: resolve('dist/cli.js'),
        FLAKE_TRUST_FLAKE: folder,
        FLAKE_TRUST_OUT: out,
        FLAKE_TRUST_DIAGNOSTICS: '4',
        FLAKE_TRUST_HOVER: '2:10',
      },
    });
    const seen = JSON.parse(await readFile(out, 'utf8')) as Seen;
    assert.equal(seen.failure, undefined);

    const tampered = seen.diagnostics.find(({ code }) => code === 'lock-tampered');
    assert.ok(tampered, `codes seen: ${seen.diagnostics.map(({ code }) => code).join(', ')}`);
    assert.deepEqual([tampered.line, tampered.source], [2, 'flake-trust']);
    assert.match(tampered.message, /evil/);
    assert.ok(seen.diagnostics.some(({ code, line }) => code === 'insecure-transport' && line === 1));

    const unvetted = seen.diagnostics.filter(({ code }) => code === 'not-vetted');
    assert.deepEqual(unvetted.map(({ line }) => line).sort(), [1, 2]);

    assert.match(seen.hover, /\*\*lib\*\*/);
    assert.match(seen.hover, /\*\*Vetting\*\* no review covers this hash/);
    assert.match(seen.hover, /github:acme\/lib/);
    assert.match(seen.hover, /80fe496/);
    // A plain editor has neither our commands nor theme icons: nothing of either may show as raw text.
    assert.doesNotMatch(seen.hover, /command:|\$\(/);

    assert.deepEqual(await processesWith(`FLAKE_TRUST_FLAKE=${folder}`), []);
  });
});
