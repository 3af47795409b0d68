/** Opens the page about a diagnostic code; the pages ship with the extension, so none is fetched. */
import * as vscode from 'vscode';
import type { Check } from './checks';
import { showMarkdown } from './reportProvider';

/** Opens the page about `code`, or lets the user choose one when there is no such page. */
export async function explain(extensionUri: vscode.Uri, checks: readonly Check[], code: string | undefined): Promise<void> {
  const chosen = checks.find((check) => check.code === code)?.code ?? (await choose(checks));
  if (chosen !== undefined) await showMarkdown(vscode.Uri.joinPath(extensionUri, 'docs', 'checks', `${chosen}.md`));
}

async function choose(checks: readonly Check[]): Promise<string | undefined> {
  const items = checks.map(({ code, title, severity }) => ({ label: code, description: severity, detail: title }));
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Explain a Check'),
    placeHolder: vscode.l10n.t('Which check?'),
    matchOnDetail: true,
  });
  return picked?.label;
}
