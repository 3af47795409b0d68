/** Walks in a thread of their own, over real HTTP: what comes back is what a walk on this thread gives. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { ThreadedWalks, type ThreadedWalksOptions } from '../../server/src/closureThread/threadedWalks';
import type { StorePath } from '../../server/src/domain/storePath';
import { auditClosure, wholeReport } from '../../server/src/engine/closure/auditReport';
import type { Closure } from '../../server/src/engine/closure/closure';
import type { ClosureProgress, ClosureRequest } from '../../server/src/engine/closure/request';
import type { Transport, TransportRequest } from '../../server/src/engine/ports';
import { serveFolder, type FolderServer } from '../nix/serveFolder';
import { startCacheServer, text } from '../support/cacheServer';
import { fakeLog } from '../support/fakeLog';
import { auditMade, makeCaches, type MadeCache } from '../support/madeCache';
import { trustConfiguration } from '../support/trust';

const TROUBLED = [
  ...['--paths', '400', '--seed', 'thread', '--second', '--overlap', '0.9', '--missing', '0.02', '--disagree', '0.02'],
  ...['--unsigned', '0.05', '--badsig', '0.03', '--wrongkey', '0.02', '--cross-signed', '0.1', '--ca', '0.01'],
];
const SOURCES = path.join(__dirname, '../../server/src');
const INFO = text('StoreDir: /nix/store\nPriority: 40\n');
const MISSING = '/nix/store/0123456789abcdfghijklmnpqrsvwxyz-missing' as StorePath;

describe('walks in a thread of their own', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'flake-trust-thread-'));
  const file = path.join(folder, 'closureThread.js');
  let made: MadeCache;
  let server: FolderServer;
  const opened: ThreadedWalks[] = [];
  let storageDir: string;

  before(async () => {
    buildSync({
      entryPoints: ['closureThread.ts', 'signatureWorker.ts'].map((name) => path.join(SOURCES, name)),
      bundle: true,
      platform: 'node',
      supported: { 'dynamic-import': false },
      outdir: folder,
    });
    made = makeCaches(TROUBLED);
    server = await serveFolder(made.dir);
  });
  beforeEach(() => (storageDir = mkdtempSync(path.join(folder, 'storage-'))));
  afterEach(() => Promise.all(opened.splice(0).map((walks) => walks.close())));
  after(async () => {
    await server.close();
    await made.dispose();
    rmSync(folder, { recursive: true });
  });

  function open(more: Partial<ThreadedWalksOptions> = {}, options: Partial<ThreadedWalksOptions['options']> = {}): ThreadedWalks {
    const walks = new ThreadedWalks({
      options: { transport: 'direct', connections: 32, timeoutMs: 5000, network: {}, storageDir, ...options },
      ...{ file, log: fakeLog(), editor: undefined, ...more },
    });
    opened.push(walks);
    return walks;
  }

  const urls = () => ['a', 'b'].map((cache) => `${server.url}/${cache}`);
  const requestOf = (more: Partial<ClosureRequest> = {}): ClosureRequest => ({
    roots: [made.root],
    challenge: false,
    configuration: trustConfiguration(
      urls().map((url) => ({ url })),
      [made.keys.a, made.keys.b],
    ),
    ...more,
  });
  const never = new AbortController().signal;

  for (const challenge of [false, true])
    it(`give what a walk on this thread gives${challenge ? ', of a challenge' : ''}`, async () => {
      const here = await auditMade({ urls: urls(), keys: [made.keys.a, made.keys.b], roots: [made.root], challenge });
      assert.deepEqual(await reportOf(await open().walk(requestOf({ challenge }), never)), await reportOf(here));
    });

  it('tell how far they are, from the beginning to the end', async () => {
    const told: ClosureProgress[] = [];
    const closure = await open().walk(requestOf({ onProgress: (progress) => told.push(progress) }), never);
    assert.equal(told[0]?.answered, 0);
    assert.equal(told.at(-1)?.answered, closure.size);
  });

  it('leave to the next one what they understood, in one thread and on disk', async () => {
    const asked = async (work: () => Promise<unknown>) => {
      const before = server.requests.length;
      await work();
      return server.requests.slice(before).filter((request) => request.endsWith('.narinfo')).length;
    };
    const walks = open();
    assert.ok((await asked(() => walks.walk(requestOf(), never))) > 300);
    assert.equal(await asked(() => walks.walk(requestOf(), never)), 0);
    await walks.close();
    const files = await readdir(path.join(storageDir, 'answers-1'));
    assert.equal(files.filter((name) => name.endsWith('.facts')).length, 2);
    assert.equal(await asked(() => open().walk(requestOf(), never)), 0);
  });

  it('end with what they know when they are cancelled', async () => {
    const slow = await startCacheServer({ '/nix-cache-info': INFO });
    try {
      slow.on('*', () => undefined);
      const cancel = new AbortController();
      const configuration = trustConfiguration([{ url: slow.url }]);
      const walking = open().walk(requestOf({ roots: [MISSING], configuration }), cancel.signal);
      await slow.requested(`/${MISSING.slice(11, 43)}.narinfo`);
      cancel.abort();
      const closure = await walking;
      assert.deepEqual(closure.stopped, { reason: 'cancelled', unvisited: 1 });
    } finally {
      await slow.close();
    }
  });

  it('keep from a cache what must not be told to it, and send logins to their host alone', async () => {
    const one = await startCacheServer({ '/nix-cache-info': INFO });
    const two = await startCacheServer({ '/nix-cache-info': INFO }, { host: '127.0.0.2' });
    try {
      const configuration = {
        ...trustConfiguration([{ url: one.url }, { url: two.url }]),
        credentialsFor: (host: string) => (host === '127.0.0.2' ? { login: 'me', password: 'secret' } : undefined),
      };
      await open().walk(requestOf({ roots: [MISSING], configuration }), never);
      assert.deepEqual(
        one.requests.map(({ headers }) => headers.authorization),
        [undefined, undefined],
      );
      const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`;
      assert.deepEqual(
        two.requests.map(({ headers }) => headers.authorization),
        [basic, basic],
      );

      const before = one.requests.length;
      const withheld = ({ substituter }: { substituter: { url: string } }) =>
        substituter.url === one.url ? 'it is private' : undefined;
      const closure = await open().walk(requestOf({ roots: [MISSING], configuration, withheld, refresh: true }), never);
      assert.equal(one.requests.length, before);
      assert.deepEqual(
        closure.allLanes.map(({ refusal }) => refusal),
        [undefined, 'it is private'],
      );
    } finally {
      await one.close();
      await two.close();
    }
  });

  it('go through the editor where the user wants it so', async () => {
    const seen: TransportRequest[] = [];
    const editor: Transport = {
      get: async (request, signal) => {
        seen.push(request);
        signal.throwIfAborted();
        const response = await fetch(request.url, { signal });
        return {
          kind: 'response',
          status: response.status,
          headers: Object.fromEntries(response.headers),
          body: Buffer.from(await response.arrayBuffer()),
        };
      },
    };
    const closure = await open({ editor }, { transport: 'editor' }).walk(
      requestOf({ roots: [made.paths[0]!], maxPaths: 1 }),
      never,
    );
    assert.equal(closure.size, 1);
    assert.deepEqual(
      seen.map(({ url }) => url.replace(/^.*\//, '')).sort(),
      [`${made.paths[0]!.slice(11, 43)}.narinfo`, 'nix-cache-info', 'nix-cache-info'].sort(),
    );
  });

  it('say so when the editor cannot send a request', async () => {
    const editor: Transport = { get: () => Promise.reject(new Error('the editor is gone')) };
    const closure = await open({ editor }, { transport: 'editor' }).walk(requestOf(), never);
    assert.deepEqual(
      closure.allLanes.map(({ failure }) => failure?.kind),
      ['unreachable', 'unreachable'],
    );
    assert.match(closure.allLanes[0]?.failure?.reason ?? '', /the editor is gone/);
  });

  it('pass on what is to be logged', async () => {
    const log = fakeLog();
    writeFileSync(path.join(storageDir, 'answers-1'), 'a file where the folder should be');
    const walks = open({ log });
    await walks.walk(requestOf(), never);
    await walks.close();
    assert.match(log.lines.join('\n'), /warn.*remembered only until the end of this session/);
  });

  const deaths: readonly (readonly [string, string, RegExp])[] = [
    ['ends', 'process.exit(3)', /The thread that asks caches ended/],
    ['fails', 'throw new Error("it fell")', /The thread that asks caches ended: it fell/],
    [
      'uses up its memory',
      'const all = []; for (;;) all.push(new Array(1000).fill({}))',
      /more than 32 MB of memory\. Audit fewer/,
    ],
  ];
  for (const [what, program, message] of deaths)
    it(`fail when their thread ${what}, and only they do`, async () => {
      const dying = path.join(folder, 'dying.js');
      writeFileSync(dying, `require('node:worker_threads').parentPort.on('message', () => { ${program} });`);
      const walks = open({ file: dying, memoryMb: 32 });
      await assert.rejects(walks.walk(requestOf(), never), message);
      await assert.rejects(walks.walk(requestOf(), never), message);
      await walks.close();
    });

  it('start no thread where nothing is walked', async () => {
    const started = path.join(storageDir, 'started');
    const program = path.join(folder, 'telling.js');
    writeFileSync(
      program,
      `require('node:fs').writeFileSync(${JSON.stringify(started)}, ''); require('node:worker_threads').parentPort.once('message', () => process.exit());`,
    );
    const idle = open({ file: program });
    await idle.close();
    assert.equal(existsSync(started), false);
    const used = open({ file: program });
    await assert.rejects(used.walk(requestOf(), never));
    assert.equal(existsSync(started), true);
  });
});

/** All that is told of a closure, but when it was asked for. */
async function reportOf(closure: Closure): Promise<unknown> {
  const report = wholeReport(await auditClosure(closure, { audit: true }));
  return JSON.parse(JSON.stringify(report, (key, value: unknown) => (key === 'checkedAt' ? undefined : value)));
}
