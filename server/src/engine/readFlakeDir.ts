import { finding } from '../domain/finding';
import { readFlake, type FlakeFacts, type FlakeOptions } from '../domain/flakeFacts';
import { plainText } from '../util/plainText';
import type { Files } from './ports';

/** A flake.nix of this size was not written by a person; a flake.lock of this size is refused by its reader as well. */
const MAX_BYTES = { nix: 10 * 1024 * 1024, lock: 50 * 1024 * 1024 } as const;

export type OpenedFlake =
  | { readonly kind: 'read'; readonly facts: FlakeFacts }
  /** `message` is a sentence without a full stop. */
  | { readonly kind: 'failed'; readonly message: string };

/**
 * Reads the flake in a directory from disk. Without a readable flake.nix there is no flake, nor without an attribute in it; a flake.lock that is there but cannot be read
 * is a finding, not a missing lock.
 */
export async function readFlakeDir(dir: string, files: Files, options: FlakeOptions, signal: AbortSignal): Promise<OpenedFlake> {
  const [nix, lock] = await Promise.all([
    files.read(`${dir}/flake.nix`, MAX_BYTES.nix, signal),
    files.read(`${dir}/flake.lock`, MAX_BYTES.lock, signal),
  ]);
  if (nix.kind === 'absent') return { kind: 'failed', message: `there is no flake.nix in ${dir}` };
  if (nix.kind === 'failed') return { kind: 'failed', message: `${dir}/flake.nix cannot be read: ${nix.reason}` };
  const facts = readFlake({ flakeNix: nix.text, ...(lock.kind === 'read' ? { flakeLock: lock.text } : {}) }, options);
  // "No input, nothing found" of a file that nobody could read would pass for a clean bill.
  if (facts.flakeNix?.topLevel.length === 0) {
    return { kind: 'failed', message: `${dir}/flake.nix is no flake: it is not a set with attributes` };
  }
  return { kind: 'read', facts: lock.kind === 'failed' ? withUnreadableLock(facts, lock.reason) : facts };
}

function withUnreadableLock(facts: FlakeFacts, reason: string): FlakeFacts {
  return {
    ...facts,
    lock: { state: 'unreadable', message: reason, span: { start: 0, end: 0 } },
    findings: [
      ...facts.findings.filter(({ code }) => code !== 'lock-missing'),
      finding('lock-unreadable', {
        message: `flake.lock cannot be read: ${plainText(reason, 90)}`,
        subject: { kind: 'file', id: 'flake.lock' },
      }),
    ],
  };
}
