import { finding, type Finding } from '../finding';
import { askedOf } from '../flakeFacts/declared';
import { inLock, inNix, inputSubject, message, quoted, type CheckedFlake } from './checkedFlake';

/** `follows = ""`: the usual way to drop an input of an input. What it really does is to hand over this flake in its place. */
export function followsRoot(flake: CheckedFlake): readonly Finding[] {
  const about = (path: readonly string[]): Pick<Finding, 'message' | 'subject'> => ({
    message: message(`Input ${quoted(path)} follows "": it is given this flake itself, not nothing`),
    subject: inputSubject(path),
  });
  if (flake.flakeNix === undefined) {
    return flake.inputs.flatMap(({ path, follows, lockNode }) =>
      follows?.length === 0
        ? [finding('follows-root', { ...about(path), ...(lockNode === undefined ? {} : { place: inLock(lockNode.keySpan) }) })]
        : [],
    );
  }
  return flake.declarations.flatMap(({ path, input }) => {
    const asked = askedOf(input);
    if (asked.kind !== 'follows' || asked.path.length > 0) return [];
    return [finding('follows-root', { ...about(path), place: inNix(asked.value.span) })];
  });
}
