import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { CancellationTokenSource, type Diagnostic } from 'vscode-languageserver';
import { sourceStorePath } from '../../server/src/domain/contentAddress';
import * as protocol from '../../server/src/protocol';
import { type CacheServer, hang, startCacheServer } from '../support/cacheServer';
import { bareEnvironment, ensureBuilt } from '../support/cli';
import { temporaryFolder } from '../support/flakeDir';
import { narHashOf } from '../support/flakeFacts';
import { type ClientOptions, connectClient, type LanguageClient, VSCODE_CAPABILITIES } from '../support/languageClient';
import { githubNode, lockText, PLAIN } from '../support/sampleFlake';
import { served, signedCache } from '../support/signedCache';
import { makeSigner } from '../support/signer';

const BUNDLE = path.resolve('dist/server.js');
const narHash = narHashOf('nixpkgs');
const signer = makeSigner('test-1');

/** The bundled server as its own process, with an empty home, a nix.conf, a flake on disk, and a cache on this machine. */
describe('the bundled server', () => {
  const { dir, remove } = temporaryFolder();
  const flake = path.join(dir, 'flake');
  const NIX = pathToFileURL(path.join(flake, 'flake.nix')).href;
  const LOCK = pathToFileURL(path.join(flake, 'flake.lock')).href;
  let cache: CacheServer;
  let child: ChildProcess | undefined;

  before(async function () {
    this.timeout(120_000);
    ensureBuilt();
    cache = await startCacheServer(served(signedCache([{ storePath: sourceStorePath(narHash), narHash, signers: [signer] }])));
    mkdirSync(path.join(dir, 'nix'));
    mkdirSync(flake);
    writeFileSync(path.join(dir, 'nix/nix.conf'), `substituters = ${cache.url}\ntrusted-public-keys = ${signer.publicKey}\n`);
  });
  beforeEach(() => {
    writeFileSync(path.join(flake, 'flake.nix'), PLAIN.nix);
    writeFileSync(path.join(flake, 'flake.lock'), PLAIN.lock);
  });
  afterEach(() => {
    if (child?.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    child = undefined;
  });
  after(async () => {
    await cache.close();
    remove();
  });

  const run = (
    args: readonly string[],
  ): ChildProcess & { stdin: NonNullable<ChildProcess['stdin']>; stdout: NonNullable<ChildProcess['stdout']> } => {
    const started = spawn(process.execPath, [...args], {
      cwd: dir,
      env: bareEnvironment(dir),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child = started;
    return started;
  };
  const connect = async (options: ClientOptions = {}): Promise<{ client: LanguageClient; server: ChildProcess }> => {
    const server = run([BUNDLE, '--stdio']);
    const client = await connectClient(server.stdout, server.stdin, {
      capabilities: VSCODE_CAPABILITIES,
      initializationOptions: { commands: true },
      processId: process.pid,
      ...options,
    });
    return { client, server };
  };
  const exitOf = async (server: ChildProcess): Promise<number | null> =>
    server.exitCode ?? ((await once(server, 'exit')) as [number | null])[0];
  const codes = (found: readonly Diagnostic[]) => found.map(({ code }) => code);
  const status = (client: LanguageClient, state: string) =>
    client.message<protocol.StatusParams>(protocol.STATUS, (params) => params.state === state);

  it('reads, asks, shows, follows changes, and leaves no process behind', async () => {
    const { client, server } = await connect();
    client.open(NIX, PLAIN.nix);
    assert.match((await client.hover(NIX, 1, 12)) ?? '', /^\*\*nixpkgs\*\* · `github:NixOS\/nixpkgs\/nixos-unstable`/);
    await status(client, 'ok');
    assert.match(
      (await client.hover(NIX, 1, 12)) ?? '',
      /\$\(verified\) \*\*Cache\*\* .*signed by `test-1`, a key that you trust/,
    );
    assert.equal(cache.requests.length, 2);

    // On disk: somebody else's source is locked now, which no cache has.
    const node = githubNode('NixOS', 'nixpkgs', { word: 'other', ref: 'nixos-unstable', locked: { owner: 'evil' } });
    writeFileSync(path.join(flake, 'flake.lock'), lockText({ nixpkgs: 'nixpkgs' }, { nixpkgs: node }));
    client.changedOnDisk(LOCK);
    const [tampered] = await client.diagnostics(NIX, (found) => codes(found).includes('lock-tampered'));
    assert.equal(tampered?.relatedInformation?.[0]?.location.uri, LOCK);
    await client.message<protocol.StatusParams>(protocol.STATUS, ({ state }) => state === 'problems');

    client.settings = { diagnostics: { severity: { 'lock-tampered': 'off' } } };
    client.settingsChanged();
    await client.diagnostics(NIX, (found) => found.length === 0);

    const result = await client.request<protocol.AuditResult>(protocol.AUDIT, { uri: NIX, refresh: true });
    assert.deepEqual([result.counts.inputs, result.cancelled], [1, false]);
    await client.quit();
    assert.equal(await exitOf(server), 0);
  });

  it('remembers answers, and shows them offline', async () => {
    const first = await connect();
    first.client.open(NIX, PLAIN.nix);
    await status(first.client, 'ok');
    await first.client.quit();
    await exitOf(first.server);
    const before = cache.requests.length;
    const { client, server } = await connect({
      initializationOptions: { commands: true, settings: { network: { mode: 'offline' } } },
      capabilities: {},
    });
    client.open(NIX, PLAIN.nix);
    // A hover does not wait long for the disk; whoever lists flakes does.
    await client.request(protocol.FLAKES);
    assert.match((await client.hover(NIX, 1, 12)) ?? '', /not checked: offline mode \(last result just now: found\)/);
    await client.request(protocol.CLEAR);
    assert.match((await client.hover(NIX, 1, 12)) ?? '', /not checked: offline mode(?! \()/);
    await client.quit();
    await exitOf(server);
    assert.equal(cache.requests.length, before);
  });

  it('sends nothing in Restricted Mode', async () => {
    const before = cache.requests.length;
    const { client, server } = await connect({
      initializationOptions: { commands: true, workspaceTrusted: false, storageDir: path.join(dir, 'other-storage') },
    });
    client.open(NIX, PLAIN.nix);
    client.save(NIX);
    await status(client, 'restricted');
    const result = await client.request<protocol.AuditResult>(protocol.AUDIT, { uri: NIX, refresh: true });
    assert.match(result.summary, /no cache asked in Restricted Mode/);
    assert.match((await client.hover(NIX, 1, 12)) ?? '', /this folder is in Restricted Mode/);
    await client.quit();
    await exitOf(server);
    assert.equal(cache.requests.length, before);
  });

  it('stops asking when an audit is cancelled', async () => {
    const other = narHashOf('slow');
    writeFileSync(
      path.join(flake, 'flake.lock'),
      lockText({ nixpkgs: 'nixpkgs' }, { nixpkgs: githubNode('NixOS', 'nixpkgs', { word: 'slow', ref: 'nixos-unstable' }) }),
    );
    const question = `/${path.basename(sourceStorePath(other)).slice(0, 32)}.narinfo`;
    cache.on(question, hang);
    const asked = cache.requested(question);
    const { client, server } = await connect();
    const source = new CancellationTokenSource();
    const pending = client.connection.sendRequest<protocol.AuditResult>(protocol.AUDIT, { uri: NIX }, source.token);
    await asked;
    source.cancel();
    assert.equal((await pending).cancelled, true);
    await client.quit();
    assert.equal(await exitOf(server), 0);
  });

  it('shuts down while a cache hangs', async () => {
    const other = narHashOf('hanging');
    writeFileSync(
      path.join(flake, 'flake.lock'),
      lockText({ nixpkgs: 'nixpkgs' }, { nixpkgs: githubNode('NixOS', 'nixpkgs', { word: 'hanging', ref: 'nixos-unstable' }) }),
    );
    const question = `/${path.basename(sourceStorePath(other)).slice(0, 32)}.narinfo`;
    cache.on(question, hang);
    const asked = cache.requested(question);
    const { client, server } = await connect();
    client.open(NIX, PLAIN.nix);
    await asked;
    await client.quit();
    assert.equal(await exitOf(server), 0);
  });

  it('ends when the editor closes the stream without a word', async () => {
    const { client, server } = await connect();
    client.open(NIX, PLAIN.nix);
    server.stdin?.end();
    assert.equal(await exitOf(server), 1);
  });

  it('ends when the editor is gone although the stream is open', async () => {
    const gone = spawnSync(process.execPath, ['--version']).pid;
    const { server } = await connect({ processId: gone });
    assert.equal(await exitOf(server), 1);
  });

  it("ends with Node's channel, as the extension starts it", async () => {
    const server = fork(BUNDLE, ['--node-ipc'], { env: bareEnvironment(dir), stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child = server;
    server.send({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { processId: null, rootUri: null, capabilities: {} } });
    const [answer] = (await once(server, 'message')) as [{ result?: { serverInfo?: { name: string } } }];
    assert.equal(answer.result?.serverInfo?.name, 'Flake Trust');
    server.disconnect();
    await exitOf(server);
  });

  it('is what "flake-trust lsp" starts', async () => {
    for (const args of [['lsp', '--stdio'], ['lsp']]) {
      const server = run([path.resolve('dist/cli.js'), ...args]);
      const client = await connectClient(server.stdout, server.stdin);
      assert.equal(client.initialized.serverInfo?.name, 'Flake Trust');
      await client.quit();
      assert.equal(await exitOf(server), 0);
    }
  });
});
