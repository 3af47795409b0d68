import assert from 'node:assert/strict';
import { type CodeAction, DiagnosticSeverity } from 'vscode-languageserver';
import { printInstant } from '../../server/src/domain/vetting/instant';
import type { JsonObject } from '../../server/src/domain/vetting/shape';
import type { FileRead } from '../../server/src/engine/ports';
import * as protocol from '../../server/src/protocol';
import { eventually } from '../support/eventually';
import { narHashOf } from '../support/flakeFacts';
import { type ServerSetup, startTestServer, type TestServer } from '../support/languageServer';
import { codes, NIX, OURS } from '../support/languageServerBench';
import { githubNode, lockText, PLAIN } from '../support/sampleFlake';
import { recordsText } from '../support/vettingRecords';

const POLICY = 'file:///flake/flake-trust/policy.jsonc';
const RECORDS = 'file:///flake/flake-trust/records.jsonc';
const AUDIT = { kind: 'audit', source: 'github.com/nixos/nixpkgs', narHash: narHashOf('nixpkgs'), criteria: ['safe-to-build'] };
const EMPTY_POLICY = '{ "version": 1 }\n';

/** A disk that counts how often each file is read. */
class Disk extends Map<string, string | FileRead> {
  readonly reads = new Map<string, number>();

  override get(path: string): string | FileRead | undefined {
    this.reads.set(path, (this.reads.get(path) ?? 0) + 1);
    return super.get(path);
  }
}

/** A flake in /flake with these records. */
function flakeOnDisk(records: readonly JsonObject[], policy = EMPTY_POLICY): Disk {
  return new Disk([
    ['/flake/flake.nix', PLAIN.nix],
    ['/flake/flake.lock', PLAIN.lock],
    ['/flake/flake-trust/policy.jsonc', policy],
    ['/flake/flake-trust/records.jsonc', recordsText(...records)],
  ]);
}

