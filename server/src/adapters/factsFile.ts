/**
 * How the facts of a cache lie in a file:
 *
 * ```
 * mark (8) | length of the header (4) | nothing (4) | header: JSON | columns | CRC-32 of all before (4)
 * ```
 *
 * Header and columns are each filled up to a multiple of 8. The columns are those of `CacheFacts`, in this order: at, narSizes (8 bytes an
 * entry); paths, firstReference, references (4); profileOf (2); then texts in Latin-1: narHashes, and names and voices with a line feed behind each.
 */
import { crc32 } from 'node:zlib';
import { NAR_HASH_LENGTH, type CacheFacts } from '../domain/cacheFacts';
import type { StorePath } from '../domain/storePath';
import { Slices } from '../util/inSlices';
import type { LogState } from './answerLog';

const MARK = Buffer.from('FT-facts', 'latin1');
const HEAD_BYTES = MARK.length + 8;
const CHECKSUM_BYTES = 4;
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

/** So many bytes, or about so many, make a piece. */
const PIECE_BYTES = 128 * 1024;

/** Prints facts, piece by piece: whoever writes them lets others go first between two. */
export function* encodeFacts(file: FactsFile): Generator<Uint8Array> {
  let checksum = 0;
  for (const piece of uncheckedPieces(file)) {
    checksum = crc32(piece, checksum);
    yield piece;
  }
  const end = Buffer.alloc(CHECKSUM_BYTES);
  end.writeUInt32LE(checksum);
  yield end;
}

function* uncheckedPieces({ facts, log }: FactsFile): Generator<Uint8Array> {
  const { storeDir, info, profiles, paths, at, narSizes, profileOf, firstReference, references, narHashes } = facts;
  const header: Header = {
    version: VERSION,
    storeDir,
    ...(info === undefined ? {} : { info }),
    profiles,
    log,
    rows: paths.length,
    references: references.length,
    names: linesLength(facts.names),
    voices: linesLength(facts.voices),
  };
  const headerBytes = Buffer.from(JSON.stringify(header), 'utf8');
  const head = Buffer.alloc(HEAD_BYTES);
  MARK.copy(head);
  head.writeUInt32LE(headerBytes.length, MARK.length);
  yield head;
  yield* filled([headerBytes]);
  for (const numbers of [at, narSizes, paths, firstReference, references, profileOf])
    yield* filled(piecesOf(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)));
  yield* filled(piecesOf(Buffer.from(narHashes, 'latin1')));
  yield* filled(lines(facts.names));
  yield* filled(lines(facts.voices));
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) yield bytes.subarray(start, start + PIECE_BYTES);
}

function* lines(texts: readonly string[]): Generator<Uint8Array> {
  let piece = '';
  for (const text of texts) {
    piece += `${text}\n`;
    if (piece.length < PIECE_BYTES) continue;
    yield Buffer.from(piece, 'latin1');
    piece = '';
  }
  yield Buffer.from(piece, 'latin1');
}

function linesLength(texts: readonly string[]): number {
  let length = texts.length;
  for (const text of texts) length += text.length;
  return length;
}

const PADDING = new Uint8Array(8);

function* filled(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  let length = 0;
  for (const piece of pieces) {
    length += piece.length;
    yield piece;
  }
  yield PADDING.subarray(0, -length & 7);
}

/** Reads facts back, with pauses; `undefined` for anything that is not exactly such a file. */
export async function decodeFacts(file: Buffer): Promise<FactsFile | undefined> {
  // Columns are read where they lie, which only aligned ones can be.
  if (file.length < HEAD_BYTES + CHECKSUM_BYTES || file.byteOffset % 8 !== 0) return undefined;
  if (!file.subarray(0, MARK.length).equals(MARK)) return undefined;
  const slices = new Slices();
  const body = file.subarray(0, file.length - CHECKSUM_BYTES);
  let checksum = 0;
  for (const piece of piecesOf(body)) {
    checksum = crc32(piece, checksum);
    if (slices.due) await slices.pause();
  }
  if (file.readUInt32LE(body.length) !== checksum) return undefined;
  const headerLength = file.readUInt32LE(MARK.length);
  const header = parseHeader(file.toString('utf8', HEAD_BYTES, HEAD_BYTES + headerLength));
  if (header === undefined) return undefined;
  const { rows, references } = header;
  let next = HEAD_BYTES + filledUp(headerLength);
  const start = (bytes: number): number => {
    const here = next;
    next += filledUp(bytes);
    return here;
  };
  const lengths = [rows * 8, rows * 8, rows * 4, (rows + 1) * 4, references * 4, rows * 2, rows * NAR_HASH_LENGTH];
  const all = [...lengths, header.names, header.voices].reduce((sum, length) => sum + filledUp(length), next);
  if (all !== body.length) return undefined;
  const buffer = file.buffer as ArrayBuffer;
  const column = (bytes: number): number => file.byteOffset + start(bytes);
  const text = (length: number): string => {
    const from = start(length);
    return file.toString('latin1', from, from + length);
  };
  const facts = {
    storeDir: header.storeDir,
    ...(header.info === undefined ? {} : { info: header.info }),
    profiles: header.profiles,
    at: new Float64Array(buffer, column(rows * 8), rows),
    narSizes: new Float64Array(buffer, column(rows * 8), rows),
    paths: new Uint32Array(buffer, column(rows * 4), rows),
    firstReference: new Uint32Array(buffer, column((rows + 1) * 4), rows + 1),
    references: new Uint32Array(buffer, column(references * 4), references),
    profileOf: new Uint16Array(buffer, column(rows * 2), rows),
    narHashes: text(rows * NAR_HASH_LENGTH),
    names: (await split(text(header.names), slices)) as readonly StorePath[],
    voices: await split(text(header.voices), slices),
  };
  return { facts, log: header.log };
}

async function split(text: string, slices: Slices): Promise<readonly string[]> {
  const found: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start);
    if (end < 0) break;
    found.push(text.slice(start, end));
    start = end + 1;
    if (found.length % 256 === 0 && slices.due) await slices.pause();
  }
  return found;
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
