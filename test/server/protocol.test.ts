import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import {
  CancellationTokenSource,
  type CodeAction,
  type CodeLens,
  type Diagnostic,
  DiagnosticSeverity,
  type InlayHint,
  type Location,
  LSPErrorCodes,
  type LocationLink,
  type RegistrationParams,
} from 'vscode-languageserver';
import { sourceStorePath } from '../../server/src/domain/contentAddress';
import { storePathHash } from '../../server/src/domain/storePath';
import type { FileRead } from '../../server/src/engine/ports';
import * as protocol from '../../server/src/protocol';
import { createEngine, type Engine } from '../../server/src/engine/engine';
import { deferred } from '../support/deferred';
import { fakeLog } from '../support/fakeLog';
import { fakeStore } from '../support/fakeStore';
import { eventually } from '../support/eventually';
import { fakeCache, hanging } from '../support/fakeCache';
import { narHashOf } from '../support/flakeFacts';
import { VSCODE_CAPABILITIES } from '../support/languageClient';
import { type ServerSetup, startTestServer, type TestServer } from '../support/languageServer';
import { githubNode, lockText, PLAIN } from '../support/sampleFlake';
import { makeSigner, narinfoText } from '../support/signer';

const NIX = 'file:///flake/flake.nix';
const LOCK = 'file:///flake/flake.lock';
const CACHE = 'https://cache.example.org';
const SETTINGS = { readNixConf: false, caches: [{ url: CACHE }] };
const HASH = storePathHash(sourceStorePath(narHashOf('nixpkgs')));
const OURS = { capabilities: VSCODE_CAPABILITIES, initializationOptions: { commands: true } } as const;

const codes = (found: readonly Diagnostic[] | undefined) => (found ?? []).map(({ code }) => code).sort();

/** The files of a flake in /flake. */
const onDisk = (flake: { nix?: string; lock?: string }) =>
  new Map<string, string | FileRead>([
    ...(flake.nix === undefined ? [] : [['/flake/flake.nix', flake.nix] as const]),
    ...(flake.lock === undefined ? [] : [['/flake/flake.lock', flake.lock] as const]),
  ]);

const TAMPERED = lockText(
  { nixpkgs: 'nixpkgs' },
  { nixpkgs: githubNode('NixOS', 'nixpkgs', { ref: 'nixos-unstable', locked: { owner: 'evil' } }) },
);
const INSECURE = '{\n  inputs.tools.url = "http://tools.example.org/t.tar.gz";\n  outputs = { self, tools }: { };\n}\n';

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

