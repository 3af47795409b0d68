import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { CancellationTokenSource, DiagnosticSeverity } from 'vscode-languageserver';
import { sourceStorePath } from '../../server/src/domain/contentAddress';
import { storePathHash } from '../../server/src/domain/storePath';
import * as protocol from '../../server/src/protocol';
import { eventually } from '../support/eventually';
import { fakeCache, hanging } from '../support/fakeCache';
import { narHashOf } from '../support/flakeFacts';
import type { ServerSetup } from '../support/languageServer';
import { githubNode, lockText, PLAIN } from '../support/sampleFlake';
import { makeSigner, narinfoText } from '../support/signer';
import { NIX, LOCK, CACHE, SETTINGS, HASH, OURS, TAMPERED, onDisk, serverForEachTest } from '../support/languageServerBench';

/** A flake with two inputs, and more below the first of them: so many in all. */
function largeFlake(inputs: number): { readonly nix: string; readonly lock: string; readonly hashes: readonly string[] } {
  const below = Array.from({ length: inputs - 2 }, (_, index) => `n${String(index).padStart(3, '0')}`);
  const nodes = Object.fromEntries(['z', ...below].map((name) => [name, githubNode('example', name)]));
  const a = githubNode('example', 'a', { inputs: Object.fromEntries(below.map((name) => [name, name])) });
  return {
    nix: '{\n  inputs.a.url = "github:example/a";\n  inputs.z.url = "github:example/z";\n  outputs = _: { };\n}\n',
    lock: lockText({ a: 'a', z: 'z' }, { ...nodes, a }),
    hashes: ['a', 'z', ...below].map((name) => storePathHash(sourceStorePath(narHashOf(name)))),
  };
}

