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

/** Names a node in a message. */
export function nodeName(key: string): string {
  return `node "${plainText(key, 40)}"`;
}

/** Lists what is wrong with the file and with the nodes that are reachable, in text order. */
export function lockProblems(lock: FlakeLock, reachable: ReadonlySet<string>): readonly LockProblem[] {
  const problems = [...lock.problems];
  for (const node of lock.nodes.values()) {
    if (!reachable.has(node.key)) continue;
    for (const problem of node.problems) problems.push(problem);
    for (const problem of structureProblems(lock, node)) problems.push(problem);
  }
  return problems.sort((a, b) => a.span.start - b.span.start);
}

function structureProblems(lock: FlakeLock, node: LockNode): readonly LockProblem[] {
  const problems: LockProblem[] = [];
  for (const [name, edge] of node.inputs) {
    if (edge.kind !== 'node' || (edge.key !== lock.rootKey && lock.nodes.has(edge.key))) continue;
    const input = `input "${plainText(name, 40)}" of ${nodeName(node.key)}`;
    problems.push(
      edge.key === lock.rootKey
        ? { kind: 'edge-to-root', message: `${input} points back to the root node`, span: edge.span }
        : { kind: 'missing-node', message: `${input} points to a node that is missing`, span: edge.span },
    );
  }
  if (node.key === lock.rootKey || node.problems.some(({ kind }) => kind === 'not-an-object')) return problems;
  for (const member of ['locked', 'original'] as const) {
    if (node[member] !== undefined) continue;
    problems.push({ kind: `missing-${member}`, message: `${nodeName(node.key)} has no "${member}"`, span: node.keySpan });
  }
  return problems;
}
