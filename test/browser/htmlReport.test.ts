/** The HTML report as its reader meets it: a file, opened in a real Chromium. Whatever it asks for, or complains about, fails the test. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import { CHROMIUM_ARGS, findChromium } from '../../scripts/vscode.mjs';
import { auditOfReport, type FinishedAudit } from '../../server/src/report/finishedAudit';
import { htmlReport } from '../../server/src/report/html';
import { hostileClosure } from '../support/hostileClosure';
import { largeClosure } from '../support/largeClosure';
import { sampleOutputs } from '../support/sampleClosure';

const screenshots = path.join(__dirname, '../../out/screenshots');

describe('the HTML report in a browser', function () {
  this.timeout(90_000);
  let browser: Browser;
  let folder: string;
  let offences: string[];
  let page: Page | undefined;

  before(async () => {
    browser = await chromium.launch({ executablePath: findChromium(), args: [...CHROMIUM_ARGS] });
    folder = mkdtempSync(path.join(tmpdir(), 'flake-trust-html-'));
    mkdirSync(screenshots, { recursive: true });
  });
  after(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    await page?.context().close();
    page = undefined;
    assert.deepEqual(offences, []);
  });

  async function open(audit: FinishedAudit, options: BrowserContextOptions = {}): Promise<Page> {
    const file = path.join(folder, 'report.html');
    writeFileSync(file, [...htmlReport(audit, { why: [] })].join(''));
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    offences = [];
    const opened = await context.newPage();
    opened.on('console', (message) => offences.push(message.text()));
    opened.on('pageerror', ({ message }) => offences.push(message));
    opened.on('dialog', (dialog) => void dialog.dismiss().then(() => offences.push('a dialog')));
    opened.on('request', (request) => {
      if (request.url() !== pathToFileURL(file).href) offences.push(request.url());
    });
    await opened.goto(pathToFileURL(file).href);
    page = opened;
    return opened;
  }

  const visibleRows = (of: Page): Promise<number> => of.locator('#path-table tbody tr:not([hidden])').count();

  const focusedText = (of: Page): Promise<string> => of.evaluate('document.activeElement.innerText');

  it('searches, filters and sorts a table of some hundred paths', async () => {
    const opened = await open(auditOfReport(largeClosure(500)));
    assert.equal(await visibleRows(opened), 500);
    await opened.fill('#path-search', 'package-499');
    await opened.locator('#path-count', { hasText: '1 of 500 paths' }).waitFor();
    assert.equal(await visibleRows(opened), 1);
    await opened.fill('#path-search', '');
    await opened.selectOption('#path-verdict', 'unsigned');
    await opened.locator('#path-count', { hasText: '5 of 500 paths' }).waitFor();
    await opened.selectOption('#path-verdict', 'all');
    const size = opened.locator('#path-table thead th', { hasText: 'Size' });
    await size.getByRole('button').click();
    await size.getByRole('button').click();
    assert.equal(await size.getAttribute('aria-sort'), 'descending');
    assert.match(await opened.locator('#path-table tbody tr').first().innerText(), /package-498\b/);
  });

  it('stays usable with 50,000 paths: draws what is seen, finds and sorts all', async () => {
    const opened = await open(auditOfReport(largeClosure(50_000)));
    const list = opened.locator('#path-window');
    const rows = list.locator('tbody tr[aria-rowindex]');
    assert.ok((await rows.count()) < 100, 'only what is seen is drawn');
    assert.equal(await list.locator('table').getAttribute('aria-rowcount'), '50001');
    await opened.fill('#path-search', 'package-4999');
    await opened.locator('#path-count', { hasText: '11 of 50,000 paths' }).waitFor();
    assert.equal(await rows.count(), 11);
    await opened.fill('#path-search', '');
    await opened.locator('#path-count', { hasText: '50,000 of 50,000' }).waitFor();
    await opened.evaluate("document.getElementById('path-window').scrollTop = 1e9");
    await list.locator('tr[aria-rowindex="50001"]').waitFor();
    const last = await list.locator('tr[aria-rowindex="50001"]').boundingBox();
    const frame = await list.boundingBox();
    assert.ok(last !== null && frame !== null && last.y + last.height <= frame.y + frame.height + 2, 'the last row can be seen');
    await list.getByRole('button', { name: 'Size' }).focus();
    await opened.keyboard.press('Enter');
    await opened.keyboard.press('Enter');
    assert.match(await rows.first().innerText(), /package-49998/);
  });

  it('shows why a path of a table is there: to a click, to the keyboard, for as long as wanted', async () => {
    const opened = await open((await sampleOutputs()).finished);
    const why = opened.getByRole('dialog');
    const path = (name: string): Locator => opened.locator('#path-table').getByRole('button', { name });
    await path('libc-2.39-52').click();
    assert.equal(await why.getByRole('heading').innerText(), 'libc-2.39-52');
    assert.match(await why.innerText(), /\nThe shortest chain of references from what was audited:\n/);
    const steps = why.getByRole('listitem');
    assert.equal(await steps.count(), 3);
    assert.match(
      await steps.first().innerText(),
      /^\/nix\/store\/\w{32}-app-1\.0\nverified by cache\.example-1, from one\.example$/,
    );
    await opened.keyboard.press('Escape');
    assert.deepEqual([await why.count(), await focusedText(opened)], [0, await path('libc-2.39-52').innerText()]);

    // One stop of the Tab key for all the paths; the arrow keys go from one to the next of those that are shown.
    await opened.fill('#path-search', 'verified');
    const shown = opened.locator('#path-table tbody tr:not([hidden]) button');
    await opened.locator('#path-count', { hasText: '3 of 6 paths' }).waitFor();
    assert.equal(await opened.locator('#path-table tbody button[tabindex="0"]').count(), 1);
    await opened.locator('#path-table thead button').last().focus();
    await opened.keyboard.press('Tab');
    assert.equal(await focusedText(opened), await shown.first().innerText());
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown']) await opened.keyboard.press(key);
    assert.equal(await focusedText(opened), await shown.last().innerText());
    await opened.keyboard.press('Home');
    await opened.keyboard.press('End');
    await opened.keyboard.press('ArrowUp');
    assert.equal(await focusedText(opened), await shown.nth(1).innerText());
    await opened.keyboard.press('Enter');
    assert.equal(await why.count(), 1);
    await opened.keyboard.press('Enter');
    assert.deepEqual([await why.count(), await focusedText(opened)], [0, await shown.nth(1).innerText()], 'closed by its button');

    await opened.fill('#path-search', '');
    await path('app-1.0').click();
    assert.match(await why.innerText(), /It is what was audited\./);
    assert.equal(await steps.count(), 1);
    await opened.keyboard.press('Escape');
    await path('lib-2.1').click();
    const words = 'verified by cache.example-1, from one.example, built here, in the local store: unsigned';
    assert.equal((await steps.last().innerText()).split('\n')[1], words);
  });

  it('shows why a path of 50,000 is there, drawing no more than is seen', async () => {
    const report = largeClosure(50_000);
    const opened = await open(auditOfReport(report));
    const paths = report.closure?.paths.map(({ storePath }) => storePath) ?? [];
    const why = opened.getByRole('dialog');
    const steps = why.getByRole('listitem');
    const list = opened.locator('#path-window');
    const row = (place: number): Locator => list.locator(`tr[aria-rowindex="${place + 2}"] button`);
    const name = (place: number): string => (paths[place] ?? '').slice(44);

    await list.locator('thead button').last().focus();
    await opened.keyboard.press('Tab');
    for (const key of ['ArrowDown', 'PageDown', 'PageDown', 'PageDown', 'End']) await opened.keyboard.press(key);
    assert.equal(await focusedText(opened), await row(49_999).innerText());
    assert.ok((await list.locator('button').count()) < 100, 'only what is seen is drawn');
    await opened.keyboard.press('Enter');
    assert.equal(await why.getByRole('heading').innerText(), name(49_999));
    assert.match(await why.innerText(), /What was audited needs it, but no cache tells through which references\./);
    assert.equal(await steps.count(), 1);
    await opened.keyboard.press('Escape');
    await opened.keyboard.press('ArrowUp');
    await opened.keyboard.press('Enter');
    // 4 × place + 1 to 4 are what a place refers to.
    const chain: number[] = [];
    for (let place = 49_998; place > 0; place = Math.floor((place - 1) / 4)) chain.unshift(place);
    assert.deepEqual(
      await steps.locator('.path').allInnerTexts(),
      [0, ...chain].map((place) => paths[place]),
    );
    // The list is drawn again behind the dialog, and still has the focus back.
    await opened.setViewportSize({ width: 1000, height: 500 });
    await opened.evaluate('new Promise(requestAnimationFrame)');
    await opened.keyboard.press('Escape');
    await opened.waitForFunction('document.activeElement !== document.body');
    assert.equal(await focusedText(opened), await row(49_998).innerText());

    // Turning the wheel takes the row away: the list has the focus then, and Tab reaches a row that is seen.
    await opened.evaluate("document.getElementById('path-window').scrollTop = 0");
    await row(0).waitFor();
    assert.equal(await opened.evaluate('document.activeElement.id'), 'path-window');
    await row(0).click();
    assert.match(await why.innerText(), /It is what was audited\./);
    await why.getByRole('button', { name: 'Close' }).click();
    assert.equal(await focusedText(opened), await row(0).innerText());

    const problem = opened.locator('#problem-table').getByRole('button').nth(3);
    const text = await problem.innerText();
    await problem.click();
    assert.equal(await steps.locator('.path').last().innerText(), text);
    assert.ok((await steps.count()) > 3);
  });

  it('leaves out the middle of a chain that no one would read', async () => {
    const report = largeClosure(4000);
    const { closure } = report;
    assert.ok(closure);
    const line = closure.paths.map((path, place) => ({
      ...path,
      references: [closure.paths[place + 1]?.storePath ?? path.storePath],
    }));
    const opened = await open(auditOfReport({ ...report, closure: { ...closure, paths: line } }));
    await opened.locator('#path-window thead button').last().focus();
    for (const key of ['Tab', 'End', 'Enter']) await opened.keyboard.press(key);
    const items = opened.getByRole('dialog').locator('li');
    assert.deepEqual([await items.count(), await items.nth(100).innerText()], [201, 'and 3,800 more']);
    assert.equal(await items.nth(101).getAttribute('value'), '3901');
  });

  it('is complete without scripts: the paths to look at in a table, and how many there are', async () => {
    const opened = await open(auditOfReport(largeClosure(50_000)), { javaScriptEnabled: false });
    assert.equal(await opened.locator('#problem-table tbody tr').count(), 500);
    assert.equal(await opened.locator('#path-tools').isVisible(), false);
    assert.equal(await opened.locator('#path-window').isVisible(), false);
    assert.ok(await opened.getByText('A table of 50,000 rows would be too long').isVisible());
    assert.equal(await opened.locator('dialog:visible, main button:visible').count(), 0);
  });

  it('runs nothing that stands in the names of a hostile report', async () => {
    const opened = await open(auditOfReport(await hostileClosure()));
    assert.equal(await opened.locator('img, iframe, object, embed').count(), 0);
    assert.equal(await opened.locator('#path-table tbody tr').count(), 1);
    await opened.locator('#path-table tbody button').click();
    assert.equal(await opened.getByRole('dialog').locator('li').count(), 1);
    assert.equal(await opened.getByRole('dialog').locator('img, a, script, b').count(), 0);
  });

  it('runs nothing that stands in the names of a hostile report of thousands of paths', async () => {
    const hostile = await hostileClosure();
    const { closure } = hostile;
    assert.ok(closure?.paths[0]);
    const paths = Array.from({ length: 4000 }, () => closure.paths[0]!);
    const opened = await open(
      auditOfReport({ ...hostile, closure: { ...closure, paths, totals: { ...closure.totals, paths: 4000 } } }),
    );
    await opened.locator('#path-window tbody button').first().click();
    assert.equal(await opened.getByRole('dialog').locator('li').count(), 1);
    assert.equal(await opened.locator('img, iframe, object, embed, dialog :is(a, script, b)').count(), 0);
  });

  it('has landmarks, one heading of the first level, and a caption and headers for every table', async () => {
    const opened = await open((await sampleOutputs()).finished);
    for (const role of ['banner', 'navigation', 'main', 'contentinfo', 'search'] as const) {
      assert.equal(await opened.getByRole(role).count(), 1, role);
    }
    assert.equal(await opened.locator('h1').count(), 1);
    const tables = opened.locator('table:visible');
    assert.ok((await tables.count()) > 8);
    for (const table of await tables.all()) {
      assert.equal(await table.locator('caption').count(), 1);
      assert.ok((await table.locator('thead th[scope=col]').count()) > 1);
    }
    for (const link of await opened.locator('nav a').all()) {
      assert.equal(await opened.locator((await link.getAttribute('href')) ?? '').count(), 1);
    }
    const before = await opened.evaluate<boolean>(FITS);
    await opened.setViewportSize({ width: 380, height: 800 });
    const narrow = await opened.evaluate<boolean>(FITS);
    assert.deepEqual([before, narrow], [true, true], 'no page wider than the screen');
  });

  for (const [name, options] of [
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['forced-colors', { forcedColors: 'active' }],
  ] as const) {
    it(`can be read in ${name}: every text has the contrast that WCAG 2.2 asks for`, async () => {
      const opened = await open((await sampleOutputs()).finished, options);
      const worst = await opened.evaluate<{ ratio: number; text: string; seen: number }>(LOWEST_CONTRAST);
      assert.ok(worst.seen > 100);
      assert.ok(worst.ratio >= 4.5, `${worst.ratio.toFixed(2)} for "${worst.text}"`);
      await opened.screenshot({ path: path.join(screenshots, `html-report-${name}.png`) });
      await opened.locator('#path-table').getByRole('button', { name: 'tool-3' }).click();
      const withChain = await opened.evaluate<{ ratio: number; text: string; seen: number }>(LOWEST_CONTRAST);
      assert.ok(withChain.seen > worst.seen);
      assert.ok(withChain.ratio >= 4.5, `${withChain.ratio.toFixed(2)} for "${withChain.text}"`);
      await opened.screenshot({ path: path.join(screenshots, `html-report-why-${name}.png`) });
    });
  }

  it('prints: without what needs a mouse, with what is folded on the screen', async () => {
    const opened = await open((await sampleOutputs()).finished);
    await opened.emulateMedia({ media: 'print' });
    assert.equal(await opened.locator('nav').isVisible(), false);
    assert.equal(await opened.locator('#path-tools').isVisible(), false);
    assert.equal(await opened.locator('#path-table').getByRole('button', { name: 'app-1.0' }).isVisible(), true);
    const folded = opened.locator('details pre').first();
    assert.ok(((await folded.boundingBox())?.height ?? 0) > 10);
    const pdf = await opened.pdf({ format: 'A4', path: path.join(screenshots, 'html-report.pdf') });
    assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
  });
});

/** The lowest contrast of a text with what is behind it. A text of its own, since it runs in the page. */
const LOWEST_CONTRAST = `(() => {
  const parse = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const channel = (value) => (value <= 10.31475 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  let worst = { ratio: 21, text: '', seen: 0 };
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    if (node.textContent.trim() === '' || element.getClientRects().length === 0) continue;
    seen++;
    let back = parse(getComputedStyle(document.documentElement).backgroundColor);
    for (let at = element; at !== null; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if ((color[3] ?? 1) > 0.99) { back = color; break; }
    }
    const [light, dark] = [luminance(parse(getComputedStyle(element).color)), luminance(back)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < worst.ratio) worst = { ratio, text: node.textContent.trim().slice(0, 60) };
  }
  return { ...worst, seen };
})()`;

/** Tells whether nothing is wider than the screen. */
const FITS = 'document.documentElement.scrollWidth <= window.innerWidth';
