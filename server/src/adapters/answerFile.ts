/** An open file of answers: an index in memory of where its newest records lie, filled by looking through it once. */
import type { FileHandle } from 'node:fs/promises';
import { decodeRecord, scanRecords, type Answer, type RecordPlace } from './answerRecords';

/** Read at once: little, since mostly there is one new record; more and more while there is more. */
const FIRST_CHUNK_BYTES = 16 * 1024;
const LAST_CHUNK_BYTES = 512 * 1024;
const COPY_BATCH_BYTES = 1024 * 1024;

/** An open file and what was found in it so far. */
export interface AnswerFile {
  readonly handle: FileHandle;
  /** Start and length of the newest record of each key, packed. */
  readonly index: Map<string, number>;
  /** Everything before was looked at. */
  scannedTo: number;
  /** What the newest records take. */
  liveBytes: number;
}

/** Begins with an index of nothing. */
export function answerFile(handle: FileHandle): AnswerFile {
  return { handle, index: new Map(), scannedTo: 0, liveBytes: 0 };
}

// Both fit into the 53 bits of an exact number: files are far smaller than 2^33 bytes, records than 2^20.
const PACK = 2 ** 20;

/** Takes the start out of a packed place. */
export function placeStart(place: number): number {
  return Math.floor(place / PACK);
}

/** Takes the length out of a packed place. */
export function placeLength(place: number): number {
  return place % PACK;
}

/** Appends records. Rejects when the disk does not take all of them. */
export async function appendRecords(
  file: AnswerFile,
  records: readonly { readonly key: string; readonly record: Buffer }[],
): Promise<void> {
  const bytes = Buffer.concat(records.map(({ record }) => record));
  const { bytesWritten } = await file.handle.write(bytes);
  // A torn record at the end of a full disk is skipped by whoever reads it.
  if (bytesWritten < bytes.length) throw new Error('the disk is full');
  const { size } = await file.handle.stat();
  if (size !== file.scannedTo + bytes.length) {
    // Another process appended, too, before us or behind us.
    await findNewRecords(file);
    return;
  }
  for (const { key, record } of records) {
    enter(file, { key, start: file.scannedTo, length: record.length });
    file.scannedTo += record.length;
  }
}

function enter(file: AnswerFile, { key, start, length }: RecordPlace): void {
  const old = file.index.get(key);
  if (old !== undefined) file.liveBytes -= placeLength(old);
  file.index.set(key, start * PACK + length);
  file.liveBytes += length;
}

/** Finds the records behind those found already, our own and those of other processes. */
export async function findNewRecords(file: AnswerFile): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  for (let size = FIRST_CHUNK_BYTES; ; size = Math.min(size * 2, LAST_CHUNK_BYTES)) {
    const chunk = Buffer.allocUnsafe(size);
    const { bytesRead } = await file.handle.read(chunk, 0, chunk.length, file.scannedTo + rest.length);
    const bytes = rest.length === 0 ? chunk.subarray(0, bytesRead) : Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    const done = scanRecords(bytes, file.scannedTo, bytesRead === 0, (place) => enter(file, place));
    file.scannedTo += done;
    rest = bytes.subarray(done);
    if (bytesRead === 0) return;
  }
}

/** Records this near to each other are read with what lies between them. */
const MAX_GAP_BYTES = 16 * 1024;
const MAX_READ_BYTES = 256 * 1024;

/** Reads the newest records of many keys, those that lie together at once. What is damaged or gone is left out. */
export async function readAnswers({ handle, index }: AnswerFile, keys: readonly string[]): Promise<ReadonlyMap<string, Answer>> {
  const places = keys.flatMap((key) => index.get(key) ?? []).sort((a, b) => a - b);
  const answers = new Map<string, Answer>();
  for (let first = 0; first < places.length;) {
    const start = placeStart(places[first] ?? 0);
    let end = start;
    let next = first;
    for (; next < places.length; next++) {
      const place = places[next] ?? 0;
      const placeEnd = placeStart(place) + placeLength(place);
      if (next > first && (placeStart(place) - end > MAX_GAP_BYTES || placeEnd - start > MAX_READ_BYTES)) break;
      end = placeEnd;
    }
    const bytes = Buffer.allocUnsafe(end - start);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
    for (const place of places.slice(first, next)) {
      const at = placeStart(place) - start;
      if (at + placeLength(place) > bytesRead) break;
      const answer = decodeRecord(bytes.subarray(at, at + placeLength(place)));
      if (answer !== undefined) answers.set(answer.key, answer);
    }
    first = next;
  }
  return answers;
}

/** Tells whether a file is too large, or mostly records that newer ones replaced. */
export function isWasteful(file: AnswerFile, maxBytes: number): boolean {
  return file.scannedTo > maxBytes || (file.scannedTo > maxBytes / 16 && file.liveBytes < file.scannedTo / 4);
}

/** Copies records in their order, leaving out the oldest until the rest fits. */
export async function copyNewest(unsorted: readonly number[], from: FileHandle, to: FileHandle, maxBytes: number): Promise<void> {
  const places = [...unsorted].sort((a, b) => a - b);
  let total = places.reduce((sum, place) => sum + placeLength(place), 0);
  let batch: Buffer[] = [];
  let batched = 0;
  const flush = async () => {
    const bytes = Buffer.concat(batch);
    if ((await to.write(bytes)).bytesWritten < bytes.length) throw new Error('the disk is full');
    batch = [];
    batched = 0;
  };
  for (const place of places) {
    total -= placeLength(place);
    if (total + placeLength(place) > maxBytes) continue;
    const record = Buffer.allocUnsafe(placeLength(place));
    const { bytesRead } = await from.read(record, 0, record.length, placeStart(place));
    if (bytesRead < record.length || decodeRecord(record) === undefined) continue;
    batch.push(record);
    batched += record.length;
    if (batched > COPY_BATCH_BYTES) await flush();
  }
  if (batched > 0) await flush();
}
