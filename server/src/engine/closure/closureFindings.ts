/** What is to be told about a closure. Missing answers are never a finding; what the audit could not look at is one of its own. */
import { finding, type Finding, type FindingCode } from '../../domain/finding';
import { shortHash } from '../../domain/hash';
import { storePathName, type StorePath } from '../../domain/storePath';
import { compareText } from '../../util/compare';
import { Slices } from '../../util/inSlices';
import { plainText } from '../../util/plainText';
import { shellWord } from '../../util/shellWord';
import type { FoundAnswer } from './answers';
import type { CacheLane } from './cacheLane';
import type { Closure, ClosureEntry } from './closure';

/** So many findings of one code about single paths; what is more is counted in one. */
const MAX_PER_CODE = 1000;

/** So many paths are named in the evidence of a finding about many. */
const MAX_NAMED = 1000;

/** Finds everything, with default severities. */
export async function closureFindings(closure: Closure): Promise<readonly Finding[]> {
  const slices = new Slices();
  const single = new Bounded();
  const unsigned = new Groups();
  const unknown = new Groups();
  for (const entry of closure.entries()) {
    const found = foundAt(closure, entry);
    if (entry.agreement === 'differ') single.add('caches-disagree', () => disagreement(entry, found));
    const bad = found.filter(({ answer }) => answer.check?.signatures.some(({ verdict }) => verdict === 'invalid') === true);
    if (bad.length > 0) single.add('signature-invalid', () => invalidSignature(entry, bad));
    if (entry.verdict === 'unsigned') unsigned.add(found[0]?.lane.url ?? '', entry.storePath);
    if (entry.verdict === 'untrusted-key') unknown.add(claimedNames(found).join(', '), entry.storePath);
    if (slices.due) await slices.pause();
  }
  for (const lane of closure.lanes) {
    for (const { path, before, after } of lane.changed) {
      single.add('narinfo-changed', () => changed(closure.pathOf(path), lane, before, after));
    }
  }
  return [
    ...single.findings(),
    ...unsigned.map((url, paths, total) =>
      finding('unsigned', {
        message: `${pathCount(total)} without a signature in ${cacheName(url, 50)}, and in no better way elsewhere`,
        subject: total === 1 ? pathSubject(paths[0]) : { kind: 'cache', id: url },
        evidence: { paths, total },
      }),
    ),
    ...unknown.map((names, paths, total) =>
      finding('signer-unknown', {
        message: `${pathCount(total)} signed only by keys you do not trust: ${plainText(names, 50)}`,
        subject: total === 1 ? pathSubject(paths[0]) : { kind: 'key', id: names },
        evidence: { paths, total, claimedKeyNames: names.split(', ') },
      }),
    ),
    ...incomplete(closure),
  ];
}

interface FoundAt {
  readonly lane: CacheLane;
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
  { url }: CacheLane,
  before: { readonly narHash: string; readonly at: number },
  after: { readonly narHash: string; readonly at: number },
): Finding {
  return finding('narinfo-changed', {
    message: `"${pathName(storePath, 36)}": ${cacheName(url, 30)} serves other content than on ${isoDay(before.at)}`,
    subject: pathSubject(storePath),
    evidence: { storePath, cache: url, before, after },
  });
}

/** Says what was not looked at, and where nobody could be asked. */
function incomplete({ stopped, totals }: Closure): Finding[] {
  const findings: Finding[] = [];
  if (stopped !== undefined) {
    const why =
      stopped.reason === 'cancelled'
        ? 'it was cancelled'
        : `${stopped.reason === 'max-paths' ? 'it has more paths' : 'its paths have more references'} than the limit of ${stopped.limit ?? 0}`;
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

/** Findings about single paths, up to a limit for each code. */
class Bounded {
  readonly #byCode = new Map<FindingCode, { readonly findings: Finding[]; more: number }>();

  add(code: FindingCode, make: () => Finding | undefined): void {
    let entry = this.#byCode.get(code);
    if (entry === undefined) this.#byCode.set(code, (entry = { findings: [], more: 0 }));
    if (entry.findings.length >= MAX_PER_CODE) {
      entry.more++;
      return;
    }
    const made = make();
    if (made !== undefined) entry.findings.push(made);
  }

  *findings(): Generator<Finding> {
    for (const [code, { findings, more }] of this.#byCode) {
      yield* findings;
      if (more > 0) {
        yield finding(code, {
          message: `${more} more paths with this finding, not listed one by one`,
          subject: { kind: 'path', id: 'more' },
          evidence: { more },
        });
      }
    }
  }
}

/** Paths by what is wrong with them. */
class Groups {
  readonly #groups = new Map<string, { readonly paths: StorePath[]; total: number }>();

  add(key: string, path: StorePath): void {
    let group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, (group = { paths: [], total: 0 }));
    group.total++;
    if (group.paths.length < MAX_NAMED) group.paths.push(path);
  }

  map<T>(make: (key: string, paths: readonly StorePath[], total: number) => T): T[] {
    return [...this.#groups].map(([key, { paths, total }]) => make(key, paths, total));
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

/** The cache as messages call it: its URL without `https://`. */
function cacheName(url: string, maxLength: number): string {
  return plainText(url.replace(/^https?:\/\//, ''), maxLength);
}

function isoDay(at: number): string {
  const date = new Date(at);
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString().slice(0, 10);
}
