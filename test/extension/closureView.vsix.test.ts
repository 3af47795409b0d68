/** The closure view of the packed .vsix in a real VS Code, after an audit with the installed Nix. Screenshots go to out/screenshots/. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AuditReport } from '../../server/src/domain/closureReport';
import { makeClosureSample, type ClosureSample } from './closureSample';
import { VSIX } from './packedExtension';
import { Workbench } from './workbench';

describe('the closure view in VS Code', function () {
  this.timeout(240_000);

  let sample: ClosureSample;
  let code: Workbench | undefined;

  before(async () => {
    sample = await makeClosureSample();
  });
  after(() => sample.end());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await code?.screenshot(`failed-${this.currentTest.title.replace(/\W+/g, '-')}`);
    await code?.close();
    code = undefined;
  });

  it('shows, explains, keeps and exports the audit of an output', async () => {
    code = await Workbench.open({ vsix: VSIX, workspace: sample.workspace, env: sample.env });
    const refused: string[] = [];
    code.page.on('console', (message) => {
      if (/Content Security Policy|closureView/.test(message.text())) refused.push(message.text());
    });
    await code.openFile('flake.nix');
    await code.status(/Flake: /);
    const view = await code.auditOutputs();
    await view.getByText(`${sample.paths} paths`, { exact: true }).waitFor();
    await code.run('Notifications: Clear All Notifications');
    await code.screenshot('vscode-closure');

    const bar = (name: RegExp): ReturnType<typeof view.getByRole> => view.getByRole('button', { name });
    assert.match((await bar(/^Unsigned:/).getAttribute('aria-label')) ?? '', /^Unsigned: 1 path,/);
    assert.match((await bar(/^In no cache:/).getAttribute('aria-label')) ?? '', /: 1 path,/);
    assert.match((await bar(/^Invalid signature:/).getAttribute('aria-label')) ?? '', /: 1 path,/);
    await bar(/^team\.example-2:/).click();
    await view.locator('.chip', { hasText: 'Signed by: team.example-2' }).waitFor();
    await view.getByRole('searchbox', { name: 'Search paths' }).fill('company-cli');
    await view.getByText(`1 of ${sample.paths} paths`).waitFor();
    await view.locator('[role=gridcell]:visible', { hasText: 'company-cli-2.3' }).click();
    await view.locator('.why li', { hasText: 'platform-shell' }).waitFor();
    await code.screenshot('vscode-closure-details');
    await view.getByRole('button', { name: 'Copy store path' }).click();
    await code.page.locator('.statusbar-item', { hasText: 'Copied: /nix/store/' }).waitFor();
    assert.match(
      await code.page.evaluate<string>('navigator.clipboard.readText()'),
      /^\/nix\/store\/[0-9a-z]{32}-company-cli-2\.3$/,
    );

    assert.match(await view.locator('.details h3').first().innerText(), /1 step from the output/);

    // Hidden and shown again.
    await code.openFile('flake.nix');
    await code.page.locator('.tab', { hasText: 'Closure: ' }).click();
    const again = await code.closureView();
    await again.getByText(`1 of ${sample.paths} paths`).waitFor();
    assert.equal(await again.getByRole('searchbox', { name: 'Search paths' }).inputValue(), 'company-cli');
    await again.locator('.why li', { hasText: 'platform-shell' }).waitFor();

    await again.getByRole('button', { name: 'Export' }).click();
    await again.getByRole('menuitem', { name: /JSON/ }).click();
    await code.page.locator('.quick-input-widget input').first().waitFor();
    await code.page.keyboard.press('Enter');
    await code.toast(/Report written to/).waitFor();
    const report = JSON.parse(readFileSync(path.join(sample.workspace, 'closure.json'), 'utf8')) as AuditReport;
    assert.equal(report.closure?.paths.length, sample.paths);

    await again.getByRole('tab', { name: /Findings/ }).click();
    await again
      .locator('.finding-group', { hasText: 'signature-invalid' })
      .getByRole('button', { name: 'About this check' })
      .click();
    await code.preview(/Why it matters/);

    assert.deepEqual(refused, []);
  });

  it('says that an audit is no longer held once the results are cleared, and runs it again', async () => {
    code = await Workbench.open({ vsix: VSIX, workspace: sample.workspace, env: sample.env, theme: 'Default High Contrast' });
    await code.openFile('flake.nix');
    await code.status(/Flake: /);
    const view = await code.auditOutputs();
    await view.getByText(`${sample.paths} paths`, { exact: true }).waitFor();
    await code.run('Notifications: Clear All Notifications');
    await code.screenshot('vscode-closure-high-contrast');
    await code.run('Flake Trust: Restart Server');
    await code.status(/Flake: /);
    await view.locator('[role=gridcell]:visible').first().click();
    await view.getByText('The server no longer holds the details of this audit', { exact: false }).waitFor();
    await view.getByRole('button', { name: /Audit Again/ }).click();
    await code.page.locator('.quick-input-widget', { hasText: 'Audit Output Closure' }).waitFor();
  });
});
