import { finding, type Finding } from '../finding';
import { lockProblems } from '../flakeLock';
import { inLock, message, type CheckedFlake } from './checkedFlake';

/** More of them are not worth reading: the first one says that the file is broken. */
const MAX_PROBLEMS = 20;

/**
 * What Nix refuses to read, as a whole or in one node; and equal keys, of which Nix reads the last and people the first, so that a
 * lock could show one source and use another.
 */
export function lockUnreadable({ lock, walk }: CheckedFlake): readonly Finding[] {
  if (lock.state === 'missing') return [];
  if (lock.state === 'unreadable') {
    return [
      finding('lock-unreadable', {
        message: message(`flake.lock is not valid: ${lock.message}`),
        subject: { kind: 'file', id: 'flake.lock' },
        place: inLock(lock.span),
        evidence: lock.version === undefined ? {} : { version: lock.version },
      }),
    ];
  }
  const problems = lockProblems(lock.lock, walk?.reached ?? new Set()).slice(0, MAX_PROBLEMS);
  const findings = problems.map((problem) =>
    finding('lock-unreadable', {
      message: message(`flake.lock is not valid: ${problem.message}`),
      // A Nix that is newer than this list may know the attribute.
      ...(problem.kind === 'unknown-attribute' ? { severity: 'warning' as const } : {}),
      subject: { kind: 'file', id: `flake.lock:${problem.span.start}` },
      place: inLock(problem.span),
      evidence: { problem: problem.kind },
    }),
  );
  if (walk?.complete !== false) return findings;
  const root = lock.lock.nodes.get(lock.lock.rootKey);
  return [
    ...findings,
    finding('lock-unreadable', {
      message: 'flake.lock is nested so deeply that not all of its inputs are listed here',
      subject: { kind: 'file', id: 'flake.lock' },
      ...(root === undefined ? {} : { place: inLock(root.keySpan) }),
      evidence: { problem: 'too-deep' },
    }),
  ];
}
