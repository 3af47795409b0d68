/** Verifies every signature of a walk on other threads, and none twice. */
import { signatureDigest, type SignatureTriple } from '../../domain/signatureCheck';
import type { Narinfo } from '../../domain/narinfo';
import { verifyNarinfo, type NarinfoCheck, type NarinfoQuestion } from '../../domain/verifyNarinfo';
import type { SignatureVerifier, VerifiedSignature, VerifiedSignatures } from '../ports';

/** A signature of one path, and what became of it. */
interface Seen {
  readonly triple: SignatureTriple;
  /** Where there is something to compare it with. */
  readonly digest: string | undefined;
  /** Absent while it is verified. */
  verdict: boolean | undefined;
  /** Called with the verdict. */
  readonly waiting: ((verified: boolean) => void)[];
}

interface Pending {
  readonly seen: Seen;
  /** Which of the signatures of its narinfo it is. */
  readonly index: number;
}

/** What is asked of a narinfo, all of it. */
export type DeskQuestion = Required<Pick<NarinfoQuestion, 'asked' | 'trusted' | 'requireSignatures' | 'storeDir'>>;

export interface SignatureDeskOptions {
  readonly remembered: VerifiedSignatures;
  readonly verifier: SignatureVerifier;
  /** Whether one signature may come more than once: several caches serve the same. */
  readonly repeats: boolean;
  /** Called when {@link SignatureDesk.full} has become false. */
  readonly onRoom: () => void;
}

/** Keeps the threads busy, and the memory small. */
const MAX_WAITING = 256;

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
    return this.#waiting >= MAX_WAITING;
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
    const verdicts: boolean[] = [];
    const pending: Pending[] = [];
    // As if all that is not known yet were good, which nearly always comes true.
    const hoped = verifyNarinfo(narinfo, {
      // One by one: there is nothing slower here than a spread.
      asked,
      trusted,
      requireSignatures,
      storeDir,
      verifySignature: (text, signature, key) => {
        const seen = this.#look(path, { text, signature, key });
        if (seen.verdict === undefined) pending.push({ seen, index: verdicts.length });
        verdicts.push(seen.verdict ?? true);
        return seen.verdict ?? true;
      },
    });
    if (pending.length === 0) {
      done(hoped);
      return;
    }
    this.#waiting++;
    let left = pending.length;
    let asHoped = true;
    for (const { seen, index } of pending) {
      this.#await(seen, (verified) => {
        verdicts[index] = verified;
        asHoped &&= verified;
        left--;
        if (left > 0) return;
        if (--this.#waiting === MAX_WAITING - 1) this.#options.onRoom();
        if (asHoped) {
          done(hoped);
          return;
        }
        let next = 0;
        const verifySignature = (): boolean => verdicts[next++] === true;
        done(verifyNarinfo(narinfo, { asked, trusted, requireSignatures, storeDir, verifySignature }));
      });
    }
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
    const seen: Seen = { triple, digest, verdict, waiting: [] };
    if (others !== undefined) others.push(seen);
    else if (repeats) this.#seen.set(path, [seen]);
    return seen;
  }

  #await(seen: Seen, done: (verified: boolean) => void): void {
    if (seen.waiting.push(done) > 1) return;
    this.#options.verifier.verify(seen.triple, ({ verified, digest = seen.digest }: VerifiedSignature) => {
      if (this.#closed) return;
      seen.verdict = verified;
      if (verified && digest !== undefined) this.#options.remembered.add(digest);
      // Taken out, since each of them holds a narinfo.
      for (const tell of seen.waiting.splice(0)) tell(verified);
    });
  }
}

function isSame(one: SignatureTriple, other: SignatureTriple): boolean {
  return one.key === other.key && Buffer.compare(one.signature, other.signature) === 0 && one.text === other.text;
}
