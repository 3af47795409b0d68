import assert from 'node:assert/strict';
import type { Finding } from '../../server/src/domain/finding';
import { readFlake } from '../../server/src/domain/flakeFacts';
import { type FoundIn, steadyFindings } from '../../server/src/features/findings';
import { githubNode, lockText } from '../support/sampleFlake';

const NIX = `{
  inputs.a.url = "http://a.example.org/a.tar.gz";
  inputs.b.url = "github:acme/b";
  inputs.c.url = "github:acme/c";
  outputs = { self, a, b, c }: { };
}
`;
const LOCK = lockText(
  { a: 'a', b: 'b', c: 'c' },
  {
    a: {
      locked: {
        type: 'tarball',
        url: 'http://a.example.org/a.tar.gz',
        narHash: 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
      },
      original: { type: 'tarball', url: 'http://a.example.org/a.tar.gz' },
    },
    b: githubNode('acme', 'b', { locked: { owner: 'evil' } }),
    c: githubNode('acme', 'c'),
  },
);

const found = (nix: string, lock = LOCK): FoundIn => {
  const facts = readFlake({ flakeNix: nix, flakeLock: lock }, { privatePatterns: [], now: 0 });
  return { facts, findings: facts.findings };
};
const told = (findings: readonly Finding[], text: string) =>
  findings
    .map(
      ({ code, subject, place }) =>
        `${code} ${subject.id} ${place?.file === 'flake.nix' ? text.slice(place.span.start, place.span.end) : ''}`,
    )
    .sort();

describe('steadyFindings', () => {
  const good = found(NIX);

  it('are those of the text when nothing is broken', () => {
    assert.deepEqual(told(steadyFindings(undefined, good), NIX), ['insecure-transport a http', 'lock-tampered b b']);
    const mended = NIX.replace('http:', 'https:').replace('  inputs.b', '  # a comment\n  inputs.b');
    assert.ok(told(steadyFindings(good, found(mended)), mended).includes('lock-tampered b b'));
  });

  it('keep what an open string hides, where its text is now', () => {
    const broken = NIX.replace('\n  inputs.b', '\n  description = "half;\n  inputs.b');
    const now = found(broken);
    const steady = told(steadyFindings(good, now), broken);
    assert.ok(steady.includes('lock-tampered b b'), String(steady));
    assert.ok(steady.includes('insecure-transport a http'));
    assert.ok(!steady.some((text) => text.startsWith('lock-out-of-date')), 'the lock is not blamed for what cannot be seen');
  });

  it('let go of what was really deleted', () => {
    const without = NIX.replace(/ {2}inputs\.b.*\n/, '').replace(' b,', '');
    // The lock still has it, so it is told there.
    assert.ok(!told(steadyFindings(good, found(without)), without).includes('lock-tampered b b'));
  });

  it('keep nothing whose text is being changed, or whose lock was replaced', () => {
    const broken = NIX.replace('b.url = "github:acme/b";', 'b.url = "github:acme/b;');
    for (const finding of steadyFindings(good, found(broken)))
      if (finding.place?.file === 'flake.nix') assert.ok(finding.place.span.end <= broken.length);
  });
});
