/** Verifies every signature of a walk on other threads, and none twice. */
import { signatureDigest, type SignatureTriple } from '../../domain/signatureCheck';
import type { Narinfo } from '../../domain/narinfo';
import { verifyNarinfo, type NarinfoCheck, type NarinfoQuestion } from '../../domain/verifyNarinfo';
import type { SignatureVerifier, VerifiedSignature, VerifiedSignatures } from '../ports';

interface Pending {
  readonly triple: SignatureTriple;
  /** Where there is something to compare it with. */
  readonly digest: string | undefined;
  /** Which of the signatures of its narinfo it is. */
  readonly index: number;
}

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
  /** What did not verify; what did is in {@link VerifiedSignatures}. */
  readonly #bad = new Set<string>();
  readonly #underWay = new Map<string, ((verified: boolean) => void)[]>();
  #waiting = 0;
  #closed = false;

  constructor(options: SignatureDeskOptions) {
    this.#options = options;
  }

  /** So many narinfos wait for their verification that no more should be asked for: caches may answer faster than we verify. */
  get full(): boolean {
    return this.#waiting >= MAX_WAITING;
  }

  /** Checks a narinfo; `done` is called once, at once when nothing is left to verify. Not at all after {@link close}. */
  check(narinfo: Narinfo, question: Omit<NarinfoQuestion, 'verifySignature'>, done: (check: NarinfoCheck) => void): void {
    const recalls = (this.#recalls ??= this.#options.repeats || !this.#options.remembered.empty);
    const verdicts: boolean[] = [];
    const pending: Pending[] = [];
    // As if all that is not known yet were good, which nearly always comes true.
    const hoped = verifyNarinfo(narinfo, {
      ...question,
      verifySignature: (text, signature, key) => {
        const triple = { text, signature, key };
        const digest = recalls ? signatureDigest(triple) : undefined;
        const known = digest === undefined ? undefined : this.#known(digest);
        if (known === undefined) pending.push({ triple, digest, index: verdicts.length });
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
    for (const { triple, digest, index } of pending) {
      this.#verify(triple, digest, (verified) => {
        verdicts[index] = verified;
        asHoped &&= verified;
        left--;
        if (left > 0) return;
        if (--this.#waiting === MAX_WAITING - 1) this.#options.onRoom();
        let next = 0;
        done(asHoped ? hoped : verifyNarinfo(narinfo, { ...question, verifySignature: () => verdicts[next++] === true }));
      });
    }
  }

  /** Nothing is answered any more. */
  close(): void {
    this.#closed = true;
    this.#underWay.clear();
    this.#options.verifier.close();
  }

  #known(digest: string): boolean | undefined {
    return this.#options.remembered.has(digest) ? true : this.#bad.has(digest) ? false : undefined;
  }

  #verify(triple: SignatureTriple, digest: string | undefined, done: (verified: boolean) => void): void {
    const { verifier, remembered } = this.#options;
    if (digest === undefined) {
      verifier.verify(triple, ({ verified, digest: made }: VerifiedSignature) => {
        if (this.#closed) return;
        if (made !== undefined) remembered.add(made);
        done(verified);
      });
      return;
    }
    const waiting = this.#underWay.get(digest);
    if (waiting !== undefined) {
      waiting.push(done);
      return;
    }
    const mine = [done];
    this.#underWay.set(digest, mine);
    verifier.verify(triple, ({ verified }) => {
      if (this.#closed) return;
      this.#underWay.delete(digest);
      if (verified) remembered.add(digest);
      else this.#bad.add(digest);
      for (const tell of mine) tell(verified);
    });
  }
}
