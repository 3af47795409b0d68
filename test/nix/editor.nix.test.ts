/** The bundled language server with the installed Nix and a real cache: what the extension's commands ask for. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AuditReport } from '../../server/src/domain/closureReport';
import * as protocol from '../../server/src/protocol';
import { ensureBuilt } from '../support/cli';
import { connectClient, type LanguageClient, VSCODE_CAPABILITIES } from '../support/languageClient';
import { type ClosureSandbox, makeClosureSandbox } from './closureSandbox';

describe('the bundled language server with the installed Nix', function () {
  this.timeout(120_000);
  let sandbox: ClosureSandbox;
  let server: ChildProcess;
  let client: LanguageClient;
  let uri: string;

  before(async () => {
    ensureBuilt();
    sandbox = await makeClosureSandbox();
    uri = pathToFileURL(sandbox.workspace).href;
  });
  after(() => sandbox.end());

  const start = async (env: Readonly<Record<string, string>> = sandbox.env) => {
    const started = spawn(process.execPath, [path.resolve('dist/server.js'), '--stdio'], {
      cwd: sandbox.workspace,
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    server = started;
    client = await connectClient(started.stdout, started.stdin, {
      capabilities: VSCODE_CAPABILITIES,
      initializationOptions: { commands: true, storageDir: path.join(sandbox.nix.dir, 'storage') },
      processId: process.pid,
      folders: [uri],
    });
    client.settings = { caches: [{ url: sandbox.cache.url, keys: [sandbox.key], private: true }], network: { mode: 'manual' } };
  };
  beforeEach(() => start());
  afterEach(async () => {
    await client.quit();
    if (server.exitCode === null) await once(server, 'exit');
  });

  const audit = (installable: string, more: object = {}) =>
    client.request<protocol.AuditOutputsResult>(protocol.AUDIT_OUTPUTS, { uri, installables: [installable], ...more });
  /** A hover does not wait for a slow disk: it says that it is being looked at, and a later one says what is there. */
  const hoverMatching = async (pattern: RegExp) => {
    let hover = '';
    for (const end = Date.now() + 10_000; Date.now() < end && !pattern.test(hover);)
      hover = (await client.hover(`${uri}/flake.nix`, 2, 10)) ?? '';
    assert.match(hover, pattern);
  };
  const openFlake = async () =>
    client.open(`${uri}/flake.nix`, await sandbox.nix.succeed(['flake.nix'], { program: 'cat', cwd: sandbox.workspace }));
  const built = (name: string): boolean => {
    const store = path.join(sandbox.nix.dir, 'empty', 'nix', 'store');
    return existsSync(store) && readdirSync(store).some((entry) => entry.endsWith(`-${name}`));
  };

  it('lists outputs, those too that cannot be evaluated without building', async () => {
    const listed = await client.request<protocol.OutputsResult>(protocol.OUTPUTS, { uri });
    assert.ok(listed.kind === 'ok', listed.kind === 'failed' ? listed.message : '');
    assert.equal(listed.system, sandbox.nix.system);
    assert.deepEqual(
      listed.outputs.map(({ group, label }) => [group, label]),
      [
        ['package', 'default'],
        ['package', 'imported'],
        ['check', 'quick'],
      ],
    );
    assert.equal(built('name'), false);
  });

  it('audits an output: what would be fetched is verified, what would be built is said', async () => {
    const result = await audit('.#default');
    assert.ok(result.kind === 'ok', result.kind === 'failed' ? result.message : '');
    assert.equal(result.summary, '.#default: 2 paths, 1 with a signature that you trust, 1 in no cache.');
    const overview = await client.request<protocol.ClosureOverview>(protocol.CLOSURE, { audit: result.audit });
    assert.deepEqual(overview.report.closure?.plan?.build.length, 1);
    const rows = await client.request<protocol.ClosureColumns>(protocol.CLOSURE_PATHS, { audit: result.audit });
    const row = rows.names.findIndex((name) => name.endsWith('-lib'));
    assert.deepEqual(rows.keySets[rows.keys[row]!], ['trusted-1']);
    assert.deepEqual(rows.built[rows.names.findIndex((name) => name.endsWith('-app'))], 2);
  });

  it('finds out who signed the binaries of an input; a later session knows it without Nix, and attributes paths by it', async () => {
    await openFlake();
    await hoverMatching(/built from it: not checked yet/);
    const [flake] = await client.request<protocol.FlakeSummary[]>(protocol.FLAKES);
    const { id } = flake?.inputs[0] ?? assert.fail('no input');
    const checked = await client.request<protocol.CheckBinariesResult>(protocol.CHECK_BINARIES, { id });
    assert.ok(checked.kind === 'ok', checked.kind === 'failed' ? checked.message : '');
    assert.match(checked.summary, /^lib: 1 of 1 output signed by trusted-1, verified, from 127\.0\.0\.1:\d+\.$/);

    await client.quit();
    await once(server, 'exit');
    const asked = sandbox.cache.requests.length;
    await start({ ...sandbox.env, PATH: path.join(sandbox.nix.dir, 'no-programs') });
    await openFlake();
    await hoverMatching(/1 of 1 output signed by `trusted-1`, verified/);
    assert.equal(sandbox.cache.requests.length, asked);

    await client.quit();
    await once(server, 'exit');
    await start();
    const result = await audit('.#default');
    assert.ok(result.kind === 'ok');
    const { text } = await client.request<protocol.ClosureExportResult>(protocol.CLOSURE_EXPORT, {
      audit: result.audit,
      format: 'json',
    });
    const paths = (JSON.parse(text) as AuditReport).closure?.paths ?? [];
    assert.deepEqual(
      paths.map(({ storePath, input }) => [storePath.slice(44), input]),
      paths.map(({ storePath }) => [storePath.slice(44), storePath.endsWith('-lib') ? ['lib'] : undefined]),
    );
  });

  it('forgets it when told to', async () => {
    await openFlake();
    await hoverMatching(/1 of 1 output/);
    await client.request(protocol.CLEAR);
    await hoverMatching(/not checked yet/);
    assert.equal(existsSync(path.join(sandbox.nix.dir, 'storage', 'binaries-1')), false);
  });

  it('builds for an evaluation only when that was allowed', async () => {
    const refused = await audit('.#imported');
    assert.ok(refused.kind === 'failed');
    assert.equal(refused.reason, 'needs-import-from-derivation');
    assert.equal(built('name'), false);
    const allowed = await audit('.#imported', { allowImportFromDerivation: true });
    assert.ok(allowed.kind === 'ok', allowed.kind === 'failed' ? `${allowed.message} ${allowed.hint ?? ''}` : '');
    assert.equal(built('name'), true);
  });

  it('runs no Nix that comes with the workspace', async () => {
    await client.quit();
    await once(server, 'exit');
    const bin = path.join(sandbox.workspace, 'bin');
    await mkdir(bin, { recursive: true });
    const trap = path.join(sandbox.nix.dir, 'trapped');
    await writeFile(path.join(bin, 'nix'), `#!/bin/sh\ntouch ${trap}\n`);
    await chmod(path.join(bin, 'nix'), 0o755);
    await start({ ...sandbox.env, PATH: bin });
    const result = await audit('.#default');
    assert.ok(result.kind === 'failed');
    assert.equal(result.reason, 'no-nix');
    assert.match(result.message, /there is no nix in PATH; passed over: .*bin/);
    assert.equal(existsSync(trap), false);
  });
});
