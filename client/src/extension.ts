/** The extension's beginning and end: log and commands first, so that they exist whatever happens, then the server. */
import * as vscode from 'vscode';
import { checksOf } from './checks';
import { registerCommands } from './commands';
import { Settings } from './configuration';
import { keepFlakeContext } from './flakeContext';
import { LanguageServer } from './languageServer';
import { ReportProvider } from './reportProvider';
import { createStatusItem } from './statusItem';
import { VettingDocuments } from './vetting/documents';

let server: LanguageServer | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Flake Trust', { log: true });
  const checks = checksOf(context.extension.packageJSON);
  const settings = new Settings(new Map(checks.map(({ code, severity }) => [code, severity])));
  server = new LanguageServer(context, log, settings);
  const reports = new ReportProvider(server);
  const documents = new VettingDocuments();
  const running = server;
  context.subscriptions.push(
    log,
    settings,
    server,
    reports,
    documents,
    registerCommands({ extensionUri: context.extensionUri, log, server, reports, documents, checks }),
    createStatusItem(server, settings),
    keepFlakeContext(server),
    vscode.workspace.onDidGrantWorkspaceTrust(() => running.workspaceTrusted()),
  );
  // Not awaited: the editor need not wait for the server. A failure shows in the status item.
  void server.start();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
