/** Audits of made caches beside the installed Nix: the same paths are untrusted, and its commands do what ours say. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { coverage } from '../../server/src/engine/closure/coverage';
import type { Closure } from '../../server/src/engine/closure/closure';
import { auditClosure } from '../../server/src/engine/closure/auditReport';
import { expectedClosure, observedClosure } from '../engine/closure/expectedClosure';
import { auditMade, makeCaches, type MadeCache } from '../support/madeCache';
import { makeRealNix, type RealNix } from './realNix';
import { serveFolder, type FolderServer } from './serveFolder';

describe('the closure of store paths, as Nix sees it', function () {
  this.timeout(300_000);
  let nix: RealNix;
  before(async () => {
    nix = await makeRealNix();
  });
  after(() => nix.dispose());

  describe('in one cache', () => {
    let made: MadeCache;
    let server: FolderServer;
    let closure: Closure;
    before(async () => {
      made = makeCaches([
        ...['--paths', '1000', '--seed', 'nix', '--a-unsigned', '0.04', '--a-badsig', '0.03', '--a-wrongkey', '0.03'],
        ...['--ca', '0.02', '--shuffle-refs', '0.1'],
      ]);
      server = await serveFolder(made.dir);
      closure = await auditMade({ urls: [`${server.url}/a`], keys: [made.keys.a], roots: [made.root] });
    });
    after(async () => {
      await server.close();
      await made.dispose();
    });

    it('has the same paths, hashes, sizes and references', async () => {
      const json = await nix.succeed(['path-info', '-r', '--json', '--store', `${server.url}/a`, made.root]);
      const theirs = JSON.parse(json) as { path: string; narHash: string; narSize: number; references: string[] }[];
      const ours = closure.paths.map(({ storePath, narHash, narSize, references }) => ({
        storePath,
        narHash,
        narSize,
        references,
      }));
      assert.deepEqual(
        ours,
        theirs
          .map(({ path: storePath, narHash, narSize, references }) => ({
            storePath,
            narHash,
            narSize,
            references: [...references].sort(),
          }))
          .sort((a, b) => (a.storePath < b.storePath ? -1 : 1)),
      );
    });

    it('has the same untrusted paths', async () => {
      const args = ['store', 'verify', '-r', '--no-contents', '--store', `${server.url}/a`, '--trusted-public-keys', made.keys.a];
      const { stderr, stdout } = await nix.run([...args, made.root]);
      const theirs = [...`${stdout}${stderr}`.matchAll(/path '([^']+)' is untrusted/g)].map(([, found]) => found).sort();
      assert.ok(theirs.length > 80);
      assert.deepEqual(
        closure.paths.filter(({ from }) => from === undefined).map(({ storePath }) => storePath),
        theirs,
      );
    });
  });

  it('agrees with the generator for 10,000 paths in two caches', async () => {
    const made = makeCaches([
      ...['--paths', '10000', '--seed', 'large', '--second', '--overlap', '0.9', '--missing', '0.02', '--disagree', '0.01'],
      ...['--refs-disagree', '0.01', '--unsigned', '0.03', '--badsig', '0.02', '--wrongkey', '0.01', '--cross-signed', '0.1'],
      ...['--a-badsig', '0.02', '--a-unsigned', '0.01'],
    ]);
    const server = await serveFolder(made.dir);
    try {
      const closure = await auditMade({
        urls: [`${server.url}/a`, `${server.url}/b`],
        keys: [made.keys.a, made.keys.b],
        roots: [made.root],
        challenge: true,
      });
      assert.deepEqual(observedClosure(closure), expectedClosure(made, ['a', 'b'], true));
    } finally {
      await server.close();
      await made.dispose();
    }
  });

  it('is filled up by the command that says how, and compared by the one that shows a difference', async () => {
    const made = makeCaches([
      ...['--paths', '60', '--seed', 'fill', '--nars', '--second', '--overlap', '0.8', '--missing', '0.1', '--disagree', '0.05'],
      ...['--depth', '6', '--a-badsig', '0.05'],
    ]);
    try {
      const urls = ['a', 'b'].map((cache) => `file://${path.join(made.dir, cache)}`);
      const audit = () => auditMade({ urls, keys: [made.keys.a, made.keys.b], roots: [made.root], challenge: true });
      const before = await audit();
      const [, lacking] = await coverage(before);
      const [fill] = lacking?.fill ?? [];
      assert.ok(fill !== undefined && fill.paths.length > 5);
      const env = { ...nix.env, NIX_CONFIG: `trusted-public-keys = ${made.keys.a} ${made.keys.b}` };
      const copied = await nix.run(['-c', fill.command], { program: 'sh', env });
      assert.equal(copied.status, 0, copied.stderr);
      const [, filled] = await coverage(await audit());
      assert.deepEqual(
        filled?.missing.map(({ storePath }) => storePath).sort(),
        lacking?.missing
          .map(({ storePath }) => storePath)
          .filter((one) => !fill.paths.includes(one))
          .sort(),
      );

      const { report } = await auditClosure(before, { audit: true });
      const difference = report.findings.find(({ code }) => code === 'caches-disagree');
      const shown = await nix.run(['-c', String(difference?.evidence?.['command'])], { program: 'sh' });
      assert.ok(existsSync(path.join(nix.dir, 'one')) && existsSync(path.join(nix.dir, 'two')), shown.stderr);
      assert.match(shown.stdout, /as b built it/);
    } finally {
      await made.dispose();
    }
  });
});
