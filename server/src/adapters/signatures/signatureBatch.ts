/** Many signatures as one message to a worker: one message for each would cost as much as half a verification. */
import type { SignatureTriple } from '../../domain/signatureCheck';

/** What a worker is started with. */
export interface SignatureWorkerData {
  /** It lets other threads go first. */
  readonly background: boolean;
}

/**
 * What a worker is sent. `bytes` holds, for each triple: the number of its key (2 bytes), the length of its text (4), the signature (64), the text in
 * UTF-8. All numbers are little-endian.
 */
export interface BatchMessage {
  readonly count: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Keys, `name:base64`, that no earlier message to this worker had; they get the next numbers. */
  readonly newKeys: readonly string[];
  /** Whether digests are wanted, see `signatureDigest`. */
  readonly digests: boolean;
}

/** What it answers, in the order of the batch. */
export interface BatchAnswer {
  /** The buffer of the batch, given back to be used again. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** 1 for each signature that verified, else 0. */
  readonly verdicts: Uint8Array;
  /** Of those that verified, where they were wanted; else empty. */
  readonly digests: readonly string[];
}

const HEAD_BYTES = 2 + 4 + 64;
/** Room for most batches. */
const FIRST_BYTES = 64 * 1024;

/** Collects triples. */
export class BatchWriter {
  /** Buffers that came back: a new one for each batch would cost more than writing it. */
  readonly #spare: Buffer<ArrayBuffer>[] = [];
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add({ text, signature }: SignatureTriple, keyNumber: number): void {
    // A character of UTF-16 takes three bytes of UTF-8 at most.
    this.#grow(this.#length + HEAD_BYTES + text.length * 3);
    const start = this.#length;
    const textBytes = this.#bytes.write(text, start + HEAD_BYTES, 'utf8');
    this.#bytes.writeUInt16LE(keyNumber, start);
    this.#bytes.writeUInt32LE(textBytes, start + 2);
    this.#bytes.set(signature, start + 6);
    this.#length = start + HEAD_BYTES + textBytes;
    this.#count++;
  }

  /** Gives away what was collected, in a buffer of its own that may be transferred, and begins anew. */
  take(): { readonly count: number; readonly bytes: Uint8Array<ArrayBuffer> } {
    const taken = { count: this.#count, bytes: this.#bytes };
    this.#bytes = this.#spare.pop() ?? Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.#length = 0;
    this.#count = 0;
    return taken;
  }

  /** Takes a buffer back. */
  giveBack({ buffer }: Uint8Array<ArrayBuffer>): void {
    this.#spare.push(Buffer.from(buffer));
  }

  #grow(needed: number): void {
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Reads a batch back, one triple after another. `text` and `signature` are parts of `bytes`. */
export function readBatch(
  { count, bytes }: Pick<BatchMessage, 'count' | 'bytes'>,
  take: (keyNumber: number, signature: Buffer, text: Buffer, index: number) => void,
): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const end = at + HEAD_BYTES + buffer.readUInt32LE(at + 2);
    take(buffer.readUInt16LE(at), buffer.subarray(at + 6, at + HEAD_BYTES), buffer.subarray(at + HEAD_BYTES, end), index);
    at = end;
  }
}
