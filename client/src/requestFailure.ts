/** What the user is told when the server could not do something, or may not do it here. */
import * as vscode from 'vscode';
import type { RequestFailure } from '../../server/src/protocol';
import { plainMessage } from './foreignText';

const INSTALL_NIX = 'https://nixos.org/download/';

/** Says why something was not done, and offers what helps. `again`: an action of the caller's, given when the user chose it. */
export async function tellFailure({ reason, message, hint }: RequestFailure, again?: string): Promise<boolean> {
  const install = vscode.l10n.t('How to Install Nix');
  const manage = manageTrust();
  const actions = reason === 'no-nix' ? [install] : reason === 'restricted' ? [manage] : again === undefined ? [] : [again];
  const text = [message, ...(hint === undefined ? [] : [hint])].map((part) => plainMessage(part, 500)).join(' ');
  const chosen = await vscode.window.showErrorMessage(text, ...actions);
  if (chosen === install) await vscode.env.openExternal(vscode.Uri.parse(INSTALL_NIX));
  if (chosen === manage) await vscode.commands.executeCommand('workbench.trust.manage');
  return chosen !== undefined && chosen === again;
}

/** Whether the workspace is trusted. If not, says what needs it (`sentence`), and where that is changed. */
export async function inTrustedWorkspace(sentence: string): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const manage = manageTrust();
  const chosen = await vscode.window.showInformationMessage(sentence, manage);
  if (chosen === manage) await vscode.commands.executeCommand('workbench.trust.manage');
  return false;
}

function manageTrust(): string {
  return vscode.l10n.t('Manage Workspace Trust');
}
