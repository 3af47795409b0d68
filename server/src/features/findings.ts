/** The findings of one moment: static ones and those of caches, under the user's rules, each at its place in the present texts. */
import type { Finding, FindingCode, Place } from '../domain/finding';
import type { FlakeFacts, InputFacts } from '../domain/flakeFacts';
import type { InputsReport } from '../domain/inputsReport';
import { type FindingRules, ruledFindings } from '../engine/reportedFindings';
import type { Span } from '../util/span';
import { inputId } from './view';

/** The checks that need what caches answered. */
export const CACHE_CODES: ReadonlySet<FindingCode> = new Set([
  'hash-mismatch',
  'caches-disagree',
  'signature-invalid',
  'signer-unknown',
  'unsigned',
]);

/** Puts them together. A finding of caches whose input is gone from the texts is dropped. */
export function currentFindings(facts: FlakeFacts, report: InputsReport | undefined, rules: FindingRules): Finding[] {
  const inputs = new Map(facts.inputs.map((input) => [inputId(input.path), input]));
  const ofCaches = (report?.findings ?? []).flatMap(({ code, severity, message, subject, help, evidence }): Finding[] => {
    const input = inputs.get(subject.id);
    if (!CACHE_CODES.has(code) || input === undefined) return [];
    const place = placeOf(input);
    return [
      {
        ...{ code, severity, message, subject, help },
        ...(evidence === undefined ? {} : { evidence }),
        ...(place === undefined ? {} : { place }),
      },
    ];
  });
  return [...ruledFindings(facts.findings, rules), ...ofCaches];
}

/** The name in flake.nix of a direct input; the key in flake.lock of any other. */
export function placeOf({ path, declared, lockNode }: InputFacts): Place | undefined {
  if (path.length === 1 && declared !== undefined) return { file: 'flake.nix', span: declared.nameSpan };
  return lockNode === undefined ? undefined : { file: 'flake.lock', span: lockNode.keySpan };
}

/** Findings with the texts that they were found in. */
export interface FoundIn {
  readonly facts: FlakeFacts;
  readonly findings: readonly Finding[];
}

/**
 * Keeps Problems from blinking while somebody types. When the text has come to lack something that it had (an open string swallows the
 * inputs behind it), findings about inputs that cannot be seen just now stay, moved to where their text is now, and the lock is not blamed
 * for what flake.nix seems to lack.
 */
export function steadyFindings(good: FoundIn | undefined, now: FoundIn): readonly Finding[] {
  const before = good?.facts.flakeNixText;
  const after = now.facts.flakeNixText;
  if (good === undefined || before === undefined || after === undefined || !isBroken(good.facts, now.facts)) return now.findings;
  const had = new Set(good.findings.map(identity));
  const seen = new Set(now.facts.inputs.filter(({ declared }) => declared !== undefined).map(({ path }) => inputId(path)));
  const move = mover(before, after);
  const sameLock = good.facts.lockText === now.facts.lockText;
  const kept = good.findings.flatMap((finding): Finding[] => {
    const { subject, place } = finding;
    if (subject.kind !== 'input' || subject.id.includes('/') || seen.has(subject.id)) return [];
    if (place?.file !== 'flake.nix') return sameLock ? [finding] : [];
    const span = move(place.span);
    // Its edits and further places belong to another text.
    return span === undefined ? [] : [{ ...finding, place: { file: 'flake.nix', span }, fixes: [], related: [] }];
  });
  const keptIdentities = new Set(kept.map(identity));
  const fresh = now.findings.filter(
    (finding) => !keptIdentities.has(identity(finding)) && (!ABSENCE_CODES.has(finding.code) || had.has(identity(finding))),
  );
  return [...fresh, ...kept];
}

/** What a half-written flake.nix is wrongly accused of. */
const ABSENCE_CODES: ReadonlySet<FindingCode> = new Set(['lock-out-of-date', 'follows-dangling']);

/** Tells whether there is more to repair than before: some real flakes have parts that are never understood. */
export function isBroken(good: FlakeFacts, now: FlakeFacts): boolean {
  return (now.flakeNix?.problems.length ?? 0) > (good.flakeNix?.problems.length ?? 0);
}

function identity({ code, subject }: Finding): string {
  return JSON.stringify([code, subject.kind, subject.id]);
}

/** Moves spans from one text to another that differs in one stretch; what lies in that stretch is gone. */
function mover(before: string, after: string): (span: Span) => Span | undefined {
  const shorter = Math.min(before.length, after.length);
  let prefix = 0;
  while (prefix < shorter && before.charCodeAt(prefix) === after.charCodeAt(prefix)) prefix++;
  let suffix = 0;
  while (
    suffix < shorter - prefix &&
    before.charCodeAt(before.length - 1 - suffix) === after.charCodeAt(after.length - 1 - suffix)
  )
    suffix++;
  const shift = after.length - before.length;
  return ({ start, end }) => {
    if (end <= prefix) return { start, end };
    return start >= before.length - suffix ? { start: start + shift, end: end + shift } : undefined;
  };
}
