/**
 * What caches say of an input's source path, in one line. A source path is content-addressed: Nix takes it from a cache without any
 * signature, and most caches do not have it. So "not found" is normal, "unsigned" no danger, and only another hash is.
 */
import type { InputFacts } from '../domain/flakeFacts';
import { parseNarHash, shortHash } from '../domain/hash';
import type { CacheAnswer, InputReport } from '../domain/inputsReport';
import type { Icon, Line, Piece } from './richText';
import type { Access, FlakeView } from './view';
import { ago, cacheName } from './words';

const LABEL = 'Cache';

/** Makes the line, or nothing where there is no source path that a cache could have. */
export function cacheLine(view: FlakeView, input: InputFacts, report: InputReport | undefined): Line | undefined {
  if (input.storePath === undefined) return undefined;
  const answers = report?.answers ?? [];
  const alarm = report === undefined ? undefined : alarmLine(view, report);
  if (alarm !== undefined) return alarm;

  const silent = silence(view.access);
  if (silent !== undefined) {
    const last = lastResult(view, answers);
    return { icon: silent.icon, label: LABEL, facts: [[`not checked: ${silent.reason}${last}`], ...silent.links] };
  }

  const found = answers.find(({ answer }) => answer === 'found');
  if (report !== undefined && found !== undefined) return foundLine(view, report, found);
  const failed = answers.filter(({ answer }) => answer === 'unreachable' || answer === 'unauthorized' || answer === 'malformed');
  const absent = answers.filter(({ answer }) => answer === 'absent');
  if (absent.length > 0) return absentLine(view, absent, failed);
  if (failed.length > 0)
    return { icon: 'debug-disconnect', label: LABEL, facts: [['could not be checked: ', ...failures(failed)]] };
  return unaskedLine(view, input);
}

/** Another hash, or a signature that does not verify: said before everything else, however old the answer is. */
function alarmLine(view: FlakeView, report: InputReport): Line | undefined {
  const invalid = invalidSignature(report);
  if (report.signer.verdict === 'hash-mismatch') {
    const line = mismatchLine(view, report);
    return invalid === undefined ? line : { ...line, facts: [...line.facts, invalid.words] };
  }
  if (invalid === undefined) return undefined;
  return { icon: 'error', label: LABEL, facts: [invalid.words, checked(view, invalid.answer)] };
}

/** The first signature under a trusted key's name that does not verify. */
function invalidSignature(report: InputReport): { readonly answer: CacheAnswer; readonly words: Piece[] } | undefined {
  for (const answer of report.answers) {
    const signature = answer.signatures?.find(({ verdict }) => verdict === 'invalid');
    if (signature === undefined) continue;
    const signed: Piece[] = [' sent a signature by ', { code: signature.keyName }, ' that does '];
    return { answer, words: [cache(answer.url), ...signed, { strong: 'not' }, ' verify'] };
  }
  return undefined;
}

function foundLine(view: FlakeView, report: InputReport, found: CacheAnswer): Line {
  const verified = report.answers.find(({ signatures }) => signatures?.some(({ verdict }) => verdict === 'verified'));
  const answer = verified ?? found;
  const has: Piece[] = [cache(answer.url), ' has this source'];
  const rest = [why(answer), checked(view, answer)];
  switch (report.signer.verdict) {
    case 'verified':
      return {
        icon: 'verified',
        label: LABEL,
        facts: [[...has, ', signed by ', ...keyNames(answer), ', a key that you trust'], ...rest],
      };
    case 'content-addressed':
      return { icon: 'database', label: LABEL, facts: [[...has, '; its content is pinned, so it needs no signature'], ...rest] };
    case 'untrusted-key':
      return {
        icon: 'database',
        label: LABEL,
        facts: [[...has, ', signed only by keys that you do not trust: ', ...keyNames(answer)], ...rest],
      };
    case 'unsigned':
      return { icon: 'database', label: LABEL, facts: [[...has, ' without a signature; its hash is the locked one'], ...rest] };
    case 'hash-mismatch':
    case 'invalid-signature':
    case 'absent':
    case 'unknown':
      return { icon: 'database', label: LABEL, facts: [has, ...rest] };
  }
}

/** A cache serves other content than the lock pins, or describes it as no source can be. */
function mismatchLine(view: FlakeView, report: InputReport): Line {
  const found = report.answers.filter(({ answer }) => answer === 'found');
  const other = found.find(({ narHash }) => narHash !== report.narHash);
  if (other?.narHash !== undefined && report.narHash !== undefined) {
    const hashes: Piece[] = [{ code: short(other.narHash) }, ', locked is ', { code: short(report.narHash) }];
    const facts = [[cache(other.url), ' has another hash than flake.lock: ', ...hashes], checked(view, other)];
    return { icon: 'error', label: LABEL, facts };
  }
  const odd = found.find(({ reason }) => reason !== undefined) ?? found[0];
  const facts = [
    [odd === undefined ? 'a cache' : cache(odd.url), ' describes this source as none can be'],
    why(odd),
    checked(view, odd),
  ];
  return { icon: 'error', label: LABEL, facts };
}

