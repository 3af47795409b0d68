/** Verifies every signature of a walk on other threads, and none twice. */
import { signatureDigest, verifyInBackground, type SignatureTriple } from '../../domain/signatureCheck';
import type { Narinfo } from '../../domain/narinfo';
import { verifyNarinfo, type NarinfoCheck, type NarinfoQuestion } from '../../domain/verifyNarinfo';
import type { VerifiedSignatures } from '../ports';

interface Pending extends SignatureTriple {
  readonly digest: string;
  /** Which of the signatures of its narinfo it is. */
  readonly index: number;
}

/** Keeps the threads busy, and the memory small. */
const MAX_WAITING = 128;

export class SignatureDesk {
  readonly #remembered: VerifiedSignatures;
  /** What did not verify; what did is in {@link #remembered}. */
  readonly #bad = new Set<string>();
  readonly #underWay = new Map<string, ((verified: boolean) => void)[]>();
  readonly #onRoom: () => void;
  #waiting = 0;
  #closed = false;

  /** @param onRoom Called when {@link full} has become false. */
  constructor(remembered: VerifiedSignatures, onRoom: () => void) {
    this.#remembered = remembered;
    this.#onRoom = onRoom;
  }

  /** So many narinfos wait for their verification that no more should be asked for: caches may answer faster than we verify. */
  get full(): boolean {
    return this.#waiting >= MAX_WAITING;
  }

  /** Checks a narinfo; `done` is called once, at once when nothing is left to verify. Not at all after {@link close}. */
  check(narinfo: Narinfo, question: Omit<NarinfoQuestion, 'verifySignature'>, done: (check: NarinfoCheck) => void): void {
    const verdicts: boolean[] = [];
    const pending: Pending[] = [];
    // As if all that is not known yet were good, which nearly always comes true.
    const hoped = verifyNarinfo(narinfo, {
      ...question,
      verifySignature: (text, signature, key) => {
        const digest = signatureDigest({ text, signature, key });
        const known = this.#remembered.has(digest) ? true : this.#bad.has(digest) ? false : undefined;
        if (known === undefined) pending.push({ text, signature, key, digest, index: verdicts.length });
        verdicts.push(known ?? true);
        return known ?? true;
      },
    });
    if (pending.length === 0) {
      done(hoped);
      return;
    }
    this.#waiting++;
    let left = pending.length;
    let asHoped = true;
    for (const triple of pending) {
      this.#verify(triple, (verified) => {
        verdicts[triple.index] = verified;
        asHoped &&= verified;
        left--;
        if (left > 0) return;
        if (--this.#waiting === MAX_WAITING - 1) this.#onRoom();
        let next = 0;
        done(asHoped ? hoped : verifyNarinfo(narinfo, { ...question, verifySignature: () => verdicts[next++] === true }));
      });
    }
  }

  /** Nothing is answered any more. */
  close(): void {
    this.#closed = true;
    this.#underWay.clear();
  }

  #verify(triple: Pending, done: (verified: boolean) => void): void {
    const waiting = this.#underWay.get(triple.digest);
    if (waiting !== undefined) {
      waiting.push(done);
      return;
    }
    const mine = [done];
    this.#underWay.set(triple.digest, mine);
    verifyInBackground(triple, (verified) => {
      if (this.#closed) return;
      this.#underWay.delete(triple.digest);
      if (verified) this.#remembered.add(triple.digest);
      else this.#bad.add(triple.digest);
      for (const tell of mine) tell(verified);
    });
  }
}
