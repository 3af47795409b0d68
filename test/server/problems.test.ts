import assert from 'node:assert/strict';
import { CancellationTokenSource, DiagnosticSeverity, LSPErrorCodes } from 'vscode-languageserver';
import * as protocol from '../../server/src/protocol';
import { PLAIN } from '../support/sampleFlake';
import { NIX, LOCK, SETTINGS, OURS, TAMPERED, INSECURE, codes, onDisk, serverForEachTest } from '../support/languageServerBench';

describe('the language server, of a flake that is open,', () => {
  const start = serverForEachTest();

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
});
