/** Lets the user add a public key to the keys whose signatures count: a form, checked while it is filled in. */
import * as vscode from 'vscode';
import { CHECK_KEY, type CheckKeyParams, type CheckKeyResult } from '../../server/src/protocol';
import { plain } from './foreignText';
import type { LanguageServer } from './languageServer';
import { addTrustedKey } from './userSettings';

/** Asks for a key, `suggested` filled in for the user to read first, and stores it in the user's settings. */
export async function addKey(server: LanguageServer, suggested = ''): Promise<void> {
  const check = (text: string) => server.request<CheckKeyResult>(CHECK_KEY, { text } satisfies CheckKeyParams);
  await check(''); // no form without a server to check it
  const entered = await vscode.window.showInputBox({
    title: vscode.l10n.t('Add Trusted Key'),
    prompt: vscode.l10n.t(
      'A public key as in trusted-public-keys of nix.conf. It is stored in your user settings; Nix is not changed.',
    ),
    placeHolder: 'cache.example.org-1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
    value: plain(suggested, 500),
    ignoreFocusOut: true,
    validateInput: async (text) => {
      if (text.trim() === '') return undefined;
      const { ok, message } = await check(text.trim());
      if (!ok) return { message, severity: vscode.InputBoxValidationSeverity.Error };
      return message === '' ? undefined : { message, severity: vscode.InputBoxValidationSeverity.Info };
    },
  });
  const key = entered?.trim() ?? '';
  if (key === '' || !(await check(key)).ok) return;
  const added = await addTrustedKey(key);
  vscode.window.setStatusBarMessage(
    added ? vscode.l10n.t('Key {0} added', keyName(key)) : vscode.l10n.t('Key {0} was in your settings already', keyName(key)),
    5000,
  );
}

function keyName(key: string): string {
  return key.split(':', 1)[0] ?? key;
}
