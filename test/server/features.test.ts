import assert from 'node:assert/strict';
import type { CodeAction, CodeLens, InlayHint, Location, LocationLink } from 'vscode-languageserver';
import { fakeCache } from '../support/fakeCache';
import type { ServerSetup } from '../support/languageServer';
import { PLAIN } from '../support/sampleFlake';
import { NIX, LOCK, CACHE, SETTINGS, OURS, TAMPERED, INSECURE, onDisk, serverForEachTest } from '../support/languageServerBench';

describe('features of the language server', () => {
  const start = serverForEachTest();

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
