import { plainText } from '../../util/plainText';
import { finding, type Finding } from '../finding';
import type { LockNode } from '../flakeLock';
import { stringAttr } from '../flakeRef';
import { inputPlace, inputSubject, message, quoted, type CheckedFlake } from './checkedFlake';

/** Lock entries without a hash, or with one that is none: nothing says what the source has to contain. */
export function lockNoHash({ nodes }: CheckedFlake): readonly Finding[] {
  return nodes.flatMap((input) => {
    const { lockNode } = input;
    if (lockNode?.locked === undefined || lockNode.narHash !== undefined || isInParentsTree(lockNode)) return [];
    const problem = lockNode.narHashProblem;
    const what =
      problem === undefined
        ? 'lock entry has no narHash'
        : `narHash "${plainText(problem.text, 16)}" in flake.lock ${problem.message}`;
    return [
      finding('lock-no-hash', {
        message: message(`Input ${quoted(input.path)}: ${what}`),
        subject: inputSubject(input.path),
        ...inputPlace(input),
        evidence: { node: input.node, ...(input.rev === undefined ? {} : { rev: input.rev }) },
      }),
    ];
  });
}

/** A relative path input has no hash of its own: it is part of the source that names it. */
function isInParentsTree({ locked, parent }: LockNode): boolean {
  if (locked === undefined || stringAttr(locked, 'type') !== 'path') return false;
  return parent !== undefined || stringAttr(locked, 'path')?.startsWith('/') === false;
}
