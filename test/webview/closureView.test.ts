/**
 * The closure view as its user meets it: the bundle in a real Chromium, under the extension's own policy and messages. Any error, refused load,
 * request or message that the extension would not take fails the test. `npm run build` first.
 */
import assert from 'node:assert/strict';
import type { FromView } from '../../client/webview/messages';
import type { View } from '../support/closureViewPage';
import { ViewBrowser, type Theme, type ViewOptions } from '../support/closureViewPage';
import { KEYS, madeAudit } from '../support/madeClosureAudit';

const HOSTILE =
  '<img src=x onerror=alert(1)><script>alert(2)</script>"\'`${alert(3)}\u202e\u200b\u0007&amp;<svg/onload=alert(4)>';

describe('the closure view', function () {
  this.timeout(60_000);

  let browser: ViewBrowser;
  let view: View | undefined;

  before(async () => {
    browser = await ViewBrowser.start();
  });
  after(() => browser.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await view?.screenshot(`failed-${this.currentTest.title.replace(/\W+/g, '-')}`);
    const offences = view?.offences ?? [];
    await view?.close();
    view = undefined;
    assert.deepEqual(offences, []);
  });

  async function open(options: ViewOptions): Promise<View> {
    view = await browser.open(options);
    return view;
  }

  const rows = (of: View): ReturnType<View['page']['locator']> =>
    of.page.locator('#panel-paths [role=row][aria-rowindex]:not([aria-rowindex="1"]):visible');
  const cell = (of: View, row: number, column: number): ReturnType<View['page']['locator']> =>
    of.page.locator(`#panel-paths [role=row][aria-rowindex="${row + 2}"] [aria-colindex="${column}"]`);
  const matches = (of: View, text: string): Promise<void> => of.page.locator('.match-count:visible', { hasText: text }).waitFor();

  describe('shows', () => {
    for (const paths of [1, 500, 50_000]) {
      for (const theme of ['dark', 'light', 'high-contrast'] as const satisfies readonly Theme[]) {
        it(`${paths} paths in the ${theme} theme`, async () => {
          const audit = madeAudit({ paths, challenge: paths > 1 });
          const { page } = await open({ audit, theme, scale: 1 });
          await matches(view!, paths === 1 ? '1 path' : `${paths.toLocaleString('en')} paths`);
          const grid = page.getByRole('grid', { name: 'Store paths of the closure' });
          assert.equal(await grid.getAttribute('aria-rowcount'), String(paths + 1));
          const drawn = await page.locator('#panel-paths [role=row]').count();
          assert(drawn < 100, `${drawn} rows are drawn`);
          const { totals } = audit.overview.report.closure!;
          const tile = page.locator('.tile', { hasText: 'Signature verified' });
          assert((await tile.innerText()).includes(totals.byVerdict.verified!.toLocaleString('en')));
          await view!.screenshot(`closure-${paths}-${theme}`);
        });
      }
    }

    it('the totals before anything else, and every verdict with its number', async () => {
      const audit = madeAudit({ paths: 500 });
      const { page } = await open({ audit });
      for (const [verdict, number] of Object.entries(audit.overview.report.closure!.totals.byVerdict))
        assert.match(
          await page.locator(`.bar.${verdict}`).getAttribute('aria-label').then(String),
          new RegExp(`: ${number} paths?,`),
        );
    });

    it('findings with evidence, the page about the check, the place and a command to copy', async () => {
      const audit = madeAudit({ paths: 5000, challenge: true });
      const { page } = await open({ audit });
      await page.getByRole('tab', { name: /Findings/ }).click();
      const group = page.locator('.finding-group', { hasText: 'caches-disagree' });
      await group.getByText('Evidence').first().click();
      await group.getByText('nix.corp.example-2').first().waitFor();
      await view!.screenshot('closure-findings');
      await group
        .getByRole('button', { name: /Copy command/ })
        .first()
        .click();
      const { finding } = await view!.asked('copyCommand');
      assert.equal(audit.overview.report.findings[finding]?.code, 'caches-disagree');
      await page
        .locator('.finding-group', { hasText: 'lock-tampered' })
        .getByRole('button', { name: 'Open flake.nix:8:5' })
        .click();
      assert.equal(audit.overview.report.findings[(await view!.asked('open')).finding]?.code, 'lock-tampered');
      await page.locator('.finding-group', { hasText: 'unsigned' }).getByRole('button', { name: 'About this check' }).click();
      assert.deepEqual(await view!.asked('help'), { type: 'help', code: 'unsigned' });
      await group.getByRole('button', { name: 'Show path' }).first().click();
      await page.locator('.details:visible h2').waitFor();
    });

    it('what each cache has, what it lacks, and the command that fills it', async () => {
      const { page } = await open({ audit: madeAudit({ paths: 500, challenge: true }) });
      await page.getByRole('tab', { name: /Caches/ }).click();
      const card = page.locator('.cache-card', { hasText: 'nix.corp.example' });
      assert.match(await card.innerText(), /of 500[\s\S]*paths it does not have[\s\S]*nowhere else/);
      await card.getByText(/^Missing:/).click();
      await card
        .getByText(/needed by/)
        .first()
        .waitFor();
      await card.getByRole('button', { name: /Copy command/ }).click();
      assert.deepEqual(await view!.asked('copyFill'), { type: 'copyFill', cache: 1, fill: 0 });
      await view!.screenshot('closure-caches');
    });

    it('the plan, the downloads with weak hashes and plain http, and the inputs', async () => {
      const { page } = await open({ audit: madeAudit({ paths: 500 }) });
      await page.getByRole('tab', { name: 'Plan' }).click();
      await page.locator('.panel:visible', { hasText: 'in the local store' }).waitFor();
      await view!.screenshot('closure-plan');
      await page.getByRole('tab', { name: /Downloads/ }).click();
      await page.getByRole('button', { name: 'Weak hash: 2' }).click();
      await matches(view!, '2 of 5 sources');
      assert.deepEqual(await page.locator('.source strong').allInnerTexts(), ['legacy-fonts.zip', 'netpbm']);
      await view!.screenshot('closure-downloads');
      await page.getByRole('tab', { name: /Inputs/ }).click();
      await page.getByRole('button', { name: /^Show the \d+ paths that nixpkgs made$/ }).click();
      await page.locator('.chip', { hasText: 'Input: nixpkgs' }).waitFor();
      await matches(view!, 'of 500 paths');
    });
  });

  describe('finds', () => {
    it('by words in any order: name, hash, signer, cache, input, verdict, a whole store path', async () => {
      const audit = madeAudit({ paths: 50_000 });
      await open({ audit });
      const search = view!.page.getByRole('searchbox', { name: 'Search paths' });
      const { names, storeDir } = audit.columns;
      await search.fill('DEV openssl');
      const fromDevenv = (row: number): boolean =>
        audit.columns.inputPaths[audit.columns.inputs[row]!]?.includes('devenv') === true;
      const wanted = names.filter((name, row) => name.includes('openssl') && (name.includes('dev') || fromDevenv(row)));
      await matches(view!, `${wanted.length.toLocaleString('en')} of 50,000 paths`);
      await search.fill(`${storeDir}/${names[4711]!}`);
      await matches(view!, '1 of 50,000 paths');
      await search.fill('invalid signature');
      await matches(view!, `${audit.overview.report.closure!.totals.byVerdict['invalid-signature']} of 50,000 paths`);
      await search.fill('nothing has this name');
      await view!.page.getByText('No path matches.', { exact: false }).waitFor();
      await view!.page.locator('[role=status][aria-live=polite]', { hasText: 'No path matches' }).waitFor({ state: 'attached' });
    });

    it('by a click on a bar, and by several, and takes filters back', async () => {
      const audit = madeAudit({ paths: 500 });
      const { page } = await open({ audit });
      const { totals } = audit.overview.report.closure!;
      const bar = page.getByRole('button', { name: new RegExp(`^${KEYS[1]}:`) });
      await bar.click();
      assert.equal(await bar.getAttribute('aria-pressed'), 'true');
      await matches(view!, `${totals.byKey[KEYS[1]]} of 500 paths`);
      await page.getByRole('button', { name: /^Unsigned:/ }).click();
      await matches(view!, '0 of 500 paths');
      await page.getByRole('button', { name: /^Remove filter Verdict/ }).click();
      await matches(view!, `${totals.byKey[KEYS[1]]} of 500 paths`);
      await bar.click();
      await matches(view!, '500 paths');
    });

    it('the largest and the worst by sorting', async () => {
      const audit = madeAudit({ paths: 50_000 });
      const { page } = await open({ audit });
      const header = page.getByRole('columnheader', { name: 'Size' });
      await header.getByRole('button').click();
      await page.locator('[role=columnheader][aria-sort=descending]', { hasText: 'Size' }).waitFor();
      const largest = audit.columns.sizes.indexOf(Math.max(...audit.columns.sizes));
      await cell(view!, 0, 1).getByText(audit.columns.names[largest]!.slice(33)).waitFor();
      await page.getByRole('columnheader', { name: 'Verdict' }).getByRole('button').click();
      await cell(view!, 0, 2).getByText('Hash mismatch').waitFor();
    });

    it('what was typed last, however fast, among 50,000 paths', async () => {
      const { page } = await open({ audit: madeAudit({ paths: 50_000 }) });
      await page.getByRole('searchbox', { name: 'Search paths' }).focus();
      const typed = 'openssl-3.4.1-dev';
      await page.keyboard.type(typed, { delay: 5 });
      await matches(view!, 'of 50,000 paths');
      assert.equal(await page.getByRole('searchbox', { name: 'Search paths' }).inputValue(), typed);
      const shown = await rows(view!).allInnerTexts();
      assert(shown.length > 0 && shown.every((text) => text.includes('openssl-3.4.1-dev')));
    });
  });

  describe('by keyboard', () => {
    it('searches with /, moves by row, page and end, opens with Enter, closes with Escape', async () => {
      const audit = madeAudit({ paths: 50_000 });
      const { page } = await open({ audit });
      await matches(view!, '50,000 paths');
      await page.keyboard.press('/');
      assert.equal(await page.evaluate('document.activeElement.localName'), 'vscode-textfield');
      await page.keyboard.press('ArrowDown');
      const active = (): Promise<string> =>
        page.evaluate(`(() => {
          const cell = document.getElementById(document.activeElement.getAttribute('aria-activedescendant'));
          return cell.closest('[role=row]').getAttribute('aria-rowindex') + ':' + cell.getAttribute('aria-colindex');
        })()`);
      assert.equal(await active(), '2:1');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowRight');
      assert.equal(await active(), '3:2');
      await page.keyboard.press('End');
      assert.equal(await active(), '50001:2');
      await page.locator('[aria-rowindex="50001"]').waitFor();
      await page.keyboard.press('PageUp');
      const [row] = (await active()).split(':');
      assert(Number(row) < 50_000 && Number(row) > 49_900, row);
      await page.keyboard.press('Home');
      assert.equal(await active(), '2:2');
      await page.keyboard.press('ArrowUp');
      assert.equal(await active(), '1:2');
      await page.keyboard.press('Enter');
      await page.locator('[role=columnheader][aria-sort=descending]', { hasText: 'Verdict' }).waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.locator('.details h3', { hasText: 'Why it is here' }).waitFor();
      assert.equal(await page.evaluate('document.activeElement.localName'), 'h2');
      await page.keyboard.press('Escape');
      assert.equal(await page.locator('.details:visible').count(), 0);
      assert.equal(await page.evaluate('document.activeElement.getAttribute("role")'), 'grid');
    });

    it('reaches every control by Tab, and the table is one stop', async () => {
      const { page } = await open({ audit: madeAudit({ paths: 500 }) });
      await matches(view!, '500 paths');
      const stops: string[] = [];
      for (let press = 0; press < 40; press++) {
        await page.keyboard.press('Tab');
        const stop = await page.evaluate<string>(
          '(({ localName, role, ariaLabel, textContent }) => [role ?? localName, ariaLabel ?? textContent.trim()].join(" "))(document.activeElement)',
        );
        if (stop.startsWith('grid')) {
          stops.push(stop);
          break;
        }
        stops.push(stop);
      }
      for (const expected of [
        /Export/,
        /Audit Again/,
        /Show findings/,
        /^button Verified:/,
        /^tab Paths/,
        /vscode-textfield/,
        /^grid Store paths/,
      ])
        assert(
          stops.some((stop) => expected.test(stop)),
          `${String(expected)} in ${stops.join(' | ')}`,
        );
      assert.equal(stops.filter((stop) => stop.startsWith('tab ')).length, 1);
    });

    it('opens the export menu, chooses a format and comes back', async () => {
      const { page } = await open({ audit: madeAudit({ paths: 1 }) });
      await page.getByRole('button', { name: 'Export' }).focus();
      await page.keyboard.press('ArrowDown');
      assert.deepEqual(
        await page
          .getByRole('menuitem')
          .allInnerTexts()
          .then((texts) => texts.map((text) => text.split(/\s/)[0])),
        ['HTML', 'Markdown', 'Text', 'JSON', 'SARIF', 'CycloneDX'],
      );
      await view!.screenshot('closure-export-menu');
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      assert.deepEqual(await view!.asked('export'), { type: 'export', format: 'cyclonedx' });
      assert.equal(await page.getByRole('menu').count(), 0);
      assert.equal(await page.evaluate('document.activeElement.ariaExpanded'), 'false');
    });
  });

  it('shows why a path is there, with keys and caches along the chain, and follows links and back', async () => {
    const audit = madeAudit({ paths: 500, challenge: true });
    const { page } = await open({ audit });
    await cell(view!, 4, 1).click();
    const first = (await view!.asked('details')).storePath;
    await page.locator('.details h3', { hasText: 'Why it is here' }).waitFor();
    assert.deepEqual(await page.locator('.why li').first().locator('.link, strong').allInnerTexts(), ['platform-shell']);
    assert.match(await page.locator('.why').innerText(), /cache\.nixos\.org-1/);
    assert.match(
      await page.locator('.answers').innerText(),
      /has it[\s\S]*does not have it[\s\S]*did not answer: connection refused/,
    );
    await page.waitForTimeout(600); // the totals scroll away
    await view!.screenshot('closure-details');
    await page.getByRole('button', { name: 'Copy store path' }).click();
    assert.deepEqual(await view!.asked('copyPath'), { type: 'copyPath', storePath: first });
    await page.locator('.why .link').first().click();
    await page.locator('.details h2', { hasText: 'platform-shell' }).waitFor();
    await page.getByRole('button', { name: 'Back to the previous path' }).click();
    await page.locator('.store-path code', { hasText: first }).waitFor();
  });

  it('does nothing that a hostile text asks for, and shows it as text', async () => {
    const audit = madeAudit({ paths: 500, challenge: true, hostile: HOSTILE, names: [`evil${HOSTILE}`, 'x'.repeat(5000)] });
    const { page } = await open({ audit });
    await matches(view!, '500 paths');
    for (const tab of await page.getByRole('tab').all()) await tab.click();
    for (const summary of await page.locator('summary:visible').all()) await summary.click();
    await page.getByRole('tab', { name: /Paths/ }).click();
    await page.getByRole('searchbox', { name: 'Search paths' }).fill('evil<img');
    await matches(view!, '1 of 500 paths');
    await cell(view!, 0, 1).click();
    const sent: FromView = await view!.asked('details');
    assert.equal(sent.type, 'details');
    await page.locator('.details h2', { hasText: 'evil<img src=x' }).waitFor();
    await page.locator('.bar.key').first().click();
    await page.waitForTimeout(300);
    assert.equal(await page.locator('main img, main script, main iframe, main a').count(), 0);
    const text = await page.evaluate<string>('document.body.textContent');
    assert(text.includes('<img src=x onerror=alert(1)>'));
    assert.doesNotMatch(text, /[\u202e\u200b\u0007]/);
    await view!.screenshot('closure-hostile');
  });

  describe('says so when', () => {
    it('an audit was cancelled', async () => {
      const { page } = await open({
        audit: madeAudit({ paths: 500, cancelled: true, stopped: { reason: 'cancelled', unvisited: 1200 } }),
      });
      const notice = page.locator('.notice', { hasText: 'Cancelled before the end' });
      assert.match(await notice.innerText(), /1,200 known paths were not looked at/);
      await view!.screenshot('closure-cancelled');
    });

    it('a limit was reached', async () => {
      const { page } = await open({
        audit: madeAudit({ paths: 500, stopped: { reason: 'max-paths', limit: 500, unvisited: 3 } }),
      });
      await page.getByText('more paths than the limit of 500. 3 known paths were not looked at', { exact: false }).waitFor();
    });

    it('a closure is empty', async () => {
      const { page } = await open({ audit: madeAudit({ paths: 0 }) });
      await page.getByText('The closure has no store paths', { exact: false }).waitFor();
      await page.getByRole('tab', { name: /Findings/ }).click();
      await view!.screenshot('closure-empty');
    });

    it('the audit is no longer held, and how to run it again', async () => {
      const { page } = await open({ gone: { type: 'gone', why: 'not-held' } });
      await page.getByRole('heading', { name: 'This audit is no longer held' }).waitFor();
      await view!.screenshot('closure-not-held');
      await page.getByRole('button', { name: 'Audit Output Closure' }).click();
      await view!.asked('again');
    });

    it('the server does not run, before and while the view is open', async () => {
      const { page } = await open({ gone: { type: 'gone', why: 'no-server' } });
      await page.getByRole('button', { name: 'Restart Server' }).click();
      await view!.asked('restart');
      await view!.close();
      await open({ audit: madeAudit({ paths: 500 }) });
      await view!.post({ type: 'server', running: false });
      await view!.page.getByText('The language server stopped.').waitFor();
      await view!.post({ type: 'server', running: true });
      await view!.page.getByText('The language server stopped.').waitFor({ state: 'hidden' });
    });

    it('the details of a path are no longer held', async () => {
      const { page } = await open({ audit: madeAudit({ paths: 500 }), held: false });
      await cell(view!, 0, 1).click();
      await page.getByText('The server no longer holds the details of this audit', { exact: false }).waitFor();
    });
  });

  it('is as it was left when the panel is shown again: search, filter, order, place, open path', async () => {
    const audit = madeAudit({ paths: 50_000 });
    const { page } = await open({ audit });
    await page.getByRole('button', { name: /^Verified:/ }).click();
    await page.getByRole('searchbox', { name: 'Search paths' }).fill('openssl');
    await matches(view!, 'of 50,000 paths');
    await page.getByRole('columnheader', { name: 'Size' }).getByRole('button').click();
    await page.locator('[role=columnheader][aria-sort=descending]', { hasText: 'Size' }).waitFor();
    await page.evaluate('scrollTo(0, 3000)');
    await page.waitForTimeout(200);
    await rows(view!).nth(12).click();
    await page.locator('.details h3').first().waitFor();
    const words = await page.locator('.match-count:visible').innerText();
    const path = await page.locator('.store-path code').innerText();
    await page.waitForTimeout(200);
    const place = await page.evaluate<number>('scrollY');
    const { state } = view!;
    await view!.close();

    const again = await open({ audit, state });
    await matches(again, words);
    assert.equal(await again.page.getByRole('searchbox', { name: 'Search paths' }).inputValue(), 'openssl');
    await again.page.locator('.chip', { hasText: 'Verdict: Verified' }).waitFor();
    await again.page.locator('[role=columnheader][aria-sort=descending]', { hasText: 'Size' }).waitFor();
    await again.page.locator('.store-path code', { hasText: path }).waitFor();
    await again.page.waitForTimeout(200);
    assert(Math.abs((await again.page.evaluate<number>('scrollY')) - place) < 40);
  });

  it('fits a narrow panel and 200 % zoom without scrolling sideways', async () => {
    for (const [name, options] of [
      ['narrow', { size: { width: 380, height: 800 } }],
      ['zoom-200', { size: { width: 1280, height: 800 }, zoom: 2 }],
    ] as const) {
      const { page } = await open({ audit: madeAudit({ paths: 500, challenge: true }), ...options });
      await matches(view!, '500 paths');
      for (const tab of await page.getByRole('tab').all()) {
        await tab.click();
        const [wide, panel] = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]');
        assert(wide <= panel, `${name}: ${wide} > ${panel} in ${await tab.innerText()}`);
      }
      await page.getByRole('tab', { name: /Paths/ }).click();
      await view!.screenshot(`closure-${name}`, { fullPage: name === 'narrow' && false });
      await cell(view!, 1, 1).click();
      await page.locator('.details h3').first().waitFor();
      await view!.screenshot(`closure-${name}-details`);
      if (name === 'narrow') await view!.close();
    }
  });

  it('moves nothing for those who asked for it', async () => {
    const { page } = await open({ audit: madeAudit({ paths: 500 }), reducedMotion: true });
    await cell(view!, 0, 1).click();
    const top = await page.evaluate<number>('document.querySelector(".sticky").getBoundingClientRect().top');
    assert(top <= 1, `the totals are still on their way: ${top}`);
  });
});
