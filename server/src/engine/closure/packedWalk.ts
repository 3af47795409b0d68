/**
 * A walk as columns of bytes and numbers: it goes from one thread to another without being copied, takes a fraction of the memory that objects do, and
 * is no work for a collector of garbage. Whoever reads it gets an answer when asking for one.
 */
import { NAR_HASH_LENGTH } from '../../domain/cacheFacts';
import type { NarHash } from '../../domain/hash';
import type { StorePath } from '../../domain/storePath';
import { Slices } from '../../util/inSlices';
import { omit } from '../../util/omit';
import { ValueTable } from '../../util/valueTable';
import type { Failure } from '../answerMemory';
import type { ConfiguredCache } from '../trustConfiguration';
import type { Answer, Check, FoundAnswer } from './answers';
import type { Walked } from './walk';
import type { WalkedCache } from './walkedCache';

type Bytes = Uint8Array<ArrayBuffer>;

export interface PackedWalk {
  /** All paths, each followed by a line feed. */
  readonly paths: Bytes;
  readonly count: number;
  readonly roots: Int32Array<ArrayBuffer>;
  readonly also: Int32Array<ArrayBuffer>;
  /** By path: 1 where it was visited to the end. */
  readonly done: Bytes;
  /** In the order in which Nix would ask. */
  readonly caches: readonly PackedCache[];
  /** Every different one. */
  readonly checks: readonly Check[];
  readonly limit: Walked['limit'];
  readonly cancelled: boolean;
}

/** A cache without its configuration, which the reader has. */
export interface PackedCache extends Omit<WalkedCache, 'cache'> {
  readonly answers: PackedAnswers;
}

/** The answers of one cache, by path. All numbers are 0 where they mean nothing. */
export interface PackedAnswers {
  /** Places in {@link KINDS}. */
  readonly kinds: Bytes;
  /** Milliseconds since 1970. */
  readonly at: Float64Array<ArrayBuffer>;
  readonly narSizes: Float64Array<ArrayBuffer>;
  /** Each of {@link NAR_HASH_LENGTH} characters. */
  readonly narHashes: Bytes;
  /** Where the references of each path begin; one more than paths. */
  readonly firstReference: Uint32Array<ArrayBuffer>;
  readonly references: Int32Array<ArrayBuffer>;
  /** Where the voices of each path begin, in bytes; one more than paths. */
  readonly firstVoice: Uint32Array<ArrayBuffer>;
  /** Each followed by a line feed, which none contains: it is part of a line. UTF-8. */
  readonly voices: Bytes;
  /** 1 + the place in the walk's checks. */
  readonly checks: Uint32Array<ArrayBuffer>;
  /** 1 + the place in {@link failures} for one that failed, else in {@link reasons}: why it is outdated, or was not asked for. */
  readonly notes: Uint32Array<ArrayBuffer>;
  readonly failures: readonly Failure[];
  readonly reasons: readonly string[];
}

const KINDS = ['none', 'found', 'absent', 'failed', 'not-asked'] as const;
const [, FOUND, ABSENT, FAILED, NOT_ASKED] = [0, 1, 2, 3, 4];

/** Packs a walk. */
export function packWalk({ lanes, roots, also, paths, answersOf, limit, cancelled }: Walked): PackedWalk {
  const count = paths.length;
  const done = new Uint8Array(count);
  const checks = new ValueTable<Check>((check) => check);
  const packers = lanes.map(() => new AnswerPacker(count, checks));
  for (let path = 0; path < count; path++) {
    const answers = answersOf(path);
    if (answers !== undefined) done[path] = 1;
    for (const [order, packer] of packers.entries()) packer.add(path, answers?.[order]);
  }
  return {
    paths: lines(paths, 'latin1'),
    count,
    roots: Int32Array.from(roots),
    also: Int32Array.from(also),
    done,
    caches: lanes.map(({ url, order, priority, info, failure, refusal, found, changed }, place) => {
      // A lane stands at its place in the order.
      const answers = packers[place]?.finish() ?? new AnswerPacker(0, checks).finish();
      return { url, order, priority, info, failure, refusal, found, changed, answers };
    }),
    checks: checks.values,
    limit,
    cancelled,
  };
}