/** At most three key names: verified ones when there are any. */
function keyNames({ signatures = [] }: CacheAnswer): Piece[] {
  const verified = signatures.filter(({ verdict }) => verdict === 'verified');
  const named = (verified.length > 0 ? verified : signatures).slice(0, 3);
  return named.flatMap(({ keyName }, index): Piece[] => [...(index === 0 ? [] : [', ']), { code: keyName }]);
}

function absentLine(view: FlakeView, absent: readonly CacheAnswer[], failed: readonly CacheAnswer[]): Line {
  const asked = absent.length + failed.length;
  const normal = failed.length === 0 ? ' (normal for sources)' : '';
  return {
    icon: 'database',
    label: LABEL,
    facts: [
      [`not found in ${absent.length} of ${asked} ${asked === 1 ? 'cache' : 'caches'}${normal}`],
      failed.length === 0 ? [] : ['could not be checked: ', ...failures(failed)],
      checked(view, oldest(absent)),
    ],
  };
}

function failures(failed: readonly CacheAnswer[]): Piece[] {
  const shown = failed
    .slice(0, 2)
    .flatMap(({ url, answer, reason }, index): Piece[] => [
      ...(index === 0 ? [] : ['; ']),
      cache(url),
      ` ${failureWord(answer)}`,
      ...(reason === undefined ? [] : [` (${reason.slice(0, 80)})`]),
    ]);
  return failed.length > 2 ? [...shown, `; ${failed.length - 2} more`] : shown;
}

function failureWord(answer: CacheAnswer['answer']): string {
  switch (answer) {
    case 'unauthorized':
      return 'would not say';
    case 'malformed':
      return 'gave no usable answer';
    case 'unreachable':
    case 'not-asked':
    case 'found':
    case 'absent':
      return 'did not answer';
  }
}

/** No cache was asked, although asking is allowed. */
function unaskedLine(view: FlakeView, input: InputFacts): Line {
  const askable = view.configuration.caches.filter(({ ask }) => ask);
  if (askable.length === 0) return { icon: 'circle-slash', label: LABEL, facts: [['none configured that can be asked']] };
  const mayHear = askable.some((cache) => cache.private || cache.substituter.scheme === 'file');
  if (input.privateReason !== undefined && !mayHear) {
    const reason = `not asked: private (${input.privateReason}), and private inputs are not sent to public caches`;
    return { icon: 'circle-slash', label: LABEL, facts: [[reason]] };
  }
  const how = view.access === 'manual' ? 'not checked yet (network mode is manual)' : 'not checked yet';
  return { icon: 'circle-outline', label: LABEL, facts: [[how]] };
}

/** Why nothing is asked now. */
function silence(
  access: Access,
): { readonly icon: Icon; readonly reason: string; readonly links: readonly (readonly Piece[])[] } | undefined {
  switch (access) {
    case 'restricted':
      return {
        icon: 'workspace-untrusted',
        reason: 'this folder is in Restricted Mode',
        links: [[{ command: 'manageTrust', label: 'Manage trust' }]],
      };
    case 'offline':
      return { icon: 'debug-disconnect', reason: 'offline mode', links: [] };
    case 'auto':
    case 'manual':
      return undefined;
  }
}

/** What was known before, with its age. */
function lastResult(view: FlakeView, answers: readonly CacheAnswer[]): string {
  const found = answers.filter(({ answer }) => answer === 'found');
  const known = found.length > 0 ? found : answers.filter(({ answer }) => answer === 'absent');
  const at = timeOf(oldest(known));
  if (at === undefined) return '';
  return ` (last result ${ago(at, view.now)}: ${found.length > 0 ? 'found' : 'not found'})`;
}

function checked(view: FlakeView, answer: CacheAnswer | undefined): Piece[] {
  const at = timeOf(answer);
  return at === undefined ? [] : [`checked ${ago(at, view.now)}`];
}

/** A cache's name. */
function cache(url: string): Piece {
  return { code: cacheName(url) };
}

/** What is odd about an answer. */
function why(answer: CacheAnswer | undefined): Piece[] {
  return answer?.reason === undefined ? [] : [answer.reason];
}

function oldest(answers: readonly CacheAnswer[]): CacheAnswer | undefined {
  return [...answers].sort((a, b) => (timeOf(a) ?? 0) - (timeOf(b) ?? 0))[0];
}

function timeOf(answer: CacheAnswer | undefined): number | undefined {
  const time = answer?.checkedAt === undefined ? NaN : Date.parse(answer.checkedAt);
  return Number.isNaN(time) ? undefined : time;
}

function short(hash: string): string {
  const parsed = parseNarHash(hash);
  return parsed.ok ? shortHash(parsed.value) : hash;
}
