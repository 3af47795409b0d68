/** What is to be told about a closure. Missing answers are never a finding; what the audit could not look at is one of its own. */
import type { ClosureStop, ClosureTotals } from '../../domain/closureReport';
import { finding, type Finding, type FindingCode } from '../../domain/finding';
import { shortHash } from '../../domain/hash';
import { storePathName, type StorePath } from '../../domain/storePath';
import { compareText } from '../../util/compare';
import { visitInSlices } from '../../util/inSlices';
import { plainText } from '../../util/plainText';
import { shellWord } from '../../util/shellWord';
import { cacheName } from '../cacheName';
import type { FoundAnswer } from './answers';
import type { Closure, ClosureEntry } from './closure';
import type { Judgement } from './survey';
import type { WalkedCache } from './walkedCache';

/** So many findings of one code about single paths; what is more is counted in one. */
export const MAX_PER_CODE = 1000;

/** So many paths are named in the evidence of a finding about many. */
const MAX_NAMED = 1000;

/** What is wrong with the paths of a closure, before it is decided what is listed and what is counted. */
export interface GatheredFindings {
  readonly single: readonly SingleFindings[];
  readonly groups: readonly PathGroup[];
}

/** Findings of one code about one path each. */
export interface SingleFindings {
  readonly code: FindingCode;
  /** No more than {@link MAX_PER_CODE}, those whose {@link subjectKey} comes first. */
  readonly findings: readonly Finding[];
  /** The subject keys of the others, sorted. */
  readonly more: readonly string[];
}

/** Paths that have the same fault. */
export interface PathGroup {
  readonly code: 'unsigned' | 'signer-unknown';
  /** The cache; or the names that the signatures claim. */
  readonly key: string;
  /** Sorted. */
  readonly paths: readonly StorePath[];
}

/** Finds everything, with default severities. */
export async function closureFindings(closure: Closure): Promise<readonly Finding[]> {
  return listed(await gatherFindings(closure), closure);
}

/** Looks at every path of which there is something to be told. */
export async function gatherFindings(closure: Closure): Promise<GatheredFindings> {
  const single = new Bounded();
  const unsigned = new Groups('unsigned');
  const unknown = new Groups('signer-unknown');
  await visitInSlices(closure.entriesOf(isSuspect), (entry) => {
    const found = foundAt(closure, entry);
    const { storePath } = entry;
    if (entry.agreement === 'differ') single.add('caches-disagree', storePath, () => disagreement(entry, found));
    const bad = found.filter(({ answer }) => answer.check?.invalid === true);
    if (bad.length > 0) single.add('signature-invalid', storePath, () => invalidSignature(entry, bad));
    if (entry.verdict === 'unsigned') unsigned.add(found[0]?.lane.url ?? '', storePath);
    if (entry.verdict === 'untrusted-key') unknown.add(claimedNames(found).join(', '), storePath);
  });
  const changes = closure.lanes.flatMap((lane) =>
    lane.changed.map((change) => ({ lane, change, key: `${closure.pathOf(change.path)} ${lane.url}` })),
  );
  // Answers arrive in any order, reports come in one.
  changes.sort((a, b) => compareText(a.key, b.key));
  for (const { lane, change, key } of changes) {
    single.add('narinfo-changed', key, () => changed(closure.pathOf(change.path), lane, change.before, change.after));
  }
  return { single: single.all(), groups: [...unsigned.all(), ...unknown.all()] };
}

/** Tells findings of one code apart, as {@link SingleFindings} is sorted: by path, and by cache where one path has several. */
export function subjectKey({
  code,
  subject,
  evidence,
}: Pick<Finding, 'subject' | 'evidence'> & { readonly code: string }): string {
  const cache = evidence?.['cache'];
  return code === 'narinfo-changed' && typeof cache === 'string' ? `${subject.id} ${cache}` : subject.id;
}

