/** The files of vetting in a real VS Code: what its JSON support makes of our schemas, and what our server is told of them. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { file, hoverText, open, until } from './documents';

const POLICY = `// What has to hold for the inputs of this flake.
{
  "version": 1,
  "inputs": [
    { "criteria": ["safe-to-build"] }, // of every input
    { "match": "nixpkgs", "owners": ["NixOS"], },
  ],
}
`;

const RECORDS = `{
  "version": 1,
  "records": [
    /* one record a block */
    {
      "kind": "exemption",
      "source": "github.com/nixos/nixpkgs",
      "narHash": "sha256-Yjv0WEg39KRYS0rBdTbu6Fc/or/ihAKk13W9sQ6VWd0=",
      "criteria": ["safe-to-build"],
      "until": "2027-02-23",
      "who": "Ada Example <ada@example.org>",
      "when": "2026-11-25T12:00:00Z",
    },
  ],
}
`;

async function openVetting(name: string, text: string): Promise<vscode.TextDocument> {
  await vscode.workspace.fs.writeFile(file(`flake-trust/${name}`), Buffer.from(text));
  return open(`flake-trust/${name}`);
}

/** What others than we say about a document: the schema's findings. */
function schemaFindings({ uri }: vscode.TextDocument): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter(({ source }) => source !== 'flake-trust');
}

/** Waits until we say something about a file, or nothing. */
async function ourFinding(uri: vscode.Uri, wanted: RegExp | undefined): Promise<void> {
  await until(`a finding like ${String(wanted)}`, () => {
    const messages = vscode.languages
      .getDiagnostics(uri)
      .flatMap(({ source, message }) => (source === 'flake-trust' ? message : []));
    return (wanted === undefined ? messages.length === 0 : messages.some((message) => wanted.test(message))) ? true : undefined;
  });
}

async function replace(document: vscode.TextDocument, from: string, to: string): Promise<void> {
  const start = document.getText().indexOf(from);
  assert(start >= 0, from);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(document.positionAt(start), document.positionAt(start + from.length)), to);
  assert(await vscode.workspace.applyEdit(edit));
}

async function completions(document: vscode.TextDocument, behind: string): Promise<string[]> {
  const at = document.positionAt(document.getText().indexOf(behind) + behind.length);
  const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
    'vscode.executeCompletionItemProvider',
    document.uri,
    at,
  );
  return items.map(({ label }) => (typeof label === 'string' ? label : label.label));
}

describe('the files of vetting in VS Code', () => {
  // The tests before may have ended the server.
  before(() => vscode.commands.executeCommand('flakeTrust.restart'));
  afterEach(() => vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor'));
  after(() => vscode.workspace.fs.delete(file('flake-trust'), { recursive: true }));

  for (const [name, text, field] of [
    ['policy.jsonc', POLICY, 'match'],
    ['records.jsonc', RECORDS, 'until'],
  ] as const) {
    it(`${name} may have comments and trailing commas, and a mistake is marked`, async () => {
      const document = await openVetting(name, text);
      assert.equal(document.languageId, 'jsonc');
      await replace(document, `"${field}"`, `"${field}s"`);
      await until('a finding', () =>
        schemaFindings(document).some(({ message }) => message.includes(field)) ? true : undefined,
      );
      await replace(document, `"${field}s"`, `"${field}"`);
      await until('no finding', () => (schemaFindings(document).length === 0 ? true : undefined));
    });
  }

  it('policy.jsonc completes the names of fields and their values, and tells what they mean', async () => {
    const document = await openVetting('policy.jsonc', POLICY);
    const offered = await until('completions', async () => {
      const labels = await completions(document, '"owners": ["NixOS"], ');
      return labels.some((label) => label.includes('maxAgeDays')) ? labels : undefined;
    });
    for (const expected of ['maxAgeDays', 'refs', 'level', 'hosts']) assert(offered.includes(expected), expected);
    assert(!offered.includes('owners'), 'it is there already');
    assert.match(await hoverText(document, '"owners"'), /Owners on a forge/);
  });

  it('records.jsonc completes the kinds of records', async () => {
    const document = await openVetting('records.jsonc', RECORDS);
    await replace(document, '"exemption"', '""');
    await until('completions', async () => {
      const labels = await completions(document, '"kind": ');
      return ['"audit"', '"exemption"', '"trust"', '"violation"', '"revocation"'].every((kind) => labels.includes(kind))
        ? labels
        : undefined;
    });
  });

  it('are read as they are in the editor, not saved, and as they are on the disk', async () => {
    await open('flake.nix');
    const document = await openVetting('policy.jsonc', POLICY);
    await ourFinding(document.uri, undefined);
    await replace(document, '"match"', '"matches"');
    await ourFinding(document.uri, /matches/);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await ourFinding(document.uri, undefined);
    await vscode.workspace.fs.writeFile(document.uri, Buffer.from(POLICY.replace('"owners"', '"owner"')));
    await ourFinding(document.uri, /owner/);
    await vscode.workspace.fs.writeFile(document.uri, Buffer.from(POLICY));
    await ourFinding(document.uri, undefined);
  });
});
