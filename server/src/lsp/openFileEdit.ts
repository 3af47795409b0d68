/** Changes to a file that is open in the editor: through the editor, bound to the version that was read, so that nothing unsaved gets lost. */
import type { ApplyWorkspaceEditResult, Connection } from 'vscode-languageserver';
import type { EditedText } from '../domain/vetting/edit';
import type { VettingFile } from '../domain/vetting/types';
import { refusedChange, type FileChange } from '../engine/vetting/changeFile';
import { sleep } from '../util/abort';
import type { ClientSupport } from './clientSupport';
import type { OpenFlake } from './openFlake';
import { smallestEdit } from './smallestEdit';

/** So often a change is made anew on what was typed meanwhile. */
const MAX_TRIES = 5;

/** For so long the editor's news of the change are awaited, in looks of some milliseconds each. */
const NEWS_LOOKS = 50;
const NEWS_MS = 10;

/** Has the editor change the text of a file; it stays unsaved. Rejects only when `signal` aborts. */
export async function editOpenFile(
  { connection, support }: { readonly connection: Connection; readonly support: ClientSupport },
  flake: OpenFlake,
  file: VettingFile,
  change: (text: string) => EditedText | Promise<EditedText>,
  label: string,
  signal: AbortSignal,
): Promise<FileChange> {
  if (!support.applyEdit || !support.documentChanges)
    return failed(`${file} is open in the editor, which takes no edits from here: save and close it first`);
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const read = flake.texts.now(file);
    if (read?.kind !== 'read') return failed(`${file} was closed meanwhile; nothing was changed`);
    const { document } = read;
    const before = document.getText();
    const edited = await change(before);
    if (edited.kind === 'refused') return refusedChange(file, edited.problem, before);
    if (edited.text === before) return { kind: 'written', text: before };
    const { uri, version } = document;
    const edits = [smallestEdit(document, edited.text)];
    const edit = { documentChanges: [{ textDocument: { uri, version }, edits }] };
    // Some editors answer nothing at all.
    const answer = (await connection.workspace.applyEdit({ label, edit })) as ApplyWorkspaceEditResult | null;
    if (answer?.applied === true) {
      await untilSeen(flake, file, edited.text, signal);
      return { kind: 'written', text: edited.text };
    }
    // Somebody typed, and the news of it are on their way.
    await sleep(NEWS_MS, signal);
  }
  return failed(`${file} is open in the editor, which did not take the change; nothing was changed`);
}

/** What is said of the verdict after a change has to be about the changed text. */
async function untilSeen(flake: OpenFlake, file: VettingFile, text: string, signal: AbortSignal): Promise<void> {
  for (let look = 0; look < NEWS_LOOKS; look++) {
    const read = flake.texts.now(file);
    if (read?.kind !== 'read' || read.document.getText() === text) return;
    await sleep(NEWS_MS, signal);
  }
}

function failed(message: string): FileChange & { readonly kind: 'failed' } {
  return { kind: 'failed', message };
}
