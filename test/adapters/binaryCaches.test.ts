import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AllowListTransport } from '../../server/src/adapters/allowListTransport';
import { addressesOf, openBinaryCache } from '../../server/src/adapters/binaryCaches';
import { DirectTransport } from '../../server/src/adapters/directTransport';
import { nodeFiles } from '../../server/src/adapters/nodeFiles';
import { systemClock } from '../../server/src/adapters/systemClock';
import { parseLockNarHash } from '../../server/src/domain/hash';
import { parseNarinfo } from '../../server/src/domain/narinfo';
import { trustedKeys } from '../../server/src/domain/publicKey';
import { parseStorePath, storePathHash } from '../../server/src/domain/storePath';
import { verifyNarinfo } from '../../server/src/domain/verifyNarinfo';
import { never } from '../support/abort';
import { redirect, startCacheServer, status, type CacheServer } from '../support/cacheServer';
import { fakeLog } from '../support/fakeLog';
import { environment } from '../support/memoryFiles';
import { served, signedCache, writeCache } from '../support/signedCache';
import { makeSigner } from '../support/signer';
import { configuredCache } from '../support/trust';

const PATH = parseStorePath('/nix/store/0c0zr5nrzblgzm9aaj5yzpwx3rzblc1m-hello-2.12');
const HASH = parseLockNarHash('sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');

describe('openBinaryCache', () => {
  assert.ok(PATH.ok && HASH.ok);
  const storePath = PATH.value;
  const signer = makeSigner('test.example.org-1');
  const files = signedCache([{ storePath, narHash: HASH.value, signers: [signer] }]);
  const direct = new DirectTransport({ environment: environment(), files: nodeFiles, log: fakeLog() });
  let server: CacheServer;
  beforeEach(async () => (server = await startCacheServer(served(files, '/team'))));
  afterEach(() => server.close());
  after(() => direct.close());

  function open(url: string, credentials?: { login: string; password: string }) {
    const { substituter } = configuredCache({ url });
    const transport = new AllowListTransport(direct);
    transport.allow(addressesOf(substituter));
    return openBinaryCache(
      { substituter, ...(credentials && { credentials }) },
      {
        transport,
        files: nodeFiles,
        environment: environment(),
        clock: systemClock,
        userAgent: 'flake-trust/1.2.3',
        timeoutMs: 2000,
      },
    );
  }

  it('reads a signed cache over HTTP, whose narinfo verifies', async () => {
    const cache = open(`${server.url}/team/?priority=3&trusted=0`);
    const info = await cache.info(never);
    assert.equal(info.kind === 'found' && info.info.priority, 40);
    const answer = await cache.narinfo(storePathHash(storePath), never);
    assert.equal(answer.kind, 'found');
    const narinfo = parseNarinfo(answer.text);
    assert.ok(narinfo.ok);
    const verdict = verifyNarinfo(narinfo.value, { asked: storePath, trusted: trustedKeys([signer.publicKey]) });
    assert.equal(verdict.kind === 'checked' && verdict.verdict, 'verified');
    assert.deepEqual(
      server.requests.map(({ path, headers }) => [path, headers['user-agent'], headers.authorization]),
      [
        ['/team/nix-cache-info', 'flake-trust/1.2.3', undefined],
        [`/team/${storePathHash(storePath)}.narinfo`, 'flake-trust/1.2.3', undefined],
      ],
    );
  });

  it('reads the same cache from a directory', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'flake-trust-'));
    await writeCache(directory, files);
    const cache = open(`file://${directory}`);
    assert.equal((await cache.info(never)).kind, 'found');
    assert.equal((await cache.narinfo(storePathHash(storePath), never)).kind, 'found');
    await rm(directory, { recursive: true });
  });

  it('sends user-info of the URL, else the netrc entry, as Basic credentials', async () => {
    const netrc = { login: 'net', password: 'rc' };
    await open(`${server.url}/team`.replace('http://', 'http://us%40er:p%3Aw@'), netrc).info(never);
    await open(`${server.url}/team`, netrc).info(never);
    assert.deepEqual(
      server.requests.map(({ headers }) => Buffer.from((headers.authorization ?? '').slice(6), 'base64').toString()),
      ['us@er:p:w', 'net:rc'],
    );
  });

  it('follows no redirect away from the cache, and takes no credentials there', async () => {
    const other = await startCacheServer({ '*': status(200) });
    server.on('/team/nix-cache-info', redirect(`${other.url}/steal`));
    const answer = await open(`${server.url}/team`, { login: 'a', password: 'b' }).info(never);
    assert.deepEqual(answer, { kind: 'unreachable', reason: `redirected to 127.0.0.1:${other.port}, not followed` });
    assert.equal(other.requests.length, 0);
    await other.close();
  });

  it('asks nobody about a store that is no binary cache, and says why', async () => {
    for (const url of ['ssh://host', 'daemon', '/tmp/store', 'file:relative']) {
      const answer = await open(url).info(never);
      assert.equal(answer.kind, 'unreachable', url);
      assert.ok(answer.reason.length > 10);
      assert.deepEqual(addressesOf(configuredCache({ url }).substituter), []);
    }
  });

  it('names the address of each cache for the allow-list', () => {
    for (const [url, addresses] of [
      ['https://u:p@cache.example.org/team/?priority=1', ['https://cache.example.org/team']],
      ['s3://bucket', ['https://bucket.s3.us-east-1.amazonaws.com']],
      ['file:///srv/cache', []],
    ] as const)
      assert.deepEqual(addressesOf(configuredCache({ url }).substituter), addresses);
  });
});
