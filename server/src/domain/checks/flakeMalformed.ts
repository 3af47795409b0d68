import { plainText } from '../../util/plainText';
import { finding, type Finding } from '../finding';
import { inNix, message, type CheckedFlake } from './checkedFlake';

/**
 * flake.nix is half-written, or not as Nix wants it: one finding, at the first such place, since what stands behind it may have been
 * read otherwise than meant. The reader is tolerant and finds what it can; silence would pass that off as everything.
 */
export function flakeMalformed({ flakeNix }: CheckedFlake): readonly Finding[] {
  const problems = flakeNix?.problems ?? [];
  const [first] = [...problems].sort((a, b) => a.span.start - b.span.start);
  if (first === undefined) return [];
  return [
    finding('flake-malformed', {
      message: message(`flake.nix: ${plainText(first.message, 60)}; Nix may refuse it, and inputs may be missing here`),
      subject: { kind: 'file', id: 'flake.nix' },
      place: inNix(first.span),
      evidence: { problems: problems.length },
    }),
  ];
}
