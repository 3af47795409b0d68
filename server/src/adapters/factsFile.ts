/**
 * How the facts of a cache lie in a file:
 *
 * ```
 * mark (8) | CRC-32 of all that follows (4) | length of the header (4) | header: JSON | columns, each filled up to a multiple of 8
 * ```
 *
 * The columns are those of `CacheFacts`, in this order: at, narSizes (8 bytes an entry); paths, firstReference, references (4); profileOf (2);
 * then texts in Latin-1: narHashes, and names and voices with a line feed behind each.
 */
import { crc32 } from 'node:zlib';
import type { StorePath } from '../domain/storePath';
import { NAR_HASH_LENGTH, type CacheFacts } from '../domain/cacheFacts';
import type { LogState } from './answerLog';

const MARK = Buffer.from('FT-facts', 'latin1');
const HEAD_BYTES = MARK.length + 8;
/** Changes with the layout. */
const VERSION = 1;

/** What a file holds: facts, and what the file of answers was when they were collected. */
export interface FactsFile {
  readonly facts: CacheFacts;
  readonly log: LogState;
}

interface Header extends Pick<CacheFacts, 'storeDir' | 'info' | 'profiles'> {
  readonly version: number;
  readonly log: LogState;
  readonly rows: number;
  readonly references: number;
  /** Lengths of the texts. */
  readonly names: number;
  readonly voices: number;
}

/** Prints facts. */
export function encodeFacts({ facts, log }: FactsFile): Buffer {
  const { storeDir, info, profiles, paths, at, narSizes, profileOf, firstReference, references, narHashes } = facts;
  const names = facts.names.join('\n');
  const voices = facts.voices.join('\n');
  const header: Header = {
    version: VERSION,
    storeDir,
    ...(info === undefined ? {} : { info }),
    profiles,
    log,
    rows: paths.length,
    references: references.length,
    names: names.length,
    voices: voices.length,
  };
  const headerText = JSON.stringify(header);
  const columns: Uint8Array[] = [];
  const column = (bytes: Uint8Array): void => {
    columns.push(bytes, PADDING.subarray(0, -bytes.length & 7));
  };
  const headerBytes = Buffer.from(headerText, 'utf8');
  column(headerBytes);
  for (const numbers of [at, narSizes, paths, firstReference, references, profileOf])
    column(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  for (const text of [narHashes, names, voices]) column(Buffer.from(text, 'latin1'));
  const body = Buffer.concat(columns);
  const head = Buffer.alloc(HEAD_BYTES);
  MARK.copy(head);
  head.writeUInt32LE(headerBytes.length, MARK.length + 4);
  head.writeUInt32LE(crc32(body, crc32(head.subarray(MARK.length + 4))), MARK.length);
  return Buffer.concat([head, body]);
}

const PADDING = new Uint8Array(8);

/** Reads facts back; `undefined` for anything that is not exactly such a file. */
export function decodeFacts(file: Buffer): FactsFile | undefined {
  // Columns are read where they lie, which only aligned ones can be.
  if (file.length < HEAD_BYTES || file.byteOffset % 8 !== 0 || !file.subarray(0, MARK.length).equals(MARK)) return undefined;
  if (file.readUInt32LE(MARK.length) !== crc32(file.subarray(MARK.length + 4))) return undefined;
  const headerLength = file.readUInt32LE(MARK.length + 4);
  const header = parseHeader(file.toString('utf8', HEAD_BYTES, HEAD_BYTES + headerLength));
  if (header === undefined) return undefined;
  const { rows, references } = header;
  let next = HEAD_BYTES + filledUp(headerLength);
  const start = (bytes: number): number => {
    const here = next;
    next += filledUp(bytes);
    return file.byteOffset + here;
  };
  const buffer = file.buffer as ArrayBuffer;
  const lengths = [rows * 8, rows * 8, rows * 4, (rows + 1) * 4, references * 4, rows * 2, rows * NAR_HASH_LENGTH, header.names];
  if (next + [...lengths, header.voices].reduce((sum, length) => sum + filledUp(length), 0) !== file.length) return undefined;
  const text = (length: number): string => {
    const from = start(length) - file.byteOffset;
    return file.toString('latin1', from, from + length);
  };
  const facts: CacheFacts = {
    storeDir: header.storeDir,
    ...(header.info === undefined ? {} : { info: header.info }),
    profiles: header.profiles,
    at: new Float64Array(buffer, start(rows * 8), rows),
    narSizes: new Float64Array(buffer, start(rows * 8), rows),
    paths: new Uint32Array(buffer, start(rows * 4), rows),
    firstReference: new Uint32Array(buffer, start((rows + 1) * 4), rows + 1),
    references: new Uint32Array(buffer, start(references * 4), references),
    profileOf: new Uint16Array(buffer, start(rows * 2), rows),
    narHashes: text(rows * NAR_HASH_LENGTH),
    names: (header.names === 0 ? [] : text(header.names).split('\n')) as StorePath[],
    voices: text(header.voices).split('\n'),
  };
  return { facts, log: header.log };
}

function filledUp(bytes: number): number {
  return bytes + (-bytes & 7);
}

/** The file is ours and its checksum right, so that this is against other versions and bugs, not against somebody who forges. */
function parseHeader(text: string): Header | undefined {
  let header: Partial<Record<keyof Header, unknown>>;
  try {
    header = JSON.parse(text) as typeof header;
  } catch {
    return undefined;
  }
  const counts = [header.rows, header.references, header.names, header.voices];
  const good =
    header.version === VERSION &&
    typeof header.storeDir === 'string' &&
    Array.isArray(header.profiles) &&
    typeof header.log === 'object' &&
    counts.every((count) => Number.isSafeInteger(count) && (count as number) >= 0);
  return good ? (header as Header) : undefined;
}
