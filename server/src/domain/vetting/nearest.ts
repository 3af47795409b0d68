/** From which reviewed trees a difference could be reviewed, so that not everything has to be read. */
import type { NarHash } from '../hash';
import { recordsOf, type FlakeVetting, type JudgedInput } from './vetFlake';
import type { VettingRecord } from './types';

export interface ReviewedTree {
  readonly narHash: NarHash;
  readonly rev?: string;
  /** What it rests on; the last is about the tree itself. */
  readonly records: readonly VettingRecord[];
  readonly state: 'vetted' | 'exempted';
}

/** Trees of the same source that meet what is asked of the input, those that were reviewed last first. */
export function reviewedTrees({ judge }: Pick<FlakeVetting, 'judge'>, { subject }: JudgedInput): readonly ReviewedTree[] {
  const { source } = subject;
  if (judge === undefined || source === undefined) return [];
  const trees = new Map<NarHash, { readonly rev?: string; readonly when: number }>();
  for (const { narHash, rev, when } of judge.ofSource(source)) {
    if (narHash === undefined) continue;
    const known = trees.get(narHash);
    if (narHash === subject.narHash || (known !== undefined && known.when >= when)) continue;
    trees.set(narHash, { when, ...((rev ?? known?.rev) === undefined ? {} : { rev: rev ?? known?.rev ?? '' }) });
  }
  const candidates = [...trees].sort(([a, one], [b, two]) => two.when - one.when || (a < b ? -1 : 1));
  // Without the source: trust in it says nothing of a tree that somebody looked at.
  const verdicts = judge.judge(candidates.map(([narHash]) => ({ narHash, criteria: subject.criteria })));
  return candidates.flatMap(([narHash, { rev }], index) => {
    const verdict = verdicts[index];
    if (verdict?.state !== 'vetted' && verdict?.state !== 'exempted') return [];
    return [{ narHash, ...(rev === undefined ? {} : { rev }), records: recordsOf(verdict), state: verdict.state }];
  });
}
