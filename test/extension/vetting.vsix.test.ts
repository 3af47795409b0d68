/** Vetting in the packed .vsix: the whole way from the first exemption to the review of a difference. The input is a git repository of the test's own, locked by the installed Nix. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { makeVettingSandbox } from '../nix/vettingSandbox';
import { PackedExtension } from './packedExtension';
import type { Workbench } from './workbench';

describe('vetting in the packed extension', function () {
  this.timeout(240_000);

  const packed = new PackedExtension(makeVettingSandbox, () => ({ 'git.enabled': false }));

  const records = () => readFileSync(path.join(packed.sandbox.workspace, 'flake-trust', 'records.jsonc'), 'utf8');

  async function start(code: Workbench): Promise<void> {
    await code.run('Flake Trust: Start Vetting Here');
    await createFiles(code);
  }

  async function createFiles(code: Workbench): Promise<void> {
    const dialog = code.page.locator('.monaco-dialog-box');
    await dialog.waitFor();
    const question = await dialog.innerText();
    assert.match(question, /The one input is exempted until 20\d\d-/);
    assert.match(question, /records\.jsonc/);
    await code.screenshot('vetting-start');
    assert(!existsSync(path.join(packed.sandbox.workspace, 'flake-trust')));
    await code.button('Create Files').click();
    await code.page.locator('.tab.active', { hasText: 'policy.jsonc' }).waitFor();
    assert.match(records(), /Ada Example <ada@example\.org>/);
  }

  /** Goes through the form of a review, and gives the record that it shows before the last step. */
  async function fillReview(code: Workbench, what: string, notes: string): Promise<void> {
    const { page } = code;
    await code.step(/Record a Review of lib \(1\/7\)/);
    await code.row('safe-to-build').waitFor();
    await code.screenshot('vetting-criteria');
    await code.acceptPick();
    await code.step(/\(2\/7\)/);
    await code.row(what).click();
    await code.step(/\(3\/7\)/);
    await code.row(/^All/).click();
    await code.step(/\(4\/7\)/);
    await code.quickInput.fill(notes);
    await page.keyboard.press('Enter');
    await code.step(/\(5\/7\)/);
    await code.row('No end').click();
    await code.step(/\(6\/7\)/);
    assert.equal(await code.quickInput.inputValue(), 'Ada Example <ada@example.org>');
    await page.keyboard.press('Enter');
    await code.step(/\(7\/7\)/);
    await code.row('Write Record').waitFor();
    await page.locator('.view-line', { hasText: notes }).waitFor();
    assert(!records().includes(notes), 'written before it was shown');
  }

  it('goes from an exemption to a review, and from there to the review of what changed', async () => {
    const code = await packed.openFlake();
    const { page } = code;
    await start(code);
    await code.openFile('flake.nix');
    await code.hover('lib.url', 'lib', /exempted/i);
    await code.noProblem(/lib/);

    await packed.sandbox.update('{\n  greet = name: "Good day, ${name}";\n}\n', 'Be polite');
    const problems = await code.problems(/vetting-other-hash/);
    assert(problems.some((row) => row.includes('Input "lib"')));
    await code.screenshot('vetting-problem');
    assert.match(await code.hover('lib.url', 'lib', /Record a Review/), /Vetting/);
    await code.screenshot('vetting-hover');

    await code.followHover('Record a Review…');
    await fillReview(code, 'The whole tree', 'Read all of it.');
    await code.screenshot('vetting-record');
    await page.keyboard.press('Enter'); // nothing is marked, so nothing is chosen
    assert(!records().includes('Read all of it.'));
    await code.row('Write Record').click();
    await code.toast(/Written to flake-trust\/records\.jsonc.*lib/s).waitFor();
    await code.noProblem(/vetting-other-hash/);
    await code.hover('lib.url', 'lib', /vetted|reviewed/i);
    assert(records().includes('Read all of it.'));

    await packed.sandbox.update('{\n  greet = name: "Good evening, ${name}";\n}\n', 'It got late');
    await code.problems(/vetting-other-hash/);
    await code.quickFix('lib.url', 'lib', 'Review changes since last vetted');
    await code.chooseClone(packed.sandbox.clone);
    const summary = await code.preview(/It got late/);
    assert.match(summary, /1 commit/);
    await code.screenshot('vetting-changes');
    await code.button('Open Diff').click();
    await page.locator('.view-line', { hasText: 'Good evening' }).waitFor();
    await code.screenshot('vetting-diff');
    await page.locator('.codelens-decoration a', { hasText: 'Record a Review…' }).click();
    await fillReview(code, 'What changed', 'One word.');
    await code.row('Write Record').click();
    await code.toast(/Written to flake-trust\/records\.jsonc.*lib/s).waitFor();
    await code.noProblem(/vetting-other-hash/);
    assert.match(records(), /"from":/);
    await code.openFile('flake.nix');
    await code.hover('lib.url', 'lib', /vetted|reviewed/i);
    await code.screenshot('vetting-vetted');
  });

  it('keeps what was typed when the form is left, and writes nothing', async () => {
    const code = await packed.openFlake();
    const { page } = code;
    await start(code);
    const before = records();
    await code.run('Flake Trust: Deny…');
    await code.row(/lib.*exempted/s).click();
    await code.row('The tree that is locked now').click();
    await code.acceptPick();
    await code.step(/Deny lib \(3\/5\)/);
    await page.keyboard.press('Enter');
    await page.locator('.quick-input-message', { hasText: 'Say what is wrong with it.' }).waitFor();
    await code.quickInput.fill('Sends the environment to a stranger.');
    await page.keyboard.press('Escape');
    assert.equal(records(), before);

    await code.run('Flake Trust: Deny…');
    await code.row('lib').click();
    await code.row('The tree that is locked now').click();
    await code.acceptPick();
    await code.step(/\(3\/5\)/);
    assert.equal(await code.quickInput.inputValue(), 'Sends the environment to a stranger.');
    await page.locator('.quick-input-titlebar .codicon-quick-input-back').click();
    await code.step(/\(2\/5\)/);
    await code.acceptPick();
    await code.step(/\(3\/5\)/);
    await page.keyboard.press('Enter');
    await code.step(/\(4\/5\)/);
    await code.quickInput.fill('Ada');
    await page.keyboard.press('Enter');
    await page.locator('.quick-input-message', { hasText: 'Name <mail@example.org>' }).waitFor();
    await code.quickInput.fill('Bob Example <bob@example.org>');
    await page.keyboard.press('Enter');
    await code.row('Change Something').click();
    await code.step(/\(4\/5\)/);
    await page.keyboard.press('Enter');
    assert.equal(records(), before);
    await code.row('Write Record').click();
    await code.toast(/Written to flake-trust\/records\.jsonc/).waitFor();
    await code.problems(/denied/);
    await code.screenshot('vetting-denied');
    assert.match(records(), /Bob Example <bob@example\.org>/);
  });

  it('asks who one is where git does not know, and lets an input pass until a day, by an edit of the open file', async () => {
    await packed.exchange(() => makeVettingSandbox({ anonymous: true }));
    const code = await packed.openFlake();
    await code.run('Flake Trust: Start Vetting Here');
    await code.step(/Start Vetting Here/);
    await code.quickInput.fill('Ada');
    await code.page.locator('.quick-input-message', { hasText: 'Name <mail@example.org>' }).waitFor();
    await code.quickInput.fill('Ada Example <ada@example.org>');
    await code.page.keyboard.press('Enter');
    await createFiles(code);
    await packed.sandbox.update('{ }\n', 'Nothing left');
    await code.problems(/vetting-other-hash/);
    await code.openFile('records.jsonc');
    await code.run('Flake Trust: Exempt Until…');
    await code.row('lib').click();
    await code.step(/Exempt lib \(1\/5\)/);
    await code.acceptPick();
    await code.step(/\(2\/5\)/);
    await code.page.keyboard.press('Enter');
    await code.row('Until another day…').click();
    await code.step(/\(4\/6\)/);
    await code.quickInput.fill('2020-01-01');
    await code.page.locator('.quick-input-message', { hasText: 'This day is over.' }).waitFor();
    const day = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10);
    await code.quickInput.fill(day);
    await code.page.keyboard.press('Enter');
    await code.step(/\(5\/6\)/);
    await code.quickInput.fill('Ada Example <ada@example.org>');
    await code.page.keyboard.press('Enter');
    await code.row('Write Record').click();
    await code.toast(/Added to flake-trust\/records\.jsonc, which is open and not saved yet/).waitFor();
    await code.noProblem(/vetting-other-hash/);
    assert(!records().includes(day));
    await code.openFile('records.jsonc');
    await code.run('File: Save');
    await code.page.locator('.tab.active:not(.dirty)', { hasText: 'records.jsonc' }).waitFor();
    assert(records().includes(`"until": "${day}"`));
  });

  it('offers nothing of it in Restricted Mode, and believes no record', async () => {
    const cli = path.join(__dirname, '..', '..', 'dist', 'cli.js');
    execFileSync(process.execPath, [cli, 'vet', 'init', '--flake', packed.sandbox.workspace], {
      env: packed.sandbox.env,
      stdio: 'ignore',
    });
    const code = await packed.openFlake({ trust: false });
    await code.status(/restricted/i);
    const offered = await code.offered('Flake Trust: ');
    assert(offered.includes('Flake Trust: Show Report'));
    assert.deepEqual(
      offered.filter((title) => /Vetting|Review|Exempt|Deny/.test(title)),
      [],
    );
    assert.doesNotMatch(await code.hover('lib.url', 'lib', /exempted.*not believed in Restricted Mode/s), /Record a Review/);
    await code.screenshot('vetting-restricted');
  });
});
