/** Lets the user accept caches that a flake names: choose, read the keys, confirm. */
import * as vscode from 'vscode';
import {
  DECLARED_CACHES,
  type DeclaredCache,
  type DeclaredCachesParams,
  type DeclaredCachesResult,
} from '../../server/src/protocol';
import { plain, plainLabel } from './foreignText';
import type { LanguageServer } from './languageServer';
import { inTrustedWorkspace } from './requestFailure';
import { addCaches } from './userSettings';

interface CacheItem extends vscode.QuickPickItem {
  readonly cache?: DeclaredCache;
}

/** Runs the whole dialogue for one flake. */
export async function acceptCaches(server: LanguageServer, flake: string): Promise<void> {
  const allowed = await inTrustedWorkspace(vscode.l10n.t('Caches of this flake can be accepted once you trust the workspace.'));
  if (!allowed) return;
  const declared = await server.request<DeclaredCachesResult>(DECLARED_CACHES, { uri: flake } satisfies DeclaredCachesParams);
  const open = declared.filter(({ state }) => state === 'not-accepted' || state === 'refused');
  if (open.length === 0) {
    void vscode.window.showInformationMessage(
      declared.length === 0
        ? vscode.l10n.t('This flake names no caches in its nixConfig.')
        : vscode.l10n.t('You use or accepted every cache that this flake names.'),
    );
    return;
  }

  const rest = declared.filter((cache) => !open.includes(cache));
  const items: CacheItem[] = open.map(cacheItem);
  if (rest.length > 0) {
    const names = rest.map(({ url }) => plainLabel(url, 60)).join(', ');
    items.push({ label: vscode.l10n.t('In use or accepted already: {0}', names), kind: vscode.QuickPickItemKind.Separator });
  }
  const picked = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    ignoreFocusOut: true,
    matchOnDetail: true,
    title: vscode.l10n.t("Accept This Flake's Caches"),
    placeHolder: vscode.l10n.t('Choose the caches to ask from now on'),
  });
  const chosen = (picked ?? []).flatMap(({ cache }) => (cache === undefined ? [] : [cache]));
  if (chosen.length === 0) return;
  if (!(await confirm(chosen))) return;
  await addCaches(chosen);
  vscode.window.setStatusBarMessage(
    chosen.length === 1 ? vscode.l10n.t('1 cache accepted') : vscode.l10n.t('{0} caches accepted', chosen.length),
    5000,
  );
}

function cacheItem(cache: DeclaredCache): CacheItem {
  const warnings = [
    ...(cache.state === 'refused' ? [vscode.l10n.t('You refused it in Nix (trusted-settings.json).')] : []),
    ...cache.warnings.map((warning) => plain(warning)),
  ];
  return {
    cache,
    label: plainLabel(cache.url),
    description:
      cache.keys.length === 0 ? vscode.l10n.t('no key') : cache.keys.map((key) => plainLabel(keyName(key), 60)).join(', '),
    ...(warnings.length > 0 ? { detail: `$(warning) ${warnings.map((warning) => plainLabel(warning)).join(' ')}` } : {}),
  };
}

async function confirm(caches: readonly DeclaredCache[]): Promise<boolean> {
  const accept = caches.length === 1 ? vscode.l10n.t('Accept Cache and Keys') : vscode.l10n.t('Accept Caches and Keys');
  const blocks = caches.map(({ url, keys, warnings }) =>
    [
      plain(url),
      ...(keys.length === 0
        ? [vscode.l10n.t('No key: only content-addressed paths can be verified from it.')]
        : keys.map((key) => plain(key))),
      ...warnings.map((warning) => vscode.l10n.t('Note: {0}', plain(warning))),
    ].join('\n'),
  );
  const consequence =
    caches.length === 1
      ? vscode.l10n.t('It will be asked about the inputs of every flake you open, and signatures by its keys will count.')
      : vscode.l10n.t('They will be asked about the inputs of every flake you open, and signatures by their keys will count.');
  const storage = vscode.l10n.t('Stored in your user settings (flakeTrust.caches). Your Nix configuration is not changed.');
  const question =
    caches.length === 1
      ? vscode.l10n.t('Accept this cache and its keys?')
      : vscode.l10n.t('Accept these {0} caches and their keys?', caches.length);
  const answer = await vscode.window.showWarningMessage(
    question,
    { modal: true, detail: [...blocks, consequence, storage].join('\n\n') },
    accept,
  );
  return answer === accept;
}

function keyName(key: string): string {
  return key.split(':', 1)[0] ?? key;
}
