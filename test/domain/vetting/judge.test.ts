import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { NarHash } from '../../../server/src/domain/hash';
import { parsePublicKey } from '../../../server/src/domain/publicKey';
import { canonicalRecord } from '../../../server/src/domain/vetting/canonical';
import { Judge, type JudgeOptions, type Verdict } from '../../../server/src/domain/vetting/judge';
import { signRecord } from '../../../server/src/domain/vetting/signature';
import type { VettingRecord } from '../../../server/src/domain/vetting/types';
import { narHashOf } from '../../support/flakeFacts';
import { secretKeyText } from '../../support/secretKeyText';
import { makeSigner } from '../../support/signer';
import { auditOf, exemptionOf, NOW, policyOf, recordOf, revocationOf, SOURCE, violationOf } from '../../support/vettingRecords';

const [one, two, three] = ['one', 'two', 'three'].map(narHashOf) as [NarHash, NarHash, NarHash];

function verdictOf(narHash: NarHash, records: readonly VettingRecord[], options: Partial<JudgeOptions> = {}): Verdict {
  const judge = new Judge({ policy: policyOf(), records, now: NOW, ...options });
  const [verdict] = judge.judge([{ narHash, source: SOURCE, rev: 'a'.repeat(40), criteria: ['safe-to-build'] }]);
  assert.ok(verdict !== undefined);
  return verdict;
}

const state = (...given: Parameters<typeof verdictOf>): Verdict['state'] => verdictOf(...given).state;

describe('a verdict', () => {
  it('is unvetted without a record, vetted by a review of exactly this hash', () => {
    assert.equal(state(one, []), 'unvetted');
    assert.equal(state(one, [auditOf(one)]), 'vetted');
    assert.equal(state(one, [auditOf(two)]), 'other-hash');
  });

  it('is none where nothing is asked, whatever was reviewed; a denial counts all the same', () => {
    const without = (records: readonly VettingRecord[]) =>
      new Judge({ policy: policyOf(), records, now: NOW }).judge([{ narHash: one, source: SOURCE, criteria: [] }])[0]?.state;
    assert.equal(without([]), 'no-policy');
    assert.equal(without([auditOf(one), exemptionOf(one)]), 'no-policy');
    assert.equal(without([violationOf({ narHash: one })]), 'denied');
  });

  it('does not depend on the name of the source: the hash is the identity', () => {
    assert.equal(state(one, [auditOf(one, { source: 'git.example.org/mirror/lib' })]), 'vetted');
    assert.equal(state(one, [auditOf(two, { source: 'git.example.org/mirror/lib' })]), 'unvetted');
  });

  it('follows what criteria imply, and no other way', () => {
    assert.equal(state(one, [auditOf(one, { criteria: ['safe-to-deploy'] })]), 'vetted');
    assert.equal(state(one, [auditOf(one, { criteria: ['safe-to-evaluate'] })]), 'unvetted');
  });

  it('follows differences from a full review, each beginning where the one before ended', () => {
    const chain = [auditOf(one), auditOf(two, {}, one), auditOf(three, {}, two)];
    assert.equal(state(three, chain), 'vetted');
    assert.deepEqual(
      verdictOf(three, chain).criteria[0]?.chain.map(({ narHash }) => narHash),
      [one, two, three],
    );
    assert.equal(state(three, [auditOf(one), auditOf(three, {}, two)]), 'other-hash', 'a gap');
    assert.equal(state(three, chain.slice(1)), 'other-hash', 'no base');
  });

  it('ends where differences go in a circle', () => {
    assert.equal(state(one, [auditOf(one, {}, two), auditOf(two, {}, three), auditOf(three, {}, one)]), 'other-hash');
    assert.equal(state(one, [auditOf(one, {}, one)]), 'unvetted');
  });

  it('is exempted over an exemption, also as the base of differences', () => {
    assert.equal(state(one, [exemptionOf(one)]), 'exempted');
    assert.equal(state(two, [exemptionOf(one), auditOf(two, {}, one)]), 'exempted');
    assert.equal(state(one, [exemptionOf(one), auditOf(one)]), 'exempted', 'an exemption goes before a review');
  });

  it('is exempted by trust in its source or owner, whatever its letters', () => {
    const trust = (source: string) => recordOf({ kind: 'trust', source, criteria: ['safe-to-build'], until: '2027-01-01' });
    assert.equal(state(one, [trust(SOURCE)]), 'exempted');
    assert.equal(state(one, [trust('GitHub.com/Example/*')]), 'exempted');
    assert.equal(state(one, [trust('github.com/exam/*')]), 'unvetted');
    assert.equal(verdictOf(one, [trust(SOURCE)]).criteria[0]?.basis, 'trust');
  });

  it('ends with the last day of a record, in UTC', () => {
    assert.equal(state(one, [auditOf(one, { until: '2026-11-25' })]), 'vetted');
    assert.equal(state(one, [auditOf(one, { until: '2026-11-24' })]), 'expired');
    assert.equal(state(two, [exemptionOf(one, { until: '2026-11-24' }), auditOf(two, {}, one)]), 'expired');
  });

  it('does not rest on a record from the future', () => {
    assert.equal(state(one, [auditOf(one, { when: '2026-11-25T12:00:01Z' })]), 'unvetted');
    assert.equal(state(one, [auditOf(one, { when: '2026-11-25T12:00:00Z' })]), 'vetted');
  });

  it('is denied by hash, revision or source, before every review and exemption', () => {
    const good = [auditOf(one), exemptionOf(one)];
    assert.equal(state(one, [...good, violationOf({ narHash: one })]), 'denied');
    assert.equal(state(one, [...good, violationOf({ rev: 'A'.repeat(40) })]), 'denied');
    assert.equal(state(one, [...good, violationOf({ source: 'github.com/example/*' })]), 'denied');
    assert.equal(state(one, [...good, violationOf({ narHash: two })]), 'exempted');
    assert.equal(state(one, [...good, violationOf({ narHash: one, criteria: ['safe-to-evaluate'] })]), 'denied', 'it is implied');
    assert.equal(state(one, [...good, violationOf({ narHash: one, criteria: ['safe-to-deploy'] })]), 'exempted', 'not asked for');
  });

  it('does not build on a tree that is known to be bad', () => {
    assert.equal(state(two, [auditOf(one), auditOf(two, {}, one), violationOf({ narHash: one })]), 'other-hash');
  });

  it('goes back with a revocation, and comes again when that is revoked', () => {
    const audit = auditOf(one);
    const revocation = revocationOf(audit);
    const again = revocationOf(revocation);
    assert.equal(state(one, [audit, revocation]), 'unvetted');
    assert.equal(state(one, [audit, revocation, again]), 'vetted');
    assert.equal(state(one, [audit, revocationOf(audit, { when: '2027-01-01T00:00:00Z' })]), 'vetted', 'from the future');
    const violation = violationOf({ narHash: one });
    assert.equal(state(one, [audit, violation, revocationOf(violation)]), 'vetted');
  });

  it('survives tens of thousands of revocations of revocations', () => {
    const records = [auditOf(one)];
    for (let n = 0; n < 20_000; n++) records.push(revocationOf(records.at(-1) ?? auditOf(one), { notes: String(n) }));
    assert.equal(state(one, records), 'vetted');
    assert.equal(state(one, records.slice(0, -1)), 'unvetted');
  });
});

