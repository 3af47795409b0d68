/** Whether caches that were asked independently of each other say the same of a path. */
import type { Agreement } from '../../domain/closureReport';
import type { Answer, FoundAnswer } from './answers';

/** Compares the NarHash of all narinfos of a path. Caches that pass on one signature line are mirrors, and have one voice. */
export function agreementOf(answers: readonly (Answer | undefined)[]): Agreement {
  let first: FoundAnswer | undefined;
  for (const answer of answers) {
    if (answer?.kind !== 'found') continue;
    if (first === undefined) {
      first = answer;
      continue;
    }
    if (answer.narHash !== first.narHash) return 'differ';
  }
  if (first === undefined) return 'none';

  return countVoices(answers) > 1 ? 'agree' : 'single';
}

/** Counts narinfos, those that share a signature line as one, and so on along a row of mirrors. */
function countVoices(answers: readonly (Answer | undefined)[]): number {
  const [one, two] = answers;
  // As nearly always: two caches, each with one signature.
  if (
    answers.length === 2 &&
    one?.kind === 'found' &&
    two?.kind === 'found' &&
    one.voices.length === 1 &&
    two.voices.length === 1
  )
    return one.voices[0] === two.voices[0] ? 1 : 2;
  const groups: Set<string>[] = [];
  for (const answer of answers) {
    if (answer?.kind !== 'found') continue;
    const voices = new Set(answer.voices);
    for (let i = groups.length - 1; i >= 0; i--) {
      const group = groups[i];
      if (group === undefined || !answer.voices.some((voice) => group.has(voice))) continue;
      for (const voice of group) voices.add(voice);
      groups.splice(i, 1);
    }
    groups.push(voices);
  }
  return groups.length;
}
