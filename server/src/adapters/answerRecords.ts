/**
 * How remembered answers lie in a file: records one after another, each with a mark, its length and a checksum, so that they are found
 * again behind a torn or damaged one.
 *
 * ```
 * mark (4) | CRC-32 of all that follows (4) | length of the payload (4) | payload: kind (1), time (8), hash (32 or 0), text
 * ```
 */
import { crc32 } from 'node:zlib';
import type { CacheInfo } from '../domain/nixCacheInfo';
import { parseStorePathHash, type StorePathHash } from '../domain/storePath';
import type { Remembered, StoredNarinfo } from '../engine/ports';

/** Holds bytes that UTF-8 never has: no text of a cache can look like the beginning of a record. */
const MARK = Buffer.from([0xff, 0xf7, 0x46, 0x54]);

const CHECKSUM_AT = 4;
const LENGTH_AT = 8;
const HEADER_BYTES = 12;
const TIME_BYTES = 8;
const HASH_BYTES = 32;

/** Larger payloads are not stored: no answer of a cache is. */
const MAX_PAYLOAD_BYTES = 320 * 1024;

/** The most that one record takes in a file. */
export const MAX_RECORD_BYTES = HEADER_BYTES + MAX_PAYLOAD_BYTES;

const FOUND = 1;
const ABSENT = 2;
const INFO = 3;

/** Under which key `nix-cache-info` is remembered; no store path hash has three characters. */
export const INFO_KEY = 'nci';

/** What a file of answers holds under a store path hash, or under {@link INFO_KEY}. */
export type Answer =
  | { readonly key: StorePathHash; readonly narinfo: Remembered<StoredNarinfo> }
  | { readonly key: typeof INFO_KEY; readonly info: Remembered<CacheInfo> };

/** Where a record lies; `length` with its header. */
export interface RecordPlace {
  readonly key: string;
  readonly start: number;
  readonly length: number;
}

/** Makes the bytes of a record; `undefined` when it is too large. */
export function encodeRecord(answer: Answer): Buffer | undefined {
  const { at } = 'info' in answer ? answer.info : answer.narinfo;
  if ('info' in answer) return encode(INFO, at, '', JSON.stringify(answer.info.value));
  const { value } = answer.narinfo;
  return value.kind === 'found' ? encode(FOUND, at, answer.key, value.text) : encode(ABSENT, at, answer.key, '');
}

function encode(kind: number, at: number, hash: string, text: string): Buffer | undefined {
  const textStart = HEADER_BYTES + 1 + TIME_BYTES + hash.length;
  const length = textStart + Buffer.byteLength(text);
  if (length > MAX_RECORD_BYTES) return undefined;
  const record = Buffer.allocUnsafe(length);
  MARK.copy(record);
  record.writeUInt32LE(length - HEADER_BYTES, LENGTH_AT);
  record.writeUInt8(kind, HEADER_BYTES);
  record.writeDoubleLE(at, HEADER_BYTES + 1);
  record.write(hash, HEADER_BYTES + 1 + TIME_BYTES, 'latin1');
  record.write(text, textStart, 'utf8');
  record.writeUInt32LE(crc32(record.subarray(LENGTH_AT)), CHECKSUM_AT);
  return record;
}

/** Reads one whole record back; `undefined` when it is damaged or says what no version of this file says. */
export function decodeRecord(record: Buffer): Answer | undefined {
  if (wholeRecord(record, 0) !== record.length) return undefined;
  const at = record.readDoubleLE(HEADER_BYTES + 1);
  if (!Number.isFinite(at)) return undefined;
  if (record[HEADER_BYTES] === INFO) {
    const value = parseInfo(record.toString('utf8', HEADER_BYTES + 1 + TIME_BYTES));
    return value === undefined ? undefined : { key: INFO_KEY, info: { value, at } };
  }
  const key = parseStorePathHash(keyAt(record, 0));
  if (key === undefined) return undefined;
  if (record[HEADER_BYTES] === ABSENT) return { key, narinfo: { value: { kind: 'absent' }, at } };
  const text = record.toString('utf8', HEADER_BYTES + 1 + TIME_BYTES + HASH_BYTES);
  return { key, narinfo: { value: { kind: 'found', text }, at } };
}

/**
 * Finds the records in a piece of a file and tells each with its place, `base` being where the piece begins. Returns how many bytes are
 * done with: behind them a record may begin whose end is not there. With `last`, nothing comes behind the piece, so a beginning without
 * an end does not hide whole records behind it.
 */
export function scanRecords(bytes: Buffer, base: number, last: boolean, onRecord: (place: RecordPlace) => void): number {
  let position = 0;
  let unfinished: number | undefined;
  for (;;) {
    const start = bytes.indexOf(MARK, position);
    if (start < 0) return unfinished ?? Math.max(position, bytes.length - (MARK.length - 1));
    const end = wholeRecord(bytes, start);
    if (end === 'unfinished') {
      if (!last) return start;
      unfinished ??= start;
      position = start + 1;
    } else if (end === undefined) {
      position = start + 1;
    } else {
      onRecord({ key: keyAt(bytes, start), start: base + start, length: end - start });
      position = end;
      unfinished = undefined;
    }
  }
}

/** Where the record ends that begins at `start`; `undefined` when none does. */
function wholeRecord(bytes: Buffer, start: number): number | 'unfinished' | undefined {
  if (bytes.length - start < HEADER_BYTES) return 'unfinished';
  if (bytes.compare(MARK, 0, MARK.length, start, start + MARK.length) !== 0) return undefined;
  const payload = bytes.readUInt32LE(start + LENGTH_AT);
  if (payload < 1 + TIME_BYTES || payload > MAX_PAYLOAD_BYTES) return undefined;
  const end = start + HEADER_BYTES + payload;
  if (end > bytes.length) return 'unfinished';
  if (bytes.readUInt32LE(start + CHECKSUM_AT) !== crc32(bytes.subarray(start + LENGTH_AT, end))) return undefined;
  const kind = bytes[start + HEADER_BYTES];
  if (kind === INFO) return end;
  return (kind === FOUND || kind === ABSENT) && payload >= 1 + TIME_BYTES + HASH_BYTES ? end : undefined;
}

function keyAt(bytes: Buffer, start: number): string {
  if (bytes[start + HEADER_BYTES] === INFO) return INFO_KEY;
  const hash = start + HEADER_BYTES + 1 + TIME_BYTES;
  return bytes.toString('latin1', hash, hash + HASH_BYTES);
}

function parseInfo(text: string): CacheInfo | undefined {
  let info: unknown;
  try {
    info = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof info !== 'object' || info === null) return undefined;
  const { storeDir, priority, wantMassQuery } = info as Record<keyof CacheInfo, unknown>;
  if (!Number.isInteger(priority) || typeof wantMassQuery !== 'boolean') return undefined;
  if (storeDir !== undefined && typeof storeDir !== 'string') return undefined;
  return { ...(storeDir !== undefined && { storeDir }), priority: priority as number, wantMassQuery };
}
