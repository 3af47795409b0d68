import assert from 'node:assert/strict';
import type { Finding, FindingCode } from '../../server/src/domain/finding';
import { readFlake, type FlakeOptions } from '../../server/src/domain/flakeFacts';

/** A finding with the texts that its places point to. */
export interface SeenFinding {
  readonly finding: Finding;
  readonly message: string;
  readonly id: string;
  /** The text under the place, with the file's name in front: `flake.nix:nixpkgs`. */
  readonly at: string;
  readonly related: readonly string[];
}

export interface Texts {
  readonly nix?: string;
  readonly lock?: string;
}

/** Runs all static checks and gives the findings of one code. */
export function findingsOf(code: FindingCode, texts: Texts, options: Partial<FlakeOptions> = {}): SeenFinding[] {
  return allFindings(texts, options).filter(({ finding }) => finding.code === code);
}

/** Runs all static checks; messages and places of every finding are looked at as well. */
export function allFindings({ nix, lock }: Texts, options: Partial<FlakeOptions> = {}): SeenFinding[] {
  const facts = readFlake(
    { ...(nix === undefined ? {} : { flakeNix: nix }), ...(lock === undefined ? {} : { flakeLock: lock }) },
    { privatePatterns: [], now: Date.UTC(2026, 10, 22), ...options },
  );
  const textAt = (place: Finding['place']): string => {
    if (place === undefined) return '';
    const text = place.file === 'flake.nix' ? nix : lock;
    const { start, end } = place.span;
    assert.ok(text !== undefined && 0 <= start && start <= end && end <= text.length, `${place.file} ${start}-${end}`);
    return `${place.file}:${text.slice(start, end)}`;
  };
  const seen = new Set<string>();
  return facts.findings.map((finding) => {
    assert.ok(finding.message.length <= 120, finding.message);
    const key = `${finding.code} ${finding.subject.id}`;
    assert.ok(!seen.has(key), `twice: ${key}`);
    seen.add(key);
    return {
      finding,
      message: finding.message,
      id: finding.subject.id,
      at: textAt(finding.place),
      related: (finding.related ?? []).map(({ place }) => textAt(place)),
    };
  });
}

/** What the text would be after a fix in flake.nix. */
export function applied(nix: string, { finding }: SeenFinding, title?: string): string {
  const fix = finding.fixes?.find((each) => each.kind === 'edit' && (title === undefined || each.title === title));
  assert.ok(fix?.kind === 'edit' && fix.place.file === 'flake.nix', `no edit among ${JSON.stringify(finding.fixes)}`);
  return nix.slice(0, fix.place.span.start) + fix.newText + nix.slice(fix.place.span.end);
}
