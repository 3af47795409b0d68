/** Closures and binaries in the packed .vsix, with the installed Nix; see vsix.test.ts. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { makeClosureSandbox } from '../nix/closureSandbox';
import { PackedExtension } from './packedExtension';

describe('the packed extension, where Nix is installed,', function () {
  this.timeout(240_000);

  const packed = new PackedExtension(makeClosureSandbox, ({ cache, key }) => ({
    'flakeTrust.caches': [{ url: cache.url, keys: [key], private: true }],
    'git.enabled': false,
  }));

  it('finds out who signed the binaries of an input, and says so in hovers from then on', async () => {
    const code = await packed.openFlake();
    const before = await code.hover('lib.url', 'lib', /Binaries/);
    assert.match(before, /Binaries built from it: not checked yet · Check Binaries/);
    await code.screenshot('binaries-not-checked');
    assert.equal(packed.sandbox.cache.requests.filter((asked) => asked.includes('nar')).length <= 1, true);
    await code.run('Flake Trust: Check Binaries of an Input…');
    await code.row('lib').click();
    await code.toast(/lib: 1 of 1 output signed by trusted-1, verified/).waitFor({ timeout: 60_000 });
    await code.screenshot('binaries-checked');
    assert.match(await code.hover('lib.url', 'lib', /1 of 1 output/), /signed by trusted-1, verified/);
    await code.screenshot('binaries-hover');
  });

  it('lets the user choose outputs, audits their closure and shows it', async () => {
    const code = await packed.openFlake();
    await code.run('Flake Trust: Audit Output Closure…');
    await code.row('default').waitFor({ timeout: 60_000 });
    for (const label of ['imported', 'quick', 'Another installable…', 'Compare all caches']) await code.row(label).waitFor();
    assert.equal(await code.row('default').getByRole('checkbox').isChecked(), true);
    await code.screenshot('outputs-choose');
    await code.acceptPick();
    await code.toast(/packages\..*\.default: 2 paths, 1 with a signature that you trust, 1 in no cache\./).waitFor({
      timeout: 60_000,
    });
    await code.preview(/trusted-1/);
    await code.page.waitForTimeout(1500);
    await code.screenshot('closure-report');
    await code.run('View: Close All Editors');
    await code.run('Flake Trust: Show Last Closure Report');
    await code.preview(/trusted-1/);
  });

  it('asks before anything is built', async () => {
    const code = await packed.openFlake();
    await code.run('Flake Trust: Audit Output Closure…');
    await code.row('imported').waitFor({ timeout: 60_000 });
    await code.row('default').click();
    await code.row('imported').click();
    await code.acceptPick();
    const dialog = code.page.locator('.monaco-dialog-box');
    await dialog.waitFor({ timeout: 60_000 });
    assert.match(await dialog.innerText(), /import from derivation/i);
    await code.screenshot('import-from-derivation');
    assert.equal(storeHas('name'), false);
    await code.button('Build and Audit').click();
    await code.toast(/imported: 1 path/).waitFor({ timeout: 60_000 });
    assert.equal(storeHas('name'), true);
  });

  it('says why Nix does not tell an output that was typed', async () => {
    const code = await packed.openFlake();
    await code.run('Flake Trust: Audit Output Closure…');
    await code.row('default').waitFor({ timeout: 60_000 });
    await code.row('default').click();
    await code.row('Another installable…').click();
    await code.acceptPick();
    const input = code.quickInput;
    await code.page.locator('.quick-input-message', { hasText: /installable/ }).waitFor();
    await input.fill('--expr');
    await code.page.locator('.quick-input-message', { hasText: 'does not begin with a dash' }).waitFor();
    await input.fill('.#none');
    await code.page.keyboard.press('Enter');
    await code.toast(/does not provide attribute/).waitFor({ timeout: 60_000 });
    await code.screenshot('output-unknown');
  });

  it('runs no Nix in Restricted Mode', async () => {
    const code = await packed.openFlake({ trust: false });
    assert(!(await code.offered('Flake Trust: ')).some((title) => /Closure…|Binaries/.test(title)));
    assert.match(await code.hover('lib.url', 'lib', /Binaries/), /not checked yet(?! · Check)/);
  });

  function storeHas(name: string): boolean {
    const store = path.join(packed.sandbox.nix.dir, 'empty', 'nix', 'store');
    return existsSync(store) && readdirSync(store).some((entry) => entry.endsWith(`-${name}`));
  }
});
