/** Audits of made caches over real HTTP: every path as the generator says it is. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { auditClosure } from '../../../server/src/engine/closure/auditReport';
import type { Closure } from '../../../server/src/engine/closure/closure';
import type { ClosureProgress } from '../../../server/src/engine/closure/request';
import { coverage } from '../../../server/src/engine/closure/coverage';
import { FROM_ROOT, reachedThrough } from '../../../server/src/domain/reachedThrough';
import type { StorePath } from '../../../server/src/domain/storePath';
import { startCacheServer, text } from '../../support/cacheServer';
import { serveFolder, type FolderServer } from '../../nix/serveFolder';
import { auditMade, makeCaches, type CacheName, type MadeCache } from '../../support/madeCache';
import { expectedClosure, observedClosure, type ExpectedPath } from './expectedClosure';

const TROUBLED = [
  ...['--paths', '1000', '--seed', 'walk', '--second', '--overlap', '0.9', '--missing', '0.02', '--disagree', '0.02'],
  ...['--refs-disagree', '0.02', '--unsigned', '0.05', '--badsig', '0.03', '--wrongkey', '0.02', '--cross-signed', '0.1'],
  ...['--ca', '0.01', '--shuffle-refs', '0.05', '--a-badsig', '0.05', '--a-unsigned', '0.03', '--a-wrongkey', '0.02'],
];

describe('the closure of store paths', () => {
  let made: MadeCache;
  let server: FolderServer;
  const urlOf = (cache: CacheName) => `${server.url}/${cache}`;
  const audit = (caches: readonly CacheName[], more = {}) =>
    auditMade({ urls: caches.map(urlOf), keys: [made.keys.a, made.keys.b], roots: [made.root], ...more });
  const requests = () => server.requests.filter((request) => request.endsWith('.narinfo')).length;

  before(async () => {
    made = makeCaches(TROUBLED);
    server = await serveFolder(made.dir);
  });
  after(async () => {
    await server.close();
    await made.dispose();
  });

  function assertAsExpected(closure: Closure, expected: readonly ExpectedPath[], challenge: boolean): void {
    assert.deepEqual(
      observedClosure(closure),
      expected.map((one) => ({ ...one, agreement: challenge ? one.agreement : undefined })),
    );
    const { totals } = closure;
    assert.equal(totals.paths, expected.length);
    assert.deepEqual(totals.byVerdict, counts(expected.map(({ verdict }) => verdict)));
    assert.deepEqual(totals.byKey, counts(expected.flatMap(({ keyNames }) => keyNames)));
    assert.deepEqual(Object.fromEntries(Object.entries(totals.byCache).map(([url, count]) => [url.slice(-1), count])), {
      ...Object.fromEntries(closure.lanes.map(({ url }) => [url.slice(-1), 0])),
      ...counts(expected.flatMap(({ from }) => from ?? [])),
    });
    assert.equal(totals.differ, challenge ? expected.filter(({ agreement }) => agreement === 'differ').length : 0);
    assert.equal(closure.stopped, undefined);
  }

  it('in one cache', async () => {
    assertAsExpected(await audit(['a']), expectedClosure(made, ['a'], false), false);
  });

  it('in two caches, as Nix would ask them', async () => {
    assertAsExpected(await audit(['a', 'b']), expectedClosure(made, ['a', 'b'], false), false);
  });

  it('in two caches, by their priority and not by the order of their names', async () => {
    assertAsExpected(await audit(['b', 'a']), expectedClosure(made, ['a', 'b'], false), false);
  });

  it('in two caches, both asked for everything', async () => {
    const expected = expectedClosure(made, ['a', 'b'], true);
    const closure = await audit(['a', 'b'], { challenge: true });
    assertAsExpected(closure, expected, true);
    const covered = await coverage(closure);
    for (const [index, cache] of (['a', 'b'] as const).entries()) {
      const other = cache === 'a' ? 'b' : 'a';
      const has = (path: StorePath, which: CacheName) => made.classOf(path, which) !== 'absent';
      const missing = expected.filter(({ storePath }) => !has(storePath, cache)).map(({ storePath }) => storePath);
      assert.equal(covered[index]?.paths, expected.length - missing.length);
      assert.equal(covered[index].onlyHere, expected.filter(({ storePath }) => !has(storePath, other)).length);
      assert.deepEqual(covered[index].missing.map(({ storePath }) => storePath).sort(), missing);
      const ranks = covered[index].missing.map(({ neededBy }) => neededBy);
      assert.deepEqual(
        ranks,
        [...ranks].sort((one, two) => two - one),
      );
      for (const { storePath, neededBy } of covered[index].missing) {
        const referrers = expected.filter(
          (one) => one.storePath !== storePath && one.references.includes(storePath as StorePath),
        );
        assert.equal(neededBy, referrers.length, storePath);
      }
    }
  });

  it('with a finding for every difference, and for every signature that does not verify', async () => {
    const { report } = await auditClosure(await audit(['a', 'b'], { challenge: true }), { audit: true });
    const subjects = (code: string) => report.findings.filter((one) => one.code === code).map(({ subject }) => subject.id);
    const expected = expectedClosure(made, ['a', 'b'], true);
    assert.deepEqual(
      subjects('caches-disagree'),
      expected.filter(({ agreement }) => agreement === 'differ').map(({ storePath }) => storePath),
    );
    assert.deepEqual(
      subjects('signature-invalid'),
      expected
        .filter(({ storePath }) => (['a', 'b'] as const).some((cache) => made.classOf(storePath, cache) === 'badsig'))
        .map(({ storePath }) => storePath),
    );
    const [difference] = report.findings.filter(({ code }) => code === 'caches-disagree');
    const { parties, command } = difference?.evidence as {
      parties: { cache: string; narHash: string; verifiedBy: string[] }[];
      command: string;
    };
    assert.deepEqual(
      parties.map(({ cache }) => cache),
      [urlOf('a'), urlOf('b')],
    );
    assert.notEqual(parties[0]?.narHash, parties[1]?.narHash);
    assert.match(command, /^nix store dump-path --store http\S+\/a \S+ \| nix-store --restore one && .*diff -r one two$/);
  });

  it('by the shortest chain from the root to any path', async () => {
    const closure = await audit(['a']);
    const depth = depths(expectedClosure(made, ['a'], false), made.root);
    for (const { storePath } of closure.paths) {
      const chain = closure.why(storePath as StorePath);
      assert.equal(chain[0], made.root);
      assert.equal(chain.at(-1), storePath);
      assert.equal(chain.length - 1, depth.get(storePath as StorePath), storePath);
    }
    const through = closure.reachedThrough();
    for (const [place, { storePath }] of closure.paths.entries()) {
      const before = closure.paths[through[place] ?? 0]?.storePath;
      assert.equal(before, closure.why(storePath as StorePath).at(-2), storePath);
      assert.equal(through[place] === FROM_ROOT, storePath === made.root);
    }
    assert.deepEqual([...through], [...reachedThrough(closure.roots, closure.paths)], 'as it is found from the JSON report');
    assert.deepEqual(closure.why('/nix/store/00000000000000000000000000000000-other' as StorePath), []);
  });

  it('up to a limit, which is told', async () => {
    const closure = await audit(['a'], { maxPaths: 100 });
    assert.equal(closure.size, 100);
    assert.equal(closure.stopped?.reason, 'max-paths');
    assert.ok(closure.stopped.unvisited > 0);
    const { report } = await auditClosure(closure, { audit: true });
    assert.equal(report.findings.filter(({ code }) => code === 'closure-incomplete').length, 1);
  });

  it('asking for no path twice, and with a disk cache for none again', async () => {
    const storageDir = await mkdtemp(path.join(tmpdir(), 'flake-trust-store-'));
    try {
      const before = requests();
      const first = await audit(['a'], { storageDir });
      assert.equal(requests() - before, first.size);
      const second = await audit(['a'], { storageDir });
      assert.equal(requests() - before, first.size);
      assert.deepEqual(second.paths, first.paths);
      const offline = await audit(['a'], { storageDir, offline: true });
      assert.equal(requests() - before, first.size);
      assert.deepEqual(offline.paths, first.paths);
      await audit(['a'], { storageDir, refresh: true });
      assert.equal(requests() - before, 2 * first.size);
    } finally {
      await rm(storageDir, { recursive: true, force: true });
    }
  });

  it('telling how far it is', async () => {
    const told: ClosureProgress[] = [];
    const closure = await audit(['a'], { onProgress: (progress: ClosureProgress) => told.push(progress) });
    assert.equal(told[0]?.answered, 0);
    assert.equal(told.at(-1)?.answered, closure.size);
    assert.equal(told.at(-1)?.perCache[0]?.asked, closure.size);
  });

  it('ending when cancelled, whoever still owes an answer, with what it learned', async () => {
    const controller = new AbortController();
    let left = 50;
    const silent = await startCacheServer({
      '*': (request, response) => {
        const name = request.url ?? '';
        if (name.endsWith('.narinfo') && left-- <= 0) controller.abort();
        else void readFile(path.join(made.dir, 'a', name), 'utf8').then((body) => text(body)(request, response));
      },
    });
    try {
      const closure = await auditMade({
        ...{ urls: [silent.url], keys: [made.keys.a], roots: [made.root], signal: controller.signal },
        // Longer than this test may take: it ends because it is cancelled, and not because nobody answers.
        ...{ connections: 2, timeoutMs: 120_000 },
      });
      assert.equal(closure.stopped?.reason, 'cancelled');
      assert.ok(closure.stopped.unvisited > 0);
      assert.ok(closure.size > 0);
      // Two were on their way: the one that was not answered, and at most one beside it.
      assert.ok(silent.requests.filter((request) => request.path.endsWith('.narinfo')).length <= 52);
    } finally {
      await silent.close();
    }
  });
});

function counts(words: readonly string[]): Record<string, number> {
  const result: Record<string, number> = {};
  for (const word of words) result[word] = (result[word] ?? 0) + 1;
  return result;
}

function depths(paths: readonly ExpectedPath[], root: StorePath): ReadonlyMap<StorePath, number> {
  const references = new Map(paths.map((one) => [one.storePath, one.references]));
  const depth = new Map([[root, 0]]);
  for (const [path, at] of depth) {
    for (const reference of references.get(path) ?? []) if (!depth.has(reference)) depth.set(reference, at + 1);
  }
  return depth;
}
