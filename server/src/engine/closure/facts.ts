/**
 * What an audit knows of a cache's narinfos from an earlier one: read, checked and put in order already, so that a closure that did not
 * change is audited again in a fraction of the time. Never a verdict: of a signature it is only known under which exact key it verified, and
 * what follows from that is worked out with the keys of today.
 */
import { ABSENT_PROFILE, NAR_HASH_LENGTH, UNSETTLED_PROFILE, type CacheFacts, type FactsProfile } from '../../domain/cacheFacts';
import type { NarHash } from '../../domain/hash';
import type { CacheInfo } from '../../domain/nixCacheInfo';
import type { TrustedKeys } from '../../domain/publicKey';
import type { StorePath } from '../../domain/storePath';
import { checkWithoutProblems } from '../../domain/verifyNarinfo';
import { Slices } from '../../util/inSlices';
import type { Remembered } from '../ports';
import type { CheckTable } from './answers';
import { type AbsentAnswer, type Answer, type Check, type FoundAnswer } from './answers';

export interface KnownAnswersOptions {
  readonly facts: CacheFacts;
  readonly trusted: TrustedKeys;
  readonly requireSignatures: boolean;
  readonly checks: CheckTable;
  readonly numberOf: (path: StorePath) => number;
}

/** Facts as answers of a walk. */
export class KnownAnswers {
  readonly #options: KnownAnswersOptions;
  readonly #rows = new Map<StorePath, number>();
  /** By place in `names`: 1 + the number of the path in the walk, 0 where it is not known yet. */
  readonly #numbers: Uint32Array;
  /** By profile; `undefined` where a signature would have to be verified. */
  readonly #checks: readonly (Check | undefined)[];

  private constructor(options: KnownAnswersOptions) {
    this.#options = options;
    this.#numbers = new Uint32Array(options.facts.names.length);
    this.#checks = options.facts.profiles.map((profile) => checkOf(profile, options));
  }

  /** Gets facts ready to be asked, with pauses. */
  static async from(options: KnownAnswersOptions): Promise<KnownAnswers> {
    const known = new KnownAnswers(options);
    const { names, paths } = options.facts;
    const slices = new Slices();
    for (let row = 0; row < paths.length; row++) {
      const name = names[paths[row] ?? 0];
      if (name !== undefined) known.#rows.set(name, row);
      if (row % 256 === 0 && slices.due) await slices.pause();
    }
    return known;
  }

  /** What is known of a path and not older than allowed, by the kind of answer; `undefined` when it has to be looked up. */
  answerOf(path: StorePath, isFresh: (kind: 'found' | 'absent', at: number) => boolean): FoundAnswer | AbsentAnswer | undefined {
    const row = this.#rows.get(path);
    if (row === undefined) return undefined;
    const { at: times, profileOf, narHashes, narSizes, voices } = this.#options.facts;
    const at = times[row] ?? 0;
    const profile = profileOf[row] ?? 0;
    if (profile === ABSENT_PROFILE) return isFresh('absent', at) ? { kind: 'absent', at } : undefined;
    const check = this.#checks[profile];
    if (check === undefined || !isFresh('found', at)) return undefined;
    return {
      kind: 'found',
      at,
      narHash: narHashes.slice(row * NAR_HASH_LENGTH, (row + 1) * NAR_HASH_LENGTH) as NarHash,
      narSize: narSizes[row] ?? 0,
      references: this.#referencesOf(row),
      voices: voicesOf(voices[row] ?? ''),
      check,
    };
  }

  /** Whether nothing would be gained by remembering an answer about the path anew. */
  has(path: StorePath): boolean {
    const row = this.#rows.get(path);
    const profile = row === undefined ? undefined : this.#options.facts.profileOf[row];
    if (profile === undefined) return false;
    return profile === ABSENT_PROFILE || profile === UNSETTLED_PROFILE || this.#checks[profile] !== undefined;
  }

