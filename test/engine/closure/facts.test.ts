/** What one audit leaves to the next: the same report in a fraction of the time, and never one that the caches and keys of today do not bear out. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DiskAnswerStore } from '../../../server/src/adapters/diskAnswerStore';
import { storePathHash, type StorePath } from '../../../server/src/domain/storePath';
import type { Closure } from '../../../server/src/engine/closure/closure';
import { serveFolder, type FolderServer } from '../../nix/serveFolder';
import { fakeLog } from '../../support/fakeLog';
import { auditMade, makeCaches, type CacheName, type MadeCache } from '../../support/madeCache';
import { omit } from '../../support/omit';
import { makeSigner } from '../../support/signer';

describe('what an audit of a closure leaves to the next', () => {
  let made: MadeCache;
  let server: FolderServer;
  let storageDir: string;

  before(async () => {
    made = makeCaches([
      ...['--paths', '600', '--seed', 'facts', '--second', '--overlap', '0.9', '--missing', '0.02', '--disagree', '0.02'],
      ...['--unsigned', '0.05', '--badsig', '0.03', '--wrongkey', '0.02', '--cross-signed', '0.1', '--ca', '0.02'],
      ...['--a-badsig', '0.03', '--a-unsigned', '0.03', '--a-wrongkey', '0.02', '--a-missing', '0.01'],
    ]);
    server = await serveFolder(made.dir);
  });
  after(async () => {
    await server.close();
    await made.dispose();
  });
  beforeEach(() => {
    storageDir = mkdtempSync(path.join(tmpdir(), 'flake-trust-facts-'));
  });
  afterEach(() => rmSync(storageDir, { recursive: true, force: true }));

  const urls = (caches: readonly CacheName[]) => caches.map((cache) => `${server.url}/${cache}`);
  const audit = (more: Partial<Parameters<typeof auditMade>[0]> = {}, caches: readonly CacheName[] = ['a', 'b']) =>
    auditMade({ urls: urls(caches), keys: [made.keys.a, made.keys.b], roots: [made.root], storageDir, ...more });
  /** Asks nobody and remembers nothing of before: what the caches and keys of now really say. */
  const anew = (more: Partial<Parameters<typeof auditMade>[0]> = {}, caches: readonly CacheName[] = ['a', 'b']) =>
    auditMade({ urls: urls(caches), keys: [made.keys.a, made.keys.b], roots: [made.root], ...more });
  const files = (ending: string) =>
    readdirSync(path.join(storageDir, 'answers-1'))
      .filter((name) => name.endsWith(ending))
      .map((name) => path.join(storageDir, 'answers-1', name));
  const asked = async (work: () => Promise<unknown>) => {
    const before = server.requests.filter((request) => request.endsWith('.narinfo')).length;
    await work();
    return server.requests.filter((request) => request.endsWith('.narinfo')).length - before;
  };

  function assertSame(one: Closure, other: Closure): void {
    const told = ({ paths, totals, lanes }: Closure) => ({
      totals,
      paths: paths.map(({ answers, ...path }) => ({
        ...path,
        answers: answers?.map((answer) => omit(answer, 'checkedAt')),
      })),
      found: lanes.map(({ found }) => found),
    });
    assert.deepEqual(told(one), told(other));
  }

  for (const challenge of [false, true]) {
    it(`is the same report, with nothing asked${challenge ? ', of a challenge' : ''}`, async () => {
      assertSame(await audit({ challenge }), await anew({ challenge }));
      assert.equal(files('.facts').length, 2);
      assert.equal(
        await asked(async () => assertSame(await audit({ challenge }), await anew({ challenge }))),
        await asked(() => anew({ challenge })),
      );
    });
  }

  it('serves a challenge after an audit without one, which asks only for what is new', async () => {
    await audit();
    assertSame(await audit({ challenge: true }), await anew({ challenge: true }));
    assertSame(await audit({ challenge: true }), await anew({ challenge: true }));
  });

  it('is written once, and not again where nothing is learned', async () => {
    await audit();
    const before = files('.facts').map((file) => readFileSync(file));
    await audit();
    assert.deepEqual(
      files('.facts').map((file) => readFileSync(file)),
      before,
    );
  });

  it('holds no verdict: other keys, other verdicts', async () => {
    await audit();
    for (const keys of [[], [made.keys.a], [made.keys.b], [made.keys.b, made.keys.a]])
      assertSame(await audit({ keys }), await anew({ keys }));
  });

  it('trusts no other key of the same name', async () => {
    await audit();
    const name = made.keys.a.slice(0, made.keys.a.indexOf(':'));
    const keys = [makeSigner(name).publicKey];
    const closure = await audit({ keys }, ['a']);
    assert.equal(closure.totals.byVerdict.verified, undefined);
    assert.ok((closure.totals.byVerdict['invalid-signature'] ?? 0) > 500);
    assertSame(closure, await anew({ keys }, ['a']));
  });

  it('gives way to what a cache said later', async () => {
    await audit();
    const store = new DiskAnswerStore({ directory: storageDir, log: fakeLog() });
    const [url = ''] = urls(['a']);
    store.putNarinfo(url, storePathHash(made.root), { kind: 'absent' }, Date.now());
    await store.close();
    const closure = await audit({}, ['a']);
    assert.deepEqual(closure.totals.byVerdict, { absent: 1 });
  });

  it('keeps what it knew of other closures', async () => {
    const [first, second] = disjointRoots(made);
    await audit({ roots: [first] }, ['a']);
    await audit({ roots: [second] }, ['a']);
    const before = files('.facts').map((file) => readFileSync(file));
    assert.equal(await asked(() => audit({ roots: [first, second] }, ['a'])), 0);
    assert.deepEqual(
      files('.facts').map((file) => readFileSync(file)),
      before,
    );
  });

  it('is of no use once the answers were cleared', async () => {
    await audit({}, ['a']);
    const store = new DiskAnswerStore({ directory: storageDir, log: fakeLog() });
    await store.clear();
    await store.close();
    assert.deepEqual(files('.facts'), []);
    assert.ok((await asked(() => audit({}, ['a']))) > 500);
  });

  it('is of no use without the answers that it was made from', async () => {
    await audit({}, ['a']);
    for (const file of files('.log')) rmSync(file);
    assert.ok((await asked(async () => assertSame(await audit({}, ['a']), await anew({}, ['a'])))) > 500);
  });

  it('is harmless when damaged anywhere', async () => {
    await audit({}, ['a']);
    const expected = await anew({}, ['a']);
    const [file = ''] = files('.facts');
    const good = readFileSync(file);
    for (let at = 0; at < good.length; at += Math.ceil(good.length / 40)) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0x41;
      writeFileSync(file, bad);
      assertSame(await audit({}, ['a']), expected);
      writeFileSync(file, good.subarray(0, at));
      assertSame(await audit({}, ['a']), expected);
      writeFileSync(file, good);
    }
  }).timeout(60_000);
});

/** Two paths of which neither leads to the other. */
function disjointRoots(made: MadeCache): readonly [StorePath, StorePath] {
  const valid = made.paths.filter((path) => made.classOf(path, 'a') === 'valid');
  for (const one of valid) {
    const other = valid.find((path) => !closureOf(made, path).has(one) && !closureOf(made, one).has(path));
    if (other !== undefined) return [one, other];
  }
  throw new Error('every path leads to every other');
}

function closureOf(made: MadeCache, root: StorePath): ReadonlySet<StorePath> {
  const reached = new Set([root]);
  for (const path of reached) {
    if (made.classOf(path, 'a') === 'absent') continue;
    for (const reference of made.referencesOf(path, 'a')) reached.add(reference);
  }
  return reached;
}
