/**
 * The packed .vsix as a user meets it: installed into a real VS Code, driven in a browser. Screenshots go to out/screenshots/.
 * `npm run test:vsix` makes the package first.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeSandbox } from './sandbox';
import { PackedExtension } from './packedExtension';
import type { Workbench, WorkbenchOptions } from './workbench';

describe('the packed extension', function () {
  this.timeout(180_000);

  const packed = new PackedExtension(makeSandbox, () => ({}));

  async function open(options: Partial<WorkbenchOptions> = {}): Promise<Workbench> {
    const code = await packed.open(options);
    await code.openFile('flake.nix');
    return code;
  }

  const themes: readonly (readonly [string, string])[] = [
    ['dark', 'Default Dark Modern'],
    ['light', 'Default Light Modern'],
    ['high-contrast', 'Default High Contrast'],
  ];
  for (const [name, theme] of themes) {
    it(`shows hover, Problems and report in the ${name} theme`, async () => {
      const code = await open({ theme });

      const hover = await code.hover('nixpkgs.url', 'nixpkgs', /flake-trust-demo-1/);
      assert.match(hover, /github:NixOS\/nixpkgs\/nixos-26\.05/);
      assert.match(hover, /2f5a153/);
      await code.screenshot(`hover-${name}`);

      const wrong = await code.hover('tools.url', 'tools', /hash/);
      assert.match(wrong, /flake\.lock/);
      await code.screenshot(`hover-mismatch-${name}`);
      assert.match(await code.hover('platform-lib.url', 'platform-lib', /private/), /git\.corp\.example/);
      await code.screenshot(`hover-private-${name}`);

      const problems = await code.problems(/hash-mismatch/);
      assert(problems.some((row) => row.includes('Input "tools"')));
      await code.screenshot(`problems-${name}`);
      assert(problems.some((row) => row.includes('lock-tampered') && row.includes('Input "theme"')));
      await code.status(/Flake: 2 problems/);

      await code.run('Flake Trust: Audit Flake Inputs');
      const report = await code.preview(/home-manager/);
      for (const expected of ['nixpkgs', 'flake-trust-demo-1', 'hash-mismatch', 'platform-lib'])
        assert(report.includes(expected), expected);
      await code.button('Show Problems').waitFor();
      await code.screenshot(`report-${name}`);
      await code.button('Show Problems').click();
      await code.problems(/signer-unknown/);
    });
  }

  it('asks the caches of nix.conf, never one that only the flake or its workspace settings name', async () => {
    mkdirSync(path.join(packed.sandbox.workspace, '.vscode'));
    const settings = {
      'flakeTrust.caches': [{ url: packed.sandbox.declared.url }],
      'flakeTrust.trustedPublicKeys': ['somebody-else-1:AAAA'],
    };
    writeFileSync(path.join(packed.sandbox.workspace, '.vscode', 'settings.json'), JSON.stringify(settings));
    const code = await open();
    await code.hover('nixpkgs.url', 'nixpkgs', /flake-trust-demo-1/);
    await code.run('Flake Trust: Audit Flake Inputs');
    await code.preview(/home-manager/);
    assert(packed.sandbox.requests.includes('/nix-cache-info'));
    assert(packed.sandbox.requests.some((asked) => asked.endsWith('.narinfo')));
    assert.equal(packed.sandbox.declared.requests.length, 0);
  });

  it('stays offline where the workspace asks for it, and tells what it lowers', async () => {
    mkdirSync(path.join(packed.sandbox.workspace, '.vscode'));
    const settings = { 'flakeTrust.network.mode': 'offline', 'flakeTrust.diagnostics.severity': { 'lock-tampered': 'off' } };
    writeFileSync(path.join(packed.sandbox.workspace, '.vscode', 'settings.json'), JSON.stringify(settings));
    const code = await open();
    await code.hover('nixpkgs.url', 'nixpkgs', /offline/);
    await code.status(/Flake: offline/);
    assert.match(await code.statusTooltip(), /Changed by workspace settings: diagnostics\.severity: lock-tampered/);
    await code.screenshot('offline-status');
    assert.equal(packed.sandbox.requests.length, 0);
  });

  it('asks through the editor where the settings say so', async () => {
    const code = await open({ settings: { 'flakeTrust.network.transport': 'editor' } });
    await code.hover('nixpkgs.url', 'nixpkgs', /flake-trust-demo-1/);
    assert(packed.sandbox.requests.some((asked) => asked.endsWith('.narinfo')));
  });

  it('stops an audit that is cancelled', async () => {
    const code = await open({ settings: { 'flakeTrust.network.mode': 'manual' } });
    await code.hover('nixpkgs.url', 'nixpkgs', /not checked/);
    packed.sandbox.delayMs = 5000;
    await code.run('Flake Trust: Audit Flake Inputs');
    const cancel = code.toast(/Auditing the inputs of demo/).getByRole('button', { name: 'Cancel' });
    await cancel.waitFor();
    await code.page.waitForTimeout(500); // it slides in
    await code.screenshot('audit-progress');
    await cancel.click();
    await code.toast(/Audit cancelled/).waitFor({ timeout: 4000 });
    packed.sandbox.delayMs = 0;
    const asked = packed.sandbox.requests.length;
    await code.page.waitForTimeout(1000);
    assert.equal(packed.sandbox.requests.length, asked);
  });

  it('offers its commands in the palette, and none of the internal ones', async () => {
    const code = await open();
    await code.status(/Flake: /);
    const offered = await code.offered('Flake Trust: ');
    for (const title of [
      'Audit Flake Inputs',
      'Audit Output Closure…',
      'Check Binaries of an Input…',
      'Show Last Closure Report',
      'Check This Input Again',
      'Start Vetting Here',
      'Record a Review…',
      'Exempt Until…',
      'Deny…',
      'Review Changes Since Last Vetted',
      'Show Report',
      'Clear Results',
      "Accept This Flake's Caches…",
      'Add Trusted Key…',
      'Explain a Check…',
      'Open Log',
      'Restart Server',
    ]) {
      assert(offered.includes(`Flake Trust: ${title}`), title);
    }
    assert(!offered.some((title) => title.includes('Copy Text')));
  });

  it('explains a check without a network', async () => {
    const code = await open();
    await code.run('Flake Trust: Explain a Check…');
    await code.quickInput.fill('hash-mismatch');
    await code.page.keyboard.press('Enter');
    await code.preview(/Why it matters/);
  });

  it('adds a trusted key by a form that knows a key from a typing error', async () => {
    const code = await open();
    await code.status(/Flake: /);
    await code.run('Flake Trust: Add Trusted Key…');
    const input = code.quickInput;
    await input.fill('cache.example.org-1:tooshort');
    await code.page.locator('.quick-input-message', { hasText: /32 bytes|base64|key/i }).waitFor();
    const key = 'cache.demo.example-1:tMM3GHylIX2bECMk4A7/XtJgUmXdlY4eodnH0wpU4CA=';
    await input.fill(key);
    await code.page.keyboard.press('Enter');
    await code.page.locator('.statusbar-item', { hasText: 'Key cache.demo.example-1 added' }).waitFor();
    const settings = JSON.parse(readFileSync(code.settingsFile, 'utf8')) as Record<string, unknown>;
    assert.deepEqual(settings['flakeTrust.trustedPublicKeys'], [key]);
  });

  it("accepts a flake's cache with its key, into the user's settings, and asks it from then on", async () => {
    const code = await open();
    await code.hover('nixpkgs.url', 'nixpkgs', /flake-trust-demo-1/);
    await code.run("Flake Trust: Accept This Flake's Caches…");
    const row = code.row(packed.sandbox.declared.url);
    await row.waitFor();
    await code.screenshot('accept-choose');
    await row.click();
    await code.acceptPick();
    const dialog = code.page.locator('.monaco-dialog-box');
    await dialog.waitFor();
    const question = await dialog.innerText();
    assert.match(question, /cache\.demo\.example-1:tMM3GHylIX2bECMk4A7/);
    await code.screenshot('accept-confirm');
    assert.equal(packed.sandbox.declared.requests.length, 0);
    await code.button('Accept Cache and Keys').click();
    await code.page.locator('.statusbar-item', { hasText: '1 cache accepted' }).waitFor();
    const settings = JSON.parse(readFileSync(code.settingsFile, 'utf8')) as Record<string, unknown>;
    assert.deepEqual(settings['flakeTrust.caches'], [
      { url: packed.sandbox.declared.url, keys: ['cache.demo.example-1:tMM3GHylIX2bECMk4A7/XtJgUmXdlY4eodnH0wpU4CA='] },
    ]);
    await code.run('Flake Trust: Audit Flake Inputs');
    await code.preview(/home-manager/);
    assert(packed.sandbox.declared.requests.some((asked) => asked.endsWith('.narinfo')));
  });

  it('sends nothing in Restricted Mode, and starts once the folder is trusted', async () => {
    const code = await packed.open({ trust: false });
    await code.button(/No, I don't trust/).click();
    await code.openFile('flake.nix');
    const hover = await code.hover('nixpkgs.url', 'nixpkgs', /Restricted Mode/);
    assert.match(hover, /2f5a153/);
    await code.screenshot('restricted-hover');
    await code.status(/restricted/i);
    await code.run('Flake Trust: Audit Flake Inputs');
    await code.preview(/home-manager/);
    await code.screenshot('restricted-report');
    assert.deepEqual([...packed.sandbox.requests, ...packed.sandbox.declared.requests], []);

    await code.run('Workspaces: Manage Workspace Trust');
    await code.page.locator('.workspace-trust-editor .monaco-button', { hasText: 'Trust' }).first().click();
    await code.openFile('flake.nix');
    await code.hover('nixpkgs.url', 'nixpkgs', /flake-trust-demo-1/);
    assert(packed.sandbox.requests.length > 0);
    assert.equal(packed.sandbox.declared.requests.length, 0);
  });
});
