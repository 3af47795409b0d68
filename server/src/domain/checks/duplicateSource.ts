import { plainText } from '../../util/plainText';
import { finding, type Finding, type Fix } from '../finding';
import type { InputFacts } from '../flakeFacts/types';
import { isRev, sourceIdentity, stringAttr } from '../flakeRef';
import { inLock, inNix, inputPlace, inputSubject, message, quoted, type CheckedFlake } from './checkedFlake';

/**
 * One source at several revisions: the closure grows, and a fix pulled in for one is missing in the other. Told of the inputs of
 * inputs, compared with an input of the root where there is one. Two branches that the root itself declares are meant that way.
 */
export function duplicateSource(flake: CheckedFlake): readonly Finding[] {
  const roots = new Map(flake.inputs.filter(({ path }) => path.length === 1).map((input) => [input.path[0], input]));
  const first = new Map<string, InputFacts>();
  // A commit that the dependency itself pins is meant to differ.
  const candidates = flake.nodes.filter(({ rev, original }) => rev !== undefined && original?.has('rev') !== true);
  const identities = new Map(candidates.map((input) => [input, identityOf(input)]));
  for (const [input, identity] of identities) {
    const known = first.get(identity);
    if (known === undefined || isBetterTarget(input, known)) first.set(identity, input);
  }
  return candidates.flatMap((input) => {
    const namesake = roots.get(input.path.at(-1));
    const identity = identities.get(input) ?? '';
    const other = namesake !== undefined && identityOf(namesake) === identity ? namesake : first.get(identity);
    if (other === undefined || other === input || other.rev === input.rev || input.path.length < 2) return [];
    return [duplicate(flake, input, other, roots.get(input.path[0]))];
  });
}

function identityOf({ attrs }: InputFacts): string {
  return attrs === undefined ? '' : sourceIdentity(attrs);
}

/** Nearer to the root, and there the one that is named after its source. */
function isBetterTarget(input: InputFacts, known: InputFacts): boolean {
  if (input.path.length !== known.path.length) return input.path.length < known.path.length;
  return isNamedAfterSource(input) && !isNamedAfterSource(known);
}

function isNamedAfterSource({ path, attrs }: InputFacts): boolean {
  const repo = attrs === undefined ? undefined : (stringAttr(attrs, 'repo') ?? sourceIdentity(attrs).split('/').at(-1));
  return repo?.toLowerCase() === path.at(-1)?.toLowerCase();
}

function duplicate(flake: CheckedFlake, input: InputFacts, other: InputFacts, parent: InputFacts | undefined): Finding {
  const place =
    input.path.length === 2 && parent?.declared !== undefined ? { place: inNix(parent.declared.nameSpan) } : inputPlace(input);
  const nodes = [input, other].flatMap(({ path, lockNode, rev }) =>
    lockNode === undefined
      ? []
      : [{ place: inLock(lockNode.keySpan), message: `${plainText(path.join('/'), 60)} at ${shortRev(rev)}` }],
  );
  return finding('duplicate-source', {
    message: message(`${quoted(other.path, 30)} and ${quoted(input.path, 30)} lock the same source at different revisions`),
    subject: inputSubject(input.path),
    ...place,
    related: nodes,
    evidence: { source: identityOf(input), revisions: [input.rev, other.rev] },
    fixes: followsFix(flake, input, other, parent),
  });
}

function shortRev(rev: string | undefined): string {
  return rev !== undefined && isRev(rev) ? rev.slice(0, 7) : 'no revision';
}

const PLAIN_NAME = /^[a-zA-Z_][\w'-]*$/;

/**
 * Adds `follows` behind the URL of the dependency, in the form in which that is written: behind `a.url = "…";` comes
 * `a.inputs.b.follows = "…";`, inside `a = { url = "…"; }` comes `inputs.b.follows = "…";`.
 */
function followsFix(
  { flakeNixText: text }: CheckedFlake,
  input: InputFacts,
  other: InputFacts,
  parent: InputFacts | undefined,
): readonly Fix[] {
  const declared = parent?.declared;
  const [, name = ''] = input.path;
  const [target = ''] = other.path;
  const url = declared?.url;
  if (text === undefined || url === undefined || input.path.length !== 2 || other.path.length !== 1) return [];
  // Under another name it is likely to be another branch on purpose, such as nixpkgs-stable.
  if (name !== target) return [];
  if (!PLAIN_NAME.test(name) || !/^[a-zA-Z][\w-]*$/.test(target)) return [];
  if (declared?.inputs.some((override) => override.name === name) === true) return [];
  const { start, end } = url.bindingSpan;
  if (text[end - 1] !== ';') return [];
  const prefix = text.slice(start, url.nameSpan.start);
  if (!/^(?:[\w'."-]+\.)?$/.test(prefix)) return [];
  const lineStart = Math.max(text.lastIndexOf('\n', start - 1) + 1, 0);
  const indent = text.slice(lineStart, start);
  const separator = /^[ \t]*$/.test(indent) ? `\n${indent}` : ' ';
  const newText = `${separator}${prefix}inputs.${name}.follows = "${target}";`;
  return [{ kind: 'edit', title: `Let ${quoted(input.path)} follow "${target}"`, place: inNix({ start: end, end }), newText }];
}
