/** Read-only documents of vetting: a record before it is written, what changed in an input. Each lives in memory until it is closed. */
import * as vscode from 'vscode';
import { plain } from '../foreignText';
import { showMarkdown } from '../reportProvider';

export const VETTING_SCHEME = 'flake-trust-vetting';

/** Lines of an editor that a quick input of two rows covers. */
const HIDDEN_LINES = 5;

interface Held {
  readonly text: string;
  /** Id of the input that the document is about. */
  readonly input: string;
}

/** Serves the documents of {@link VETTING_SCHEME}. */
export class VettingDocuments implements vscode.TextDocumentContentProvider, vscode.CodeLensProvider, vscode.Disposable {
  readonly #held = new Map<string, Held>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #registrations: vscode.Disposable;

  constructor() {
    this.#registrations = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(VETTING_SCHEME, this),
      vscode.languages.registerCodeLensProvider({ scheme: VETTING_SCHEME, pattern: '**/*.diff' }, this),
    );
  }

  provideTextDocumentContent(address: vscode.Uri): string {
    return this.#held.get(address.path)?.text ?? vscode.l10n.t('This is no longer held. Run the command again.');
  }

  /** Above a diff: what to do when it was read. */
  provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    const held = this.#held.get(uri.path);
    if (held === undefined) return [];
    const record = { title: vscode.l10n.t('Record a Review…'), command: 'flakeTrust.recordReview', arguments: [held.input] };
    return [new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), record)];
  }

  /** Shows a record's text beneath a form, without taking the focus from it. `close` ends it. */
  async showDraft(title: string, input: string, text: string): Promise<{ close(): Promise<void> }> {
    // The quick input covers the first lines.
    const address = this.#hold(title, input, '\n'.repeat(HIDDEN_LINES) + text);
    const document = await vscode.workspace.openTextDocument(address);
    // One record with the comma behind it is a piece of a file: coloured as JSON, and not checked as a whole one.
    await vscode.languages.setTextDocumentLanguage(document, 'jsonl').then(undefined, () => undefined);
    // In a tab of its own, so that the one of before is there when it is closed.
    await vscode.window.showTextDocument(document, { preview: false, preserveFocus: true });
    return { close: () => this.#close(address) };
  }

  /** Opens the summary of what changed in an input; the diff, which it links to, is opened by {@link showDiff}. */
  async showChanges(
    input: string,
    name: string,
    { markdown, diff }: { readonly markdown: string; readonly diff: string },
  ): Promise<void> {
    const title = changesTitle(name);
    const link = encodeURIComponent(this.#hold(`${title}.diff`, input, diff).path.slice(1));
    const address = this.#hold(`${title}.md`, input, `[${vscode.l10n.t('Open the diff')}](${link})\n\n${markdown}`);
    await showMarkdown(address);
  }

  async showDiff(name: string): Promise<void> {
    await vscode.window.showTextDocument(addressOf(`${changesTitle(name)}.diff`), { preview: false });
  }

  dispose(): void {
    this.#registrations.dispose();
    this.#changed.dispose();
  }

  #hold(name: string, input: string, text: string): vscode.Uri {
    const address = addressOf(name);
    this.#held.set(address.path, { text, input });
    this.#changed.fire(address); // it may be open with an older text
    return address;
  }

  async #close(address: vscode.Uri): Promise<void> {
    const tabs = vscode.window.tabGroups.all
      .flatMap((group) => group.tabs)
      .filter(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === address.toString());
    await vscode.window.tabGroups.close(tabs);
    this.#held.delete(address.path);
  }
}

function changesTitle(name: string): string {
  return vscode.l10n.t('Changes in {0}', name);
}

function addressOf(name: string): vscode.Uri {
  return vscode.Uri.from({ scheme: VETTING_SCHEME, path: `/${plain(name, 120).replace(/[/\\?#]/g, '_')}` });
}