describe('who may vouch', () => {
  const ada = makeSigner('ada-1');
  const eve = makeSigner('ada-1');
  const signed = (record: VettingRecord, signer: typeof ada): VettingRecord => {
    const signature = signRecord(canonicalRecord(record.fields), secretKeyText(signer));
    return signature === undefined ? record : { ...record, signature };
  };
  const keyed = policyOf({ reviewers: [{ who: 'ada@example.org', keys: [ada.publicKey] }] });

  it('is decided by mail and key where the policy names reviewers', () => {
    assert.equal(state(one, [auditOf(one)], { policy: keyed }), 'unvetted');
    assert.equal(state(one, [signed(auditOf(one), ada)], { policy: keyed }), 'vetted');
    assert.equal(state(one, [signed(auditOf(one, { who: 'Bob <bob@example.org>' }), ada)], { policy: keyed }), 'unvetted');
    const byMail = policyOf({ reviewers: [{ who: 'Ada Example <ADA@example.org>' }] });
    assert.equal(state(one, [auditOf(one)], { policy: byMail }), 'vetted');
    assert.equal(state(one, [auditOf(one, { who: 'Bob <bob@example.org>' })], { policy: byMail }), 'unvetted');
  });

  it('limits a reviewer to the criteria that the policy gives', () => {
    const narrow = policyOf({ reviewers: [{ who: 'ada@example.org', criteria: ['safe-to-evaluate'] }] });
    assert.equal(state(one, [auditOf(one)], { policy: narrow }), 'unvetted');
  });

  it('leaves out a record whose signature does not verify, and tells of it', () => {
    const judge = new Judge({ policy: keyed, records: [signed(auditOf(one), eve)], now: NOW });
    assert.equal(judge.judge([{ narHash: one, criteria: ['safe-to-build'] }])[0]?.state, 'unvetted');
    assert.equal(judge.vouchers.invalid.length, 1);
    const forged = signed(violationOf({ narHash: one }), eve);
    assert.equal(state(one, [signed(auditOf(one), ada), forged], { policy: keyed }), 'vetted', 'it counts as not there');
  });

  it('takes a denial from anybody, and lifts it only for somebody who may vouch', () => {
    const denial = violationOf({ narHash: one, who: 'Eve <eve@example.org>' });
    const good = signed(auditOf(one), ada);
    assert.equal(state(one, [good, denial], { policy: keyed }), 'denied');
    assert.equal(state(one, [good, denial, revocationOf(denial)], { policy: keyed }), 'denied');
    assert.equal(state(one, [good, denial, signed(revocationOf(denial), ada)], { policy: keyed }), 'vetted');
  });

  it('is the keys that the user named, whatever the repository says', () => {
    const key = parsePublicKey(ada.publicKey);
    assert.ok(key.ok);
    const userKeys = [key.value];
    assert.equal(state(one, [auditOf(one)], { userKeys }), 'unvetted');
    assert.equal(state(one, [signed(auditOf(one), ada)], { userKeys }), 'vetted');
  });

  it('is nobody without a signature where the policy requires one', () => {
    const policy = policyOf({ signatures: 'required' });
    assert.equal(state(one, [auditOf(one)], { policy }), 'unvetted');
    assert.equal(state(one, [signed(auditOf(one), ada)], { policy }), 'unvetted', 'a key that nobody named');
  });
});