describe('vetting in the language server', () => {
  let server: TestServer | undefined;
  const start = async (setup: ServerSetup = {}) => {
    server = await startTestServer({ settings: { readNixConf: false }, ...setup });
    return server.client;
  };
  afterEach(async () => {
    await server?.client.quit();
    server = undefined;
  });

  it('finds what is not vetted, and takes it back when a record on disk covers it', async () => {
    const files = flakeOnDisk([]);
    const client = await start({ ...OURS, files });
    client.open(NIX, PLAIN.nix);
    const [problem] = await client.diagnostics(NIX, (found) => codes(found).includes('not-vetted'));
    assert.equal(problem?.severity, DiagnosticSeverity.Information);
    assert.equal(problem.range.start.line, 1);
    files.set('/flake/flake-trust/records.jsonc', recordsText(AUDIT));
    client.changedOnDisk(RECORDS);
    await client.diagnostics(NIX, (found) => found.length === 0);
    assert.match((await client.hover(NIX, 1, 12)) ?? '', /\*\*Vetting\*\* this repository says: reviewed by Ada/);
  });

  it('counts what is typed into the files and not saved yet', async () => {
    const client = await start({ ...OURS, files: flakeOnDisk([]) });
    client.open(NIX, PLAIN.nix);
    client.open(RECORDS, recordsText());
    await client.diagnostics(NIX, (found) => codes(found).includes('not-vetted'));
    client.change(RECORDS, recordsText(AUDIT), 2);
    await client.diagnostics(NIX, (found) => found.length === 0);
    client.close(RECORDS);
    await client.diagnostics(NIX, (found) => codes(found).includes('not-vetted'));
  });

  it('tells of mistakes in the files at their places, open or not, and takes them back', async () => {
    const files = flakeOnDisk([], '{\n  "version": 1,\n  "inputs": [{ "criteria": ["unheard-of"] }],\n}\n');
    const client = await start({ ...OURS, files });
    client.open(NIX, PLAIN.nix);
    const [mistake] = await client.diagnostics(POLICY, (found) => found.length > 0);
    assert.equal(mistake?.code, 'policy-invalid');
    assert.equal(mistake.severity, DiagnosticSeverity.Error);
    assert.deepEqual(mistake.range, { start: { line: 2, character: 28 }, end: { line: 2, character: 40 } });
    const context = { diagnostics: [mistake] };
    const params = { textDocument: { uri: POLICY }, range: mistake.range, context };
    const actions = await client.request<CodeAction[]>('textDocument/codeAction', params);
    assert.deepEqual(
      actions.map(({ title, command }) => [title, command?.command, command?.arguments]),
      [['Explain this check', 'flakeTrust.explain', ['policy-invalid']]],
    );
    const top = { line: 0, character: 0 };
    assert.deepEqual(await client.request('textDocument/codeAction', { ...params, range: { start: top, end: top } }), []);
    client.open(POLICY, EMPTY_POLICY, 7);
    await client.diagnostics(POLICY, (found, version) => found.length === 0 && version === 7);
    client.change(POLICY, '{ "version": 1, }}', 8);
    await client.diagnostics(POLICY, (found, version) => codes(found).includes('policy-invalid') && version === 8);
    client.close(POLICY);
    client.close(NIX);
    await client.diagnostics(POLICY, (found) => found.length === 0);
  });

  it('tells of a record whose signature is forged', async () => {
    const policy = `{ "version": 1, "reviewers": [{ "who": "ada@example.org", "keys": ["ada-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="] }] }`;
    const files = flakeOnDisk([{ ...AUDIT, signature: `ada-1:${'A'.repeat(86)}==` }], policy);
    const client = await start({ ...OURS, files });
    client.open(NIX, PLAIN.nix);
    const [forged] = await client.diagnostics(RECORDS, (found) => found.length > 0);
    assert.equal(forged?.code, 'record-signature');
    assert.equal(forged.range.start.line, 3);
    await client.diagnostics(NIX, (found) => codes(found).includes('not-vetted'));
  });

  it('takes everything back when the folder is deleted', async () => {
    const files = flakeOnDisk([], '{ "version": 2 }');
    const client = await start({ ...OURS, files });
    client.open(NIX, PLAIN.nix);
    await client.diagnostics(POLICY, (found) => found.length > 0);
    for (const path of ['policy.jsonc', 'records.jsonc']) files.delete(`/flake/flake-trust/${path}`);
    client.changedOnDisk('file:///flake/flake-trust');
    await client.diagnostics(POLICY, (found) => found.length === 0);
    assert.match((await client.hover(NIX, 1, 12)) ?? '', /\*\*Vetting\*\* no policy/);
  });

  it('heeds the severities of the user and what the policy says to live with', async () => {
    const policy = '{ "version": 1, "suppressions": [{ "code": "not-vetted", "reason": "soon", "until": "2099-01-01" }] }';
    const client = await start({ ...OURS, files: flakeOnDisk([], policy) });
    client.open(NIX, PLAIN.nix);
    client.open(POLICY, policy);
    assert.match((await client.hover(NIX, 1, 12)) ?? '', /no review covers this hash/);
    await client.diagnostics(NIX, (found) => found.length === 0);
    client.change(POLICY, EMPTY_POLICY, 2);
    await client.diagnostics(NIX, (found) => codes(found).includes('not-vetted'));
    client.settings = { readNixConf: false, diagnostics: { severity: { 'not-vetted': 'error' } } };
    client.settingsChanged();
    await client.diagnostics(NIX, ([found]) => found?.severity === DiagnosticSeverity.Error);
    client.settings = { readNixConf: false, diagnostics: { severity: { 'not-vetted': 'off' } } };
    client.settingsChanged();
    await client.diagnostics(NIX, (found) => found.length === 0);
  });

  it('believes only keys that the user named, where there are some', async () => {
    const client = await start({ ...OURS, files: flakeOnDisk([AUDIT]) });
    client.open(NIX, PLAIN.nix);
    assert.match((await client.hover(NIX, 1, 12)) ?? '', /reviewed by Ada/);
    // None of them can be read: then nothing counts.
    client.settings = { readNixConf: false, reviewerKeys: ['no key'] };
    client.settingsChanged();
    await client.diagnostics(NIX, (found) => codes(found).includes('not-vetted'));
  });

  it('shows in Restricted Mode what the repository says, and does not believe it', async () => {
    const client = await start({
      ...OURS,
      initializationOptions: { commands: true, workspaceTrusted: false },
      files: flakeOnDisk([AUDIT]),
    });
    client.open(NIX, PLAIN.nix);
    const text = (await client.hover(NIX, 1, 12)) ?? '';
    assert.match(text, /this repository says: reviewed by Ada .* \*\*not believed in Restricted Mode\*\*/);
    assert.doesNotMatch(text, /\$\(checklist\)|recordReview/);
    const { text: json } = await client.request<protocol.ReportResult>(protocol.REPORT, { uri: NIX, format: 'json' });
    const report = JSON.parse(json) as { inputs: { vetting: { state: string; believed?: boolean } }[] };
    assert.deepEqual(
      report.inputs.map(({ vetting: { state, believed } }) => [state, believed]),
      [['vetted', false]],
    );
    const { text: words } = await client.request<protocol.ReportResult>(protocol.REPORT, { uri: NIX, format: 'text' });
    assert.match(words, /this repository says: reviewed by Ada.*\(not believed in Restricted Mode\)/);
    void client.connection.sendNotification(protocol.WORKSPACE_TRUSTED);
    await eventually('the trusted hover', () => client.heard.some(({ method }) => method === 'workspace/configuration'));
    assert.match((await client.hover(NIX, 1, 12)) ?? '', /\$\(checklist\) \*\*Vetting\*\*/);
  });

  it('tells of a review that ends while nobody touches anything', async () => {
    const until = printInstant(Date.now() + 2000);
    const client = await start({ ...OURS, files: flakeOnDisk([{ ...AUDIT, until }]) });
    client.open(NIX, PLAIN.nix);
    const [problem] = await client.diagnostics(NIX, (found) => codes(found).includes('vetting-expired'));
    assert.match(JSON.stringify(problem?.message), /review by Ada ended on \d{4}-\d{2}-\d{2}/);
  });

  it('reads nothing again while flake.nix is typed', async () => {
    const files = flakeOnDisk([]);
    const client = await start({ ...OURS, files });
    client.open(NIX, PLAIN.nix);
    await client.diagnostics(NIX, (found) => codes(found).includes('not-vetted'));
    const before = new Map(files.reads);
    for (let version = 2; version < 12; version++) {
      client.change(NIX, `# ${version}\n${PLAIN.nix}`, version);
      assert.match((await client.hover(NIX, 2, 12)) ?? '', /no review covers/);
    }
    await client.diagnostics(NIX, ([found], version) => version === 11 && found?.range.start.line === 2);
    assert.deepEqual(files.reads, before);
  });

  it('keeps its Problems in place while flake.nix is half-written', async () => {
    const client = await start({ ...OURS, files: flakeOnDisk([]) });
    client.open(NIX, PLAIN.nix);
    await client.diagnostics(NIX, (found) => codes(found).includes('not-vetted'));
    client.change(NIX, `{\n  description = "open;\n${PLAIN.nix.slice(2)}`, 2);
    const found = await client.diagnostics(NIX, (_, version) => version === 2);
    const kept = found.find(({ code }) => code === 'not-vetted');
    assert.equal(kept?.range.start.line, 2);
  });

  it('reads again when a file is saved in an editor that watches none', async () => {
    const files = flakeOnDisk([]);
    const client = await start({ files });
    client.open(NIX, PLAIN.nix);
    await client.diagnostics(NIX, (found) => codes(found).includes('not-vetted'));
    files.set('/flake/flake-trust/records.jsonc', recordsText(AUDIT));
    client.save(NIX);
    await client.diagnostics(NIX, (found) => found.length === 0);
  });

  it('holds a flake of which only the policy is open', async () => {
    const client = await start({ ...OURS, files: flakeOnDisk([]) });
    client.open(POLICY, EMPTY_POLICY);
    await client.diagnostics(NIX, (found) => codes(found).includes('not-vetted'));
    client.close(POLICY);
    await client.diagnostics(NIX, (found) => found.length === 0);
  });

  it('folds what inputs of inputs lack into one entry', async () => {
    const nix = '{ inputs.a.url = "github:example/a"; outputs = _: { }; }\n';
    const a = githubNode('example', 'a', { inputs: { b: 'b' } });
    const files = flakeOnDisk([{ ...AUDIT, source: 'github.com/example/a', narHash: narHashOf('a') }]);
    files.set('/flake/flake.nix', nix);
    files.set('/flake/flake.lock', lockText({ a: 'a' }, { a, b: githubNode('example', 'b') }));
    const client = await start({ ...OURS, files });
    client.open(NIX, nix);
    const [entry] = await client.diagnostics(NIX, (found) => found.length > 0);
    assert.equal(entry?.message, 'Input "a": its own inputs have 1 note');
  });

  it('offers actions only to editors that have the commands', async () => {
    const offered = async (setup: ServerSetup) => {
      const client = await start({ ...setup, files: flakeOnDisk([]) });
      client.open(NIX, PLAIN.nix);
      const [problem] = await client.diagnostics(NIX, (found) => found.length > 0);
      const actions = await client.request<CodeAction[]>('textDocument/codeAction', {
        textDocument: { uri: NIX },
        range: problem?.range,
        context: { diagnostics: [problem] },
      });
      await client.quit();
      server = undefined;
      return actions.map(({ title }) => title);
    };
    assert.deepEqual(await offered({}), ['Audit flake inputs']);
    assert.deepEqual((await offered(OURS)).slice(0, 3), ['Record a review…', 'Exempt until…', 'Deny…']);
  });
});
