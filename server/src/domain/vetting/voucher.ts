/** Whose records count: as the user says, else as the policy says, else everybody who can write to the repository. */
import type { PublicKey } from '../publicKey';
import type { Criteria } from './criteria';
import { checkSignature, type RecordSignature } from './signature';
import type { Policy, Reviewer, VettingRecord } from './types';

/** Remembers what it found out about each record. */
export class Vouchers {
  readonly #policy: Policy;
  readonly #criteria: Criteria;
  /** Keys that the user named; then nothing else counts, whatever the repository says. */
  readonly #userKeys: readonly PublicKey[] | undefined;
  readonly #localKeys: readonly PublicKey[];
  readonly #importKeys: ReadonlyMap<string, readonly PublicKey[]>;
  readonly #signatures = new Map<VettingRecord, RecordSignature>();
  readonly #invalid: VettingRecord[] = [];
  readonly #reviewers = new Map<string, readonly Reviewer[]>();

  constructor(policy: Policy, criteria: Criteria, userKeys: readonly PublicKey[] | undefined) {
    this.#policy = policy;
    this.#criteria = criteria;
    this.#userKeys = userKeys;
    this.#localKeys = [...(userKeys ?? []), ...policy.reviewers.flatMap(({ keys }) => keys)];
    this.#importKeys = new Map(policy.imports.map(({ name, keys }) => [name, [...(userKeys ?? []), ...keys]]));
  }

  /** Verified when first asked for: of many thousands of records few matter. */
  signatureOf(record: VettingRecord): RecordSignature {
    const known = this.#signatures.get(record);
    if (known !== undefined) return known;
    const keys = record.importedFrom === undefined ? this.#localKeys : (this.#importKeys.get(record.importedFrom) ?? []);
    const found = checkSignature(record, keys);
    this.#signatures.set(record, found);
    if (found.kind === 'invalid') this.#invalid.push(record);
    return found;
  }

  /** Records whose signature was looked at and does not verify. */
  get invalid(): readonly VettingRecord[] {
    return this.#invalid;
  }

  /** Whether the author may say what a record says, for one criterion; without one, for anything. */
  mayVouch(record: VettingRecord, criterion?: string): boolean {
    const signature = this.signatureOf(record);
    if (signature.kind === 'invalid') return false;
    const key = signature.kind === 'verified' ? signature.key.text : undefined;
    if (this.#userKeys !== undefined) return this.#userKeys.some(({ text }) => text === key);
    if (record.importedFrom !== undefined) return this.#importMayVouch(record.importedFrom, key);
    const { reviewers, signaturesRequired } = this.#policy;
    if (signaturesRequired && key === undefined) return false;
    if (reviewers.length === 0) return true;
    return this.#reviewersOf(record.who).some(
      ({ keys, criteria }) =>
        (keys.length === 0 ? !signaturesRequired : keys.some(({ text }) => text === key)) &&
        (criterion === undefined || criteria === undefined || this.#criteria.covers(criteria, criterion)),
    );
  }

  #importMayVouch(name: string, key: string | undefined): boolean {
    const keys = this.#policy.imports.find((rule) => rule.name === name)?.keys ?? [];
    return keys.length === 0 ? !this.#policy.signaturesRequired : keys.some(({ text }) => text === key);
  }

  #reviewersOf(who: string): readonly Reviewer[] {
    const known = this.#reviewers.get(who);
    if (known !== undefined) return known;
    const found = this.#policy.reviewers.filter((reviewer) => isSamePerson(reviewer.who, who));
    this.#reviewers.set(who, found);
    return found;
  }
}

/** By mail where both have one, else by the whole text. */
function isSamePerson(a: string, b: string): boolean {
  const [mailA, mailB] = [mailOf(a), mailOf(b)];
  return mailA !== undefined && mailB !== undefined ? mailA === mailB : a.trim() === b.trim();
}

function mailOf(who: string): string | undefined {
  const text = /<([^<>]+)>\s*$/.exec(who)?.[1] ?? who;
  return /^[^\s@<>]+@[^\s@<>]+$/.test(text.trim()) ? text.trim().toLowerCase() : undefined;
}
