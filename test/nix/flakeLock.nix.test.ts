/** Locks made and judged by the installed Nix, against what we say of the same files: sources, staleness, tampering. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { readFlake, type FlakeFacts } from '../../server/src/domain/flakeFacts';
import { makeRealNix, type RealNix } from './realNix';

/** `@` stands for the folder of the test. */
const BASE = `lib.url = "git+file://@/lib"; util.url = "git+file://@/util";`;
const FOLLOWING = `lib.url = "git+file://@/lib"; util.url = "git+file://@/util"; util.inputs.lib.follows = "lib";`;

describe('flake.lock, as the installed Nix sees it', function () {
  this.timeout(120_000);
  let nix: RealNix;
  let count = 0;
  before(async () => {
    nix = await makeRealNix();
    const lib = await nix.makeFlake('lib', {
      'flake.nix': '{ outputs = _: { x = 1; }; }',
      'sub/flake.nix': '{ outputs = _: { x = 2; }; }',
    });
    await nix.succeed(['branch', 'other'], { program: 'git', cwd: lib });
    await nix.makeFlake('util', {
      'flake.nix': `{ inputs.lib.url = "git+file://${nix.dir}/lib"; outputs = { self, lib }: { }; }`,
    });
    await nix.makeFlake('mid', {
      'flake.nix': `{ inputs.util.url = "git+file://${nix.dir}/util"; inputs.alias.follows = "util/lib"; outputs = _: { }; }`,
    });
    await nix.makeFlake('evil', { 'flake.nix': '{ outputs = _: { x = 666; }; }' });
    await nix.makeFlake('plain', { 'flake.nix': '{ outputs = _: { }; }', 'data.txt': 'x' }, { git: false });
    const entry = { from: { type: 'indirect', id: 'lib' }, to: { type: 'git', url: `file://${nix.dir}/lib` } };
    await writeFile(join(nix.dir, 'registry.json'), JSON.stringify({ flakes: [entry], version: 2 }));
  });
  after(() => nix.dispose());

  function flakeNix(inputs: string, outputs = '_: { }'): string {
    return `{ inputs = { ${inputs.replaceAll('@', nix.dir)} }; outputs = ${outputs}; }`;
  }

  /** Makes a flake and lets Nix lock it. */
  async function locked(text: string): Promise<string> {
    count += 1;
    const folder = await nix.makeFlake(`root${count}`, { 'flake.nix': text }, { git: false });
    await nix.succeed(['flake', 'lock', `path:${folder}`]);
    return folder;
  }

  async function ours(folder: string): Promise<FlakeFacts> {
    const text = (file: string): Promise<string> => readFile(join(folder, file), 'utf8');
    const [nixText, lockText] = await Promise.all([text('flake.nix'), text('flake.lock')]);
    return readFlake({ flakeNix: nixText, flakeLock: lockText }, { privatePatterns: [], now: 0 });
  }

  function codes({ findings }: FlakeFacts): string[] {
    return findings.filter(({ code }) => /^lock-(?:out-of-date|tampered|unreadable)$/.test(code)).map(({ code }) => code);
  }

  /** Fails when Nix would change the lock and we would not say so, or the other way round. */
  async function compareStaleness(folder: string): Promise<void> {
    const { status, stderr } = await nix.run(['flake', 'metadata', `path:${folder}`, '--no-update-lock-file']);
    const isStale = stderr.includes('requires lock file changes');
    assert.ok(isStale || status === 0, stderr);
    const said = codes(await ours(folder));
    assert.equal(said.includes('lock-out-of-date'), isStale, `Nix: ${stderr || 'fresh'}; we: ${said.join() || 'nothing'}`);
  }

  const changes: [name: string, before: string, after: string, outputs?: string][] = [
    ['nothing', BASE, BASE],
    ['the attribute form', BASE, 'lib = { type = "git"; url = "file://@/lib"; }; util.url = "git+file://@/util";'],
    ['a branch added', BASE, BASE.replace('/lib"', '/lib?ref=main"')],
    ['a branch changed', BASE.replace('/lib"', '/lib?ref=main"'), BASE.replace('/lib"', '/lib?ref=other"')],
    ['one slash instead of three', BASE, BASE.replace('file://@/lib', 'file:@/lib')],
    ['a slash at the end', BASE, BASE.replace('/lib"', '/lib/"')],
    ['an input added', BASE, `${BASE} mid.url = "git+file://@/mid";`],
    ['an input removed', BASE, 'lib.url = "git+file://@/lib";'],
    ['flake = false added', BASE, `${BASE} lib.flake = false;`],
    ['flake = false removed', `${BASE} lib.flake = false;`, BASE],
    ['follows added', BASE, FOLLOWING],
    ['follows removed', FOLLOWING, BASE],
    ['follows of nothing added', BASE, `${BASE} util.inputs.lib.follows = "";`],
    ['follows of nothing kept', `${BASE} util.inputs.lib.follows = "";`, `${BASE} util.inputs.lib.follows = "";`],
    ['follows made to follow nothing', FOLLOWING, FOLLOWING.replace('follows = "lib"', 'follows = ""')],
    ['follows kept', FOLLOWING, FOLLOWING],
    ['follows of an input that the dependency lacks', BASE, `${BASE} util.inputs.nonexistent.follows = "lib";`],
    ['an input that follows another one now', BASE, BASE.replace('lib.url = "git+file://@/lib"', 'lib.follows = "util/lib"')],
    ['an input that follows no more', BASE.replace('lib.url = "git+file://@/lib"', 'lib.follows = "util/lib"'), BASE],
    ['a dependency’s own follows', 'mid.url = "git+file://@/mid";', 'mid.url = "git+file://@/mid";'],
    [
      'follows through a dependency’s own follows',
      'mid.url = "git+file://@/mid"; x.follows = "mid/alias";',
      'mid.url = "git+file://@/mid"; x.follows = "mid/util/lib";',
    ],
    ['an override by URL added', BASE, `${BASE} util.inputs.lib.url = "path:@/plain";`],
    ['an override by URL kept', `${BASE} util.inputs.lib.url = "path:@/plain";`, `${BASE} util.inputs.lib.url = "path:@/plain";`],
    [
      'an override by URL changed',
      `${BASE} util.inputs.lib.url = "path:@/plain";`,
      `${BASE} util.inputs.lib.url = "git+file://@/evil";`,
    ],
    ['submodules added', BASE, BASE.replace('/lib"', '/lib?submodules=1"')],
    ['a path', 'p.url = "path:@/plain";', 'p.url = "path:@/plain";'],
    ['a path changed', 'p.url = "path:@/plain";', 'p.url = "path:@/lib";'],
    ['a bare path of a repository', 'p.url = "@/lib";', 'p.url = "@/lib";'],
    ['an indirect input', 'lib = { };', 'lib = { };'],
    ['an indirect input written out', 'lib = { };', 'lib.url = "flake:lib";'],
    ['an indirect input given a URL', 'lib = { };', 'lib.url = "git+file://@/lib";'],
    ['an implicit input', '', '', '{ self, lib, ... }: { }'],
  ];
  for (const [name, before, after, outputs] of changes) {
    it(`agrees whether the lock is out of date: ${name}`, async () => {
      const folder = await locked(flakeNix(before, outputs));
      assert.deepEqual(codes(await ours(folder)), []);
      await writeFile(join(folder, 'flake.nix'), flakeNix(after, outputs));
      await compareStaleness(folder);
    });
  }

  it('agrees when an implicit input is added', async () => {
    const util = 'util.url = "git+file://@/util";';
    const folder = await locked(flakeNix(util));
    await writeFile(join(folder, 'flake.nix'), flakeNix(util, '{ self, lib, ... }: { }'));
    await compareStaleness(folder);
  });

  it('agrees on flakes and changes made at random', async () => {
    const first = [
      'lib.url = "git+file://@/lib";',
      'lib.url = "git+file://@/lib?ref=main";',
      'lib.url = "path:@/plain";',
      'lib = { };',
    ];
    const second = ['util.url = "git+file://@/util";', 'util = { type = "git"; url = "file://@/util"; };'];
    const override = [
      '',
      'util.inputs.lib.follows = "lib";',
      'util.inputs.lib.follows = "";',
      'util.inputs.lib.url = "git+file://@/evil";',
    ];
    const third = ['', 'x.follows = "util/lib";', 'x.follows = "lib";', 'x.url = "git+file://@/mid";'];
    const inputs = fc
      .tuple(...[first, second, override, third].map((choices) => fc.constantFrom(...choices)))
      .map((parts) => parts.join(' '));
    await fc.assert(
      fc.asyncProperty(inputs, inputs, async (before, after) => {
        const folder = await locked(flakeNix(before));
        await writeFile(join(folder, 'flake.nix'), flakeNix(after));
        await compareStaleness(folder);
      }),
      { numRuns: 40 },
    );
  });

  it('computes the store paths that Nix computes, of every input', async () => {
    const folder = await locked(flakeNix(`${BASE} mid.url = "git+file://@/mid"; p = { url = "path:@/plain"; flake = false; };`));
    interface Archived {
      readonly path?: string;
      readonly inputs?: Readonly<Record<string, Archived>>;
    }
    const said = new Map<string, string | undefined>();
    const collect = ({ inputs = {} }: Archived, parent: string): void => {
      for (const [name, input] of Object.entries(inputs)) {
        said.set(parent + name, input.path);
        collect(input, `${parent}${name}/`);
      }
    };
    collect(JSON.parse(await nix.succeed(['flake', 'archive', '--json', '--dry-run', `path:${folder}`])) as Archived, '');
    const { inputs } = await ours(folder);
    assert.ok(said.size >= 6);
    for (const [path, storePath] of said) {
      const input = inputs.find((each) => each.path.join('/') === path);
      assert.equal(input?.storePath, storePath, path);
    }
  });

  it('sees the tampering that Nix accepts without a word', async () => {
    const folder = await locked(flakeNix(BASE));
    const evil = await locked(flakeNix('evil.url = "git+file://@/evil";'));
    const read = async (from: string): Promise<{ nodes: Record<string, { locked?: object }> }> =>
      JSON.parse(await readFile(join(from, 'flake.lock'), 'utf8')) as { nodes: Record<string, { locked?: object }> };
    const lock = await read(folder);
    const { locked: source } = (await read(evil)).nodes['evil'] ?? {};
    const { lib } = lock.nodes;
    assert.ok(lib && source);
    lib.locked = source;
    await writeFile(join(folder, 'flake.lock'), JSON.stringify(lock));
    const { status, stderr } = await nix.run(['flake', 'metadata', `path:${folder}`, '--no-update-lock-file']);
    assert.deepEqual([status, stderr], [0, '']);
    assert.deepEqual(codes(await ours(folder)), ['lock-tampered']);
  });

  it('refuses the versions that Nix refuses', async () => {
    const folder = await locked(flakeNix(BASE));
    const text = await readFile(join(folder, 'flake.lock'), 'utf8');
    for (const version of [4, 5, 6, 7, 8]) {
      await writeFile(join(folder, 'flake.lock'), text.replace('"version": 7', `"version": ${version}`));
      const { stderr } = await nix.run(['flake', 'metadata', `path:${folder}`, '--no-update-lock-file']);
      assert.equal(
        codes(await ours(folder)).includes('lock-unreadable'),
        stderr.includes('unsupported version'),
        `version ${version}: ${stderr}`,
      );
    }
  });

  const damages: [name: string, from: string, to: string][] = [
    ['a node that is missing', '"lib": "lib"', '"lib": "gone"'],
    ['an edge to the root', '"lib": "lib"', '"lib": "root"'],
    ['an attribute that Nix does not know', '"type": "git"', '"type": "git", "fancy": "x"'],
    ['a trailing comma', '"version": 7', '"version": 7,'],
    ['a comment', '"version": 7', '"version": 7 // x'],
    ['no original', '"original"', '"originally"'],
    ['a number where a text belongs', '"lib": "lib"', '"lib": 5'],
    ['a byte order mark', '{', '\uFEFF{'],
    ['equal keys, the last of which is right', '"version": 7', '"version": 4, "version": 7'],
  ];
  for (const [name, from, to] of damages) {
    it(`tells of what Nix refuses: ${name}`, async () => {
      const folder = await locked(flakeNix(BASE));
      const text = await readFile(join(folder, 'flake.lock'), 'utf8');
      assert.ok(text.includes(from));
      await writeFile(join(folder, 'flake.lock'), text.replace(from, to));
      const { status } = await nix.run(['flake', 'metadata', `path:${folder}`, '--no-update-lock-file']);
      const told = codes(await ours(folder)).includes('lock-unreadable');
      // Where Nix is content nothing is told, but for equal keys.
      assert.equal(told, status !== 0 || name.startsWith('equal keys'));
    });
  }
});
