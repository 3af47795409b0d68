/** The requests about closures and binaries, over the real protocol: what comes out, what is held, and when nothing is run. */
import assert from 'node:assert/strict';
import { CancellationTokenSource, DiagnosticSeverity, LSPErrorCodes } from 'vscode-languageserver';
import { storePathHash, type StorePath } from '../../server/src/domain/storePath';
import type { FileRead, NarinfoLookup } from '../../server/src/engine/ports';
import { WalksEnded } from '../../server/src/lsp/host';
import * as protocol from '../../server/src/protocol';
import type { AuditReport } from '../../server/src/domain/closureReport';
import { derivations, drvOf, pathOf } from '../support/buildGraph';
import { cacheOf, narHashOf } from '../support/closureOver';
import { deferred } from '../support/deferred';
import { fakeCache, hanging, type FakeCache } from '../support/fakeCache';
import { fakeNix, type FakeNixSetup } from '../support/fakeNix';
import { forgedSignature } from '../support/forgedSignature';
import { VSCODE_CAPABILITIES } from '../support/languageClient';
import { startTestServer, type ServerSetup, type TestServer } from '../support/languageServer';
import { githubNode, lockText, PLAIN } from '../support/sampleFlake';
import { makeSigner, narinfoText } from '../support/signer';

const FLAKE = 'file:///flake';
const NIX = 'file:///flake/flake.nix';
const LOCK = 'file:///flake/flake.lock';
const ONE = 'https://one.example';
const TWO = 'https://two.example';
const trusted = makeSigner('trusted-1');
const stranger = makeSigner('stranger-1');
const SETTINGS = {
  readNixConf: false,
  caches: [{ url: ONE, keys: [trusted.publicKey] }, { url: TWO }],
  network: { mode: 'manual', auditConnections: 7 },
};
const OURS = { capabilities: VSCODE_CAPABILITIES, initializationOptions: { commands: true } } as const;

const outputs = (...names: string[]) => names.map((name) => ({ attribute: name, output: 'out', path: pathOf(name) }));

/** `app` needs `util`, which needs `lib`. */
const APP: FakeNixSetup = {
  installables: { '.#app': { drvPath: drvOf('app'), outputs: ['out'] } },
  derivations: derivations({ app: { needs: ['util'] }, util: { needs: ['lib'] }, lib: {} }),
  outputs: [
    {
      kind: 'package',
      installable: '.#app',
      attrPath: ['packages', 'x86_64-linux', 'app'],
      name: 'app-1',
      description: 'An\u202e app',
    },
  ],
  packages: { nixpkgs: { system: 'x86_64-linux', sampled: true, outputs: outputs('util', 'lib', 'gone'), failed: [] } },
};

const PATHS = {
  app: { references: ['util'], signers: [stranger] },
  util: { references: ['lib'], signers: [trusted] },
  lib: { signers: [trusted] },
};

