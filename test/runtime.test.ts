import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Transport, TransportRequest } from '../server/src/engine/ports';
import { createRuntime, type RuntimeEngineOptions } from '../server/src/runtime';
import { VERSION } from '../server/src/version';
import { startCacheServer, type CacheServer } from './support/cacheServer';
import { NEVER } from './support/engineBench';
import { fakeLog } from './support/fakeLog';
import { temporaryFolder } from './support/flakeDir';
import { flakeFacts, inputFacts } from './support/flakeFacts';
import { makeSigner } from './support/signer';
import { served, signedCache } from './support/signedCache';
import { trustConfiguration } from './support/trust';
import { until } from './support/until';

const signer = makeSigner('ours-1');
const input = inputFacts('nixpkgs');
const files = signedCache([{ storePath: input.storePath!, narHash: input.narHash!, signers: [signer] }]);

/** An editor that answers like the cache at `url`. */
function editorTransport(url: string): Transport & { readonly requests: TransportRequest[] } {
  const requests: TransportRequest[] = [];
  return {
    requests,
    get: (request) => {
      requests.push(request);
      const body = files.get(request.url.slice(url.length + 1));
      return Promise.resolve({
        kind: 'response',
        status: body === undefined ? 404 : 200,
        headers: {},
        body: Buffer.from(body ?? ''),
      });
    },
  };
}

describe('the runtime', () => {
  let dir: string;
  let remove: () => void;
  let cache: CacheServer;
  beforeEach(async () => {
    ({ dir, remove } = temporaryFolder());
    cache = await startCacheServer(served(files));
  });
  afterEach(async () => {
    await cache.close();
    remove();
  });

  async function verdict(url: string, fields: Partial<RuntimeEngineOptions> = {}, editor?: Transport) {
    const options = {
      transport: 'direct',
      maxRequestsPerHost: 4,
      timeoutMs: 2000,
      network: {},
      storageDir: dir,
      ...fields,
    } as const;
    const engine = await createRuntime().openEngine(options, fakeLog(), editor);
    try {
      const configuration = trustConfiguration([{ url }], [signer.publicKey]);
      const { inputs } = await engine.check(flakeFacts([input]), { configuration, offline: false }, NEVER);
      return inputs[0]?.signer.verdict;
    } finally {
      await engine.close();
    }
  }

  it('asks over its own transport, by its name and version', async () => {
    assert.equal(await verdict(cache.url), 'verified');
    assert.deepEqual([...new Set(cache.requests.map(({ headers }) => headers['user-agent']))], [`flake-trust/${VERSION}`]);
  });

  it('remembers on disk, and not when told so', async () => {
    assert.equal(await verdict(cache.url, { remember: false }), 'verified');
    assert.deepEqual(readdirSync(dir), []);
    await verdict(cache.url);
    assert.notDeepEqual(readdirSync(dir), []);
    const asked = cache.requests.length;
    assert.equal(await verdict(cache.url), 'verified');
    assert.equal(cache.requests.length, asked);
  });

  it('leaves no connection open', async () => {
    await verdict(cache.url);
    await until(() => cache.sockets.size === 0);
  });

  it('asks through the editor alone when told so', async () => {
    const editor = editorTransport('https://cache.example');
    assert.equal(await verdict('https://cache.example', { transport: 'editor' }, editor), 'verified');
    assert.equal(editor.requests.length, 2);
  });

  it('falls back to the editor where the direct way fails, and only then', async () => {
    const editor = editorTransport(cache.url);
    assert.equal(await verdict(cache.url, { transport: 'auto', remember: false }, editor), 'verified');
    assert.equal(editor.requests.length, 0);
    const { url } = cache;
    await cache.close();
    assert.equal(await verdict(url, { transport: 'auto', remember: false }, editor), 'verified');
    assert.equal(editor.requests.length, 2);
    cache = await startCacheServer();
  });

  it('asks directly where there is no editor, whatever the setting', async () => {
    assert.equal(await verdict(cache.url, { transport: 'editor' }), 'verified');
  });

  it('sends nothing to an address that no opened cache has', async () => {
    const other = await startCacheServer(served(files));
    try {
      for (const name of files.keys()) {
        cache.on(`/${name}`, (_, response) => {
          response.statusCode = 302;
          response.setHeader('location', `${other.url}/${name}`);
          response.end();
        });
      }
      assert.equal(await verdict(cache.url), 'unknown');
      assert.equal(other.requests.length, 0);
    } finally {
      await other.close();
    }
  });

  it('reads a directory without the network', async () => {
    assert.equal(await verdict(`file://${path.join(dir, 'none')}`), 'unknown');
    assert.equal(existsSync(path.join(dir, 'none')), false, 'Nix would make it; we never write to a cache');
  });
});
