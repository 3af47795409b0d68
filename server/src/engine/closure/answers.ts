/** What one cache says of one path of a closure, kept small: there is one of these for every path at every cache. */
import type { NarHash } from '../../domain/hash';
import type { PathVerdict } from '../../domain/inputsReport';
import type { CheckedNarinfo, CheckedSignature, NarinfoProblem } from '../../domain/verifyNarinfo';
import type { Failure } from '../answerMemory';

/** The parts of a checked narinfo that are kept. Equal ones are one object. */
export interface Check {
  readonly verdict: PathVerdict;
  readonly keyNames: readonly string[];
  readonly signatures: readonly CheckedSignature[];
  readonly contentAddressed: boolean;
  readonly accepted: boolean;
  readonly problems: readonly NarinfoProblem[];
  /** One of the signatures does not verify. */
  readonly invalid: boolean;
}

export interface FoundAnswer {
  readonly kind: 'found';
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly narHash: NarHash;
  readonly narSize: number;
  /** Numbers of paths in the walk's table, in byte order of the paths. */
  readonly references: readonly number[];
  /** Tells signatures apart: two answers with a signature line in common share one of these. */
  readonly voices: readonly string[];
  /** It is of an earlier day, and why nothing newer is known. */
  readonly outdated?: string | undefined;
  /** Set when its signatures are verified. */
  check: Check | undefined;
}

export interface AbsentAnswer {
  readonly kind: 'absent';
  readonly at: number;
}

export interface FailedAnswer {
  readonly kind: 'failed';
  readonly at: number;
  readonly failure: Failure;
}

/** Nothing may be asked, and nothing is remembered. */
export interface UnaskedAnswer {
  readonly kind: 'not-asked';
  readonly reason: string;
}

export type Answer = FoundAnswer | AbsentAnswer | FailedAnswer | UnaskedAnswer;

/** Makes one object of equal checks: a closure has a handful of different ones. */
export class CheckTable {
  readonly #checks = new Map<string, Check>();
  /** The one given last, which is nearly always the next one, too. */
  #last: Check | undefined;

  intern(checked: CheckedNarinfo): Check {
    if (this.#last === undefined || !isSame(this.#last, checked)) this.#last = this.#find(checked);
    return this.#last;
  }

  #find({ verdict, keyNames, signatures, contentAddressed, accepted, problems }: CheckedNarinfo): Check {
    let key = `${verdict} ${String(contentAddressed)} ${String(accepted)}`;
    for (const problem of problems) key += ` ${problem}`;
    for (const { keyName, verdict: one } of signatures) key += `\n${one} ${keyName}`;
    let check = this.#checks.get(key);
    if (check === undefined) {
      const invalid = signatures.some((signature) => signature.verdict === 'invalid');
      check = { verdict, keyNames, signatures, contentAddressed, accepted, problems, invalid };
      this.#checks.set(key, check);
    }
    return check;
  }
}

function isSame(check: Check, other: CheckedNarinfo): boolean {
  if (check.verdict !== other.verdict || check.accepted !== other.accepted) return false;
  if (check.contentAddressed !== other.contentAddressed || check.problems.length > 0 || other.problems.length > 0) return false;
  if (check.signatures.length !== other.signatures.length) return false;
  return check.signatures.every(({ keyName, verdict }, index) => {
    const signature = other.signatures[index];
    return signature?.keyName === keyName && signature.verdict === verdict;
  });
}

/**
 * Shortens a `Sig` line to what tells it from others. Short on purpose: a longer slice would keep the whole narinfo in memory. Who made
 * two lines collide would only make two caches count as one, as copying the line would.
 */
function voiceOf(signature: string): string {
  const colon = signature.indexOf(':');
  return signature.slice(colon + 1, colon + 13);
}

/** The {@link FoundAnswer.voices} of a narinfo. */
export function voicesOf(signatures: readonly string[]): readonly string[] {
  const [one] = signatures;
  return one !== undefined && signatures.length === 1 ? [voiceOf(one)] : signatures.map(voiceOf);
}
