import assert from 'node:assert/strict';
import type { RegistrationParams } from 'vscode-languageserver';
import { sourceStorePath } from '../../server/src/domain/contentAddress';
import * as protocol from '../../server/src/protocol';
import { createEngine, type Engine } from '../../server/src/engine/engine';
import { deferred } from '../support/deferred';
import { fakeLog } from '../support/fakeLog';
import { fakeStore } from '../support/fakeStore';
import { eventually } from '../support/eventually';
import { fakeCache, hanging } from '../support/fakeCache';
import { narHashOf } from '../support/flakeFacts';
import { PLAIN } from '../support/sampleFlake';
import { makeSigner, narinfoText } from '../support/signer';
import {
  NIX,
  CACHE,
  SETTINGS,
  HASH,
  OURS,
  TAMPERED,
  INSECURE,
  codes,
  onDisk,
  serverForEachTest,
} from '../support/languageServerBench';

describe('the language server', () => {
  const start = serverForEachTest();

  describe('initialize', () => {
    it('says at once what it can do where nothing is registered later', async () => {
      const { client } = await start();
      const { capabilities } = client.initialized;
      for (const name of [
        'hoverProvider',
        'definitionProvider',
        'codeActionProvider',
        'codeLensProvider',
        'inlayHintProvider',
        'documentLinkProvider',
        'documentSymbolProvider',
      ] as const)
        assert.ok(capabilities[name], name);
      assert.deepEqual(capabilities.executeCommandProvider?.commands, ['flakeTrust.server.audit', 'flakeTrust.server.report']);
    });

    it('registers its file patterns where the editor allows it', async () => {
      const { client } = await start(OURS);
      assert.equal(client.initialized.capabilities.hoverProvider, undefined);
      assert.equal(client.initialized.capabilities.executeCommandProvider, undefined);
      const { registrations } = await client.message<RegistrationParams>('client/registerCapability');
      const hover = registrations.find(({ method }) => method === 'textDocument/hover');
      assert.deepEqual(hover?.registerOptions, {
        documentSelector: [
          { scheme: 'file', pattern: '**/flake.nix' },
          { scheme: 'file', pattern: '**/flake.lock' },
        ],
      });
      const watched = registrations.find(({ method }) => method === 'workspace/didChangeWatchedFiles');
      assert.deepEqual(watched?.registerOptions, {
        watchers: [
          '**/flake.nix',
          '**/flake.lock',
          '**/flake-trust',
          '**/flake-trust/policy.jsonc',
          '**/flake-trust/records.jsonc',
          '**/flake-trust/imports.lock.json',
        ].map((globPattern) => ({ globPattern })),
      });
    });
  });

  describe('requests of our own client', () => {
    it('lists flakes and inputs, checks and describes one', async () => {
      const cache = fakeCache();
      const { client } = await start({
        ...OURS,
        folders: ['file:///flake', 'file:///other'],
        files: onDisk(PLAIN),
        caches: { [CACHE]: cache },
      });
      const flakes = await client.request<protocol.FlakeSummary[]>(protocol.FLAKES);
      assert.deepEqual(
        flakes.map(({ uri, inputs }) => [uri, inputs.map(({ path, reference }) => [path, reference])]),
        [['file:///flake', [[['nixpkgs'], 'github:NixOS/nixpkgs/nixos-unstable']]]],
      );
      const id = flakes[0]?.inputs[0]?.id;
      await client.request(protocol.CHECK_INPUT, { id });
      assert.deepEqual(cache.asked, ['info', HASH]);
      const details = await client.request<protocol.ReportResult>(protocol.DETAILS, { id, as: 'details' });
      assert.match(details.text, /^# nixpkgs\n/);
      assert.match(details.text, /`https:\/\/cache\.example\.org`: does not have it/);
      const evidence = await client.request<protocol.ReportResult>(protocol.DETAILS, { id, as: 'evidence' });
      assert.deepEqual((JSON.parse(evidence.text) as { input: { path: string[] } }).input.path, ['nixpkgs']);
      const report = await client.request<protocol.ReportResult>(protocol.REPORT, { uri: flakes[0]?.id, format: 'markdown' });
      assert.match(report.text, /^# Flake Trust report/);
    });

    it('does nothing for ids that it did not issue, and for nonsense', async () => {
      const { client } = await start();
      for (const params of [{ id: 'ref-99' }, { id: '/etc/passwd' }, {}, null, [], 'x', 7]) {
        assert.equal(await client.request(protocol.CHECK_INPUT, params), null);
        assert.deepEqual(await client.request(protocol.DETAILS, params), { text: '' });
        assert.deepEqual(await client.request(protocol.REPORT, params), { text: '' });
        assert.deepEqual(await client.request(protocol.DECLARED_CACHES, params), []);
      }
      assert.equal((await client.request<protocol.CheckKeyResult>(protocol.CHECK_KEY, null)).ok, false);
      assert.deepEqual(await client.request(protocol.FLAKES), []);
    });

    it('lists the caches that a flake names, and judges keys', async () => {
      const key = makeSigner('acme-1').publicKey;
      const nix = `{ nixConfig.extra-substituters = [ "http://cache.acme.example" ]; nixConfig.extra-trusted-public-keys = "${key}"; outputs = _: { }; }`;
      const { client } = await start({ files: onDisk({ nix }) });
      const [declared] = await client.request<protocol.DeclaredCachesResult>(protocol.DECLARED_CACHES, { uri: NIX });
      assert.deepEqual(declared, {
        url: 'http://cache.acme.example',
        keys: [key],
        state: 'not-accepted',
        warnings: ['Plain http: anybody on the way can change its answers.'],
      });
      const judge = (text: string) => client.request<protocol.CheckKeyResult>(protocol.CHECK_KEY, { text });
      assert.deepEqual(await judge('nonsense'), { ok: false, message: 'This is not in the form name:base64.' });
      assert.match((await judge(key)).message, /does not know this key/);
    });
  });

  describe('editors that answer badly', () => {
    it('takes settings from initializationOptions where none can be asked for', async () => {
      const { client } = await start({
        initializationOptions: { settings: { ...SETTINGS, diagnostics: { severity: { 'lock-missing': 'off' } } } },
      });
      client.open(NIX, INSECURE);
      assert.deepEqual(codes(await client.diagnostics(NIX, (all) => all.length > 0)), ['insecure-transport']);
      await client.connection.sendNotification('workspace/didChangeConfiguration', {
        settings: { flakeTrust: { ...SETTINGS, diagnostics: { severity: { 'insecure-transport': 'off' } } } },
      });
      assert.deepEqual(codes(await client.diagnostics(NIX, (all) => !codes(all).includes('insecure-transport'))), [
        'lock-missing',
      ]);
    });

    it('names a bad setting in the log and works on with its default', async () => {
      const { client } = await start({ ...OURS, settings: { ...SETTINGS, network: { mode: 'sometimes' } } });
      client.open(NIX, INSECURE);
      const { message } = await client.message<{ message: string }>(
        'window/logMessage',
        (log) => log.message.includes('sometimes') || log.message.includes('network.mode'),
      );
      assert.match(message, /flakeTrust\.network\.mode: expected/);
      await client.diagnostics(NIX, (all) => all.length === 2);
    });

    it('survives initializationOptions of any kind', async () => {
      const { client } = await start({ initializationOptions: { workspaceTrusted: 'yes', storageDir: 7, settings: [] } });
      client.open(NIX, INSECURE);
      await client.diagnostics(NIX, (all) => all.length === 2);
    });
  });

  describe('a disk that', () => {
    it('does not answer holds up neither hover nor Problems', async () => {
      const engine = deferred<Engine>();
      const { client } = await start({ ...OURS, files: onDisk({ lock: TAMPERED }), openEngine: () => engine.promise });
      client.open(NIX, PLAIN.nix);
      await client.diagnostics(NIX, (all) => codes(all).includes('lock-tampered'));
      assert.match((await client.hover(NIX, 1, 12)) ?? '', /\*\*Cache\*\* not checked yet/);
      const narHash = narHashOf('nixpkgs');
      const text = narinfoText({ storePath: sourceStorePath(narHash), narHash: narHashOf('other') });
      const store = fakeStore();
      store.putNarinfo(CACHE, HASH, { kind: 'found', text }, Date.now());
      engine.resolve(createEngine({ openCache: () => fakeCache(), store, clock: { now: Date.now }, log: fakeLog() }));
      await client.diagnostics(NIX, (all) => codes(all).includes('hash-mismatch'));
    });

    it('refuses costs only what it would have told', async () => {
      const openEngine = () => Promise.reject(new Error('read-only file system'));
      const { client } = await start({ ...OURS, files: onDisk({ lock: TAMPERED }), openEngine });
      client.open(NIX, PLAIN.nix);
      await client.diagnostics(NIX, (all) => codes(all).includes('lock-tampered'));
      assert.match((await client.hover(NIX, 1, 12)) ?? '', /\*\*Source\*\* locked/);
      await client.message<{ message: string }>('window/logMessage', ({ message }) => message.includes('read-only file system'));
    });
  });

  it('keeps no state of what is closed, and shuts down with nothing under way', async () => {
    const cache = fakeCache({ narinfos: [[HASH, hanging]] });
    const running = await start({ ...OURS, files: onDisk(PLAIN), caches: { [CACHE]: cache } });
    const { client } = running;
    client.open(NIX, PLAIN.nix);
    await client.message<protocol.StatusParams>(protocol.STATUS, ({ state }) => state === 'checking');
    client.close(NIX);
    await eventually('the end of the request', () => cache.aborted > 0);
    assert.deepEqual(await client.request(protocol.FLAKES), []);
    await client.quit();
    await eventually('the exit', () => running.exits.length > 0);
    assert.deepEqual(running.exits, [0]);
  });
});
