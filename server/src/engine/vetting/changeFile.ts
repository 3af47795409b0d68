/** Changes to the vetting files: whatever others write at the same time stays, and what cannot be done is said in words for people. */
import type { EditedText } from '../../domain/vetting/edit';
import { VETTING_FILES, type VettingFile } from '../../domain/vetting/types';
import { placeWords } from '../../domain/vetting/vettingFiles';
import { plainText } from '../../util/plainText';
import type { VettingFolder } from './ports';
import { MAX_VETTING_BYTES, nameInFolder } from './readVetting';

export type FileChange =
  /** `text`: what the file has now; it may have had it before. */
  | { readonly kind: 'written'; readonly text: string }
  /** A sentence without its full stop; nothing was changed, and it says so. */
  | { readonly kind: 'failed'; readonly message: string };

/** So often a change is made anew on what somebody else wrote meanwhile. */
const MAX_TRIES = 5;

/** Reads a file, changes its text, writes it. Rejects only when `signal` aborts. */
export async function changeFile(
  folder: VettingFolder,
  file: VettingFile,
  change: (text: string | undefined) => EditedText | Promise<EditedText>,
  signal: AbortSignal,
): Promise<FileChange> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const read = await folder.read(nameInFolder(file), MAX_VETTING_BYTES[file], signal);
    if (read.kind === 'failed') return failed(`${file} cannot be read: ${read.reason}`);
    const before = read.kind === 'read' ? read.text : undefined;
    const edited = await change(before);
    if (edited.kind === 'refused') return refusedChange(file, edited.problem, before);
    if (edited.text === before) return { kind: 'written', text: edited.text };
    const outcome = await folder.write(nameInFolder(file), before, edited.text);
    if (outcome.kind === 'written') return { kind: 'written', text: edited.text };
    if (outcome.kind === 'failed') return failed(`${file} cannot be written: ${outcome.reason}; nothing was changed`);
  }
  return failed(`${file} is being written by somebody else all the time; nothing was changed`);
}

/** What is said of a text that has a mistake at which it must not be changed. */
export function refusedChange(
  file: VettingFile,
  { span, message }: Extract<EditedText, { readonly kind: 'refused' }>['problem'],
  text: string | undefined,
): FileChange & { readonly kind: 'failed' } {
  return failed(`${placeWords(file, span, text)} ${plainText(message, 300)}; nothing was changed`);
}

/** Makes policy.jsonc and records.jsonc where neither is there. Files that are there stay as they are. Rejects only when `signal` aborts. */
export async function writeFirstFiles(
  folder: VettingFolder,
  texts: { readonly policy: string; readonly records: string },
  signal: AbortSignal,
): Promise<FileChange> {
  const isThere = (file: VettingFile) => failed(`${file} is there already, and was left as it is`);
  for (const file of [VETTING_FILES.policy, VETTING_FILES.records]) {
    const there = await folder.read(nameInFolder(file), 1, signal);
    if (there.kind !== 'absent') return isThere(file);
  }
  // The records first: a policy without them would make everything red.
  for (const [file, text] of [
    [VETTING_FILES.records, texts.records],
    [VETTING_FILES.policy, texts.policy],
  ] as const) {
    const outcome = await folder.write(nameInFolder(file), undefined, text);
    if (outcome.kind === 'changed') return isThere(file);
    if (outcome.kind === 'failed') return failed(`${file} cannot be written: ${outcome.reason}`);
  }
  return { kind: 'written', text: texts.records };
}

function failed(message: string): FileChange & { readonly kind: 'failed' } {
  return { kind: 'failed', message };
}
