import { finding, type Finding } from '../finding';
import { inNix, type CheckedFlake } from './checkedFlake';

/** A flake with inputs but no flake.lock: what its inputs are is decided anew wherever it is built. */
export function lockMissing({ flakeNix, lock }: CheckedFlake): readonly Finding[] {
  if (lock.state !== 'missing' || flakeNix === undefined || flakeNix.inputs.length === 0) return [];
  const span = flakeNix.inputsSpan ?? flakeNix.outputs?.span ?? { start: 0, end: 0 };
  return [
    finding('lock-missing', {
      message: 'This flake has inputs but no flake.lock, so nothing can be checked',
      subject: { kind: 'file', id: 'flake.lock' },
      place: inNix(span),
      fixes: [{ kind: 'copy', title: 'Copy `nix flake lock`', text: 'nix flake lock' }],
    }),
  ];
}