describe('the language server, with caches,', () => {
  const start = serverForEachTest();

  describe('asking caches', () => {
    it('asks once after a file is opened, and says what was found', async () => {
      const signer = makeSigner('k-1');
      const narHash = narHashOf('nixpkgs');
      const text = narinfoText({ storePath: sourceStorePath(narHash), narHash, signers: [signer] });
      const cache = fakeCache({ narinfos: [[HASH, { kind: 'found', text }]] });
      const { client } = await start({
        ...OURS,
        files: onDisk(PLAIN),
        caches: { [CACHE]: cache },
        settings: { ...SETTINGS, caches: [{ url: CACHE, keys: [signer.publicKey] }] },
      });
      client.open(NIX, PLAIN.nix);
      assert.match((await client.hover(NIX, 1, 12)) ?? '', /\*\*Cache\*\* not checked yet/);
      await client.message<protocol.StatusParams>(protocol.STATUS, ({ state }) => state === 'ok');
      assert.match((await client.hover(NIX, 1, 12)) ?? '', /signed by `k-1`, a key that you trust · checked just now/);
      assert.deepEqual(cache.asked, ['info', HASH]);
      client.save(NIX);
      client.change(NIX, `${PLAIN.nix}\n`, 2);
      await client.message('workspace/codeLens/refresh');
      await wait(700);
      assert.deepEqual(cache.asked, ['info', HASH]);
    });

    it('makes a finding of another hash', async () => {
      const text = narinfoText({ storePath: sourceStorePath(narHashOf('nixpkgs')), narHash: narHashOf('other') });
      const { client } = await start({
        ...OURS,
        files: onDisk(PLAIN),
        caches: { [CACHE]: fakeCache({ narinfos: [[HASH, { kind: 'found', text }]] }) },
      });
      client.open(NIX, PLAIN.nix);
      const [found] = await client.diagnostics(NIX, (all) => all.length > 0);
      assert.deepEqual(
        [found?.code, found?.severity, found?.range.start],
        ['hash-mismatch', DiagnosticSeverity.Error, { line: 1, character: 9 }],
      );
    });

    const silent: [what: string, setup: ServerSetup, state: string][] = [
      ['in Restricted Mode', { initializationOptions: { commands: true, workspaceTrusted: false } }, 'restricted'],
      ['offline', { settings: { ...SETTINGS, network: { mode: 'offline' } } }, 'offline'],
      ['in manual mode', { settings: { ...SETTINGS, network: { mode: 'manual' } } }, 'idle'],
    ];
    for (const [what, setup, state] of silent)
      it(`sends nothing ${what}: not for a hover, not for opening and saving`, async () => {
        const cache = fakeCache();
        const { client } = await start({ ...OURS, files: onDisk(PLAIN), caches: { [CACHE]: cache }, ...setup });
        client.open(NIX, PLAIN.nix);
        client.save(NIX);
        await client.hover(NIX, 1, 12);
        await client.message<protocol.StatusParams>(protocol.STATUS, (status) => status.state === state);
        await wait(700);
        assert.deepEqual(cache.asked, []);
        if (what === 'in manual mode') return;
        const result = await client.request<protocol.AuditResult>(protocol.AUDIT, { uri: NIX, refresh: true });
        assert.deepEqual(cache.asked, []);
        assert.match(result.summary, /Restricted Mode|offline/);
        const { text } = await client.request<protocol.ReportResult>(protocol.REPORT, { uri: NIX, format: 'markdown' });
        assert.match(text, /^# Flake Trust report/);
      });

    it('starts without a reload when the workspace becomes trusted', async () => {
      const cache = fakeCache();
      const { client } = await start({
        ...OURS,
        files: onDisk(PLAIN),
        caches: { [CACHE]: cache },
        initializationOptions: { commands: true, workspaceTrusted: false },
      });
      client.open(NIX, PLAIN.nix);
      await client.message<protocol.StatusParams>(protocol.STATUS, ({ state }) => state === 'restricted');
      await client.connection.sendNotification(protocol.WORKSPACE_TRUSTED);
      await client.message<protocol.StatusParams>(protocol.STATUS, ({ state }) => state === 'ok');
      assert.deepEqual(cache.asked, ['info', HASH]);
    });

    it('asks again after the lock changed on disk', async () => {
      const cache = fakeCache();
      const files = onDisk(PLAIN);
      const { client } = await start({ ...OURS, files, caches: { [CACHE]: cache } });
      client.open(NIX, PLAIN.nix);
      await client.message<protocol.StatusParams>(protocol.STATUS, ({ state }) => state === 'ok');
      files.set(
        '/flake/flake.lock',
        lockText({ nixpkgs: 'nixpkgs' }, { nixpkgs: githubNode('NixOS', 'nixpkgs', { word: 'new', ref: 'nixos-unstable' }) }),
      );
      client.changedOnDisk(LOCK);
      await client.message<protocol.StatusParams>(
        protocol.STATUS,
        ({ state, text }) => state === 'checking' && text === '0/1' && cache.asked.length >= 2,
      );
      await client.request(protocol.AUDIT, { uri: NIX });
      assert.deepEqual(cache.asked, ['info', HASH, storePathHash(sourceStorePath(narHashOf('new')))]);
    });

    it('makes another engine when network settings change, and closes the old one', async () => {
      const running = await start({ ...OURS, files: onDisk(PLAIN) });
      const { client, engines } = running;
      client.open(NIX, PLAIN.nix);
      await client.hover(NIX, 1, 12);
      client.settings = { ...SETTINGS, network: { timeoutSeconds: 3, transport: 'direct' } };
      client.settingsChanged();
      await client.hover(NIX, 1, 12);
      assert.deepEqual(
        engines.map(({ timeoutMs, transport }) => [timeoutMs, transport]),
        [
          [10_000, 'auto'],
          [3000, 'direct'],
        ],
      );
      await client.hover(NIX, 1, 12);
      assert.equal(running.closed(), 1);
    });
  });

  describe('an audit', () => {
    it('reports progress and ends with counts and a sentence', async () => {
      const { client } = await start({ files: onDisk(PLAIN), caches: { [CACHE]: fakeCache() } });
      const result = await client.request<protocol.AuditResult>(protocol.AUDIT, {
        uri: 'file:///flake/',
        workDoneToken: 'token',
      });
      assert.deepEqual(result, {
        uri: 'file:///flake',
        cancelled: false,
        counts: { inputs: 1, errors: 0, warnings: 0, informations: 0 },
        summary: '1 input, 1 checked in caches: no problems found.',
      });
      const kinds = client.heard
        .filter(({ method }) => method === '$/progress')
        .map(({ params }) => (params as { value: { kind: string } }).value.kind);
      assert.deepEqual([kinds[0], kinds.at(-1)], ['begin', 'end']);
      assert.ok(client.heard.some(({ params }) => JSON.stringify(params).includes('checking 1 of 1 (cache.example.org)')));
    });

    it('can be cancelled and then says so', async () => {
      const cache = fakeCache({ narinfos: [[HASH, hanging]] });
      const { client } = await start({ files: onDisk(PLAIN), caches: { [CACHE]: cache } });
      const source = new CancellationTokenSource();
      const pending = client.connection.sendRequest<protocol.AuditResult>(protocol.AUDIT, { uri: NIX }, source.token);
      await eventually('the request', () => cache.asked.includes(HASH));
      source.cancel();
      const result = await pending;
      assert.ok(result.cancelled);
      assert.match(result.summary, /^Audit cancelled: 1 input/);
      assert.equal(cache.aborted, 1);
    });

    it('says what is no flake', async () => {
      const { client } = await start();
      for (const uri of ['file:///nowhere', 'https://example.org', 7, undefined]) {
        const result = await client.request<protocol.AuditResult>(protocol.AUDIT, { uri });
        assert.match(result.summary, /There is no flake\.nix in this folder|not the address of a flake/);
      }
    });

    it('that needs more than 200 look-ups asks nobody before it is confirmed, then for direct inputs first', async () => {
      const large = largeFlake(201);
      const cache = fakeCache();
      const { client } = await start({ ...OURS, files: onDisk(large), caches: { [CACHE]: cache } });
      const audit = (params: Omit<protocol.AuditParams, 'uri'> = {}) =>
        client.request<protocol.AuditResult>(protocol.AUDIT, { uri: NIX, ...params });
      assert.deepEqual(await audit(), {
        uri: 'file:///flake',
        cancelled: false,
        counts: { inputs: 0, errors: 0, warnings: 0, informations: 0 },
        summary: 'Nothing asked yet: this audit needs 201 look-ups in 1 cache.',
        needsConfirmation: true,
        lookups: 201,
        caches: 1,
      });
      assert.deepEqual(cache.asked, []);
      assert.deepEqual(await client.request(protocol.FLAKES), []);
      const confirmed = await audit({ confirmed: true });
      assert.deepEqual([confirmed.needsConfirmation, confirmed.counts.inputs], [undefined, 201]);
      assert.deepEqual(cache.asked, ['info', ...large.hashes]);
      // What is remembered needs no look-up, unless it is to be asked again.
      assert.equal((await audit()).needsConfirmation, undefined);
      assert.equal((await audit({ refresh: true })).lookups, 201);
      assert.equal(cache.asked.length, 202);
    });

    it('that needs 200 look-ups is not asked about, nor is one where nothing may be asked', async () => {
      const cache = fakeCache();
      const { client } = await start({ files: onDisk(largeFlake(200)), caches: { [CACHE]: cache } });
      const result = await client.request<protocol.AuditResult>(protocol.AUDIT, { uri: NIX });
      assert.deepEqual([result.needsConfirmation, cache.asked.length], [undefined, 201]);
      await client.quit();
      const offline = await start({
        files: onDisk(largeFlake(201)),
        settings: { ...SETTINGS, network: { mode: 'offline' } },
      });
      const nothing = await offline.client.request<protocol.AuditResult>(protocol.AUDIT, { uri: NIX });
      assert.match(nothing.summary, /^201 inputs, offline/);
    });

    it('is confirmed by the command of plain editors', async () => {
      const cache = fakeCache();
      const { client } = await start({ files: onDisk(largeFlake(201)), caches: { [CACHE]: cache } });
      const params = { command: 'flakeTrust.server.audit', arguments: ['file:///flake'] };
      const result = await client.request<protocol.AuditResult>('workspace/executeCommand', params);
      assert.deepEqual([result.counts.inputs, cache.asked.length], [201, 202]);
    });

    it('is there for plain editors as a command, with a message at its end', async () => {
      const { client } = await start({ files: onDisk({ nix: PLAIN.nix, lock: TAMPERED }) });
      client.open(NIX, PLAIN.nix);
      await client.request('workspace/executeCommand', { command: 'flakeTrust.server.audit' });
      const { message } = await client.message<{ message: string }>('window/showMessage');
      assert.match(message, /^1 input, 1 checked in caches: 1 error\.$/);
      const report = await client.request<protocol.ReportResult>('workspace/executeCommand', {
        command: 'flakeTrust.server.report',
        arguments: ['file:///flake', 'json'],
      });
      assert.equal((JSON.parse(report.text) as { schemaVersion: number }).schemaVersion, 1);
    });
  });
});