  #referencesOf(row: number): number[] {
    const { names, firstReference, references } = this.#options.facts;
    const end = firstReference[row + 1] ?? 0;
    const numbers: number[] = [];
    for (let at = firstReference[row] ?? 0; at < end; at++) {
      const place = references[at] ?? 0;
      let number = this.#numbers[place] ?? 0;
      if (number === 0) {
        const name = names[place];
        if (name === undefined) continue;
        number = this.#options.numberOf(name) + 1;
        this.#numbers[place] = number;
      }
      numbers.push(number - 1);
    }
    return numbers;
  }
}

const NO_VOICES: readonly string[] = [];

function voicesOf(text: string): readonly string[] {
  return text === '' ? NO_VOICES : text.split(',');
}

function checkOf({ signatures, contentAddressed }: FactsProfile, options: KnownAnswersOptions): Check | undefined {
  const { trusted, requireSignatures, checks } = options;
  const checked: { readonly keyName: string; readonly verdict: 'verified' | 'untrusted-key' }[] = [];
  for (const { keyName, verifiedBy } of signatures) {
    const key = trusted.byName.get(keyName);
    // The name is a label: only the very key under which it verified makes a signature good.
    if (key !== undefined && key.text !== verifiedBy) return undefined;
    checked.push({ keyName, verdict: key === undefined ? 'untrusted-key' : 'verified' });
  }
  return checks.intern(checkWithoutProblems(checked, { contentAddressed, requireSignatures }));
}

/** More different ones than a cache has: one that gives every narinfo its own is not remembered beyond. */
const MAX_PROFILES = 1000;

/** So many rows are kept of paths that a walk did not meet. */
const MAX_OTHER_ROWS = 200_000;

/** Puts together what a walk leaves to the next one: what it met itself, and what was known before of other paths. */
export async function collectFacts(
  paths: readonly StorePath[],
  answerOf: (path: number) => Answer | undefined,
  {
    storeDir,
    trusted,
    info,
    before,
  }: {
    readonly storeDir: string;
    readonly trusted: TrustedKeys;
    readonly info: Remembered<CacheInfo> | undefined;
    readonly before: CacheFacts | undefined;
  },
): Promise<CacheFacts> {
  const slices = new Slices();
  const writer = new FactsWriter(storeDir);
  const met = new Set<StorePath>();
  for (const [number, path] of paths.entries()) {
    const answer = answerOf(number);
    if (answer !== undefined && writer.add(path, answer, paths, trusted)) met.add(path);
    if (slices.due) await slices.pause();
  }
  if (before?.storeDir === storeDir) {
    const rows = Math.min(before.paths.length, MAX_OTHER_ROWS);
    for (let row = 0; row < rows; row++) {
      const path = before.names[before.paths[row] ?? 0];
      if (path !== undefined && !met.has(path)) writer.copy(before, row, path);
      if (slices.due) await slices.pause();
    }
  }
  return writer.finish(info);
}

class FactsWriter {
  readonly #storeDir: string;
  readonly #names: StorePath[] = [];
  readonly #places = new Map<StorePath, number>();
  readonly #profiles: FactsProfile[] = [];
  readonly #profilePlaces = new Map<string, number>();
  /** The one used last, which is nearly always the next one, too. */
  #lastProfile: { readonly check: Check; readonly place: number } | undefined;
  readonly #paths: number[] = [];
  readonly #at: number[] = [];
  readonly #profileOf: number[] = [];
  readonly #narSizes: number[] = [];
  readonly #narHashes: string[] = [];
  readonly #firstReference: number[] = [0];
  readonly #references: number[] = [];
  readonly #voices: string[] = [];

  constructor(storeDir: string) {
    this.#storeDir = storeDir;
  }

