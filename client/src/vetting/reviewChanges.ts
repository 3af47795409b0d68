/** What changed in an input since it was last vetted: shown from a clone of this computer, else on the forge's page. */
import * as vscode from 'vscode';
import { VETTING_CHANGES, type VettingChangesParams, type VettingChangesResult } from '../../../server/src/protocol';
import { plain, plainLabel, plainMessage } from '../foreignText';
import { tellFailure } from '../requestFailure';
import { requestWithProgress } from '../requestProgress';
import { mayVet, record, type VettingContext } from './recordReview';

type Changes = Extract<VettingChangesResult, { kind: 'ok' }>;
type Comparison = NonNullable<Changes['comparison']>;

/** Folders that the user chose in this window. They are looked into for every input: the revisions tell which is the right one. */
const clones = new Set<string>();

/** Runs the whole dialogue for the input with this id. */
export async function reviewChanges(context: VettingContext, input: string, name: string): Promise<void> {
  if (!(await mayVet())) return;
  for (;;) {
    const changes = await ask(context, input, name);
    if (changes.kind === 'failed') {
      // Not awaited: the command is over, the message may stay for long.
      void tellFailure(changes, recordTitle()).then((wanted) => (wanted ? record(context, 'audit', input) : undefined));
      return;
    }
    if (changes.comparison !== undefined) {
      await showComparison(context, input, name, changes.comparison);
      return;
    }
    if ((await elsewhere(context, input, changes)) === 'done') return;
  }
}

function ask({ server }: VettingContext, input: string, name: string): Thenable<VettingChangesResult> {
  return requestWithProgress<VettingChangesResult>(
    server,
    vscode.l10n.t('Looking for what changed in {0}', plainMessage(name, 60)),
    (_, token) => {
      const params: VettingChangesParams = { id: input, ...(clones.size === 0 ? {} : { clones: [...clones] }) };
      return server.request<VettingChangesResult>(VETTING_CHANGES, params, token);
    },
  );
}

async function showComparison(context: VettingContext, input: string, name: string, comparison: Comparison): Promise<void> {
  await context.documents.showChanges(input, name, comparison);
  const openDiff = vscode.l10n.t('Open Diff');
  const review = recordTitle();
  // Not awaited: the command is over, the message may stay for long.
  void vscode.window
    .showInformationMessage(`${plainMessage(name, 60)}: ${sizeOf(comparison)}`, openDiff, review)
    .then(async (chosen) => {
      if (chosen === openDiff) await context.documents.showDiff(name);
      if (chosen === review) await record(context, 'audit', input);
    });
}

/** Where no repository of this computer has both revisions: what else there is. `again`: a clone was chosen. */
async function elsewhere(
  context: VettingContext,
  input: string,
  { base, compareUrl, input: name }: Changes,
): Promise<'again' | 'done'> {
  type Item = vscode.QuickPickItem & { readonly act?: () => Promise<'again' | 'done' | undefined> };
  const page = compareUrl !== undefined && vscode.Uri.parse(compareUrl).scheme === 'https' ? compareUrl : undefined;
  const items: Item[] = [
    ...(page === undefined
      ? []
      : [
          { label: vscode.l10n.t('Open Compare Page'), detail: plainLabel(page, 400), act: () => openPage(context, input, page) },
        ]),
    {
      label: vscode.l10n.t('Choose a Local Clone…'),
      detail: vscode.l10n.t('A folder with a git repository that has both revisions. It is only read; nothing is fetched.'),
      act: chooseClone,
    },
    {
      label: recordTitle(),
      detail: vscode.l10n.t('When you have read the difference elsewhere.'),
      act: async () => {
        await record(context, 'audit', input);
        return 'done';
      },
    },
  ];
  for (;;) {
    const picked = await vscode.window.showQuickPick(items, {
      title: vscode.l10n.t(
        '{0} since {1}, {2}',
        plain(name, 60),
        (base.rev ?? base.narHash).slice(0, 12),
        plain(base.words, 100),
      ),
      placeHolder:
        clones.size === 0
          ? vscode.l10n.t('No repository on this computer has both revisions')
          : vscode.l10n.t('The clone that you chose lacks a revision: fetch in it, or choose another'),
      ignoreFocusOut: true,
    });
    if (picked?.act === undefined) return 'done';
    const next = await picked.act();
    if (next !== undefined) return next;
  }
}

async function openPage(context: VettingContext, input: string, page: string): Promise<'done'> {
  await vscode.env.openExternal(vscode.Uri.parse(page));
  const review = recordTitle();
  void vscode.window
    .showInformationMessage(vscode.l10n.t('When you have read the difference, record what you found.'), review)
    .then((chosen) => (chosen === review ? record(context, 'audit', input) : undefined));
  return 'done';
}

async function chooseClone(): Promise<'again' | undefined> {
  const [folder] =
    (await vscode.window.showOpenDialog({
      canSelectFiles: false,
      canSelectFolders: true,
      openLabel: vscode.l10n.t('Compare Here'),
      title: vscode.l10n.t('A clone that has both revisions'),
    })) ?? [];
  if (folder?.scheme !== 'file') return undefined;
  clones.add(folder.fsPath);
  return 'again';
}

function sizeOf({ commits, files, insertions, deletions }: Comparison): string {
  return [
    commits === 1 ? vscode.l10n.t('1 commit') : vscode.l10n.t('{0} commits', commits),
    files === 1 ? vscode.l10n.t('1 file') : vscode.l10n.t('{0} files', files),
    vscode.l10n.t('+{0} -{1} lines', insertions, deletions),
  ].join(', ');
}

function recordTitle(): string {
  return vscode.l10n.t('Record a Review…');
}
