/** Which exemptions and which trust are still needed. */
import { Judge } from './judge';
import type { VettingRecord } from './types';
import type { FlakeVetting, JudgedInput } from './vetFlake';

export interface PruneAdvice {
  readonly record: VettingRecord;
  readonly needed: boolean;
  /** Words to follow a colon, without a full stop. */
  readonly reason: string;
}

/**
 * Judges once more without each exemption and each trust in force. One that is the base of a chain of differences looks as if it belonged to an
 * old tree, and is needed all the same.
 */
export function pruneAdvice({ files, judge, judged }: FlakeVetting, now: number): readonly PruneAdvice[] {
  const { policy } = files;
  if (policy === undefined || judge === undefined) return [];
  const inputs = [...judged.values()];
  const inForce = files.own.filter(
    (record) => (record.kind === 'exemption' || record.kind === 'trust') && (record.until ?? 0) > now && judge.isLive(record),
  );
  const advice: PruneAdvice[] = [];
  // One after the other: two that do the same must not both be called needless.
  let records = files.records;
  for (const record of inForce) {
    const without = records.filter((other) => other.id !== record.id);
    const before = inputs.filter(passes).map(({ subject }) => subject);
    const verdicts = new Judge({ policy, records: without, now }).judge(before);
    const lost = inputs.filter(passes).filter((_, index) => !isGood(verdicts[index]?.state));
    if (lost.length > 0) {
      advice.push({ record, needed: true, reason: `${names(lost)} ${lost.length === 1 ? 'passes' : 'pass'} because of it` });
      continue;
    }
    records = without;
    const own = inputs.filter(({ subject }) => subject.narHash === record.narHash);
    const reason =
      record.kind === 'exemption' && own.length > 0
        ? `reviews cover ${names(own)} without it`
        : 'no input that is locked rests on it';
    advice.push({ record, needed: false, reason });
  }
  return advice;
}

function passes({ verdict }: JudgedInput): boolean {
  return isGood(verdict.state);
}

function isGood(state: string | undefined): boolean {
  return state === 'vetted' || state === 'exempted' || state === 'no-policy';
}

function names(inputs: readonly JudgedInput[]): string {
  const shown = inputs.slice(0, 3).map(({ input }) => input.path.join('/'));
  return inputs.length > 3 ? `${shown.join(', ')} and ${inputs.length - 3} more` : shown.join(', ');
}