/** The buffers of a packed walk: they may be given to another thread instead of being copied. */
export function buffersOf({ paths, roots, also, done, caches }: PackedWalk): ArrayBuffer[] {
  const columns = caches.flatMap(({ answers }) => Object.values(answers) as unknown[]);
  return [paths, roots, also, done, ...columns].flatMap((column) =>
    ArrayBuffer.isView(column) ? [column.buffer] : [],
  ) as ArrayBuffer[];
}

/** Makes a packed walk readable, with pauses. `configured` are the caches that it was asked about. */
export async function readPackedWalk(packed: PackedWalk, configured: readonly ConfiguredCache[]): Promise<Walked> {
  const { roots, also, done, caches, checks, limit, cancelled } = packed;
  const lanes = caches.map((packedCache) => {
    const cache = configured.find(({ substituter }) => substituter.url === packedCache.url);
    if (cache === undefined) throw new Error('a walk names a cache that it was not asked about');
    return { ...omit(packedCache, ['answers']), cache };
  });
  const columns = caches.map(({ answers }) => new AnswerColumns(answers, checks));
  return {
    lanes,
    roots: [...roots],
    also: [...also],
    paths: await readPaths(packed),
    answersOf: (path) => (done[path] === 1 ? columns.map((column) => column.at(path)) : undefined),
    ...(limit === undefined ? {} : { limit }),
    cancelled,
  };
}

/** So many bytes of paths are read in one go: about a thousand paths. */
const PATHS_AT_ONCE = 64 * 1024;

async function readPaths({ paths, count }: PackedWalk): Promise<readonly StorePath[]> {
  const slices = new Slices();
  const bytes = bufferOf(paths);
  const all: StorePath[] = [];
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(0x0a, Math.min(from + PATHS_AT_ONCE, bytes.length - 1)) + 1;
    const block = bytes.toString('latin1', from, end - 1).split('\n') as StorePath[];
    for (const path of block) all.push(path);
    from = end;
    if (slices.due) await slices.pause();
  }
  if (all.length !== count) throw new RangeError(`a walk of ${count} paths names ${all.length}`);
  return all;
}

class AnswerPacker {
  readonly #kinds: Bytes;
  readonly #at: Float64Array<ArrayBuffer>;
  readonly #narSizes: Float64Array<ArrayBuffer>;
  readonly #narHashes: Buffer<ArrayBuffer>;
  readonly #firstReference: Uint32Array<ArrayBuffer>;
  readonly #references: number[] = [];
  readonly #firstVoice: Uint32Array<ArrayBuffer>;
  readonly #voices: string[] = [];
  #voiceBytes = 0;
  readonly #checks: Uint32Array<ArrayBuffer>;
  readonly #notes: Uint32Array<ArrayBuffer>;
  readonly #checkTable: ValueTable<Check>;
  readonly #failures = new ValueTable<Failure>(({ kind, reason }) => `${kind} ${reason}`);
  readonly #reasons = new ValueTable<string>((reason) => reason);

  constructor(count: number, checkTable: ValueTable<Check>) {
    this.#kinds = new Uint8Array(count);
    this.#at = new Float64Array(count);
    this.#narSizes = new Float64Array(count);
    this.#narHashes = zeroed(count * NAR_HASH_LENGTH);
    this.#firstReference = new Uint32Array(count + 1);
    this.#firstVoice = new Uint32Array(count + 1);
    this.#checks = new Uint32Array(count);
    this.#notes = new Uint32Array(count);
    this.#checkTable = checkTable;
  }

  /** Adds the answer about the next path. */
  add(path: number, answer: Answer | undefined): void {
    if (answer !== undefined) this.#add(path, answer);
    this.#firstReference[path + 1] = this.#references.length;
    this.#firstVoice[path + 1] = this.#voiceBytes;
  }

