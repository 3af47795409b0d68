/** Audits over a disk cache that others use, that is killed, damaged, full: never another answer, never a crash, at worst asked again. */
import assert from 'node:assert/strict';
import { execFileSync, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import type { ClosurePath } from '../../../server/src/domain/closureReport';
import { serveFolder, type FolderServer } from '../../nix/serveFolder';
import { ensureBuilt, runCli } from '../../support/cli';
import { eventually } from '../../support/eventually';
import { auditMade, makeCaches, type MadeCache } from '../../support/madeCache';

const PATHS = 150;

describe('a closure remembered on disk', function () {
  this.timeout(120_000);
  let made: MadeCache;
  let server: FolderServer;
  let storageDir: string;
  let expected: readonly ClosurePath[];
  before(async () => {
    ensureBuilt();
    made = makeCaches([
      ...['--paths', String(PATHS), '--seed', 'disk', '--second', '--overlap', '0.8', '--disagree', '0.05', '--missing', '0.03'],
      ...['--a-unsigned', '0.1', '--a-badsig', '0.1', '--badsig', '0.1', '--unsigned', '0.1', '--wrongkey', '0.05'],
    ]);
    server = await serveFolder(made.dir);
    expected = (
      await auditMade({ urls: [`${server.url}/a`, `${server.url}/b`], keys: [made.keys.a, made.keys.b], roots: [made.root] })
    ).paths;
  });
  beforeEach(async () => {
    storageDir = await mkdtemp(path.join(tmpdir(), 'flake-trust-disk-'));
  });
  afterEach(() => rm(storageDir, { recursive: true, force: true }));
  after(async () => {
    await server.close();
    await made.dispose();
  });

  const audit = (more: Partial<Parameters<typeof auditMade>[0]> = {}) =>
    auditMade({
      urls: [`${server.url}/a`, `${server.url}/b`],
      keys: [made.keys.a, made.keys.b],
      roots: [made.root],
      storageDir,
      ...more,
    });
  const cli = (...more: string[]) => [
    ...['audit', '--path', made.root, '--no-nix-conf', '--substituters', `${server.url}/a ${server.url}/b`],
    ...['--trusted-public-keys', `${made.keys.a} ${made.keys.b}`, '--cache-dir', storageDir, '--json', ...more],
  ];
  const narinfos = () => server.requests.filter((name) => name.endsWith('.narinfo')).length;

  async function files(): Promise<string[]> {
    const entries = await readdir(storageDir, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort();
  }

  it('is the same for processes that use it at once, and complete for the next', async () => {
    const runs = await Promise.all([1, 2, 3].map(() => runCli(cli(), storageDir)));
    for (const { stdout, stderr } of runs) {
      assert.equal(stderr, '');
      assert.deepEqual((JSON.parse(stdout) as { closure: { paths: unknown } }).closure.paths, expected);
    }
    const before = narinfos();
    assert.deepEqual((await audit()).paths, expected);
    assert.equal(narinfos(), before);
  });

  it('is whole after a kill at any moment: the next asks only what was not written', async () => {
    for (const [round, moment] of [1, 10, 40, 80, 120, PATHS].entries()) {
      let child: ChildProcess | undefined;
      const before = narinfos();
      const running = runCli(cli(...(round % 2 === 0 ? [] : ['--refresh'])), storageDir, {
        onStart: (started) => (child = started),
      });
      await eventually('it is in the middle', () => narinfos() - before >= moment || child?.exitCode !== null, 30_000);
      child?.kill('SIGKILL');
      await running;
      assert.deepEqual((await audit()).paths, expected, `killed after ${moment}`);
    }
    const before = narinfos();
    assert.deepEqual((await audit()).paths, expected);
    assert.equal(narinfos(), before);
  });

  it('is the same from files that were damaged, in whatever way', async () => {
    await audit();
    await audit();
    const kept = await Promise.all((await files()).map(async (file) => ({ file, bytes: await readFile(file) })));
    assert.ok(kept.length >= 3, kept.map(({ file }) => path.basename(file)).join(' '));
    const change = fc.record({
      file: fc.nat(kept.length - 1),
      where: fc.double({ min: 0, max: 1, noNaN: true }),
      remove: fc.oneof(fc.nat(8), fc.nat(3000)),
      insert: fc.uint8Array({ maxLength: 16 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        for (const { file, bytes } of kept) await writeFile(file, bytes, { mode: 0o600 });
        for (const { file: index, where, remove, insert } of changes) {
          const { file } = kept[index]!;
          const bytes = await readFile(file);
          const at = Math.floor(where * bytes.length);
          await writeFile(file, Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]));
        }
        assert.deepEqual((await audit()).paths, expected);
        assert.deepEqual((await audit()).paths, expected, 'the second time');
      }),
      { numRuns: 25 },
    );
  });

  it('is not made better by a signature file full of words that look right', async () => {
    await audit();
    const narinfosOnDisk = (await Promise.all((await files()).map((file) => readFile(file, 'latin1')))).join('\n');
    const words = [...narinfosOnDisk.matchAll(/[A-Za-z0-9+/]{43}/g)].map(([word]) =>
      word.replaceAll('+', '-').replaceAll('/', '_'),
    );
    const [signatures] = (
      await Promise.all((await files()).map(async (file) => ({ file, text: await readFile(file, 'latin1') })))
    ).filter(({ text }) => /^(?:\n*[\w-]{43}\n*)+$/.test(text));
    assert.ok(signatures, 'there is a file of digests');
    await writeFile(signatures.file, `${signatures.text}\n${words.join('\n')}\n`);
    assert.deepEqual((await audit({ refresh: true })).paths, expected);
  });

  it('is the same where the disk is full', async function () {
    const mount = path.join(storageDir, 'mount');
    await mkdir(mount);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48k', 'tmpfs', mount], { stdio: 'ignore' });
    } catch {
      return this.skip();
    }
    try {
      for (let round = 0; round < 3; round++) {
        assert.deepEqual((await audit({ storageDir: mount })).paths, expected);
        const { code, stdout } = await runCli([...cli(), '--cache-dir', mount], storageDir);
        assert.notEqual(code, 2);
        assert.deepEqual((JSON.parse(stdout) as { closure: { paths: unknown } }).closure.paths, expected);
      }
    } finally {
      execFileSync('umount', ['-l', mount]);
    }
  });
});
