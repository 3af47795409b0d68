/** The answer of a cache about a path of a closure, as the contract has it. */
import type { CacheAnswer } from '../../domain/inputsReport';
import { plainText } from '../../util/plainText';
import { describeNarinfoProblem } from '../judge';
import type { Answer } from './answers';
import type { WalkedCache } from './walkedCache';

/** Describes an answer. */
export function cacheAnswer({ url }: WalkedCache, answer: Answer): CacheAnswer {
  switch (answer.kind) {
    case 'found': {
      const { check, outdated } = answer;
      const reasons = (check?.problems ?? []).map(describeNarinfoProblem);
      if (outdated !== undefined) reasons.push(`an earlier answer; asking again failed: ${plainText(outdated, 200)}`);
      return {
        url,
        answer: 'found',
        ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }),
        narHash: answer.narHash,
        contentAddressed: check?.contentAddressed ?? false,
        signatures: (check?.signatures ?? []).map(({ keyName, verdict }) => ({ keyName: plainText(keyName, 200), verdict })),
        checkedAt: isoTime(answer.at),
      };
    }
    case 'absent':
      return { url, answer: 'absent', checkedAt: isoTime(answer.at) };
    case 'failed':
      return { url, answer: answer.failure.kind, reason: plainText(answer.failure.reason, 200), checkedAt: isoTime(answer.at) };
    case 'not-asked':
      return { url, answer: 'not-asked', reason: plainText(answer.reason, 200) };
  }
}

function isoTime(at: number): string {
  const date = new Date(at);
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString();
}
