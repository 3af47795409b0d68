import assert from 'node:assert/strict';
import { harmless, viewModel } from '../../client/src/closureViewModel';
import { madeAudit } from '../support/madeClosureAudit';

describe('what a closure view is given', () => {
  it('is bounded, whatever the size of the audit', () => {
    const { overview } = madeAudit({ paths: 50_000, challenge: true });
    const model = viewModel(overview, 'platform', (code) => code);
    const cache = model.coverage[1]!;
    assert.equal(cache.missing.count, overview.report.closure!.coverage[1]!.missing.length);
    assert(cache.missing.count > 10_000 && cache.missing.first.length <= 100);
    const [fill] = cache.fill;
    assert(fill?.cut);
    assert.match(fill.command, /^xargs nix copy --no-recursive --from/);
    assert(JSON.stringify(model).length < 500_000);
  });

  it('names findings by their place in the report, the worst code first', () => {
    const { overview } = madeAudit({ paths: 5000, challenge: true });
    const { groups, severities } = viewModel(overview, 'platform', (code) => `About ${code}`);
    const ranks = groups.map(({ severity }) => ['error', 'warning', 'information', 'hint'].indexOf(severity));
    assert.deepEqual(ranks, [...ranks].sort());
    for (const { code, findings } of groups)
      for (const { index, message } of findings) {
        assert.equal(overview.report.findings[index]?.code, code);
        assert.equal(overview.report.findings[index].message, message);
      }
    const all = Object.values(severities).reduce((sum, number) => sum + number, 0);
    assert.equal(all, overview.report.findings.length);
    const difference = groups.find(({ code }) => code === 'caches-disagree')?.findings[0];
    assert.match(difference?.command ?? '', /diff -r one two$/);
    assert(!Object.hasOwn(difference?.evidence ?? {}, 'command'));
  });

  it('has no character that nobody sees, in any text', () => {
    const { overview } = madeAudit({ paths: 50, challenge: true, hostile: '\u202e\u200b\u0007\n' });
    assert.doesNotMatch(JSON.stringify(viewModel(overview, 'platform', String)), /\\n|\\u0007|[\u202e\u200b]/);
    assert.deepEqual(harmless({ 'a\u202e': ['b\u200b', { c: 'd\n' }, 5, null] }), { a: ['b', { c: 'd' }, 5, null] });
  });
});