describe('the language server, asked about closures,', () => {
  let server: TestServer | undefined;
  let files: Map<string, string | FileRead>;
  let one: FakeCache;
  let two: FakeCache;
  beforeEach(() => {
    one = cacheOf(PATHS);
    two = fakeCache();
    files = new Map<string, string | FileRead>([
      ['/flake/flake.nix', PLAIN.nix],
      ['/flake/flake.lock', PLAIN.lock],
    ]);
  });
  const start = async (setup: ServerSetup & { readonly given?: FakeNixSetup } = {}) => {
    const nix = fakeNix(setup.given ?? APP);
    server = await startTestServer({ ...OURS, settings: SETTINGS, files, caches: { [ONE]: one, [TWO]: two }, nix, ...setup });
    return { ...server, nix };
  };
  afterEach(async () => {
    await server?.client.quit();
    server = undefined;
  });

  const audit = (params: object = {}) =>
    server!.client.request<protocol.AuditOutputsResult>(protocol.AUDIT_OUTPUTS, { uri: NIX, installables: ['.#app'], ...params });
  const finished = async (params: object = {}) => {
    const result = await audit(params);
    assert.ok(result.kind === 'ok', result.kind === 'failed' ? result.message : '');
    return result;
  };
  const inputId = async () => {
    const [flake] = await server!.client.request<protocol.FlakeSummary[]>(protocol.FLAKES);
    return flake?.inputs[0]?.id ?? assert.fail('no input');
  };
  const check = async () =>
    server!.client.request<protocol.CheckBinariesResult>(protocol.CHECK_BINARIES, { id: await inputId() });
  const columns = (id: string, offset = 0) =>
    server!.client.request<protocol.ClosureColumns | null>(protocol.CLOSURE_PATHS, { audit: id, offset });
  const text = async (id: string, format: string): Promise<string> => {
    let all = '';
    for (let next: string | undefined; ;) {
      const piece = await server!.client.request<protocol.ClosureExportResult>(protocol.CLOSURE_EXPORT, {
        audit: id,
        format,
        ...(next === undefined ? {} : { next }),
      });
      all += piece.text;
      next = piece.next;
      if (next === undefined) return all;
    }
  };

  it('says why an audit ended with the thread that it ran in, and audits again', async () => {
    let dying = true;
    const ended = new WalksEnded('What the caches say takes more than 5 MB of memory.');
    const { client } = await start({
      openClosures: () => {
        const walk = (): never => {
          throw dying ? ended : new Error('a bug');
        };
        return Promise.resolve({ walk: async () => Promise.resolve().then(walk), close: () => Promise.resolve() });
      },
    });
    client.open(NIX, PLAIN.nix);
    const expected = { kind: 'failed', message: ended.message };
    assert.deepEqual(await audit(), expected);
    assert.deepEqual(await check(), expected);
    dying = false;
    const broken = await audit();
    assert.match(broken.kind === 'failed' ? broken.message : '', /the log has more/);
  });

  describe('outputs', () => {
    it('lists them by kind, their texts harmless', async () => {
      const { client, nixes } = await start({ folders: ['file:///work'] });
      assert.deepEqual(await client.request(protocol.OUTPUTS, { uri: FLAKE }), {
        kind: 'ok',
        system: 'x86_64-linux',
        outputs: [{ installable: '.#app', group: 'package', label: 'app', name: 'app-1', description: 'An\ufffd app' }],
      });
      // A program that comes with a flake or an open folder is not the installed Nix.
      assert.deepEqual(nixes, [{ foreignFolders: ['/flake', '/work'], storeDir: '/nix/store' }]);
    });

    it('says what to do where there is no Nix', async () => {
      const failure = { kind: 'failed', reason: 'not-found', message: 'there is no nix in PATH', hint: 'Install it.' } as const;
      const { client } = await start({ given: { failure } });
      assert.deepEqual(await client.request(protocol.OUTPUTS, { uri: FLAKE }), {
        kind: 'failed',
        reason: 'no-nix',
        message: 'Nix does not tell the outputs: there is no nix in PATH.',
        hint: 'Install it.',
      });
    });
  });

  describe('runs no Nix and asks nobody', () => {
    const all = async () => {
      const { client } = server!;
      const results = [
        await client.request<protocol.OutputsResult>(protocol.OUTPUTS, { uri: FLAKE }),
        await audit(),
        await check(),
      ];
      return results.map((result) => (result.kind === 'failed' ? [result.reason, result.message] : 'ok'));
    };

    for (const [where, setup, reason, message] of [
      [
        'in Restricted Mode',
        { initializationOptions: { commands: true, workspaceTrusted: false } },
        'restricted',
        'This folder is in Restricted Mode: Nix is not run on its flake, and no cache is asked.',
      ],
      [
        'offline',
        { settings: { ...SETTINGS, network: { mode: 'offline' } } },
        undefined,
        'Offline mode: Nix is not run, because it might download what the flake needs, and no cache is asked.',
      ],
    ] as const)
      it(where, async () => {
        const { nix, client } = await start(setup);
        client.open(NIX, PLAIN.nix);
        const said = reason === undefined ? [null, message] : [reason, message];
        assert.deepEqual(
          (await all()).map((result) => (Array.isArray(result) ? [result[0] ?? null, result[1]] : result)),
          [said, said, said],
        );
        assert.deepEqual([nix.asked, one.asked, two.asked], [[], [], []]);
      });

    it('where the flake is switched off', async () => {
      const { nix, client } = await start({ settings: { ...SETTINGS, enable: false } });
      for (const method of [protocol.OUTPUTS, protocol.AUDIT_OUTPUTS])
        assert.deepEqual(await client.request(method, { uri: FLAKE, installables: ['.#app'] }), {
          kind: 'failed',
          message: 'Flake Trust is switched off for this flake.',
        });
      assert.deepEqual([nix.asked, one.asked], [[], []]);
    });

    it('for a hover, nor for anything that happens by itself', async () => {
      const { nix, client, walks } = await start({ settings: { ...SETTINGS, network: { mode: 'auto' } } });
      client.open(NIX, PLAIN.nix);
      client.save(NIX);
      await client.message<protocol.StatusParams>(protocol.STATUS, ({ state }) => state === 'ok');
      assert.match(
        (await client.hover(NIX, 1, 12)) ?? '',
        /\*\*Binaries\*\* built from it: not checked yet · \[Check Binaries\]/,
      );
      assert.deepEqual([nix.asked, walks], [[], []]);
    });

    it('for what is no request', async () => {
      const { nix, client } = await start();
      for (const params of [undefined, null, 7, { uri: 7 }, { uri: 'https://example.org' }, { uri: FLAKE, installables: 'x' }])
        assert.equal((await client.request<{ kind: string }>(protocol.AUDIT_OUTPUTS, params)).kind, 'failed');
      assert.equal((await client.request<{ kind: string }>(protocol.CHECK_BINARIES, { id: 'ref-99' })).kind, 'failed');
      for (const method of [protocol.CLOSURE, protocol.CLOSURE_PATHS, protocol.CLOSURE_PATH])
        for (const params of [undefined, { audit: 7 }, { audit: 'closure-1' }, { audit: '__proto__', storePath: 7 }])
          assert.equal(await client.request(method, params), null);
      assert.deepEqual(await client.request(protocol.CLOSURE_EXPORT, { audit: 'closure-1', format: 'json' }), { text: '' });
      assert.deepEqual(await client.request(protocol.CLOSURE_EXPORT, { next: 'export-1' }), { text: '' });
      assert.deepEqual(nix.asked, []);
    });
  });

  describe('an audit of outputs', () => {
    it('tells what was found, and holds all of it', async () => {
      const { walks } = await start();
      const result = await finished();
      assert.deepEqual([result.cancelled, result.counts], [false, { paths: 3, errors: 0, warnings: 0, informations: 1 }]);
      assert.equal(result.summary, '.#app: 3 paths, 2 with a signature that you trust, 1 without one. Found: 1 note.');
      assert.deepEqual([walks[0]?.connections, walks[0]?.transport], [7, 'auto']);

      const overview = await server!.client.request<protocol.ClosureOverview>(protocol.CLOSURE, { audit: result.audit });
      assert.deepEqual([overview.uri, overview.installables, overview.cancelled], [FLAKE, ['.#app'], false]);
      assert.deepEqual(overview.report.closure?.paths, []);
      assert.deepEqual(overview.report.closure.roots, [pathOf('app')]);
      assert.deepEqual(
        overview.report.closure.plan?.build.map(({ drvPath }) => drvPath),
        [drvOf('app')],
      );
      assert.equal(overview.report.inputs.length, 1);

      const rows = (await columns(result.audit)) ?? assert.fail('no rows');
      const sorted = ['app', 'util', 'lib'].map(pathOf).sort();
      assert.deepEqual([rows.total, rows.names], [3, sorted.map((path) => path.slice('/nix/store/'.length))]);
      const row = sorted.indexOf(pathOf('util'));
      assert.deepEqual(
        [
          rows.verdictNames[rows.verdicts[row]!],
          rows.keySets[rows.keys[row]!],
          rows.cacheUrls[rows.from[row]!],
          rows.references[row],
          rows.referrers[row],
          rows.built[row],
          rows.built[sorted.indexOf(pathOf('app'))],
          rows.agreements,
        ],
        ['verified', ['trusted-1'], ONE, 1, 1, 0, 2, undefined],
      );
      assert.deepEqual((await columns(result.audit, 2))?.names, rows.names.slice(2));
      assert.deepEqual((await columns(result.audit, 3))?.names, []);
    });

    it("holds it to the flake's policy, but for what that says to live with", async () => {
      const rule = { signedBy: { keys: [makeSigner('theirs-1').publicKey] }, localBuilds: [] };
      const audited = async (suppressions: readonly object[]) => {
        files.set('/flake/flake-trust/policy.jsonc', JSON.stringify({ version: 1, outputs: rule, suppressions }));
        server!.client.changedOnDisk('file:///flake/flake-trust/policy.jsonc');
        const { audit: id, counts } = await finished();
        const overview = await server!.client.request<protocol.ClosureOverview | null>(protocol.CLOSURE, { audit: id });
        const found = overview?.report.findings.filter(({ code }) => code === 'policy-keys') ?? [];
        return { errors: counts.errors, found: found.map(({ severity, suppressed }) => [severity, suppressed?.reason]) };
      };
      await start();
      const { errors, found } = await audited([]);
      assert.deepEqual(found, [['error', undefined]]);
      const lived = await audited([{ code: 'policy-keys', reason: 'until we sign', until: '2099-01-01' }]);
      assert.deepEqual(lived.found, [['error', 'until we sign']]);
      assert.equal(lived.errors, errors - 1);
    });

    it('tells everything about one path', async () => {
      await start();
      const { audit: id } = await finished();
      const details = await server!.client.request<protocol.ClosurePathDetails>(protocol.CLOSURE_PATH, {
        audit: id,
        storePath: pathOf('lib'),
      });
      assert.deepEqual(
        details.why.map(({ storePath, verdict, from }) => [storePath, verdict, from]),
        [
          [pathOf('app'), 'untrusted-key', undefined],
          [pathOf('util'), 'verified', ONE],
          [pathOf('lib'), 'verified', ONE],
        ],
      );
      assert.deepEqual([details.referrers, details.referrerCount], [[pathOf('util')], 1]);
      assert.deepEqual(
        details.path.answers?.map(({ url, answer }) => [url, answer]),
        [[ONE, 'found']],
      );
      for (const storePath of ['/nix/store/none', pathOf('gone')])
        assert.equal(await server!.client.request(protocol.CLOSURE_PATH, { audit: id, storePath }), null);
    });

    it('becomes a file, in pieces where it is large', async () => {
      const names = Array.from({ length: 3000 }, (_, index) => `p${String(index)}`);
      one = cacheOf({
        ...Object.fromEntries(names.map((name) => [name, { signers: [trusted] }])),
        app: { references: names, signers: [trusted] },
      });
      await start();
      const { audit: id } = await finished();
      const first = await server!.client.request<protocol.ClosureExportResult>(protocol.CLOSURE_EXPORT, {
        audit: id,
        format: 'json',
      });
      assert.ok(first.next !== undefined && first.text.length < 600_000);
      const report = JSON.parse(await text(id, 'json')) as AuditReport;
      assert.equal(report.closure?.paths.length, 3001);
      assert.equal(report.closure.paths.find(({ storePath }) => storePath === pathOf('app'))?.built, undefined);
      assert.match(await text(id, 'text'), /3001/);
      assert.match(await text(id, 'markdown'), /^# Flake Trust report/);
      assert.equal(await text(id, 'exe'), '');
      const rows = (await columns(id)) ?? assert.fail('no rows');
      assert.equal(rows.names.length, 3001);
    });

    it('compares all caches when asked to, and puts what is an alarm about an input at its line', async () => {
      two = fakeCache({
        narinfos: [[storePathHash(pathOf('util')), found('util', narHashOf('other'))]],
      });
      const { client } = await start();
      client.open(NIX, PLAIN.nix);
      await check();
      const { audit: id, counts } = await finished({ challenge: true });
      assert.equal(counts.errors, 1);
      const alarms = await client.diagnostics(NIX, (all) => all.some(({ code }) => code === 'caches-disagree'));
      const alarm = alarms.find(({ code }) => code === 'caches-disagree');
      assert.deepEqual(
        [alarm?.severity, alarm?.range.start, alarm?.message],
        [DiagnosticSeverity.Error, { line: 1, character: 9 }, 'Input "nixpkgs": caches serve different content for "util"'],
      );
      const rows = (await columns(id)) ?? assert.fail('no rows');
      const row = rows.names.findIndex((name) => name.endsWith('-util'));
      assert.deepEqual([rows.agreements?.[row], rows.inputPaths[rows.inputs[row]!]], [3, ['nixpkgs']]);
      assert.equal(rows.inputs[rows.names.findIndex((name) => name.endsWith('-app'))], -1);

      // Another lock is another flake: the alarm was not about it.
      files.set(
        '/flake/flake.lock',
        lockText({ nixpkgs: 'nixpkgs' }, { nixpkgs: githubNode('NixOS', 'nixpkgs', { word: 'newer', ref: 'nixos-unstable' }) }),
      );
      client.changedOnDisk(LOCK);
      await client.diagnostics(NIX, (all) => !all.some(({ code }) => code === 'caches-disagree'));
      files.set('/flake/flake.lock', PLAIN.lock);
      client.changedOnDisk(LOCK);
      await client.diagnostics(NIX, (all) => all.some(({ code }) => code === 'caches-disagree'));
      await client.request(protocol.CLEAR);
      await client.diagnostics(NIX, (all) => !all.some(({ code }) => code === 'caches-disagree'));
      assert.equal(await columns(id), null);
      assert.match((await client.hover(NIX, 1, 12)) ?? '', /not checked yet/);
    });

    it('sees a signature that does not verify, and an answer that changed when asked again', async () => {
      const { client } = await start();
      client.open(NIX, PLAIN.nix);
      await check();
      await finished();
      one.narinfos.set(storePathHash(pathOf('lib')), found('lib', narHashOf('changed')));
      await finished();
      assert.deepEqual(client.shown(NIX)?.map(({ code }) => code) ?? [], []);
      await finished({ refresh: true });
      await client.diagnostics(NIX, (all) => all.some(({ code }) => code === 'narinfo-changed'));
      const lib = { storePath: pathOf('lib'), narHash: narHashOf('lib'), references: [] };
      one.narinfos.set(storePathHash(pathOf('lib')), {
        kind: 'found',
        text: `${narinfoText(lib)}Sig: trusted-1:${forgedSignature().toString('base64')}\n`,
      });
      await finished({ refresh: true });
      await client.diagnostics(NIX, (all) => all.some(({ code }) => code === 'signature-invalid'));
    });

    it('leaves what is no alarm, or belongs to no input, to the report', async () => {
      const { client } = await start();
      client.open(NIX, PLAIN.nix);
      two = fakeCache();
      one.narinfos.set(storePathHash(pathOf('util')), found('util', narHashOf('util'), false));
      const { counts } = await finished();
      assert.deepEqual([counts.warnings, counts.errors], [1, 0]);
      await client.hover(NIX, 1, 12);
      assert.deepEqual(client.shown(NIX) ?? [], []);
    });

    it('tells from the beginning how far it is', async () => {
      const { client } = await start();
      await finished({ workDoneToken: 'audit-1' });
      const told = client.heard
        .filter(({ method, params }) => method === '$/progress' && (params as { token: string }).token === 'audit-1')
        .map(({ params }) => (params as { value: { kind: string; message?: string } }).value);
      assert.deepEqual([told[0]?.kind, told.at(-1)?.kind], ['begin', 'end']);
      const messages = told.map(({ message = '' }) => message).join('\n');
      assert.match(messages, /^Nix evaluates the flake$/m);
      assert.match(messages, /finding out what would be fetched and built/);
      assert.match(messages, /asking caches/);
    });

    it('that is cancelled while caches are asked keeps what was learned, and says so', async () => {
      const { promise: asked, resolve } = deferred<undefined>();
      one.narinfos.set(storePathHash(pathOf('deep')), (signal) => {
        resolve(undefined);
        return hanging(signal);
      });
      // Only the last walk, which follows references, comes to it.
      one.narinfos.set(storePathHash(pathOf('app')), found('app', narHashOf('app'), true, ['deep']));
      const { client } = await start({
        given: { ...APP, derivations: derivations({ app: { allowSubstitutes: false } }) },
      });
      const source = new CancellationTokenSource();
      const params = { uri: NIX, installables: ['.#app'] };
      const pending = client.connection.sendRequest<protocol.AuditOutputsResult>(protocol.AUDIT_OUTPUTS, params, source.token);
      await asked;
      source.cancel();
      const result = await pending;
      assert.ok(result.kind === 'ok', result.kind === 'failed' ? result.message : '');
      assert.equal(result.cancelled, true, result.summary);
      assert.match(result.summary, /^Audit cancelled: /);
      const overview = await client.request<protocol.ClosureOverview>(protocol.CLOSURE, { audit: result.audit });
      assert.deepEqual([overview.cancelled, overview.report.closure?.stopped?.reason], [true, 'cancelled']);
      assert.equal(one.aborted > 0, true);
      // The next one goes on from there.
      one.narinfos.set(storePathHash(pathOf('deep')), found('deep', narHashOf('deep')));
      const next = await finished();
      assert.deepEqual([next.cancelled, next.counts.paths], [false, 2]);
      assert.equal(one.asked.filter((asked) => asked === storePathHash(pathOf('app'))).length, 1);
    });

    it('that is cancelled while Nix evaluates has no result', async () => {
      const { promise: evaluating, resolve } = deferred<undefined>();
      const nix = {
        ...fakeNix(APP),
        resolve: (_flake: unknown, _installables: unknown, signal: AbortSignal) => {
          resolve(undefined);
          return hanging<never>(signal);
        },
      };
      const { client } = await start({ nix });
      const source = new CancellationTokenSource();
      const params = { uri: NIX, installables: ['.#app'] };
      const pending = client.connection.sendRequest(protocol.AUDIT_OUTPUTS, params, source.token);
      await evaluating;
      source.cancel();
      await assert.rejects(pending, { code: LSPErrorCodes.RequestCancelled });
      assert.deepEqual(one.asked, []);
    });

    it('offers another try where evaluation would build', async () => {
      const failure = { kind: 'failed', reason: 'needs-import-from-derivation', message: 'it reads what it builds' } as const;
      await start({ given: { failure } });
      const result = await audit();
      assert.deepEqual(result, {
        kind: 'failed',
        reason: 'needs-import-from-derivation',
        message: 'Nix does not tell this output: it reads what it builds.',
      });
    });

    it('is held until three newer ones have come', async () => {
      await start();
      const ids = [];
      for (let count = 0; count < 4; count++) ids.push((await finished()).audit);
      assert.equal(new Set(ids).size, 4);
      const held = await Promise.all(ids.map(async (id) => (await columns(id)) !== null));
      assert.deepEqual(held, [false, true, true, true]);
    });

    it('does not hold up a hover', async () => {
      one.narinfos.set(storePathHash(pathOf('util')), hanging);
      const { client } = await start();
      client.open(NIX, PLAIN.nix);
      const source = new CancellationTokenSource();
      const params = { uri: NIX, installables: ['.#app'] };
      const pending = client.connection.sendRequest(protocol.AUDIT_OUTPUTS, params, source.token).catch(() => undefined);
      assert.match((await client.hover(NIX, 1, 12)) ?? '', /nixpkgs/);
      source.cancel();
      await pending;
    });
  });

  describe('the binaries of an input', () => {
    it('are found out once, and shown from then on in hover, details and report', async () => {
      const { client, nix } = await start();
      client.open(NIX, PLAIN.nix);
      assert.match((await client.hover(NIX, 1, 12)) ?? '', /not checked yet/);
      const result = await check();
      assert.deepEqual(result, {
        kind: 'ok',
        summary: 'nixpkgs: 2 of a sample of 3 outputs signed by trusted-1, verified, from one.example; 1 in no cache.',
      });
      const asked = [...nix.asked, ...one.asked, ...two.asked];
      const hover = (await client.hover(NIX, 1, 12)) ?? '';
      assert.match(
        hover,
        /\$\(package\) \*\*Binaries\*\* 2 of a sample of 3 outputs signed by `trusted-1`, verified · from `one\.example` · 1 in no cache · checked just now · \[Check Binaries\]/,
      );
      const { text: details } = await client.request<protocol.ReportResult>(protocol.DETAILS, {
        id: await inputId(),
        as: 'details',
      });
      assert.match(details, /\*\*Binaries\*\* 2 of a sample of 3 outputs signed by `trusted-1`/);
      const { text: json } = await client.request<protocol.ReportResult>(protocol.REPORT, { uri: FLAKE, format: 'json' });
      const { binaries } = (JSON.parse(json) as AuditReport).inputs[0] ?? {};
      assert.deepEqual([binaries?.outputs, binaries?.found, binaries?.verified, binaries?.unknown], [3, 2, 2, undefined]);
      // All of that from memory.
      assert.deepEqual([...nix.asked, ...one.asked, ...two.asked], asked);
    });

    it('are not known of another lock', async () => {
      const { client } = await start();
      client.open(NIX, PLAIN.nix);
      await check();
      files.set(
        '/flake/flake.lock',
        lockText({ nixpkgs: 'nixpkgs' }, { nixpkgs: githubNode('NixOS', 'nixpkgs', { word: 'newer', ref: 'nixos-unstable' }) }),
      );
      client.changedOnDisk(LOCK);
      assert.match((await client.hover(NIX, 1, 12)) ?? '', /not checked yet/);
    });

    it('are judged anew when the keys change', async () => {
      const { client } = await start();
      client.open(NIX, PLAIN.nix);
      await check();
      client.settings = { ...SETTINGS, caches: [{ url: ONE }, { url: TWO }] };
      client.settingsChanged();
      const shown = await client.hover(NIX, 1, 12);
      assert.match(shown ?? '', /0 of a sample of 3 outputs signed by a key that you trust · 2 without such a signature/);
    });

    it('of a private input are not asked of a public cache', async () => {
      const { client } = await start({ settings: { ...SETTINGS, privateInputs: ['github:NixOS/*'] } });
      client.open(NIX, PLAIN.nix);
      await check();
      assert.deepEqual([one.asked, two.asked], [[], []]);
      assert.match(
        (await client.hover(NIX, 1, 12)) ?? '',
        /a sample of 3 outputs, about which no cache could be asked · private \(.*\): public caches were not asked/,
      );
    });

    it('cannot be checked where Nix fails, which it says', async () => {
      const failure = { kind: 'failed', reason: 'evaluation', message: 'attribute missing' } as const;
      const { client } = await start({ given: { failure } });
      client.open(NIX, PLAIN.nix);
      assert.deepEqual(await check(), {
        kind: 'failed',
        message: 'Nix does not tell the packages of "nixpkgs": attribute missing.',
      });
    });
  });

  function found(
    name: string,
    narHash: ReturnType<typeof narHashOf>,
    signed = true,
    references: readonly string[] = [],
  ): NarinfoLookup {
    const storePath: StorePath = pathOf(name);
    const deeper = name === 'util' ? ['lib'] : references;
    return {
      kind: 'found',
      text: narinfoText({ storePath, narHash, references: deeper.map(pathOf), signers: signed ? [trusted] : [] }),
    };
  }
});
