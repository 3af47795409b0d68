/** The extension in a real VS Code, on the sample of examples/demo. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as vscode from 'vscode';
import { LINKED_COMMANDS } from '../../../server/src/protocol';
import { activationMs, EXTENSION } from './activation';
import { hoverText, open, positionOf, until } from './documents';

function hoverMatching(document: vscode.TextDocument, text: string, pattern: RegExp): Promise<string> {
  return until(`hover of ${text} with ${String(pattern)}`, async () => {
    const hover = await hoverText(document, text);
    return pattern.test(hover) ? hover : undefined;
  });
}

function diagnosticMatching(uri: vscode.Uri, code: string): Promise<vscode.Diagnostic> {
  return until(`diagnostic ${code}`, () =>
    vscode.languages
      .getDiagnostics(uri)
      .find((diagnostic) => typeof diagnostic.code === 'object' && diagnostic.code.value === code),
  );
}

/** The processes of our language server, by their command lines. */
function serverProcesses(): string[] {
  const server = path.join('dist', 'server.js');
  return execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(server) && line.includes(String(process.pid)));
}

describe('Flake Trust in VS Code', () => {
  let flakeNix: vscode.TextDocument;

  before(async () => {
    flakeNix = await open('flake.nix');
  });

  it('is activated by a folder with a flake', async () => {
    const extension = vscode.extensions.getExtension(EXTENSION);
    await until('activation', () => (extension?.isActive === true ? true : undefined));
  });

  it('is activated without waiting for anything, and loads only the client', () => {
    // How long that takes is measured by the benchmark: it depends on what else the machine does.
    assert(activationMs() > 0);
    const bundle = path.join(vscode.extensions.getExtension(EXTENSION)?.extensionPath ?? '', 'dist', 'extension.js');
    const { activate } = createRequire(bundle)(bundle) as { readonly activate: () => unknown };
    assert.equal(activate.constructor.name, 'Function', 'it waits for something');
    assert(statSync(bundle).size < 1_300_000, 'much more is loaded than the protocol needs');
  });

  it('has registered every command of its manifest and of the server', async () => {
    const manifest = vscode.extensions.getExtension(EXTENSION)?.packageJSON as {
      contributes: { commands: { command: string }[] };
    };
    const registered = new Set(await vscode.commands.getCommands(true));
    const expected = [...manifest.contributes.commands.map(({ command }) => command), ...Object.values(LINKED_COMMANDS)];
    assert.deepEqual(
      expected.filter((command) => !registered.has(command)),
      [],
    );
  });

  it('tells, where an input is hovered, its source, signer, cache and lock', async () => {
    const hover = await hoverMatching(flakeNix, 'nixpkgs.url', /flake-trust-demo-1/);
    assert.match(hover, /github:NixOS\/nixpkgs\/nixos-26\.05/);
    assert.match(hover, /2f5a153/);
    assert.match(hover, /command:flakeTrust\.showInput/);
  });

  it('tells the same where the argument of outputs and the lock node are hovered', async () => {
    await hoverMatching(flakeNix, 'nixpkgs, flake-utils', /github:NixOS\/nixpkgs\/nixos-26\.05/);
    await hoverMatching(await open('flake.lock'), '"nixpkgs": {', /github:NixOS\/nixpkgs\/nixos-26\.05/);
  });

  it('marks a private input', async () => {
    await hoverMatching(flakeNix, 'platform-lib.url', /private/);
  });

  it('puts a wrong hash into Problems, at the name of the input, with a page about it', async () => {
    const diagnostic = await diagnosticMatching(flakeNix.uri, 'hash-mismatch');
    assert.equal(diagnostic.source, 'flake-trust');
    assert.equal(diagnostic.severity, vscode.DiagnosticSeverity.Error);
    assert.equal(flakeNix.getText(diagnostic.range), 'tools');
    assert(typeof diagnostic.code === 'object');
    assert.match(diagnostic.code.target.path, /docs\/checks\/hash-mismatch\.md$/);
  });

  it('takes a finding back when the text no longer gives reason for it', async () => {
    await vscode.window.showTextDocument(flakeNix);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(
      flakeNix.uri,
      positionOf(flakeNix, 'tools.url').translate(0, -1),
      'insecure.url = "http://example.org/x.tar.gz";\n    ',
    );
    assert(await vscode.workspace.applyEdit(edit));
    await diagnosticMatching(flakeNix.uri, 'insecure-transport');
    await vscode.commands.executeCommand('undo');
    await until('the finding is gone', () =>
      vscode.languages.getDiagnostics(flakeNix.uri).some(({ message }) => message.includes('insecure')) ? undefined : true,
    );
    await vscode.commands.executeCommand('workbench.action.files.revert');
  });

  it('goes from an input to its lock node, and back', async () => {
    type Targets = (vscode.Location | vscode.LocationLink)[];
    const target = async (document: vscode.TextDocument, text: string) => {
      const [found] = await vscode.commands.executeCommand<Targets>(
        'vscode.executeDefinitionProvider',
        document.uri,
        positionOf(document, text),
      );
      assert(found !== undefined);
      return 'targetUri' in found ? { uri: found.targetUri, range: found.targetSelectionRange ?? found.targetRange } : found;
    };
    const lock = await open('flake.lock');
    const there = await target(flakeNix, 'tools.url');
    assert.equal(there.uri.path, lock.uri.path);
    assert.equal(lock.lineAt(there.range.start.line).text.trim(), '"tools": {');
    const back = await target(lock, '"tools": {');
    assert.equal(back.uri.path, flakeNix.uri.path);
    assert.match(flakeNix.lineAt(back.range.start.line).text, /tools\.url/);
  });

  it('offers the summary of the flake above its inputs', async () => {
    await until('code lens', async () => {
      const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', flakeNix.uri, 10);
      return lenses.find(({ command }) => command?.title.includes('inputs'));
    });
  });

  it('ends an audit in a report', async () => {
    await vscode.window.showTextDocument(flakeNix);
    await vscode.commands.executeCommand('flakeTrust.auditFlake');
    const report = await until('report', () =>
      vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'flake-trust-report'),
    );
    assert.equal(report.languageId, 'markdown');
    for (const expected of ['home-manager', 'hash-mismatch', 'flake-trust-demo-1', 'platform-lib'])
      assert(report.getText().includes(expected), expected);
  });

  it('reports after an audit what it keeps quiet before', async () => {
    await diagnosticMatching(flakeNix.uri, 'signer-unknown');
  });

  it('shows the details of one input, named by the id in its hover', async () => {
    const hover = await hoverText(flakeNix, 'devshell = ');
    const [, argument = ''] = /command:flakeTrust\.showInput\?([^)]+)\)/.exec(hover) ?? [];
    const [id] = JSON.parse(decodeURIComponent(argument)) as string[];
    await vscode.commands.executeCommand('flakeTrust.showInput', id);
    const details = await until('details', () =>
      vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'flake-trust-report' && uri.path.includes('devshell')),
    );
    for (const expected of ['github:numtide/devshell', '255a2b1725a20d060f566e4755dbf571bbbb5f76', '/nix/store/']) {
      assert(details.getText().includes(expected), details.getText());
    }
  });

  it('copies the evidence about one input as JSON', async () => {
    const [, argument = ''] = /command:flakeTrust\.copyEvidence\?([^)]+)\)/.exec(await hoverText(flakeNix, 'tools.url')) ?? [];
    await vscode.env.clipboard.writeText('');
    await vscode.commands.executeCommand('flakeTrust.copyEvidence', ...(JSON.parse(decodeURIComponent(argument)) as string[]));
    const evidence = await vscode.env.clipboard.readText();
    assert.match(evidence, /hash-mismatch/);
    JSON.parse(evidence);
  });

  it('does nothing with an id that it did not give', async () => {
    const before = vscode.workspace.textDocuments.length;
    for (const command of [
      'showInput',
      'checkInput',
      'checkBinaries',
      'copyEvidence',
      'auditFlake',
      'auditOutputs',
      'startVetting',
      'recordReview',
      'exemptInput',
      'denyInput',
      'reviewChanges',
    ]) {
      await vscode.commands.executeCommand(`flakeTrust.${command}`, 'file:///etc/passwd');
    }
    assert.equal(vscode.workspace.textDocuments.length, before);
  });

  it('follows its settings', async () => {
    const settings = vscode.workspace.getConfiguration('flakeTrust', flakeNix.uri);
    await settings.update('diagnostics.severity', { 'hash-mismatch': 'off' }, vscode.ConfigurationTarget.Global);
    await until('the finding is gone', () =>
      vscode.languages.getDiagnostics(flakeNix.uri).some(({ message }) => message.includes('different hash')) ? undefined : true,
    );
    await settings.update('diagnostics.severity', undefined, vscode.ConfigurationTarget.Global);
    await diagnosticMatching(flakeNix.uri, 'hash-mismatch');
  });

  it('has nothing left after Clear Results but what the files say', async () => {
    await vscode.workspace.getConfiguration('flakeTrust').update('network.mode', 'offline', vscode.ConfigurationTarget.Global);
    await vscode.commands.executeCommand('flakeTrust.clear');
    await until('the finding is gone', () =>
      vscode.languages.getDiagnostics(flakeNix.uri).some(({ message }) => message.includes('different hash')) ? undefined : true,
    );
    await vscode.workspace.getConfiguration('flakeTrust').update('network.mode', undefined, vscode.ConfigurationTarget.Global);
  });

  it('works again after Restart Server', async () => {
    const [old] = serverProcesses();
    await vscode.commands.executeCommand('flakeTrust.restart');
    const [fresh] = serverProcesses();
    assert.notEqual(fresh, old);
    await hoverMatching(flakeNix, 'nixpkgs.url', /flake-trust-demo-1/);
  });

  it('starts its server again after a crash, and shows what it showed', async () => {
    const [server = ''] = serverProcesses();
    process.kill(Number.parseInt(server, 10), 'SIGKILL');
    await until('the crash', () => (serverProcesses().includes(server) ? undefined : true));
    await hoverMatching(flakeNix, 'nixpkgs.url', /flake-trust-demo-1/);
    assert.equal(serverProcesses().length, 1);
  });

  it('ends its server when it is deactivated', async () => {
    assert.equal(serverProcesses().length, 1);
    const extension = vscode.extensions.getExtension(EXTENSION);
    // Deactivation by VS Code would end this very process; the module's own function is what it calls.
    const module = createRequire(__filename)(path.join(extension!.extensionPath, 'dist', 'extension.js')) as {
      deactivate(): Promise<void>;
    };
    await module.deactivate();
    await until('no server process', () => (serverProcesses().length === 0 ? true : undefined));
  });
});
