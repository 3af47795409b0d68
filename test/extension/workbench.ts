/** VS Code in a browser, driven as a user would: by mouse, keyboard and what is written on the screen. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium, type Browser, type Frame, type Locator, type Page } from 'playwright-core';
import { CHROMIUM_ARGS, findChromium, installExtension, startVscode, type RunningVscode } from '../../scripts/vscode.mjs';

const root = path.join(__dirname, '..', '..');
const screenshots = path.join(root, 'out', 'screenshots');

export interface WorkbenchOptions {
  readonly vsix: string;
  readonly workspace: string;
  readonly env: Readonly<Record<string, string>>;
  /** Without it, the folder opens in Restricted Mode. Default: true. */
  readonly trust?: boolean;
  readonly theme?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Of the window, in CSS pixels. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Pixels of a screenshot for one CSS pixel. */
  readonly scale?: number;
}

let installed: Promise<string> | undefined;

/** A profile with the extension installed, to be copied: made once, removed when this process ends. */
function profileWith(vsix: string): Promise<string> {
  installed ??= (async () => {
    const profile = mkdtempSync(path.join(os.tmpdir(), 'flake-trust-profile-'));
    process.once('exit', () => rmSync(profile, { recursive: true, force: true }));
    await installExtension(vsix, profile);
    return profile;
  })();
  return installed;
}

/** One VS Code with the packed extension, one folder open in it. */
export class Workbench {
  readonly page: Page;
  /** Machine settings, where VS Code writes what the user decides about this machine. */
  readonly settingsFile: string;
  readonly #profile: string;
  readonly #vscode: RunningVscode;
  readonly #browser: Browser;

  private constructor(page: Page, profile: string, vscode: RunningVscode, browser: Browser) {
    this.page = page;
    this.settingsFile = path.join(profile, 'data', 'Machine', 'settings.json');
    this.#profile = profile;
    this.#vscode = vscode;
    this.#browser = browser;
  }

  /** Starts VS Code with a fresh profile that has the extension, and opens the folder. */
  static async open({
    vsix,
    workspace,
    env,
    trust = true,
    theme = 'Default Dark Modern',
    settings = {},
    size = { width: 1280, height: 800 },
    scale = 1,
  }: WorkbenchOptions): Promise<Workbench> {
    const profile = mkdtempSync(path.join(os.tmpdir(), 'flake-trust-vscode-'));
    cpSync(await profileWith(vsix), profile, { recursive: true });
    const vscode = await startVscode({
      serverDataDir: profile,
      trust,
      env,
      settings: {
        'workbench.colorTheme': theme,
        'workbench.startupEditor': 'none',
        'workbench.tips.enabled': false,
        'window.commandCenter': false,
        'chat.commandCenter.enabled': false,
        'workbench.secondarySideBar.defaultVisibility': 'hidden',
        'editor.minimap.enabled': false,
        'extensions.ignoreRecommendations': true,
        ...settings,
      },
    });
    const browser = await chromium.launch({ executablePath: findChromium(), args: [...CHROMIUM_ARGS] });
    const context = await browser.newContext({
      viewport: size,
      deviceScaleFactor: scale,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const page = await context.newPage();
    await page.goto(`${vscode.url}?folder=${encodeURIComponent(workspace)}`);
    await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
    return new Workbench(page, profile, vscode, browser);
  }

  /** Ends VS Code and the browser, and removes the profile. */
  async close(): Promise<void> {
    await this.#browser.close();
    await this.#vscode.stop();
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Opens a file of the folder from the explorer. */
  async openFile(name: string): Promise<void> {
    await this.page.getByRole('treeitem', { name }).first().dblclick();
    await this.page.locator('.tab.active', { hasText: name }).waitFor();
    await this.page.locator('.editor-instance .view-line').first().waitFor();
  }

  /** Runs a command of the palette by its title. */
  async run(title: string): Promise<void> {
    // The palette closes when the focus moves behind it, as the end of another command may have it: then it is opened once more.
    await this.#until(`the command ${title}`, async () => {
      await this.#openPalette(title);
      return this.row(title)
        .click({ timeout: 5000 })
        .then(
          () => true,
          () => undefined,
        );
    });
  }

  /** Titles that the palette offers for some words. */
  async offered(words: string): Promise<string[]> {
    await this.#openPalette(words);
    await this.page.waitForTimeout(500);
    const labels = this.page.locator('.quick-input-list .monaco-list-row .label-name');
    const offered = new Set<string>();
    // Only the rows on the screen exist, and the first page down goes to the last of them.
    for (let before = -1; before < offered.size;) {
      before = offered.size;
      for (let pages = 0; pages < 2; pages++) {
        for (const label of await labels.allInnerTexts()) offered.add(label.replaceAll('\u00a0', ' '));
        await this.page.keyboard.press('PageDown');
        await this.page.waitForTimeout(100);
      }
    }
    await this.page.keyboard.press('Escape');
    return [...offered];
  }

  /** Moves the mouse over a word of the active editor until the hover says something that matches, and gives all it says. */
  async hover(line: string, word: string, pattern: RegExp): Promise<string> {
    const { page } = this;
    let last = '';
    for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
      const target = await this.#until(`${word} on the screen`, () => this.#wordBox(line, word));
      await page.mouse.move(5, 5);
      await page.waitForTimeout(200);
      await page.mouse.move(target.x - 1, target.y);
      await page.mouse.move(target.x, target.y);
      const hover = page.locator('.monaco-editor .monaco-hover:not(.hidden)').first();
      await hover.waitFor({ timeout: 3000 }).catch(() => undefined);
      await page.waitForTimeout(300);
      last = (await hover.isVisible()) ? (await hover.innerText()).replaceAll('\u00a0', ' ') : '';
      if (pattern.test(last)) return last;
    }
    throw new Error(`The hover of ${word} never matched ${String(pattern)}; it said: ${last}`);
  }

