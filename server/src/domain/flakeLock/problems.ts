/** What Nix refuses about single nodes, and what it never writes. */
import { plainText } from '../../util/plainText';
import type { Span } from '../../util/span';
import type { FlakeLock, LockNode, LockProblem } from './types';

/**
 * Nix reads the last of two equal keys; a person may read the first. A lock that shows one thing and does another was not
 * written by Nix.
 */
export function duplicateKey(name: string, where: string, span: Span): LockProblem {
  return { kind: 'duplicate-key', message: `"${plainText(name, 40)}" appears twice in ${where}, Nix reads the last one`, span };
}

/** Lists what is wrong with the file and with the nodes that are reachable, in text order. */
export function lockProblems(lock: FlakeLock, reachable: ReadonlySet<string>): readonly LockProblem[] {
  const problems = [...lock.problems];
  for (const node of lock.nodes.values()) {
    if (reachable.has(node.key)) problems.push(...node.problems, ...structureProblems(lock, node));
  }
  return problems.sort((a, b) => a.span.start - b.span.start);
}

function structureProblems(lock: FlakeLock, node: LockNode): LockProblem[] {
  const where = `node "${plainText(node.key, 40)}"`;
  const problems: LockProblem[] = [];
  for (const [name, edge] of node.inputs) {
    if (edge.kind !== 'node') continue;
    const input = `input "${plainText(name, 40)}" of ${where}`;
    if (edge.key === lock.rootKey) {
      problems.push({ kind: 'edge-to-root', message: `${input} points back to the root node`, span: edge.span });
    } else if (!lock.nodes.has(edge.key)) {
      problems.push({ kind: 'missing-node', message: `${input} points to a node that is missing`, span: edge.span });
    }
  }
  if (node.key === lock.rootKey || node.problems.some(({ kind }) => kind === 'not-an-object')) return problems;
  if (node.locked === undefined)
    problems.push({ kind: 'missing-locked', message: `${where} has no "locked"`, span: node.keySpan });
  if (node.original === undefined)
    problems.push({ kind: 'missing-original', message: `${where} has no "original"`, span: node.keySpan });
  return problems;
}