/** Makes the list of a report. */
export function listed(
  { single, groups }: GatheredFindings,
  closure: { readonly stopped: ClosureStop | undefined; readonly totals: ClosureTotals },
): readonly Finding[] {
  return [...single.flatMap(listSingle), ...groups.map(groupFinding), ...incomplete(closure)];
}

function listSingle({ code, findings, more }: SingleFindings): Finding[] {
  return more.length === 0 ? [...findings] : [...findings, moreFindings(code, more.length)];
}

/** Counts what is not listed. */
export function moreFindings(code: FindingCode, more: number): Finding {
  return finding(code, {
    message: `${more} more paths with this finding, not listed one by one`,
    subject: { kind: 'path', id: 'more' },
    evidence: { more },
  });
}

/** Says of many paths at once what is wrong with all of them. */
export function groupFinding({ code, key, paths }: PathGroup): Finding {
  const total = paths.length;
  const evidence = { paths: paths.slice(0, MAX_NAMED), total };
  if (code === 'unsigned') {
    return finding(code, {
      message: `${pathCount(total)} without a signature in ${cacheName(key, 50)}, and in no better way elsewhere`,
      subject: total === 1 ? pathSubject(paths[0]) : { kind: 'cache', id: key },
      evidence,
    });
  }
  return finding(code, {
    message: `${pathCount(total)} signed only by keys you do not trust: ${plainText(key, 50)}`,
    subject: total === 1 ? pathSubject(paths[0]) : { kind: 'key', id: key },
    evidence: { ...evidence, claimedKeyNames: key.split(', ') },
  });
}

/** Something is to be told of a path, if it is not only that caches differ. Of nearly all nothing is. */
function isSuspect({ verdict, invalid }: Judgement): boolean {
  return invalid || verdict === 'unsigned' || verdict === 'untrusted-key';
}

interface FoundAt {
  readonly lane: WalkedCache;
  readonly answer: FoundAnswer;
}

function foundAt(closure: Closure, { answers }: ClosureEntry): FoundAt[] {
  return closure.lanes.flatMap((lane) => {
    const answer = answers[lane.order];
    return answer?.kind === 'found' ? [{ lane, answer }] : [];
  });
}

function disagreement({ storePath }: ClosureEntry, found: readonly FoundAt[]): Finding | undefined {
  const [one] = found;
  const two = found.find(({ answer }) => answer.narHash !== one?.answer.narHash);
  if (one === undefined || two === undefined) return undefined;
  return finding('caches-disagree', {
    message: `"${pathName(storePath, 36)}": ${cacheName(one.lane.url, 20)} and ${cacheName(two.lane.url, 20)} serve different content`,
    subject: pathSubject(storePath),
    evidence: {
      storePath,
      parties: found.map(({ lane, answer }) => ({
        cache: lane.url,
        narHash: answer.narHash,
        short: shortHash(answer.narHash),
        narSize: answer.narSize,
        verifiedBy: (answer.check?.keyNames ?? []).map((name) => plainText(name, 200)),
      })),
      command: differenceCommand(storePath, one.lane.url, two.lane.url),
    },
  });
}

/** Unpacks both and compares them; shows what differs, file by file. */
function differenceCommand(path: StorePath, one: string, two: string): string {
  const fetch = (url: string, to: string): string =>
    `nix store dump-path --store ${shellWord(url)} ${shellWord(path)} | nix-store --restore ${to}`;
  return `${fetch(one, 'one')} && ${fetch(two, 'two')} && diff -r one two`;
}

function invalidSignature({ storePath }: ClosureEntry, bad: readonly FoundAt[]): Finding | undefined {
  const signatures = bad.flatMap(({ lane, answer }) =>
    (answer.check?.signatures ?? [])
      .filter(({ verdict }) => verdict === 'invalid')
      .map(({ keyName }) => ({ cache: lane.url, keyName: plainText(keyName, 200), narHash: answer.narHash })),
  );
  const [first] = signatures;
  if (first === undefined) return undefined;
  return finding('signature-invalid', {
    message: `"${pathName(storePath, 36)}": signature by "${plainText(first.keyName, 22)}" from ${cacheName(first.cache, 22)} does not verify`,
    subject: pathSubject(storePath),
    evidence: { storePath, signatures },
  });
}

