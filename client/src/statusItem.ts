/** The one status item: the state in words, details in its tooltip. */
import * as vscode from 'vscode';
import type { Settings } from './configuration';
import type { LanguageServer, ServerStatus } from './languageServer';

interface Appearance {
  readonly icon: string;
  readonly words?: string;
  readonly command: string;
}

/** Creates the status item and keeps it up to date. */
export function createStatusItem(server: LanguageServer, settings: Settings): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('flakeTrust.status', vscode.StatusBarAlignment.Left, -10);
  item.name = vscode.l10n.t('Flake Trust');
  let last: ServerStatus | undefined;

  const show = (status: ServerStatus) => {
    last = status;
    const text = 'text' in status ? status.text : '';
    const { icon, words = text, command } = appearance(status.state);
    // Nothing to say: no flake here, or a start that will be over before anybody reads of it.
    if (words === '') {
      item.hide();
      return;
    }
    item.text = `$(${icon}) ${vscode.l10n.t('Flake: {0}', words)}`;
    item.command = command;
    item.tooltip = tooltip(status, settings.lowered);
    item.accessibilityInformation = { label: vscode.l10n.t('Flake Trust: {0}', words) };
    item.show();
  };

  return vscode.Disposable.from(
    item,
    server.onDidChangeStatus(show),
    settings.onDidRead(() => {
      if (last !== undefined) show(last);
    }),
  );
}

function appearance(state: ServerStatus['state']): Appearance {
  switch (state) {
    case 'idle':
    case 'ok':
    case 'problems':
      return { icon: 'shield', command: 'flakeTrust.showReport' };
    case 'checking':
      return { icon: 'sync~spin', command: 'flakeTrust.openLog' };
    case 'offline':
      return { icon: 'debug-disconnect', command: 'flakeTrust.showReport' };
    case 'restricted':
      return { icon: 'workspace-untrusted', command: 'workbench.trust.manage' };
    case 'disabled':
      return { icon: 'circle-slash', command: 'workbench.action.openSettings' };
    case 'starting':
      return { icon: 'sync~spin', words: '', command: 'flakeTrust.openLog' };
    case 'stopped':
      return { icon: 'error', words: vscode.l10n.t('stopped - Restart'), command: 'flakeTrust.restart' };
  }
}

function tooltip({ state, details }: ServerStatus, lowered: readonly string[]): vscode.MarkdownString {
  const links: readonly (readonly [title: string, command: string])[] =
    state === 'stopped'
      ? [
          [vscode.l10n.t('Restart Server'), 'flakeTrust.restart'],
          [vscode.l10n.t('Open Log'), 'flakeTrust.openLog'],
        ]
      : [
          [vscode.l10n.t('Audit'), 'flakeTrust.auditFlake'],
          [vscode.l10n.t('Report'), 'flakeTrust.showReport'],
          [vscode.l10n.t('Log'), 'flakeTrust.openLog'],
          [vscode.l10n.t('Settings'), 'workbench.action.openSettings'],
        ];
  const markdown = new vscode.MarkdownString('', true);
  markdown.isTrusted = { enabledCommands: links.map(([, command]) => command) };
  const lines = [
    ...details,
    ...(lowered.length > 0 ? [vscode.l10n.t('Changed by workspace settings: {0}', lowered.join(', '))] : []),
  ];
  for (const line of lines) {
    markdown.appendText(line);
    markdown.appendMarkdown('\n\n');
  }
  const settingsArgument = encodeURIComponent(JSON.stringify(['flakeTrust']));
  return markdown.appendMarkdown(
    links
      .map(
        ([title, command]) =>
          `[${title}](command:${command}${command === 'workbench.action.openSettings' ? `?${settingsArgument}` : ''})`,
      )
      .join(' · '),
  );
}
