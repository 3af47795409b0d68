/** Turns what caches are known to say of one store path into the answers of the report and one verdict. */
import type { NarHash } from '../domain/hash';
import type { CacheAnswer, PathVerdict } from '../domain/inputsReport';
import type { Narinfo } from '../domain/narinfo';
import type { TrustedKeys } from '../domain/publicKey';
import type { StorePath } from '../domain/storePath';
import { verifyNarinfo, type CheckedNarinfo, type NarinfoCheck, type NarinfoProblem } from '../domain/verifyNarinfo';
import { compareText } from '../util/compare';
import { plainText } from '../util/plainText';
import type { Failure } from './answerMemory';
import type { CacheView } from './askCaches';
import type { AuditScope } from './engine';
import type { Remembered } from './ports';
import type { NarinfoAnswer } from './questions';
import type { ConfiguredCache, TrustConfiguration } from './trustConfiguration';

/** What one cache said of one path, for the report and for the checks that compare caches. */
export interface Judged {
  readonly cache: ConfiguredCache;
  readonly answer: CacheAnswer;
  /** Of a `found` answer. */
  readonly found?: { readonly narinfo: Narinfo; readonly check: CheckedNarinfo };
}

/** The path of a locked source. */
export interface AskedPath {
  readonly storePath: StorePath;
  readonly narHash?: NarHash;
}

/** Judges what `view` says of `path`. */
export function judgeAnswer(view: CacheView, path: AskedPath, scope: AuditScope): Judged {
  const { cache } = view;
  const { url } = cache.substituter;
  if (view.refusal !== undefined) return notAsked(cache, view.refusal);
  const known = view.answers.get(path.storePath) ?? {};
  const { good } = known;
  const failure = known.failure ?? (good === undefined ? view.info.failure : undefined);
  if (failure !== undefined) {
    return judgeFailure(cache, path, good, failure, scope.configuration);
  }
  if (good === undefined) return notAsked(cache, scope.offline ? (scope.offlineReason ?? 'offline') : 'not checked yet');
  if (good.value.kind === 'absent') return { cache, answer: { url, answer: 'absent', checkedAt: isoTime(good.at) } };
  return judgeNarinfo(cache, path, good.value.narinfo, good.at, scope.configuration);
}

/** An answer that says why there is none. */
export function notAsked(cache: ConfiguredCache, reason: string): Judged {
  return { cache, answer: { url: cache.substituter.url, answer: 'not-asked', reason: plainText(reason, 200) } };
}

/**
 * The cache did not answer now. A narinfo of an earlier day is as true as it was, signatures do not age; that a path was missing then
 * says nothing of today, and a time-out must not read as `absent`.
 */
function judgeFailure(
  cache: ConfiguredCache,
  path: AskedPath,
  good: Remembered<NarinfoAnswer> | undefined,
  failure: Remembered<Failure>,
  configuration: TrustConfiguration,
): Judged {
  const reason = plainText(failure.value.reason, 200);
  if (good?.value.kind === 'found') {
    const remembered = `an earlier answer; asking again failed: ${reason}`;
    return judgeNarinfo(cache, path, good.value.narinfo, good.at, configuration, remembered);
  }
  const { url } = cache.substituter;
  const earlier = good === undefined ? '' : `; on ${isoTime(good.at).slice(0, 10)} it did not have the path`;
  return { cache, answer: { url, answer: failure.value.kind, reason: `${reason}${earlier}`, checkedAt: isoTime(failure.at) } };
}

function judgeNarinfo(
  cache: ConfiguredCache,
  path: AskedPath,
  narinfo: Narinfo,
  at: number,
  configuration: TrustConfiguration,
  remembered?: string,
): Judged {
  const { url } = cache.substituter;
  const check = checkOnce(cache, path, narinfo, configuration);
  if (check.kind === 'other-path') {
    return { cache, answer: { url, answer: 'malformed', reason: 'it answered for another path', checkedAt: isoTime(at) } };
  }
  const reasons = [...check.problems.map((problem) => PROBLEMS[problem]), ...(remembered === undefined ? [] : [remembered])];
  return {
    cache,
    found: { narinfo, check },
    answer: {
      url,
      answer: 'found',
      ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }),
      narHash: narinfo.narHash,
      contentAddressed: check.contentAddressed,
      signatures: check.signatures.map(({ keyName, verdict }) => ({ keyName: plainText(keyName, 200), verdict })),
      checkedAt: isoTime(at),
    },
  };
}

const PROBLEMS: Readonly<Record<NarinfoProblem, string>> = {
  'false-content-address': 'its CA field does not lead to this path',
  'not-a-signature': 'one of its Sig lines is no signature, for which newer Nix refuses the whole answer',
  'broken-signature': 'a signature under the name of a trusted key is not one of 64 bytes, at which Nix stops',
  'source-with-references': 'it has references, which no locked source has',
};

/** Says in words what is wrong with a narinfo. */
export function describeNarinfoProblem(problem: NarinfoProblem): string {
  return PROBLEMS[problem];
}

interface Checked {
  readonly trusted: TrustedKeys;
  readonly storeDir: string;
  readonly requireSignatures: boolean;
  readonly path: AskedPath;
  readonly check: NarinfoCheck;
}

/** The last check of each narinfo in memory: one verification takes longer than all the rest of a hover. */
const lastChecks = new WeakMap<Narinfo, Checked>();

function checkOnce(
  { substituter }: ConfiguredCache,
  path: AskedPath,
  narinfo: Narinfo,
  configuration: TrustConfiguration,
): NarinfoCheck {
  const { trusted, storeDir } = configuration;
  const requireSignatures = configuration.requireSignatures && !substituter.trusted;
  const last = lastChecks.get(narinfo);
  if (
    last?.trusted === trusted &&
    last.storeDir === storeDir &&
    last.requireSignatures === requireSignatures &&
    last.path.storePath === path.storePath &&
    last.path.narHash === path.narHash
  ) {
    return last.check;
  }
  const check = verifyNarinfo(narinfo, {
    asked: path.storePath,
    ...(path.narHash === undefined ? {} : { lockedNarHash: path.narHash }),
    trusted,
    requireSignatures,
    storeDir,
  });
  lastChecks.set(narinfo, { trusted, storeDir, requireSignatures, path, check });
  return check;
}

/** From best to worst; `hash-mismatch` is not among them, it wins over all. */
const BEST_FIRST = ['verified', 'content-addressed', 'untrusted-key', 'unsigned', 'invalid-signature', 'absent'] as const;

/**
 * The verdict of a path over all its answers, and the names of the keys that verified for the very content that is locked: a key that
 * signed other content under this path is evidence, not a signer.
 */
export function judgePath(answers: readonly Judged[]): { readonly verdict: PathVerdict; readonly keyNames: readonly string[] } {
  const verdicts = new Set<PathVerdict>();
  const keyNames = new Set<string>();
  for (const { answer, found } of answers) {
    if (answer.answer === 'absent') verdicts.add('absent');
    if (found === undefined) continue;
    verdicts.add(found.check.verdict);
    if (found.check.verdict === 'verified') for (const name of found.check.keyNames) keyNames.add(plainText(name, 200));
  }
  const verdict = verdicts.has('hash-mismatch') ? 'hash-mismatch' : BEST_FIRST.find((candidate) => verdicts.has(candidate));
  return { verdict: verdict ?? 'unknown', keyNames: [...keyNames].sort(compareText) };
}

/** ISO 8601, UTC; a time that no calendar has (a damaged store) is the beginning of 1970. */
function isoTime(at: number): string {
  const date = new Date(at);
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString();
}