  finish(): PackedAnswers {
    return {
      kinds: this.#kinds,
      at: this.#at,
      narSizes: this.#narSizes,
      narHashes: this.#narHashes,
      firstReference: this.#firstReference,
      references: Int32Array.from(this.#references),
      firstVoice: this.#firstVoice,
      voices: lines(this.#voices, 'utf8'),
      checks: this.#checks,
      notes: this.#notes,
      failures: this.#failures.values,
      reasons: this.#reasons.values,
    };
  }

  #add(path: number, answer: Answer): void {
    this.#kinds[path] = KINDS.indexOf(answer.kind);
    switch (answer.kind) {
      case 'found':
        this.#at[path] = answer.at;
        this.#addFound(path, answer);
        break;
      case 'absent':
        this.#at[path] = answer.at;
        break;
      case 'failed':
        this.#at[path] = answer.at;
        this.#notes[path] = this.#failures.placeOf(answer.failure) + 1;
        break;
      case 'not-asked':
        this.#notes[path] = this.#reasons.placeOf(answer.reason) + 1;
        break;
    }
  }

  #addFound(path: number, { narHash, narSize, references, voices, outdated, check }: FoundAnswer): void {
    this.#narSizes[path] = narSize;
    this.#narHashes.write(narHash, path * NAR_HASH_LENGTH, NAR_HASH_LENGTH, 'latin1');
    for (const reference of references) this.#references.push(reference);
    for (const voice of voices) {
      this.#voices.push(voice);
      this.#voiceBytes += Buffer.byteLength(voice) + 1;
    }
    if (check !== undefined) this.#checks[path] = this.#checkTable.placeOf(check) + 1;
    if (outdated !== undefined) this.#notes[path] = this.#reasons.placeOf(outdated) + 1;
  }
}

/** The answers of one cache, each made when it is asked for. */
class AnswerColumns {
  readonly columns: PackedAnswers;
  readonly narHashes: Buffer;
  readonly voices: Buffer;
  readonly checks: readonly Check[];

  constructor(columns: PackedAnswers, checks: readonly Check[]) {
    this.columns = columns;
    this.narHashes = bufferOf(columns.narHashes);
    this.voices = bufferOf(columns.voices);
    this.checks = checks;
  }

  at(path: number): Answer | undefined {
    const { kinds, at, notes, failures, reasons } = this.columns;
    const note = (notes[path] ?? 0) - 1;
    switch (kinds[path] ?? 0) {
      case FOUND:
        return new PackedAnswer(this, path);
      case ABSENT:
        return { kind: 'absent', at: at[path] ?? 0 };
      case FAILED:
        return { kind: 'failed', at: at[path] ?? 0, failure: failures[note] ?? UNKNOWN_FAILURE };
      case NOT_ASKED:
        return { kind: 'not-asked', reason: reasons[note] ?? '' };
      default:
        return undefined;
    }
  }
}

/** Never seen: every failure has its note. */
const UNKNOWN_FAILURE: Failure = { kind: 'malformed', reason: 'unknown' };

/** A found answer whose parts are read when they are asked for: most readers want one or two of them. */
class PackedAnswer implements FoundAnswer {
  readonly kind = 'found';
  readonly #from: AnswerColumns;
  readonly #path: number;

  constructor(from: AnswerColumns, path: number) {
    this.#from = from;
    this.#path = path;
  }

  get at(): number {
    return this.#from.columns.at[this.#path] ?? 0;
  }

  get narHash(): NarHash {
    const start = this.#path * NAR_HASH_LENGTH;
    return this.#from.narHashes.toString('latin1', start, start + NAR_HASH_LENGTH) as NarHash;
  }

  get narSize(): number {
    return this.#from.columns.narSizes[this.#path] ?? 0;
  }

  get references(): readonly number[] {
    const { firstReference, references } = this.#from.columns;
    return [...references.subarray(firstReference[this.#path], firstReference[this.#path + 1])];
  }

  get voices(): readonly string[] {
    const { firstVoice } = this.#from.columns;
    const text = this.#from.voices.toString('utf8', firstVoice[this.#path], firstVoice[this.#path + 1]);
    return text === '' ? [] : text.slice(0, -1).split('\n');
  }

  get outdated(): string | undefined {
    return this.#from.columns.reasons[(this.#from.columns.notes[this.#path] ?? 0) - 1];
  }

  get check(): Check | undefined {
    return this.#from.checks[(this.#from.columns.checks[this.#path] ?? 0) - 1];
  }
}

function lines(texts: readonly string[], encoding: 'latin1' | 'utf8'): Bytes {
  const text = texts.length === 0 ? '' : `${texts.join('\n')}\n`;
  const bytes = zeroed(Buffer.byteLength(text, encoding));
  bytes.write(text, encoding);
  return bytes;
}

/** A buffer of its own: a small one of `Buffer.alloc` may share its memory with others, which would go to the other thread as well. */
function zeroed(length: number): Buffer<ArrayBuffer> {
  return Buffer.from(new ArrayBuffer(length));
}

function bufferOf({ buffer, byteOffset, byteLength }: Bytes): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
