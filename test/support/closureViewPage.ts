/** The very bundle of the closure view in a real browser, under the very policy of the extension, with this process as the extension. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { CHROMIUM_ARGS, findChromium } from '../../scripts/vscode.mjs';
import { parseMessage } from '../../client/src/closureMessages';
import { closurePage } from '../../client/src/closurePage';
import { harmless, viewModel } from '../../client/src/closureViewModel';
import type { FromView, ToView } from '../../client/webview/messages';
import type { MadeAudit } from './madeClosureAudit';

const root = path.join(__dirname, '..', '..');
const screenshots = path.join(root, 'out', 'screenshots');

export type Theme = 'dark' | 'light' | 'high-contrast' | 'high-contrast-light';

export interface ViewOptions {
  readonly audit?: MadeAudit;
  /** Sent instead of an audit. */
  readonly gone?: Extract<ToView, { type: 'gone' }>;
  readonly theme?: Theme;
  readonly size?: { readonly width: number; readonly height: number };
  /** Of the browser; 2 is 200 %. */
  readonly zoom?: number;
  readonly reducedMotion?: boolean;
  readonly scale?: number;
  /** What `getState` gives. */
  readonly state?: unknown;
  /** Whether questions about single paths are answered. Default: yes. */
  readonly held?: boolean;
}

/** A browser that serves many pages. */
export class ViewBrowser {
  readonly #browser: Browser;
  readonly #server: Server;
  readonly #origin: string;

  private constructor(browser: Browser, server: Server, origin: string) {
    this.#browser = browser;
    this.#server = server;
    this.#origin = origin;
  }

  static async start(): Promise<ViewBrowser> {
    const server = createServer((request, response) => {
      const [pathname] = (request.url ?? '').split('?');
      const file = { '/closureView.js': 'text/javascript', '/closureView.css': 'text/css' }[pathname ?? ''];
      if (pathname === '/') {
        const nonce = 'bm9uY2U';
        const html = closurePage({ cspSource: origin, script: '/closureView.js', style: '/closureView.css', nonce });
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
      } else if (file === undefined) response.writeHead(404).end();
      else response.writeHead(200, { 'content-type': file }).end(readFileSync(path.join(root, 'dist', pathname!)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const origin = `http://127.0.0.1:${typeof address === 'object' ? address!.port : 0}`;
    const browser = await chromium.launch({ executablePath: findChromium(), args: [...CHROMIUM_ARGS] });
    return new ViewBrowser(browser, server, origin);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#server.close();
  }

  /** Opens the view, and waits until it shows what it has. */
  async open(options: ViewOptions): Promise<View> {
    const { theme = 'dark', size = { width: 1280, height: 860 }, scale = 1, zoom = 1 } = options;
    const context = await this.#browser.newContext({
      // Zoom makes the pixels of the page larger, and the page smaller.
      viewport: { width: Math.round(size.width / zoom), height: Math.round(size.height / zoom) },
      deviceScaleFactor: scale * zoom,
      reducedMotion: options.reducedMotion === true ? 'reduce' : 'no-preference',
    });
    const page = await context.newPage();
    const view = new View(page, options);
    await view.prepare(theme);
    await page.goto(this.#origin);
    await page
      .locator('main[aria-busy=false]')
      .waitFor({ timeout: 10_000 })
      .catch(() => {
        throw new Error(`The page shows nothing: ${view.offences.join('; ')}`);
      });
    return view;
  }
}

export class View {
  readonly page: Page;
  /** What the page asked of the extension, but for anything that `parseMessage` refuses. */
  readonly sent: FromView[] = [];
  /** What must not be: errors, refused loads, requests to elsewhere. */
  readonly offences: string[] = [];
  /** As VS Code keeps it. */
  state: unknown;
  readonly #options: ViewOptions;

  constructor(page: Page, options: ViewOptions) {
    this.page = page;
    this.#options = options;
    this.state = options.state;
    page.on('pageerror', (error) => this.offences.push(`error: ${error.message}`));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.offences.push(`console: ${message.text()}`);
    });
    page.on('dialog', (dialog) => {
      this.offences.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (!/^http:\/\/127\.0\.0\.1:\d+\/(closureView\.(js|css))?$/.test(request.url()))
        this.offences.push(`request: ${request.url()}`);
    });
  }

  /** Before the page loads: VS Code's function, its theme, an ear for the policy. */
  async prepare(theme: Theme): Promise<void> {
    await this.page.exposeFunction('toExtension', (message: unknown) => this.#receive(message));
    await this.page.exposeFunction('offence', (text: string) => this.offences.push(text));
    await this.page.exposeFunction('keepState', (state: unknown) => {
      this.state = state;
    });
    const variables = JSON.parse(readFileSync(path.join(root, 'test', 'fixtures', 'themes', `${theme}.json`), 'utf8')) as Record<
      string,
      string
    >;
    // As text: the tests know no page, and the page not the helpers that their loader adds to functions.
    await this.page.addInitScript(`
      let current = ${JSON.stringify(this.state ?? null)};
      globalThis.acquireVsCodeApi = () => ({
        postMessage: (message) => void toExtension(message),
        getState: () => current,
        setState: (next) => {
          current = next;
          void keepState(next);
        },
      });
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
        offence('policy: ' + [violatedDirective, blockedURI, sourceFile, lineNumber].join(' ')));
      document.addEventListener('DOMContentLoaded', () => {
        for (const [name, value] of Object.entries(${JSON.stringify(variables)})) document.documentElement.style.setProperty(name, value);
        document.body.classList.add('vscode-body', 'vscode-${theme}');
      });
    `);
  }

  async post(message: ToView): Promise<void> {
    await this.page.evaluate(`postMessage(${JSON.stringify(message)}, '*')`);
  }

  /** The last thing that the page asked of this kind, once there is one. */
  async asked<T extends FromView['type']>(type: T): Promise<Extract<FromView, { type: T }>> {
    for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
      const found = this.sent.findLast((message) => message.type === type);
      if (found !== undefined) return found as Extract<FromView, { type: T }>;
      await this.page.waitForTimeout(20);
    }
    throw new Error(`The page never asked for ${type}; it asked for ${this.sent.map((message) => message.type).join(', ')}`);
  }

  async screenshot(name: string, { fullPage = false, folder = screenshots } = {}): Promise<void> {
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: path.join(folder, `${name}.png`), fullPage });
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  async #receive(value: unknown): Promise<void> {
    const message = parseMessage(value);
    if (message === undefined) {
      this.offences.push(`not understood: ${JSON.stringify(value)}`);
      return;
    }
    this.sent.push(message);
    const { audit, gone, held = true } = this.#options;
    if (message.type === 'ready') {
      if (gone !== undefined) await this.post(gone);
      if (audit === undefined) return;
      await this.post({ type: 'overview', overview: viewModel(audit.overview, 'platform', (code) => `About ${code}`) });
      await this.post({ type: 'paths', columns: harmless(audit.columns) });
    } else if (message.type === 'details') {
      const { storePath } = message;
      await this.post({ type: 'details', storePath, details: held ? harmless(audit?.details(storePath) ?? null) : null });
    }
  }
}