  /** Follows a link of the hover that is shown. */
  async followHover(link: string): Promise<void> {
    await this.page.locator('.monaco-editor .monaco-hover:not(.hidden) a', { hasText: link }).first().click();
  }

  /** Takes a quick fix at a word of the active editor. */
  async quickFix(line: string, word: string, title: string): Promise<void> {
    const target = await this.#until(`${word} on the screen`, () => this.#wordBox(line, word));
    await this.page.mouse.click(target.x, target.y);
    await this.page.keyboard.press('Control+.');
    const row = this.page.locator('.action-widget .monaco-list-row', { hasText: title });
    await row.waitFor();
    // The menu takes no click before the mouse has moved.
    await this.page.mouse.move(target.x + 20, target.y + 60);
    await row.click();
  }

  /** Opens the palette and types. The key is lost when the focus moves at the same moment, the text when another quick input closes. */
  async #openPalette(words: string): Promise<void> {
    const input = this.quickInput;
    await this.#until('the palette', async () => {
      if (!(await input.isVisible())) {
        await this.page.keyboard.press('F1');
        await this.page.waitForTimeout(300);
      }
      return input.fill(`>${words}`, { timeout: 1000 }).then(
        () => true,
        () => undefined,
      );
    });
  }

  /** The middle of a word in a line of the active editor; nothing while the editor draws it anew. */
  async #wordBox(line: string, word: string): Promise<{ x: number; y: number } | undefined> {
    const row = this.page
      .locator('.editor-instance .view-line')
      .filter({ hasText: line.replaceAll(' ', '\u00a0') })
      .first();
    const span = row.locator('span span', { hasText: word }).first();
    const box = await span.boundingBox({ timeout: 1000 }).catch(() => null);
    if (box === null) return undefined;
    // Where no grammar splits the line into tokens, the whole line is one element: go by its characters.
    const text = (await span.innerText()).replaceAll('\u00a0', ' ');
    const width = box.width / text.length;
    return { x: box.x + width * (text.indexOf(word) + word.length / 2), y: box.y + box.height / 2 };
  }

  /** What the Problems panel lists, once some row matches. */
  async problems(pattern: RegExp): Promise<string[]> {
    await this.run('Problems: Focus on Problems View');
    const rows = this.page.locator('.markers-panel .monaco-list-row');
    return this.#until(`a problem like ${String(pattern)}`, async () => {
      const texts = (await rows.allInnerTexts()).map((text) => text.replaceAll('\u00a0', ' ').replace(/\s+/g, ' '));
      return texts.some((text) => pattern.test(text)) ? texts : undefined;
    });
  }

  get #statusItem(): Locator {
    return this.page.locator('.statusbar-item[id*="flakeTrust"]').first();
  }

  /** What the tooltip of our status item says. */
  async statusTooltip(): Promise<string> {
    await this.#statusItem.hover();
    const tooltip = this.page.locator('.monaco-hover', { hasText: 'Settings' }).last();
    await tooltip.waitFor();
    return (await tooltip.innerText()).replaceAll('\u00a0', ' ');
  }

  /** The text of our status item, once it matches. */
  async status(pattern: RegExp): Promise<string> {
    const item = this.#statusItem;
    return this.#until(`a status like ${String(pattern)}`, async () => {
      const text = (await item.isVisible()) ? await item.innerText() : '';
      return pattern.test(text) ? text.trim() : undefined;
    });
  }

  /** The text of the Markdown preview in the active editor group, once it matches. */
  async preview(pattern: RegExp): Promise<string> {
    return this.#until(`a preview like ${String(pattern)}`, async () => {
      for (const frame of this.page.frames()) {
        const text = await frame
          .locator('body')
          .innerText({ timeout: 500 })
          .catch(() => '');
        if (frame !== this.page.mainFrame() && pattern.test(text)) return text;
      }
      return undefined;
    });
  }

  /** Audits the outputs that the command has chosen already, and gives the view of the result. */
  async auditOutputs(): Promise<Frame> {
    await this.run('Flake Trust: Audit Output Closure…');
    await this.page.locator('.quick-input-widget', { hasText: 'Audit Output Closure' }).waitFor({ timeout: 60_000 });
    await this.acceptPick();
    return this.closureView();
  }

  /** The page of the closure view on the screen, once it shows what it has. */
  async closureView(): Promise<Frame> {
    return this.#until('a closure view', async () => {
      for (const frame of this.page.frames()) {
        const shown = await frame
          .locator('main.view[aria-busy=false]')
          .isVisible()
          .catch(() => false);
        if (shown) return frame;
      }
      return undefined;
    });
  }

  /** Writes `<name>.png`, by default to out/screenshots. */
  async screenshot(name: string, folder = screenshots): Promise<void> {
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: path.join(folder, `${name}.png`) });
  }

  /** A button in a dialog, notification or quick pick. */
  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name }).first();
  }

  /** A row of the quick pick. */
  row(text: string | RegExp): Locator {
    return this.page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
  }

  /** The line of the quick input that is typed into. */
  get quickInput(): Locator {
    return this.page.locator('.quick-input-box input').first();
  }

  /** Waits for a step of a form, by what its title says. */
  async step(title: RegExp): Promise<void> {
    await this.page.locator('.quick-input-titlebar', { hasText: title }).waitFor();
  }

  /** Takes what is chosen in a quick pick for several. */
  async acceptPick(): Promise<void> {
    await this.page.locator('.quick-input-action .monaco-button', { hasText: 'OK' }).click();
  }

  /** A notification. */
  toast(text: RegExp): Locator {
    return this.page.locator('.notification-toast', { hasText: text }).first();
  }

  /** Asks what changed in an input since it was last vetted, and names a clone of it. */
  async compareWith(input: string, clone: string): Promise<void> {
    await this.run('Flake Trust: Review Changes Since Last Vetted');
    await this.row(input).click();
    await this.chooseClone(clone);
  }

  /** Names a clone where none was found. */
  async chooseClone(clone: string): Promise<void> {
    await this.row('Choose a Local Clone…').click();
    await this.button('Compare Here').waitFor();
    // The dialog writes the folder that it starts in when it has read it, over what was typed before.
    await this.#until('the folder in the dialog', async () => {
      await this.quickInput.fill(`${clone}/`);
      await this.page.waitForTimeout(700);
      return (await this.quickInput.inputValue()) === `${clone}/` ? true : undefined;
    });
    await this.button('Compare Here').click();
  }

  /** Waits until the Problems panel lists nothing that matches. */
  async noProblem(pattern: RegExp): Promise<void> {
    await this.run('Problems: Focus on Problems View');
    const rows = this.page.locator('.markers-panel .monaco-list-row');
    await this.#until(`no problem like ${String(pattern)}`, async () => {
      const texts = await rows.allInnerTexts();
      return texts.some((text) => pattern.test(text.replaceAll('\u00a0', ' '))) ? undefined : true;
    });
  }

  async #until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      await this.page.waitForTimeout(200);
    }
    await this.screenshot('gave-up');
    throw new Error(`Gave up waiting: ${what}; see out/screenshots/gave-up.png`);
  }
}
