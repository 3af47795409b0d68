/**
 * The lines about one input, in an order that never changes: identity, source, binaries, cache, vetting, actions. Hover and details show
 * them alike. Each says what was checked and never more; "could not check" has words of its own.
 */
import { shortHash } from '../domain/hash';
import { browseUrl } from '../domain/flakeRef';
import type { Finding } from '../domain/finding';
import type { InputFacts } from '../domain/flakeFacts';
import { binariesLine } from './binariesLine';
import { cacheLine } from './cacheLine';
import type { Icon, Line, Piece } from './richText';
import { findingsOf, inputId, reportOf, type FlakeView } from './view';
import { VETTING_CODES, vettingLine } from './vettingLine';
import { dateOf, oldness, SHORT_WORDS, shortRev } from './words';

/** How many findings are named on the source line; the others are counted. */
const NAMED_FINDINGS = 2;

/** Makes the paragraphs of a hover about an input. */
export function inputLines(view: FlakeView, input: InputFacts, name = inputId(input.path)): Line[][] {
  return [[identityLine(input, name)], factLines(view, input), [actionLine(view, input)]];
}

/** Makes the lines between identity and actions. */
export function factLines(view: FlakeView, input: InputFacts): Line[] {
  const lines = [sourceLine(view, input)];
  if (input.attrs === undefined || input.resolution.kind !== 'node') return lines;
  lines.push(binariesLine(view, input));
  const cache = cacheLine(view, input, reportOf(view, input.path));
  if (cache !== undefined) lines.push(cache);
  lines.push(vettingLine(view, input));
  return lines;
}

function identityLine({ follows, reference, privateReason }: InputFacts, name: string): Line {
  return {
    facts: [
      [{ strong: name }],
      reference === '' ? [] : [{ code: reference }],
      follows === undefined || follows.length === 0 ? [] : ['follows ', { code: follows.join('/') }],
      privateReason === undefined ? [] : [{ emphasis: 'private' }],
    ],
  };
}

/** Says what flake.lock holds, or why nothing is locked. */
function sourceLine(view: FlakeView, input: InputFacts): Line {
  const findings = findingsOf(view, input.path).filter(isAboutSource);
  const [gravest] = findings;
  const icon: Icon = gravest === undefined ? 'lock' : severityIcon(gravest, 'lock');
  const facts = lockedPieces(view, input);
  const named = findings.slice(0, NAMED_FINDINGS).map(({ code }): Piece[] => [{ strong: SHORT_WORDS[code] }]);
  const more = findings.length > NAMED_FINDINGS ? [[`${findings.length - NAMED_FINDINGS} more`]] : [];
  return { icon, label: 'Source', facts: [...facts, ...named, ...more] };
}

function lockedPieces(view: FlakeView, input: InputFacts): Piece[][] {
  const { resolution, follows } = input;
  switch (resolution.kind) {
    case 'not-locked':
      return [[notLocked(view)]];
    case 'root':
      return [['the root flake itself']];
    case 'dangling':
      return [['follows ', { code: (follows ?? []).join('/') }, ', which does not exist']];
    case 'cycle':
      return [['follows ', { code: (follows ?? []).join('/') }, ', which leads back to itself']];
    case 'node':
      return [
        ['locked', ...(input.rev === undefined ? [] : [' ', { code: shortRev(input.rev) }])],
        ...datePieces(view, input),
        input.narHash === undefined ? ['no hash in flake.lock'] : [{ code: shortHash(input.narHash) }],
      ];
  }
}

function notLocked(view: FlakeView): string {
  switch (view.facts.lock.state) {
    case 'missing':
      return 'no flake.lock, so nothing can be checked';
    case 'unreadable':
      return 'flake.lock cannot be read, so nothing can be checked';
    case 'ok':
      return 'not in flake.lock yet, so nothing can be checked';
  }
}

function datePieces(view: FlakeView, { lastModified }: InputFacts): Piece[][] {
  if (lastModified === undefined) return [];
  const date = dateOf(lastModified * 1000);
  return date === undefined ? [] : [[`${date}, ${oldness(lastModified * 1000, view.now)}`]];
}

/** Findings of caches stand on the cache line, those of the policy on the line about vetting. */
function isAboutSource({ code }: Finding): boolean {
  return (
    !VETTING_CODES.has(code) &&
    code !== 'hash-mismatch' &&
    code !== 'caches-disagree' &&
    code !== 'signature-invalid' &&
    code !== 'signer-unknown' &&
    code !== 'unsigned'
  );
}

/** The icon for a finding of this severity; `otherwise` for one that is no alarm. */
function severityIcon({ severity }: Finding, otherwise: Icon): Icon {
  switch (severity) {
    case 'error':
      return 'error';
    case 'warning':
      return 'warning';
    case 'information':
    case 'hint':
      return otherwise;
  }
}

/** Links: none changes a file or a setting, and none leads to a private host. */
function actionLine(view: FlakeView, input: InputFacts): Line {
  const argument = view.references.idOf({ kind: 'input', dir: view.dir, path: input.path });
  const [finding] = findingsOf(view, input.path);
  const canAsk = input.storePath !== undefined && view.access !== 'restricted' && view.access !== 'offline';
  const page = input.privateReason === undefined && input.attrs !== undefined ? browseUrl(input.attrs) : undefined;
  return {
    facts: [
      [{ command: 'showInput', label: 'Details', argument }],
      canAsk ? [{ command: 'checkInput', label: 'Check again', argument }] : [],
      input.attrs === undefined ? [] : [{ command: 'copyEvidence', label: 'Copy evidence', argument }],
      finding === undefined ? [] : [{ command: 'explain', label: 'What this means', argument: finding.code }],
      page === undefined ? [] : [{ href: page, label: 'Source at this revision' }],
    ],
  };
}
