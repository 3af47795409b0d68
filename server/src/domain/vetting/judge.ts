/**
 * From records to verdicts. Pure, independent of the order of the records, linear in their number for all inputs together. Precedence: violation,
 * revocation, exemption, audit; trust in a source comes last, since it says the least.
 */
import { compareText } from '../../util/compare';
import type { NarHash } from '../hash';
import type { PublicKey } from '../publicKey';
import { Criteria } from './criteria';
import { patternsOf } from './sources';
import type { Policy, VettingRecord } from './types';
import { Vouchers } from './voucher';

/** What is judged. A name and the way it was fetched do not matter: `narHash` is the identity. */
export interface VettingSubject {
  readonly source?: string;
  readonly narHash?: NarHash;
  readonly rev?: string;
  /** What is asked of it. */
  readonly criteria: readonly string[];
}

export interface JudgeOptions {
  readonly policy: Policy;
  /** The repository's own and those imported, criteria of the latter mapped already. */
  readonly records: readonly VettingRecord[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** If given, only what one of these keys has signed vouches for anything. */
  readonly userKeys?: readonly PublicKey[];
}

/** On what a verdict rests. */
export type Basis = 'review' | 'exemption' | 'trust';

/** One criterion that was asked for, and the records that meet it: from a full audit or an exemption over deltas to the tree itself. */
export interface CriterionVerdict {
  readonly criterion: string;
  /** Absent when nothing meets it. */
  readonly basis?: Basis;
  /** In the order in which they were reviewed. */
  readonly chain: readonly VettingRecord[];
  /** Of an exemption of the tree itself: the reviews that meet the criterion as well, so that it is not needed any more. */
  readonly reviews?: readonly VettingRecord[];
}

export interface Verdict {
  /** `no-policy`: nothing is asked of it, so that it passes; that nobody had to review it must never read as if somebody had. */
  readonly state: 'no-policy' | 'vetted' | 'exempted' | 'unvetted' | 'expired' | 'other-hash' | 'denied';
  readonly criteria: readonly CriterionVerdict[];
  /** Violations that deny it. */
  readonly denials: readonly VettingRecord[];
  /** What would meet the criteria had it not expired; of `other-hash`, what is known of other trees of the source, newest first. */
  readonly others: readonly VettingRecord[];
}

/** How a tree was reached: by the record, from the tree before. */
interface Link {
  readonly record: VettingRecord;
  readonly previous?: NarHash;
}

interface Reach {
  /** Over audits alone. */
  readonly audited: ReadonlyMap<NarHash, Link>;
  /** From an exemption. */
  readonly exempted: ReadonlyMap<NarHash, Link>;
}

const POSITIVE: ReadonlySet<VettingRecord['kind']> = new Set<VettingRecord['kind']>(['audit', 'exemption', 'trust']);

/** So many verdicts are remembered: those of a large flake, and of the trees that it might be compared with. */
const MAX_VERDICTS = 20_000;

export class Judge {
  readonly criteria: Criteria;
  readonly vouchers: Vouchers;
  readonly #options: JudgeOptions;
  readonly #full = new Index<NarHash>();
  readonly #exemptions = new Index<NarHash>();
  readonly #deltasFrom = new Index<NarHash>();
  readonly #deltasTo = new Index<NarHash>();
  readonly #trusts = new Index<string>();
  /** By source, in small letters: audits and exemptions. */
  readonly #ofSource = new Index<string>();
  readonly #revocations = new Index<string>();
  readonly #violations = { hash: new Index<string>(), rev: new Index<string>(), source: new Index<string>() };
  readonly #knownTrees = new Map<string, readonly VettingRecord[]>();
  readonly #live = new Map<VettingRecord, boolean>();
  readonly #verdicts = new Map<string, Verdict>();

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.criteria = new Criteria(options.policy.criteria);
    this.vouchers = new Vouchers(options.policy, this.criteria, options.userKeys);
    for (const record of options.records) this.#file(record);
  }

