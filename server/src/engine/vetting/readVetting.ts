import { readVettingFiles, type PlacedProblem, type VettingFiles, type VettingTexts } from '../../domain/vetting/vettingFiles';
import { VETTING_FILES, VETTING_FOLDER, type VettingFile } from '../../domain/vetting/types';
import type { FileRead } from '../ports';

/** Records of 50,000 reviews have about 30 MB. */
export const MAX_VETTING_BYTES: Readonly<Record<VettingFile, number>> = {
  [VETTING_FILES.policy]: 4 * 1024 * 1024,
  [VETTING_FILES.records]: 64 * 1024 * 1024,
  [VETTING_FILES.imports]: 128 * 1024 * 1024,
};

/** Reads a file of the folder by its name there. */
export type ReadVettingFile = (name: string, maxBytes: number, signal: AbortSignal) => Promise<FileRead>;

/** The name of a file in the folder. */
export function nameInFolder(file: VettingFile): string {
  return file.slice(VETTING_FOLDER.length + 1);
}

/** Reads the vetting files of a flake. One that is there and cannot be read is a mistake to be told, not an absent one. */
export async function readVetting(read: ReadVettingFile, signal: AbortSignal): Promise<VettingFiles> {
  const texts: Partial<Record<VettingFile, string>> = {};
  const failed: PlacedProblem[] = [];
  await Promise.all(
    Object.values(VETTING_FILES).map(async (file) => {
      const answer = await read(nameInFolder(file), MAX_VETTING_BYTES[file], signal);
      if (answer.kind === 'read') texts[file] = answer.text;
      else if (answer.kind === 'failed') failed.push(unreadableFile(file, answer.reason));
    }),
  );
  return withUnreadable(vettingOf(texts), failed);
}

/** The problem of a file that is there and cannot be read. */
export function unreadableFile(file: VettingFile, reason: string): PlacedProblem {
  return { file, message: `cannot be read: ${reason}`, span: { start: 0, end: 0 } };
}

/** What the other files say, when some cannot be read: nothing is known of any input then. */
export function withUnreadable(files: VettingFiles, failed: readonly PlacedProblem[]): VettingFiles {
  return failed.length === 0 ? files : { ...files, broken: true, problems: [...failed, ...files.problems] };
}

/** The last texts and what they say: reading tens of thousands of records anew for each look would be slow. */
let latest: VettingFiles | undefined;

function vettingOf(texts: VettingTexts): VettingFiles {
  if (latest === undefined || Object.values(VETTING_FILES).some((file) => latest?.texts[file] !== texts[file])) {
    latest = readVettingFiles(texts);
  }
  return latest;
}
