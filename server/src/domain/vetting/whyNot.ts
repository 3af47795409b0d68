/** Why a record does not count for an input, or is not what its verdict rests on. */
import { compareText } from '../../util/compare';
import { plainText } from '../../util/plainText';
import { printDay, printInstant } from './instant';
import type { VettingRecord } from './types';
import type { FlakeVetting, JudgedInput } from './vetFlake';

/** Says why, in words that follow the name of the record; without a full stop. */
export function whyNot(
  record: VettingRecord,
  { subject, verdict }: Pick<JudgedInput, 'subject' | 'verdict'>,
  { judge, files }: Pick<FlakeVetting, 'judge' | 'files'>,
  now: number,
): string {
  if (judge === undefined) return '';
  if (record.when > now) return `does not count: it is dated in the future, ${printInstant(record.when)}`;
  if (judge.vouchers.signatureOf(record).kind === 'invalid') return 'does not count: its signature does not verify';
  judge.isLive(record);
  const revocation = judge.revocationOf(record);
  if (revocation !== undefined)
    return `revoked by ${plainText(revocation.who, 80)} on ${printDay(revocation.when)}: ${plainText(revocation.notes ?? '', 120)}`;
  if (record.until !== undefined && record.until <= now) return `ended on ${printDay(record.until - 1)}`;
  if (record.kind !== 'violation' && !judge.vouchers.mayVouch(record)) {
    return files.policy?.signaturesRequired === true && judge.vouchers.signatureOf(record).kind !== 'verified'
      ? 'does not count: the policy asks for a signature by a reviewer'
      : 'does not count: its author is not among those who may vouch';
  }
  if (record.narHash !== undefined && record.narHash !== subject.narHash) return 'is about another tree of the same source';
  if (verdict.state === 'denied') return 'does not count against a denial';
  if (record.from !== undefined) return 'begins at a tree that nothing covers, or is not needed';
  return subject.criteria.every((criterion) => !judge.criteria.covers(record.criteria, criterion))
    ? 'does not meet what is asked'
    : 'is not needed: another record says the same';
}

/** The reviews and exemptions of the very tree that do not make it vetted, newest first; none where it is. */
export function vainRecords({ judge }: Pick<FlakeVetting, 'judge'>, { subject, verdict }: JudgedInput): readonly VettingRecord[] {
  const { narHash } = subject;
  if (judge === undefined || narHash === undefined || verdict.state === 'denied') return [];
  if (verdict.state === 'vetted' || verdict.state === 'exempted' || verdict.state === 'no-policy') return [];
  return [...judge.ofTree(narHash)].sort((a, b) => b.when - a.when || compareText(a.id, b.id));
}
