/** Other organisations' records: fetched on command, taken only as they were locked, and changed only when the user asks to see what changed. */
import { sha256Of } from '../../domain/digest';
import { canonicalRecord, recordId } from '../../domain/vetting/canonical';
import { copyDigest, type ImportEntry } from '../../domain/vetting/importsLock';
import { printInstant } from '../../domain/vetting/instant';
import { readJsonc } from '../../domain/vetting/jsonc';
import { readRecords } from '../../domain/vetting/records';
import type { JsonObject } from '../../domain/vetting/shape';
import type { VettingRecord } from '../../domain/vetting/types';

/** Records of another organisation are no larger than ours may be. */
export const MAX_IMPORT_BYTES = 32 * 1024 * 1024;

/** More than anybody has written; beyond it, every check would be slow. */
const MAX_IMPORT_RECORDS = 100_000;

export type ImportedDocument =
  | { readonly kind: 'read'; readonly entry: ImportEntry; readonly records: readonly VettingRecord[] }
  | { readonly kind: 'refused'; readonly reason: string };

/** Reads a document as it came. Refused as a whole where anything in it is not understood: half of somebody's revocations would be worse than none. */
export function readImport(text: string, from: string, now: number): ImportedDocument {
  const read = readRecords(text);
  const [problem] = read.problems;
  if (problem !== undefined) return { kind: 'refused', reason: problem.message };
  if (read.records.length > MAX_IMPORT_RECORDS)
    return { kind: 'refused', reason: `it has more than ${MAX_IMPORT_RECORDS} records` };
  const json = readJsonc(text);
  const records = json.kind === 'read' ? (json.value as { readonly records: readonly JsonObject[] }).records : [];
  // In order of their ids, so that the copy does not change when only the order did.
  const sorted = records
    .map((record) => ({ record, id: recordId(canonicalRecord(record)) }))
    .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    .map(({ record, id }) => ({ id, ...record }));
  return {
    kind: 'read',
    records: read.records,
    entry: {
      from,
      digest: `sha256-${sha256Of(text, 'base64')}`,
      fetched: printInstant(now),
      copyDigest: copyDigest(sorted),
      records: sorted,
    },
  };
}

/** What a new copy brings and takes away. */
export interface ImportChange {
  readonly added: readonly VettingRecord[];
  readonly removed: readonly VettingRecord[];
}

/** Compares two copies by the ids of their records. */
export function importChange(before: readonly VettingRecord[], after: readonly VettingRecord[]): ImportChange {
  const [old, fresh] = [new Set(before.map(({ id }) => id)), new Set(after.map(({ id }) => id))];
  return { added: after.filter(({ id }) => !old.has(id)), removed: before.filter(({ id }) => !fresh.has(id)) };
}