function changed(
  storePath: StorePath,
  { url }: WalkedCache,
  before: { readonly narHash: string; readonly at: number },
  after: { readonly narHash: string; readonly at: number },
): Finding {
  return finding('narinfo-changed', {
    message: `"${pathName(storePath, 36)}": ${cacheName(url, 30)} serves other content than on ${isoDay(before.at)}`,
    subject: pathSubject(storePath),
    evidence: { storePath, cache: url, before, after },
  });
}

const BEYOND: Readonly<Record<Exclude<ClosureStop['reason'], 'cancelled'>, string>> = {
  'max-paths': 'it has more paths',
  'max-references': 'its paths have more references',
  'max-chain': 'a chain of references is longer',
};

/** Says what was not looked at, and where nobody could be asked. */
export function incomplete({
  stopped,
  totals,
}: {
  readonly stopped: ClosureStop | undefined;
  readonly totals: ClosureTotals;
}): Finding[] {
  const findings: Finding[] = [];
  if (stopped !== undefined) {
    const why =
      stopped.reason === 'cancelled' ? 'it was cancelled' : `${BEYOND[stopped.reason]} than the limit of ${stopped.limit ?? 0}`;
    findings.push(
      finding('closure-incomplete', {
        message: `The closure was not walked to its end: ${why}`,
        subject: { kind: 'path', id: 'closure' },
        evidence: { ...stopped },
      }),
    );
  }
  const unknown = totals.byVerdict.unknown ?? 0;
  if (unknown > 0) {
    findings.push(
      finding('closure-incomplete', {
        message: `${pathCount(unknown)} about which no cache could be asked; what these refer to is not known`,
        subject: { kind: 'path', id: 'unknown' },
        evidence: { paths: unknown },
      }),
    );
  }
  return findings;
}

/** Findings about single paths, up to a limit for each code; told in the order of their keys. */
class Bounded {
  readonly #byCode = new Map<FindingCode, { readonly findings: Finding[]; readonly more: string[] }>();

  add(code: FindingCode, key: string, make: () => Finding | undefined): void {
    let entry = this.#byCode.get(code);
    if (entry === undefined) this.#byCode.set(code, (entry = { findings: [], more: [] }));
    if (entry.findings.length >= MAX_PER_CODE) {
      entry.more.push(key);
      return;
    }
    const made = make();
    if (made !== undefined) entry.findings.push(made);
  }

  all(): SingleFindings[] {
    return [...this.#byCode].map(([code, { findings, more }]) => ({ code, findings, more }));
  }
}

/** Paths by what is wrong with them. */
class Groups {
  readonly #code: PathGroup['code'];
  readonly #groups = new Map<string, StorePath[]>();

  constructor(code: PathGroup['code']) {
    this.#code = code;
  }

  add(key: string, path: StorePath): void {
    const paths = this.#groups.get(key);
    if (paths === undefined) this.#groups.set(key, [path]);
    else paths.push(path);
  }

  all(): PathGroup[] {
    return [...this.#groups].map(([key, paths]) => ({ code: this.#code, key, paths }));
  }
}

/** Names that signatures claim; none of them could be verified. */
function claimedNames(found: readonly FoundAt[]): string[] {
  const names = found.flatMap(({ answer }) => (answer.check?.signatures ?? []).map(({ keyName }) => plainText(keyName, 60)));
  return [...new Set(names.filter((name) => name !== ''))].sort(compareText).slice(0, 5);
}

function pathSubject(path: StorePath | undefined): Finding['subject'] {
  return { kind: 'path', id: path ?? '' };
}

function pathCount(count: number): string {
  return count === 1 ? 'One path' : `${count} paths`;
}

function pathName(path: StorePath, maxLength: number): string {
  return plainText(storePathName(path), maxLength);
}

function isoDay(at: number): string {
  const date = new Date(at);
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString().slice(0, 10);
}