  #file(record: VettingRecord): void {
    const { kind, narHash, from, source, rev, revokes } = record;
    if (source !== undefined && (kind === 'audit' || kind === 'exemption')) this.#ofSource.add(source.toLowerCase(), record);
    if (kind === 'audit' && narHash !== undefined) {
      if (from === undefined) this.#full.add(narHash, record);
      else {
        this.#deltasFrom.add(from.narHash, record);
        this.#deltasTo.add(narHash, record);
      }
    } else if (kind === 'exemption' && narHash !== undefined) this.#exemptions.add(narHash, record);
    else if (kind === 'trust' && source !== undefined) this.#trusts.add(source.toLowerCase(), record);
    else if (kind === 'revocation' && revokes !== undefined) this.#revocations.add(revokes, record);
    else if (kind === 'violation') {
      if (narHash !== undefined) this.#violations.hash.add(narHash, record);
      if (rev !== undefined) this.#violations.rev.add(rev.toLowerCase(), record);
      if (narHash === undefined && rev === undefined && source !== undefined)
        this.#violations.source.add(source.toLowerCase(), record);
    }
  }

  /** Judges them all, in their order. The same subject gets the same object: a verdict does not depend on what else is judged. */
  judge(subjects: readonly VettingSubject[]): readonly Verdict[] {
    const keys = subjects.map(({ source, narHash, rev, criteria }) => JSON.stringify([source, narHash, rev, criteria]));
    const fresh = new Map<string, VettingSubject>();
    subjects.forEach((subject, index) => {
      const key = keys[index] ?? '';
      if (!this.#verdicts.has(key)) fresh.set(key, subject);
    });
    if (fresh.size > 0) {
      if (this.#verdicts.size > MAX_VERDICTS) this.#verdicts.clear();
      const judged = this.#judge([...fresh.values()]);
      [...fresh.keys()].forEach((key, index) => {
        const verdict = judged[index];
        if (verdict !== undefined) this.#verdicts.set(key, verdict);
      });
    }
    return keys.flatMap((key) => this.#verdicts.get(key) ?? []);
  }

  #judge(subjects: readonly VettingSubject[]): readonly Verdict[] {
    const wanted = new Map<string, Set<NarHash>>();
    for (const { criteria, narHash } of subjects) {
      for (const criterion of criteria) {
        const hashes = wanted.get(criterion) ?? new Set();
        wanted.set(criterion, hashes);
        if (narHash !== undefined) hashes.add(narHash);
      }
    }
    const now = new Map([...wanted].map(([criterion, hashes]) => [criterion, this.#reach(criterion, hashes, false)]));
    // Made only when something is not met: what has expired.
    let ever: Map<string, Reach> | undefined;
    const everReach = (criterion: string): Reach | undefined => {
      ever ??= new Map([...wanted].map(([name, hashes]) => [name, this.#reach(name, hashes, true)]));
      return ever.get(criterion);
    };
    return subjects.map((subject) => {
      const criteria = subject.criteria.map((criterion) => this.#meet(subject, criterion, now.get(criterion), false));
      const denials = this.#denials(subject);
      if (denials.length > 0) return { state: 'denied', criteria, denials, others: [] };
      if (criteria.length === 0) return { state: 'no-policy', criteria, denials, others: [] };
      if (criteria.every(({ basis }) => basis !== undefined)) {
        const state = criteria.every(({ basis }) => basis === 'review') ? 'vetted' : 'exempted';
        return { state, criteria, denials, others: [] };
      }
      const once = subject.criteria.map((criterion) => this.#meet(subject, criterion, everReach(criterion), true));
      if (once.every(({ basis }) => basis !== undefined)) {
        const expired = [...new Set(once.flatMap(({ chain }) => chain))].filter((record) => this.#isOver(record));
        return { state: 'expired', criteria, denials, others: expired };
      }
      const others = this.otherTrees(subject);
      return { state: others.length > 0 ? 'other-hash' : 'unvetted', criteria, denials, others };
    });
  }

  /** Audits and exemptions of other trees of the same source that are not revoked, newest first. */
  otherTrees({ source, narHash }: Pick<VettingSubject, 'source' | 'narHash'>): readonly VettingRecord[] {
    if (source === undefined) return [];
    const key = source.toLowerCase();
    const known =
      this.#knownTrees.get(key) ??
      this.#ofSource
        .get(key)
        .filter((record) => this.isLive(record) && this.vouchers.mayVouch(record))
        .sort((a, b) => b.when - a.when || compareText(a.id, b.id));
    this.#knownTrees.set(key, known);
    return known.filter((record) => record.narHash !== narHash);
  }

  /** Reviews and exemptions of all trees of a source, whether they count or not. */
  ofSource(source: string): readonly VettingRecord[] {
    return this.#ofSource.get(source.toLowerCase());
  }

  /** Reviews and exemptions of a tree, whether they count or not. */
  ofTree(narHash: NarHash): readonly VettingRecord[] {
    return [...this.#full.get(narHash), ...this.#deltasTo.get(narHash), ...this.#exemptions.get(narHash)];
  }

  /** Whether a record is genuine, not from the future, and not revoked. It may have expired, and its author may not vouch. */
  isLive(record: VettingRecord): boolean {
    const known = this.#live.get(record);
    if (known !== undefined) return known;
    if (this.#revocations.get(record.id).length === 0) {
      const live = this.#decideLive(record);
      this.#live.set(record, live);
      return live;
    }
    // A chain of revocations may be longer than the stack: the innermost is decided first. Ids are digests, so it never comes back to itself;
    // should somebody manage that, such records do not count.
    const open = new Set<VettingRecord>([record]);
    const todo = [record];
    for (let next = todo.at(-1); next !== undefined; next = todo.at(-1)) {
      const undecided = this.#revocationsOf(next).filter((revocation) => !this.#live.has(revocation));
      const circular = undecided.some((revocation) => open.has(revocation));
      if (undecided.length > 0 && !circular) {
        for (const revocation of undecided) {
          open.add(revocation);
          todo.push(revocation);
        }
        continue;
      }
      todo.pop();
      open.delete(next);
      if (!this.#live.has(next)) this.#live.set(next, !circular && this.#decideLive(next));
    }
    return this.#live.get(record) ?? false;
  }

  #decideLive(record: VettingRecord): boolean {
    if (record.when > this.#options.now) return false;
    if (this.vouchers.signatureOf(record).kind === 'invalid') return false;
    return this.#revocations.get(record.id).length === 0 || this.revocationOf(record) === undefined;
  }

  /** The revocation that takes a record out, if one does. */
  revocationOf(record: VettingRecord): VettingRecord | undefined {
    return this.#revocationsOf(record)
      .filter(
        (revocation) =>
          this.#live.get(revocation) === true &&
          // To take a review out, being careful is enough; to lift a denial one has to be somebody who may vouch.
          (POSITIVE.has(record.kind) || this.vouchers.mayVouch(revocation)),
      )
      .sort((a, b) => a.when - b.when || compareText(a.id, b.id))[0];
  }

  #revocationsOf({ id, importedFrom }: VettingRecord): readonly VettingRecord[] {
    // An import takes back its own records, never ours.
    return this.#revocations
      .get(id)
      .filter((revocation) => revocation.importedFrom === undefined || revocation.importedFrom === importedFrom);
  }

  #isOver({ until }: VettingRecord): boolean {
    return until !== undefined && until <= this.#options.now;
  }

  #says(record: VettingRecord, criterion: string, ever: boolean): boolean {
    return (
      (ever || !this.#isOver(record)) &&
      this.criteria.covers(record.criteria, criterion) &&
      this.isLive(record) &&
      this.vouchers.mayVouch(record, criterion)
    );
  }

  /** From which trees, and over which records, the wanted ones can be reached. */
  #reach(criterion: string, wanted: ReadonlySet<NarHash>, ever: boolean): Reach {
    const component = new Set(wanted);
    const todo = [...wanted];
    for (let hash = todo.pop(); hash !== undefined; hash = todo.pop()) {
      for (const { from } of this.#deltasTo.get(hash)) {
        if (from === undefined || component.has(from.narHash)) continue;
        component.add(from.narHash);
        todo.push(from.narHash);
      }
    }
    // A tree that is known to be bad is no base for anything.
    if (!this.#violations.hash.isEmpty) {
      for (const hash of component) if (this.#isDeniedTree(hash, criterion)) component.delete(hash);
    }
    const best = (records: readonly VettingRecord[]): VettingRecord | undefined =>
      records.length === 0 ? undefined : records.filter((record) => this.#says(record, criterion, ever)).sort(betterFirst)[0];
    const spread = (index: Index<NarHash>): ReadonlyMap<NarHash, Link> => {
      const reached = new Map<NarHash, Link>();
      if (index.isEmpty) return reached;
      let edge: NarHash[] = [];
      for (const hash of component) {
        const record = best(index.get(hash));
        if (record === undefined) continue;
        reached.set(hash, { record });
        edge.push(hash);
      }
      // One delta further in each round, so that the shortest chain is found, and a circle ends.
      while (edge.length > 0) {
        const next = new Map<NarHash, VettingRecord>();
        for (const hash of edge) {
          for (const record of this.#deltasFrom.get(hash)) {
            const to = record.narHash;
            if (to === undefined || reached.has(to) || !component.has(to) || !this.#says(record, criterion, ever)) continue;
            const rival = next.get(to);
            if (rival === undefined || betterFirst(record, rival) < 0) next.set(to, record);
          }
        }
        for (const [to, record] of next)
          reached.set(to, { record, ...(record.from === undefined ? {} : { previous: record.from.narHash }) });
        edge = [...next.keys()];
      }
      return reached;
    };
    return { audited: spread(this.#full), exempted: spread(this.#exemptions) };
  }

  #meet({ source, narHash }: VettingSubject, criterion: string, reach: Reach | undefined, ever: boolean): CriterionVerdict {
    // Without a hash there is nothing that a statement could be bound to, not even trust.
    if (narHash === undefined) return { criterion, chain: [] };
    const exempted = reach?.exempted.get(narHash);
    const audited = reach?.audited.get(narHash);
    // An exemption of the tree itself goes before its audits: the project said that it does not rest on them.
    if (exempted !== undefined && exempted.previous === undefined) {
      const reviews = reach === undefined || audited === undefined ? [] : chainOf(reach.audited, narHash);
      return { criterion, basis: 'exemption', chain: [exempted.record], ...(reviews.length === 0 ? {} : { reviews }) };
    }
    if (reach !== undefined && audited !== undefined)
      return { criterion, basis: 'review', chain: chainOf(reach.audited, narHash) };
    if (reach !== undefined && exempted !== undefined)
      return { criterion, basis: 'exemption', chain: chainOf(reach.exempted, narHash) };
    const trusts = source === undefined ? [] : patternsOf(source).flatMap((pattern) => this.#trusts.get(pattern));
    const trust = trusts.filter((record) => this.#says(record, criterion, ever)).sort(betterFirst)[0];
    return trust === undefined ? { criterion, chain: [] } : { criterion, basis: 'trust', chain: [trust] };
  }

  #denials({ source, narHash, rev, criteria }: VettingSubject): readonly VettingRecord[] {
    const { hash, rev: byRev, source: bySource } = this.#violations;
    const found = new Set([
      ...(narHash === undefined ? [] : hash.get(narHash)),
      ...(rev === undefined ? [] : byRev.get(rev.toLowerCase())),
      ...(source === undefined ? [] : patternsOf(source).flatMap((pattern) => bySource.get(pattern))),
    ]);
    return [...found]
      .filter((record) => criteria.length === 0 || criteria.some((criterion) => this.#denies(record, criterion)))
      .sort((a, b) => a.when - b.when || compareText(a.id, b.id));
  }

  #isDeniedTree(hash: NarHash, criterion: string): boolean {
    return this.#violations.hash.get(hash).some((record) => this.#denies(record, criterion));
  }

  /** A violation of a criterion denies all that imply it. Who wrote it does not matter: being careful needs no permission. */
  #denies(record: VettingRecord, criterion: string): boolean {
    const violated =
      record.criteria.length === 0 ||
      record.criteria.some((name) => name === criterion || this.criteria.impliedBy(criterion).has(name));
    return violated && this.isLive(record);
  }
}

function chainOf(links: ReadonlyMap<NarHash, Link>, hash: NarHash): readonly VettingRecord[] {
  const chain: VettingRecord[] = [];
  for (
    let link = links.get(hash);
    link !== undefined;
    link = link.previous === undefined ? undefined : links.get(link.previous)
  ) {
    chain.push(link.record);
  }
  return chain.reverse();
}

/** What lasts longest, then what is newest; the id decides what is left, so that the order of the file never does. */
function betterFirst(a: VettingRecord, b: VettingRecord): number {
  const [untilA, untilB] = [a.until ?? Infinity, b.until ?? Infinity];
  return (
    (untilA === untilB ? 0 : untilB - untilA) ||
    b.when - a.when ||
    compareText(a.id, b.id) ||
    compareText(a.importedFrom ?? '', b.importedFrom ?? '')
  );
}

const NONE: readonly VettingRecord[] = [];

class Index<K> {
  readonly #lists = new Map<K, VettingRecord[]>();

  get isEmpty(): boolean {
    return this.#lists.size === 0;
  }

  add(key: K, record: VettingRecord): void {
    const list = this.#lists.get(key);
    if (list === undefined) this.#lists.set(key, [record]);
    else list.push(record);
  }

  get(key: K): readonly VettingRecord[] {
    return this.#lists.get(key) ?? NONE;
  }
}
