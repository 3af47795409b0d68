/** Read-only documents made by the server: the report of a flake, the details of one input. */
import * as vscode from 'vscode';
import { DETAILS, REPORT, type DetailsParams, type ReportParams, type ReportResult } from '../../server/src/protocol';
import { ServerNotRunning, type LanguageServer } from './languageServer';

export const REPORT_SCHEME = 'flake-trust-report';

/** VS Code's own Markdown preview, which users may switch off. */
const MARKDOWN_EXTENSION = 'vscode.markdown-language-features';

/** What a document shows; kept in the query of its address, so that VS Code can ask for it again after a reload. */
type Subject = { readonly kind: 'report'; readonly uri: string } | { readonly kind: 'details'; readonly id: string };

/** Serves the documents of {@link REPORT_SCHEME}. */
export class ReportProvider implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #server: LanguageServer;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #registration: vscode.Disposable;

  constructor(server: LanguageServer) {
    this.#server = server;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(REPORT_SCHEME, this);
  }

  async provideTextDocumentContent(address: vscode.Uri, token: vscode.CancellationToken): Promise<string> {
    const subject = parseSubject(address.query);
    if (subject === undefined) return vscode.l10n.t('This document has no report.');
    const nothing = vscode.l10n.t('There is no result to show. Run "Flake Trust: Audit Flake Inputs" and open it again.');
    try {
      const { text } =
        subject.kind === 'report'
          ? await this.#server.request<ReportResult>(
              REPORT,
              { uri: subject.uri, format: 'markdown' } satisfies ReportParams,
              token,
            )
          : await this.#server.request<ReportResult>(DETAILS, { id: subject.id, as: 'details' } satisfies DetailsParams, token);
      return text === '' ? nothing : text;
    } catch (error) {
      return error instanceof ServerNotRunning ? vscode.l10n.t('The language server of Flake Trust is not running.') : nothing;
    }
  }

  /** Opens the report of a flake, with its newest results. */
  async showReport(flake: string): Promise<void> {
    await this.#show(vscode.l10n.t('Flake Trust: {0}', nameOfFlake(flake)), { kind: 'report', uri: flake });
  }

  /** Opens everything that is known of one input. */
  async showDetails(id: string, name: string): Promise<void> {
    await this.#show(vscode.l10n.t('Flake input: {0}', name), { kind: 'details', id });
  }

  /** Shows newer results in the documents that are open. */
  refresh(): void {
    for (const document of vscode.workspace.textDocuments) {
      if (document.uri.scheme === REPORT_SCHEME) this.#changed.fire(document.uri);
    }
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }

  async #show(title: string, subject: Subject): Promise<void> {
    const address = vscode.Uri.from({
      scheme: REPORT_SCHEME,
      path: `/${title.replace(/[/\\]/g, '_')}.md`,
      query: JSON.stringify(subject),
    });
    this.#changed.fire(address); // it may be open with older results
    await showMarkdown(address);
  }
}

/** Opens a Markdown document in the preview, or as text where the built-in Markdown extension is switched off. */
export async function showMarkdown(address: vscode.Uri): Promise<void> {
  if (vscode.extensions.getExtension(MARKDOWN_EXTENSION) !== undefined) {
    await vscode.workspace.openTextDocument(address); // a failure is better said here than in an empty preview
    await vscode.commands.executeCommand('markdown.showPreview', address);
  } else {
    await vscode.window.showTextDocument(address, { preview: true });
  }
}

/** The name of a flake's folder, for titles. */
export function nameOfFlake(uri: string): string {
  const { path } = vscode.Uri.parse(uri);
  const segments = path.split('/').filter((segment) => segment !== '');
  if (/^flake\.(nix|lock)$/.test(segments.at(-1) ?? '')) segments.pop();
  return segments.at(-1) ?? path;
}

function parseSubject(query: string): Subject | undefined {
  try {
    const value: unknown = JSON.parse(query);
    if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
    if (value.kind === 'report' && 'uri' in value && typeof value.uri === 'string') return { kind: 'report', uri: value.uri };
    if (value.kind === 'details' && 'id' in value && typeof value.id === 'string') return { kind: 'details', id: value.id };
    return undefined;
  } catch {
    return undefined;
  }
}
