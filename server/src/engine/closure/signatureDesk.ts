/** Verifies every signature of a walk on other threads, and none twice. */
import { signatureDigest, type SignatureTriple } from '../../domain/signatureCheck';
import type { Narinfo } from '../../domain/narinfo';
import { verifyNarinfo, type NarinfoCheck, type NarinfoQuestion } from '../../domain/verifyNarinfo';
import type { SignatureVerifier, VerifiedSignature, VerifiedSignatures } from '../ports';

/** A signature of one path, and what became of it. */
class Seen {
  readonly triple: SignatureTriple;
  /** Where there is something to compare it with. */
  readonly digest: string | undefined;
  /** Absent while it is verified. */
  verdict: boolean | undefined;
  /** Called when there is a verdict. */
  waiting: (() => void)[] | undefined;

  constructor(triple: SignatureTriple, digest: string | undefined, verdict: boolean | undefined) {
    this.triple = triple;
    this.digest = digest;
    this.verdict = verdict;
  }
}

const NONE: readonly Seen[] = [];

/** What is asked of a narinfo, all of it. */
export type DeskQuestion = Required<Pick<NarinfoQuestion, 'asked' | 'trusted' | 'requireSignatures' | 'storeDir'>>;

export interface SignatureDeskOptions {
  readonly remembered: VerifiedSignatures;
  readonly verifier: SignatureVerifier;
  /** Whether one signature may come more than once: several caches serve the same. */
  readonly repeats: boolean;
  /** With so many narinfos that wait for their verification it is {@link SignatureDesk.full}. */
  readonly maxWaiting: number;
  /** Called when {@link SignatureDesk.full} has become false. */
  readonly onRoom: () => void;
}

export class SignatureDesk {
  readonly #options: SignatureDeskOptions;
  /** Nothing to compare with is nothing to make digests for: they cost a tenth of a verification. */
  #recalls: boolean | undefined;
  /** By number of the path, until it ends. A signature covers its path, so that it can come again only for the same one. */
  readonly #seen = new Map<number, Seen[]>();
  #waiting = 0;
  #closed = false;

  constructor(options: SignatureDeskOptions) {
    this.#options = options;
  }

  /** So many narinfos wait for their verification that no more should be asked for: caches may answer faster than we verify. */
  get full(): boolean {
    return this.#waiting >= this.#options.maxWaiting;
  }

  /**
   * Checks a narinfo of the path with that number; `done` is called once, at once when nothing is left to verify. Not at all after {@link close}.
   */
  check(
    path: number,
    narinfo: Narinfo,
    { asked, trusted, requireSignatures, storeDir }: DeskQuestion,
    done: (check: NarinfoCheck) => void,
  ): void {
    // Replaced and not added to: there is nearly always one, and a list made by `push` has room for seventeen.
    let asking: readonly Seen[] = NONE;
    // As if all that is not known yet were good, which nearly always comes true.
    const hoped = verifyNarinfo(narinfo, {
      // One by one: nothing here is slower than a spread.
      asked,
      trusted,
      requireSignatures,
      storeDir,
      verifySignature: (text, signature, key) => {
        const seen = this.#look(path, { text, signature, key });
        asking = asking.length === 0 ? [seen] : [...asking, seen];
        return seen.verdict ?? true;
      },
    });
    const waitedFor = asking.filter(({ verdict }) => verdict === undefined);
    let left = waitedFor.length;
    if (left === 0) {
      done(hoped);
      return;
    }
    this.#waiting++;
    const settle = (): void => {
      if (--left > 0) return;
      if (--this.#waiting === this.#options.maxWaiting - 1) this.#options.onRoom();
      if (asking.every(({ verdict }) => verdict === true)) {
        done(hoped);
        return;
      }
      let next = 0;
      const verifySignature = (): boolean => asking[next++]?.verdict === true;
      done(verifyNarinfo(narinfo, { asked, trusted, requireSignatures, storeDir, verifySignature }));
    };
    for (const seen of waitedFor) this.#await(seen, settle);
  }

  /** Every cache that is asked for the path has answered: its signatures do not come again. */
  end(path: number): void {
    this.#seen.delete(path);
  }

  /** Nothing is answered any more. */
  close(): void {
    this.#closed = true;
    this.#seen.clear();
    this.#options.verifier.close();
  }

  /** What is known of a signature. */
  #look(path: number, triple: SignatureTriple): Seen {
    const { remembered, repeats } = this.#options;
    const others = repeats ? this.#seen.get(path) : undefined;
    const same = others?.find((other) => isSame(other.triple, triple));
    if (same !== undefined) return same;
    const digest = (this.#recalls ??= !remembered.empty) ? signatureDigest(triple) : undefined;
    const verdict = digest !== undefined && remembered.has(digest) ? true : undefined;
    const seen = new Seen(triple, digest, verdict);
    if (others !== undefined) others.push(seen);
    else if (repeats) this.#seen.set(path, [seen]);
    return seen;
  }

  #await(seen: Seen, done: () => void): void {
    if (seen.waiting !== undefined) {
      seen.waiting.push(done);
      return;
    }
    seen.waiting = [done];
    this.#options.verifier.verify(seen.triple, ({ verified, digest = seen.digest }: VerifiedSignature) => {
      if (this.#closed) return;
      seen.verdict = verified;
      if (verified && digest !== undefined) this.#options.remembered.add(digest);
      // Taken out, since each of them holds a narinfo.
      const { waiting = [] } = seen;
      seen.waiting = undefined;
      for (const tell of waiting) tell();
    });
  }
}

function isSame(one: SignatureTriple, other: SignatureTriple): boolean {
  return one.key === other.key && Buffer.compare(one.signature, other.signature) === 0 && one.text === other.text;
}