describe('the language server', () => {
  let server: TestServer | undefined;
  const start = async (setup: ServerSetup = {}) => {
    server = await startTestServer({ settings: SETTINGS, ...setup });
    return server;
  };
  afterEach(async () => {
    await server?.client.quit();
    assert.equal(server?.closed(), server?.engines.length);
    server = undefined;
  });

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

  describe('hover', () => {
    it('answers from both files, one of them closed', async () => {
      const { client } = await start({ files: onDisk(PLAIN) });
      client.open(NIX, PLAIN.nix);
      assert.match(
        (await client.hover(NIX, 1, 12)) ?? '',
        /^\*\*nixpkgs\*\* · `github:NixOS\/nixpkgs\/nixos-unstable`\n\n\*\*Source\*\* locked `a1b2c3d`/,
      );
    });

    it('reads the version that the editor has, not the one on disk', async () => {
      const { client } = await start({ files: onDisk({ ...PLAIN, nix: 'garbage' }) });
      client.open(NIX, '');
      client.change(NIX, PLAIN.nix, 2);
      assert.match((await client.hover(NIX, 1, 12)) ?? '', /nixpkgs/);
    });

    it('says nothing about other files', async () => {
      const { client } = await start();
      client.open('file:///flake/default.nix', PLAIN.nix);
      assert.equal(await client.hover('file:///flake/default.nix', 1, 12), undefined);
      client.open('git:/flake/flake.nix', PLAIN.nix);
      assert.equal(await client.hover('git:/flake/flake.nix', 1, 12), undefined);
    });

    it('can be cancelled', async () => {
      const { client } = await start({ files: onDisk(PLAIN) });
      client.open(NIX, PLAIN.nix);
      const source = new CancellationTokenSource();
      const params = { textDocument: { uri: NIX }, position: { line: 1, character: 12 } };
      const request = client.connection.sendRequest('textDocument/hover', params, source.token);
      source.cancel();
      await assert.rejects(request, { code: LSPErrorCodes.RequestCancelled });
      assert.match((await client.hover(NIX, 1, 12)) ?? '', /nixpkgs/);
    });
  });

  describe('Problems', () => {
    it('come with code, place, page and the version that they were found in', async () => {
      const { client } = await start({ ...OURS, files: onDisk({ lock: TAMPERED }) });
      client.open(NIX, PLAIN.nix, 7);
      const [found] = await client.diagnostics(NIX, (all, version) => all.length === 1 && version === 7);
      assert.deepEqual(
        [found?.code, found?.severity, found?.source, found?.range.start, found?.range.end],
        ['lock-tampered', DiagnosticSeverity.Error, 'flake-trust', { line: 1, character: 9 }, { line: 1, character: 16 }],
      );
      assert.match(found?.codeDescription?.href ?? '', /docs\/checks\/lock-tampered\.md$/);
      assert.ok((found?.relatedInformation?.length ?? 0) > 0);
      assert.ok(found?.relatedInformation?.every(({ location }) => location.uri === LOCK));
    });

    it('follow the text, and go when it is mended', async () => {
      const { client } = await start();
      client.open(NIX, INSECURE);
      await client.diagnostics(NIX, (all) => codes(all).includes('insecure-transport'));
      client.change(NIX, INSECURE.replace('http:', 'https:'), 2);
      const left = await client.diagnostics(NIX, (_, version) => version === 2);
      assert.deepEqual(codes(left), ['lock-missing']);
    });

    it('do not blink while a string is open', async () => {
      const { client } = await start({ files: onDisk({ lock: TAMPERED }) });
      client.open(NIX, PLAIN.nix);
      await client.diagnostics(NIX, (all) => codes(all).includes('lock-tampered'));
      client.change(NIX, PLAIN.nix.replace('inputs.', 'description = "half;\n  inputs.'), 2);
      const shown = await client.diagnostics(NIX, (_, version) => version === 2);
      assert.deepEqual(
        shown.map(({ code, range }) => [code, range.start.line]),
        [
          ['flake-malformed', 1],
          ['lock-tampered', 2],
        ],
      );
    });

    it('change when the lock changes on disk', async () => {
      const files = onDisk({ lock: TAMPERED });
      const { client } = await start({ ...OURS, files });
      client.open(NIX, PLAIN.nix);
      await client.diagnostics(NIX, (all) => codes(all).includes('lock-tampered'));
      files.set('/flake/flake.lock', PLAIN.lock);
      client.changedOnDisk(LOCK);
      await client.diagnostics(NIX, (all) => all.length === 0);
      files.delete('/flake/flake.lock');
      client.changedOnDisk(LOCK);
      assert.deepEqual(codes(await client.diagnostics(NIX, (all) => all.length > 0)), ['lock-missing']);
    });

    it('are read again from disk on saving, where the editor watches no files', async () => {
      const files = onDisk({ lock: TAMPERED });
      const { client } = await start({ files });
      client.open(NIX, PLAIN.nix);
      await client.diagnostics(NIX, (all) => codes(all).includes('lock-tampered'));
      files.set('/flake/flake.lock', PLAIN.lock);
      client.save(NIX);
      await client.diagnostics(NIX, (all) => all.length === 0);
    });

    it('do not call a lock missing that cannot be read', async () => {
      const files = onDisk({ nix: PLAIN.nix });
      files.set('/flake/flake.lock', { kind: 'failed', reason: 'larger than 50 MB' });
      const { client } = await start({ files });
      client.open(NIX, PLAIN.nix);
      const found = await client.diagnostics(NIX, (all) => all.length > 0);
      assert.deepEqual(
        found.map(({ code, message }) => [code, message]),
        [['lock-unreadable', 'flake.lock is not valid: larger than 50 MB']],
      );
    });

    it('are withdrawn when the last file is closed', async () => {
      const { client } = await start({ files: onDisk({ lock: TAMPERED }) });
      client.open(NIX, PLAIN.nix);
      await client.diagnostics(NIX, (all) => all.length > 0);
      client.close(NIX);
      await client.diagnostics(NIX, (all) => all.length === 0);
    });

    it('stay after an audit when the file is closed, until they are cleared', async () => {
      const { client } = await start({ files: onDisk({ nix: PLAIN.nix, lock: TAMPERED }) });
      const result = await client.request<protocol.AuditResult>(protocol.AUDIT, { uri: 'file:///flake' });
      assert.deepEqual([result.cancelled, result.counts.errors], [false, 1]);
      await client.diagnostics(NIX, (all) => codes(all).includes('lock-tampered'));
      client.open(NIX, PLAIN.nix);
      client.close(NIX);
      await client.hover(NIX, 0, 0);
      assert.ok(codes(client.shown(NIX)).includes('lock-tampered'));
      await client.request(protocol.CLEAR);
      await client.diagnostics(NIX, (all) => all.length === 0);
    });

    it('obey the severities of the user, also when they change', async () => {
      const { client } = await start({
        ...OURS,
        settings: { ...SETTINGS, diagnostics: { severity: { 'insecure-transport': 'error' } } },
      });
      client.open(NIX, INSECURE);
      const found = await client.diagnostics(NIX, (all) => all.length === 2);
      assert.equal(found.find(({ code }) => code === 'insecure-transport')?.severity, DiagnosticSeverity.Error);
      client.settings = { ...SETTINGS, diagnostics: { severity: { 'insecure-transport': 'off', 'lock-missing': 'off' } } };
      client.settingsChanged();
      await client.diagnostics(NIX, (all) => all.length === 0);
      client.settings = { ...SETTINGS, enable: false };
      client.settingsChanged();
      await client.message<protocol.StatusParams>(protocol.STATUS, ({ state }) => state === 'disabled');
      assert.equal(await client.hover(NIX, 1, 12), undefined);
    });

    it('are not looked for in excluded folders', async () => {
      const { client } = await start({ folders: ['file:///'], settings: { ...SETTINGS, exclude: ['fla*'] } });
      client.open(NIX, INSECURE);
      assert.equal(await client.hover(NIX, 1, 12), undefined);
      assert.deepEqual(client.shown(NIX), []);
    });
  });

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

  describe('other features', () => {
    it('offers an edit, and refuses it for another version', async () => {
      const { client } = await start(OURS);
      client.open(NIX, INSECURE, 4);
      const diagnostics = await client.diagnostics(NIX, (all) => all.length === 2);
      const range = diagnostics.find(({ code }) => code === 'insecure-transport')!.range;
      const ask = () =>
        client.request<CodeAction[]>('textDocument/codeAction', { textDocument: { uri: NIX }, range, context: { diagnostics } });
      const action = (await ask()).find(({ title }) => title === 'Use https')!;
      assert.deepEqual(
        [action.kind, action.isPreferred, action.edit, action.diagnostics?.length],
        ['quickfix', true, undefined, 1],
      );
      const resolved = await client.request<CodeAction>('codeAction/resolve', action);
      assert.deepEqual(resolved.edit, {
        documentChanges: [{ textDocument: { uri: NIX, version: 4 }, edits: [{ range, newText: 'https' }] }],
      });
      client.change(NIX, `\n${INSECURE}`, 5);
      assert.equal((await client.request<CodeAction>('codeAction/resolve', action)).edit, undefined);
    });

    it('offers copying and explaining only where the commands exist', async () => {
      const range = { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } };
      const titles = async (setup: ServerSetup) => {
        const { client } = await start(setup);
        client.open(NIX, INSECURE);
        const actions = await client.request<CodeAction[]>('textDocument/codeAction', {
          textDocument: { uri: NIX },
          range,
          context: { diagnostics: [] },
        });
        return actions.map(({ title, command }) => [title, command?.command]);
      };
      assert.deepEqual(await titles({}), [
        ['Use https', undefined],
        ['Audit flake inputs', 'flakeTrust.server.audit'],
      ]);
      await server?.client.quit();
      const ours = await titles(OURS);
      assert.ok(
        ours.some(([, command]) => command === 'flakeTrust.copyText'),
        JSON.stringify(ours),
      );
      assert.ok(ours.some(([title, command]) => title === 'Explain this check' && command === 'flakeTrust.explain'));
      assert.deepEqual(ours.at(-1), ['Audit flake inputs', 'flakeTrust.auditFlake']);
    });

    it('has lenses above inputs and outputs, of which the summary comes with resolve', async () => {
      const { client } = await start({ ...OURS, files: onDisk(PLAIN), caches: { [CACHE]: fakeCache() } });
      client.open(NIX, PLAIN.nix);
      const lenses = await client.request<CodeLens[]>('textDocument/codeLens', { textDocument: { uri: NIX } });
      assert.deepEqual(
        lenses.map(({ command, range }) => [command?.title, range.start.line]),
        [
          [undefined, 1],
          ['Audit', 1],
          ['Report', 1],
          ['Audit closure…', 2],
        ],
      );
      const resolve = async () => (await client.request<CodeLens>('codeLens/resolve', lenses[0])).command?.title;
      assert.equal(await resolve(), '1 input · not checked yet');
      await client.message('workspace/codeLens/refresh');
      assert.equal(await resolve(), '1 input · 1 checked');
      client.settings = { ...SETTINGS, codeLens: { enabled: false } };
      client.settingsChanged();
      assert.deepEqual(await client.request('textDocument/codeLens', { textDocument: { uri: NIX } }), []);
    });

    it('shows hints behind URLs as the setting says', async () => {
      const { client } = await start({ ...OURS, files: onDisk({ lock: TAMPERED }) });
      client.open(NIX, PLAIN.nix);
      const range = { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } };
      const hints = () => client.request<InlayHint[]>('textDocument/inlayHint', { textDocument: { uri: NIX }, range });
      const [hint] = await hints();
      assert.deepEqual(
        [hint?.label, hint?.position],
        ['not what was asked for', { line: 1, character: PLAIN.nix.split('\n')[1]?.length }],
      );
      const resolved = await client.request<InlayHint>('inlayHint/resolve', hint);
      assert.match((resolved.tooltip as { value: string }).value, /^\*\*nixpkgs\*\*/);
      client.settings = { ...SETTINGS, inlayHints: { mode: 'off' } };
      client.settingsChanged();
      assert.deepEqual(await hints(), []);
    });

    it('jumps between input and lock node, and links to the source', async () => {
      const { client } = await start({ ...OURS, files: onDisk(PLAIN) });
      client.open(NIX, PLAIN.nix);
      const line = PLAIN.lock.split('\n').findIndex((text) => text.includes('"nixpkgs": {'));
      const [link] = await client.request<LocationLink[]>('textDocument/definition', {
        textDocument: { uri: NIX },
        position: { line: 1, character: 12 },
      });
      assert.deepEqual([link?.targetUri, link?.targetSelectionRange.start], [LOCK, { line, character: 4 }]);
      client.open(LOCK, PLAIN.lock);
      const [back] = await client.request<LocationLink[]>('textDocument/definition', {
        textDocument: { uri: LOCK },
        position: { line, character: 6 },
      });
      assert.deepEqual([back?.targetUri, back?.targetSelectionRange.start], [NIX, { line: 1, character: 9 }]);
      const links = await client.request<{ target: string }[]>('textDocument/documentLink', { textDocument: { uri: NIX } });
      assert.deepEqual(
        links.map(({ target }) => target),
        ['https://github.com/NixOS/nixpkgs/tree/a1b2c3d4e5f60718293a4b5c6d7e8f9012345678'],
      );
      const symbols = await client.request<{ name: string; detail: string }[]>('textDocument/documentSymbol', {
        textDocument: { uri: LOCK },
      });
      assert.deepEqual(
        symbols.map(({ name, detail }) => [name, detail]),
        [['nixpkgs', 'github:NixOS/nixpkgs/nixos-unstable @ a1b2c3d']],
      );
    });

    it('does not link a text to a source that it does not name', async () => {
      const { client } = await start({ ...OURS, files: onDisk({ lock: TAMPERED }) });
      client.open(NIX, PLAIN.nix);
      assert.deepEqual(await client.request('textDocument/documentLink', { textDocument: { uri: NIX } }), []);
    });

    it('gives plain locations to an editor without links', async () => {
      const { client } = await start({ files: onDisk(PLAIN) });
      client.open(NIX, PLAIN.nix);
      const [location] = await client.request<Location[]>('textDocument/definition', {
        textDocument: { uri: NIX },
        position: { line: 1, character: 12 },
      });
      assert.equal(location?.uri, LOCK);
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
    server = undefined;
  });
});