describe('verdicts, whatever the records', () => {
  const trees = Array.from({ length: 5 }, (_, n) => narHashOf(`tree ${n}`));
  const tree = fc.constantFrom(...trees);
  const criteria = fc.constantFrom(['safe-to-evaluate'], ['safe-to-build'], ['safe-to-deploy']);
  const when = fc.constantFrom('2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z', '2030-01-01T00:00:00Z');
  const until = fc.constantFrom({}, { until: '2026-11-24' }, { until: '2027-11-24' });
  const first = fc.oneof(
    fc
      .record({ narHash: tree, criteria, when, until })
      .map(({ narHash, until: end, ...rest }) => auditOf(narHash, { ...rest, ...end })),
    fc
      .record({ narHash: tree, from: tree, criteria, when, until })
      .map(({ narHash, from, until: end, ...rest }) => auditOf(narHash, { ...rest, ...end }, from)),
    fc.record({ narHash: tree, criteria, when }).map(({ narHash, ...rest }) => exemptionOf(narHash, rest)),
    fc.record({ criteria, when }).map((rest) => recordOf({ kind: 'trust', until: '2027-11-24', ...rest })),
    fc.record({ narHash: tree, when }).map(violationOf),
  );
  const revoked = fc
    .tuple(fc.array(first, { maxLength: 12 }), fc.array(fc.nat(20), { maxLength: 4 }))
    .map(([records, targets]) => {
      const all = [...records];
      targets.forEach((target, n) => {
        const at = all[target % Math.max(1, all.length)];
        if (at !== undefined) all.push(revocationOf(at, { notes: String(n) }));
      });
      return all;
    });
  const subjects = trees.map((narHash) => ({ narHash, source: SOURCE, criteria: ['safe-to-build'] }));
  const verdicts = (records: readonly VettingRecord[]): readonly Verdict[] =>
    new Judge({ policy: policyOf(), records, now: NOW }).judge(subjects);
  /** What passes is equally good; so is what does not, short of a denial. */
  const quality = (verdict: Verdict | undefined): number =>
    verdict?.state === 'vetted' || verdict?.state === 'exempted' ? 2 : verdict?.state === 'denied' ? 0 : 1;

  it('do not depend on the order of the records', () => {
    fc.assert(
      fc.property(revoked, fc.array(fc.nat(), { minLength: 16, maxLength: 16 }), (records, random) => {
        const shuffled = records
          .map((record, index) => ({ record, key: random[index % 16] ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ record }) => record);
        const shown = (all: readonly VettingRecord[]) =>
          verdicts(all).map(({ state: one, criteria: met, denials, others }) => [
            one,
            met.map(({ basis, chain }) => [basis, chain.map(({ id }) => id)]),
            denials.map(({ id }) => id),
            others.map(({ id }) => id).sort(),
          ]);
        assert.deepEqual(shown(shuffled), shown(records));
      }),
    );
  });

  it('do not depend on what else is judged, nor on when; the same subject has the same', () => {
    fc.assert(
      fc.property(revoked, (records) => {
        const together = verdicts(records);
        const judge = new Judge({ policy: policyOf(), records, now: NOW });
        const alone = [...subjects].reverse().flatMap((subject) => judge.judge([subject]));
        assert.deepEqual([...alone].reverse(), together);
        judge.judge(subjects).forEach((verdict, n) => assert.equal(verdict, [...alone].reverse()[n]));
      }),
    );
  });

  it('are never improved by one violation more', () => {
    fc.assert(
      fc.property(revoked, tree, (records, narHash) => {
        const after = verdicts([...records, violationOf({ narHash, notes: 'Another.' })]);
        verdicts(records).forEach((before, n) => assert.ok(quality(after[n]) <= quality(before)));
      }),
    );
  });

  it('are never improved by one record less, unless it was a revocation or a violation', () => {
    fc.assert(
      fc.property(revoked, fc.nat(), (records, which) => {
        const gone = records[which % Math.max(1, records.length)];
        if (gone === undefined || gone.kind === 'revocation' || gone.kind === 'violation') return;
        const after = verdicts(records.filter((record) => record !== gone));
        verdicts(records).forEach((before, n) => assert.ok(quality(after[n]) <= quality(before)));
      }),
    );
  });
});
