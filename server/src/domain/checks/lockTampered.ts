import { plainText } from '../../util/plainText';
import { finding, type Finding } from '../finding';
import { askedOf } from '../flakeFacts/declared';
import type { InputFacts } from '../flakeFacts/types';
import { lockMismatches, URL_COMMIT, type LockNode, type Mismatch } from '../flakeLock';
import type { DeclaredInput } from '../flakeNix';
import { inLock, inputPlace, inputSubject, message, quoted, type CheckedFlake } from './checkedFlake';

/**
 * Lock entries whose `locked` is not what `original` asks for; see {@link lockMismatches} for what may differ.
 *
 * One exception hangs on flake.nix: with an override by URL (`inputs.a.inputs.b.url = …`) Nix up to 2.18 wrote the dependency's own
 * reference as `original` and locked the override. It counts when flake.nix declares the override and `locked` agrees with it. An
 * override that a dependency declares for inputs of its inputs cannot be seen from here, so that far down the severity is lower.
 */
export function lockTampered(flake: CheckedFlake): readonly Finding[] {
  const { walk } = flake;
  if (walk === undefined) return [];
  const overrides = new Map(flake.declarations.map(({ path, input }) => [path.join('\0'), input]));
  return flake.nodes.flatMap((input) => {
    const { lockNode } = input;
    if (lockNode?.locked === undefined || lockNode.original === undefined) return [];
    const mismatches = [...lockMismatches(lockNode.original, lockNode.locked), ...parentMismatch(flake, lockNode)];
    const [first] = mismatches;
    if (first === undefined) return [];
    const depth = walk.owner(lockNode.key)?.depth ?? 0;
    const path = depth < 2 ? undefined : walk.directPath(lockNode.key);
    const override = path === undefined ? undefined : overrides.get(path.join('\0'));
    if (override !== undefined && agreesWithOverride(override, lockNode)) return [];
    const severity = mismatches.every(({ explicable }) => explicable) ? 'information' : depth > 2 ? 'warning' : 'error';
    return [tampered(input, lockNode, mismatches, first, severity)];
  });
}

function tampered(
  input: InputFacts,
  node: LockNode,
  mismatches: readonly Mismatch[],
  first: Mismatch,
  severity: Finding['severity'],
): Finding {
  return finding('lock-tampered', {
    severity,
    message: message(`Input ${quoted(input.path, 30)}: ${sentence(first)}`),
    subject: inputSubject(input.path),
    ...inputPlace(input),
    related: relatedPlaces(node, first),
    evidence: {
      node: node.key,
      mismatches: mismatches.map(({ field, original, locked }) => ({
        field,
        original: plainText(original, 400),
        locked: plainText(locked, 400),
      })),
    },
  });
}

function sentence({ field, original, locked, explicable }: Mismatch): string {
  const [asked, got] = [shownPart(original, locked), shownPart(locked, original)];
  if (explicable === true) return `locked with ${field}, which only its own flake.nix may ask for, not original`;
  if (field === URL_COMMIT) return `the locked URL names commit "${asked}", but rev is "${got}"`;
  if (field === 'parent') return `flake.lock takes it from the tree of "${got}", not of "${asked}"`;
  return got === ''
    ? `original pins ${field} "${asked}", but locked has none`
    : `locked has ${field} "${got}", but original asks for "${asked || 'none'}"`;
}

/** Shows where two long texts differ; a common beginning is cut. */
function shownPart(text: string, other: string): string {
  const maxLength = 26;
  if (text.length <= maxLength) return plainText(text, maxLength);
  let same = 0;
  while (same < text.length && text[same] === other[same]) same += 1;
  if (same < maxLength / 2) return plainText(text, maxLength);
  const from = Math.max(0, Math.min(same, text.length - 4) - 6);
  return `…${plainText(text.slice(from), maxLength - 1)}`;
}

/** Both values in the lock, or the types of both sides when one of them lacks the attribute. */
function relatedPlaces(node: LockNode, { field, original, locked }: Mismatch): NonNullable<Finding['related']> {
  const { lockedSpans, originalSpans, keySpan } = node;
  const isInUrl = field === URL_COMMIT;
  const name = isInUrl ? 'rev' : ['FlakeHub flake', 'version', 'channel'].includes(field) ? 'url' : field;
  const other = isInUrl ? lockedSpans.get('url') : (originalSpans.get(name) ?? originalSpans.get('type'));
  return [
    { place: inLock(lockedSpans.get(name) ?? lockedSpans.get('type') ?? keySpan), message: `locked: ${plainText(locked, 80)}` },
    { place: inLock(other ?? keySpan), message: `${isInUrl ? 'URL' : 'original'}: ${plainText(original, 80)}` },
  ];
}

function agreesWithOverride(override: DeclaredInput, { locked }: LockNode): boolean {
  const asked = askedOf(override);
  return asked.kind === 'reference' && locked !== undefined && lockMismatches(asked.attrs, locked).length === 0;
}

/**
 * A relative path input lies in the tree of the flake that names it: the node that has it as input, or an ancestor of that
 * which overrides it. Another `parent` would take the files from somebody else's tree.
 */
function parentMismatch({ walk, lock }: CheckedFlake, node: LockNode): readonly Mismatch[] {
  const { parent } = node;
  const owner = walk?.owner(node.key);
  if (parent === undefined || walk === undefined || owner === undefined || lock.state !== 'ok') return [];
  const target = walk.resolver.resolvePath(parent);
  const key = target.kind === 'root' ? lock.lock.rootKey : target.kind === 'node' ? target.key : undefined;
  // The root may override anything.
  if (key === owner.parentKey || key === lock.lock.rootKey) return [];
  const path = walk.directPath(node.key) ?? [];
  if (parent.length < path.length && parent.every((name, index) => name === path[index])) return [];
  return [{ field: 'parent', original: path.slice(0, -1).join('/'), locked: parent.join('/') }];
}
