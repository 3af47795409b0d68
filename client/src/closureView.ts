/** The closure report as a panel: one for each finished audit. The page has no rights; see `closureMessages.ts`. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import {
  CLOSURE,
  CLOSURE_PATH,
  type ClosureColumns,
  type ClosureOverview,
  type ClosureParams,
  type ClosurePathDetails,
  type ClosurePathParams,
} from '../../server/src/protocol';
import type { ExportFormat, FromView, ToView } from '../webview/messages';
import { checksOf } from './checks';
import { closureColumns, closureExport } from './closureData';
import { parseMessage } from './closureMessages';
import { closurePage } from './closurePage';
import { commandOf, harmless, viewModel } from './closureViewModel';
import { plain, plainLabel, plainMessage } from './foreignText';
import { ServerNotRunning, type LanguageServer } from './languageServer';
import { nameOfFlake } from './reportProvider';

export interface ClosureViewContext {
  readonly extensionUri: vscode.Uri;
  readonly server: LanguageServer;
}

const VIEW_TYPE = 'flakeTrust.closure';

const EXPORTS: Readonly<Record<ExportFormat, { readonly extension: string; readonly label: string }>> = {
  html: { extension: 'html', label: 'HTML' },
  markdown: { extension: 'md', label: 'Markdown' },
  text: { extension: 'txt', label: 'Text' },
  json: { extension: 'json', label: 'JSON' },
  sarif: { extension: 'sarif', label: 'SARIF' },
  cyclonedx: { extension: 'cdx.json', label: 'CycloneDX' },
};

const panels = new Map<string, ClosurePanel>();

/**
 * Shows a finished audit, by the id that the server gave it; its panel comes to the front if there is one. There is nothing to restore
 * after a restart: audits live in the memory of the server, so a panel ends with its window.
 */
export async function showClosure(context: ClosureViewContext, audit: string): Promise<void> {
  let panel = panels.get(audit);
  if (panel === undefined) {
    panel = new ClosurePanel(context, audit, () => panels.delete(audit));
    panels.set(audit, panel);
  }
  panel.reveal();
  await panel.load();
}

/** What the panel keeps, so that it can be hidden and shown again after newer audits pushed this one out of the server. */
interface Held {
  readonly overview: ClosureOverview;
  readonly columns: ClosureColumns;
}

class ClosurePanel {
  readonly #context: ClosureViewContext;
  readonly #audit: string;
  readonly #panel: vscode.WebviewPanel;
  readonly #subscriptions: vscode.Disposable[];
  #held: Held | undefined;
  #gone: Extract<ToView, { type: 'gone' }> | undefined;
  /** Whether the page runs and listens; it starts anew each time it is shown. */
  #listening = false;
  #serverRuns = true;