  /** Adds a row, unless the answer has to be looked at anew next time. */
  add(path: StorePath, answer: Answer, paths: readonly StorePath[], trusted: TrustedKeys): boolean {
    if (answer.kind === 'absent') {
      this.#row(path, answer.at, ABSENT_PROFILE, 0, NO_HASH, '');
      return true;
    }
    if (answer.kind !== 'found' || answer.outdated !== undefined || answer.check === undefined) return false;
    const profile = this.#profileOfCheck(answer.check, trusted) ?? UNSETTLED_PROFILE;
    for (const reference of answer.references) {
      const name = paths[reference];
      if (name !== undefined) this.#references.push(this.#placeOf(name));
    }
    this.#row(path, answer.at, profile, answer.narSize, answer.narHash, answer.voices.join(','));
    return true;
  }

  /** Adds a row of earlier facts. */
  copy(facts: CacheFacts, row: number, path: StorePath): void {
    const profile = facts.profiles[facts.profileOf[row] ?? 0];
    const same = facts.profileOf[row] === ABSENT_PROFILE ? ABSENT_PROFILE : UNSETTLED_PROFILE;
    const place = profile === undefined ? same : (this.#placeOfProfile(profile) ?? UNSETTLED_PROFILE);
    for (let at = facts.firstReference[row] ?? 0; at < (facts.firstReference[row + 1] ?? 0); at++) {
      const name = facts.names[facts.references[at] ?? 0];
      if (name !== undefined) this.#references.push(this.#placeOf(name));
    }
    const narHash = facts.narHashes.slice(row * NAR_HASH_LENGTH, (row + 1) * NAR_HASH_LENGTH);
    this.#row(path, facts.at[row] ?? 0, place, facts.narSizes[row] ?? 0, narHash, facts.voices[row] ?? '');
  }

  finish(info: Remembered<CacheInfo> | undefined): CacheFacts {
    return {
      storeDir: this.#storeDir,
      ...(info === undefined ? {} : { info }),
      names: this.#names,
      profiles: this.#profiles,
      paths: Uint32Array.from(this.#paths),
      at: Float64Array.from(this.#at),
      profileOf: Uint16Array.from(this.#profileOf),
      narSizes: Float64Array.from(this.#narSizes),
      narHashes: this.#narHashes.join(''),
      firstReference: Uint32Array.from(this.#firstReference),
      references: Uint32Array.from(this.#references),
      voices: this.#voices,
    };
  }

  #row(path: StorePath, at: number, profile: number, narSize: number, narHash: string, voices: string): void {
    this.#paths.push(this.#placeOf(path));
    this.#at.push(at);
    this.#profileOf.push(profile);
    this.#narSizes.push(narSize);
    this.#narHashes.push(narHash);
    this.#firstReference.push(this.#references.length);
    this.#voices.push(voices);
  }

  #placeOf(path: StorePath): number {
    let place = this.#places.get(path);
    if (place === undefined) {
      place = this.#names.push(path) - 1;
      this.#places.set(path, place);
    }
    return place;
  }

  #profileOfCheck(check: Check, trusted: TrustedKeys): number | undefined {
    if (this.#lastProfile?.check === check) return this.#lastProfile.place;
    // With a problem, or a signature that does not verify, a narinfo is worth another look.
    if (check.problems.length > 0 || check.invalid) return undefined;
    const signatures = check.signatures.map(({ keyName, verdict }) => {
      const key = verdict === 'verified' ? trusted.byName.get(keyName) : undefined;
      return key === undefined ? { keyName } : { keyName, verifiedBy: key.text };
    });
    const place = this.#placeOfProfile({ contentAddressed: check.contentAddressed, signatures });
    if (place !== undefined) this.#lastProfile = { check, place };
    return place;
  }

  #placeOfProfile(profile: FactsProfile): number | undefined {
    const key = JSON.stringify(profile);
    let place = this.#profilePlaces.get(key);
    if (place === undefined) {
      if (this.#profiles.length >= MAX_PROFILES) return undefined;
      place = this.#profiles.push(profile) - 1;
      this.#profilePlaces.set(key, place);
    }
    return place;
  }
}

const NO_HASH = ' '.repeat(NAR_HASH_LENGTH);