  constructor(context: ClosureViewContext, audit: string, onClosed: () => void) {
    this.#context = context;
    this.#audit = audit;
    const dist = vscode.Uri.joinPath(context.extensionUri, 'dist');
    this.#panel = vscode.window.createWebviewPanel(VIEW_TYPE, vscode.l10n.t('Closure Audit'), vscode.ViewColumn.Active, {
      enableScripts: true,
      enableForms: false,
      enableCommandUris: false,
      localResourceRoots: [dist],
    });
    const { webview } = this.#panel;
    this.#subscriptions = [
      webview.onDidReceiveMessage((value: unknown) => this.#receive(value)),
      context.server.onDidChangeStatus(({ state }) => this.#serverIs(state !== 'stopped' && state !== 'starting')),
      this.#panel.onDidChangeViewState(() => {
        if (!this.#panel.visible) this.#listening = false;
      }),
      this.#panel.onDidDispose(() => {
        for (const subscription of this.#subscriptions) subscription.dispose();
        onClosed();
      }),
    ];
    webview.html = page(webview, dist);
  }

  reveal(): void {
    this.#panel.reveal(undefined, false);
  }

  /** Asks the server for the audit, and shows it or says why it cannot be shown. */
  async load(): Promise<void> {
    const { server } = this.#context;
    const params: ClosureParams = { audit: this.#audit };
    try {
      const [overview, columns] = await Promise.all([
        server.request<ClosureOverview | null>(CLOSURE, params),
        closureColumns(server, this.#audit),
      ]);
      if (overview !== null && columns !== undefined) {
        this.#held = { overview, columns };
        this.#panel.title = vscode.l10n.t(
          'Closure: {0}',
          plain(overview.installables.join(' ') || nameOfFlake(overview.uri), 40),
        );
      } else if (this.#held === undefined) this.#gone = { type: 'gone', why: 'not-held' };
    } catch (error) {
      if (this.#held !== undefined) return;
      this.#gone =
        error instanceof ServerNotRunning
          ? { type: 'gone', why: 'no-server' }
          : { type: 'gone', why: 'failed', message: plain(String(error), 300) };
    }
    this.#show();
  }

  #show(): void {
    if (!this.#listening) return;
    if (this.#held === undefined) {
      if (this.#gone !== undefined) this.#post(this.#gone);
      return;
    }
    const { overview, columns } = this.#held;
    const titles = new Map(checksOf(manifest(this.#context.extensionUri)).map(({ code, title }) => [code, title]));
    this.#post({
      type: 'overview',
      overview: viewModel(overview, plain(nameOfFlake(overview.uri)), (code) => titles.get(code) ?? code),
    });
    this.#post({ type: 'paths', columns: harmless(columns) });
    if (!this.#serverRuns) this.#post({ type: 'server', running: false });
  }

  #serverIs(running: boolean): void {
    if (running === this.#serverRuns) return;
    this.#serverRuns = running;
    if (running && this.#held === undefined) void this.load();
    else this.#post({ type: 'server', running });
  }

  async #receive(value: unknown): Promise<void> {
    const message = parseMessage(value);
    if (message === undefined) return;
    try {
      await this.#answer(message);
    } catch (error) {
      const text =
        error instanceof ServerNotRunning
          ? vscode.l10n.t('The language server of Flake Trust is not running.')
          : vscode.l10n.t('Flake Trust could not do this: {0}', plainMessage(String(error)));
      this.#say(text);
      void vscode.window.showErrorMessage(text);
    }
  }

  async #answer(message: FromView): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#listening = true;
        this.#show();
        return;
      case 'details':
        await this.#sendDetails(message.storePath);
        return;
      case 'copyPath':
        if (this.#knows(message.storePath)) await this.#copy(message.storePath);
        return;
      case 'copyFill':
        await this.#copy(this.#held?.overview.report.closure?.coverage[message.cache]?.fill?.[message.fill]?.command);
        return;
      case 'copyCommand': {
        const finding = this.#held?.overview.report.findings[message.finding];
        if (finding !== undefined) await this.#copy(commandOf(finding));
        return;
      }
      case 'open':
        await this.#open(message.finding);
        return;
      case 'help':
        await vscode.commands.executeCommand('flakeTrust.explain', message.code);
        return;
      case 'export':
        await this.#export(message.format);
        return;
      case 'again':
        await vscode.commands.executeCommand('flakeTrust.auditOutputs', this.#held && vscode.Uri.parse(this.#held.overview.uri));
        return;
      case 'restart':
        await vscode.commands.executeCommand('flakeTrust.restart');
        if (this.#held === undefined) await this.load();
        return;
    }
  }

  async #sendDetails(storePath: string): Promise<void> {
    if (!this.#knows(storePath)) return;
    const params: ClosurePathParams = { audit: this.#audit, storePath };
    let details: ClosurePathDetails | null = null;
    try {
      details = await this.#context.server.request<ClosurePathDetails | null>(CLOSURE_PATH, params);
    } finally {
      this.#post({ type: 'details', storePath, details: harmless(details) });
    }
  }

  /** Whether the audit has this path. Names are sorted. */
  #knows(storePath: string): boolean {
    const { names = [], storeDir = '' } = this.#held?.columns ?? {};
    if (!storePath.startsWith(`${storeDir}/`)) return false;
    const wanted = storePath.slice(storeDir.length + 1);
    let low = 0;
    let high = names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((names[middle] ?? '') < wanted) low = middle + 1;
      else high = middle;
    }
    return names[low] === wanted;
  }

  async #copy(text: string | undefined): Promise<void> {
    if (text === undefined) return;
    await vscode.env.clipboard.writeText(text);
    this.#say(vscode.l10n.t('Copied'));
    vscode.window.setStatusBarMessage(vscode.l10n.t('Copied: {0}', plainLabel(text, 60)), 3000);
  }

  async #open(index: number): Promise<void> {
    const { overview } = this.#held ?? {};
    const location = overview?.report.findings[index]?.location;
    if (overview === undefined || location === undefined) return;
    const folder = vscode.Uri.parse(overview.uri);
    const file = location.file.startsWith('/')
      ? folder.with({ path: location.file })
      : vscode.Uri.joinPath(folder, location.file);
    const selection = new vscode.Range(location.line, location.character, location.endLine, location.endCharacter);
    await vscode.window.showTextDocument(file, { selection, viewColumn: vscode.ViewColumn.Beside });
  }

  async #export(format: ExportFormat): Promise<void> {
    const { extension, label } = EXPORTS[format];
    const folder = this.#held && vscode.Uri.parse(this.#held.overview.uri);
    const target = await vscode.window.showSaveDialog({
      ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, `closure.${extension}`) }),
      filters: { [label]: [extension] },
      title: vscode.l10n.t('Export Closure Report'),
    });
    if (target === undefined) return;
    const pieces = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Writing the closure report') },
      () => closureExport(this.#context.server, this.#audit, format),
    );
    if (pieces.length === 0) {
      const again = vscode.l10n.t(
        'This audit is no longer held by the server, so nothing was written. Run it again to export it.',
      );
      this.#say(again);
      void vscode.window.showWarningMessage(again);
      return;
    }
    await vscode.workspace.fs.writeFile(target, Buffer.concat(pieces.map((piece) => Buffer.from(piece))));
    const open = vscode.l10n.t('Open');
    this.#say(vscode.l10n.t('Report written'));
    // Not awaited: the message may stay for long.
    void vscode.window
      .showInformationMessage(vscode.l10n.t('Report written to {0}', plainMessage(vscode.workspace.asRelativePath(target))), open)
      .then((chosen) => (chosen === open ? vscode.commands.executeCommand('vscode.open', target) : undefined));
  }

  #say(text: string): void {
    this.#post({ type: 'said', text });
  }

  #post(message: ToView): void {
    if (this.#listening) void this.#panel.webview.postMessage(message);
  }
}

function manifest(extensionUri: vscode.Uri): unknown {
  return vscode.extensions.all.find((one) => one.extensionUri.toString() === extensionUri.toString())?.packageJSON;
}

function page(webview: vscode.Webview, dist: vscode.Uri): string {
  const resource = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
  return closurePage({
    cspSource: webview.cspSource,
    script: resource('closureView.js'),
    style: resource('closureView.css'),
    nonce: randomBytes(18).toString('base64'),
  });
}
