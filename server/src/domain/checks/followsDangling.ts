import { editDistance } from '../../util/editDistance';
import { finding, type Finding, type Fix } from '../finding';
import { askedOf } from '../flakeFacts/declared';
import type { DeclaredInput, LiteralValue } from '../flakeNix';
import { inLock, inNix, inputSubject, message, quoted, valueSpan, type CheckedFlake } from './checkedFlake';

/** `follows` that lead nowhere, or in a circle, on which Nix 2.8 overflows its stack. In flake.nix, and what remains in flake.lock. */
export function followsDangling(flake: CheckedFlake): readonly Finding[] {
  const inNixFile = danglingDeclarations(flake);
  const known = new Set(inNixFile.map(({ subject }) => subject.id));
  return [...inNixFile, ...danglingEdges(flake).filter(({ subject }) => !known.has(subject.id))];
}

type Outcome =
  { readonly kind: 'found' } | { readonly kind: 'dangling'; readonly at: readonly string[] } | { readonly kind: 'cycle' };

function danglingDeclarations(flake: CheckedFlake): readonly Finding[] {
  const { flakeNix, declarations } = flake;
  if (flakeNix === undefined || flakeNix.inputsComputed) return [];
  const byName = new Map(flakeNix.inputs.map((input) => [input.name, input]));
  let offers = 0;
  return declarations.flatMap(({ path, input }) => {
    const asked = askedOf(input);
    if (asked.kind !== 'follows' || asked.path.length === 0) return [];
    const outcome = resolveDeclared(flake, byName, asked.path);
    if (outcome.kind === 'found') return [];
    offers += 1;
    return [
      finding('follows-dangling', {
        message: message(sentence(path, asked.path, outcome)),
        subject: inputSubject(path),
        place: inNix(valueSpan(asked.value)),
        fixes: offers > MAX_OFFERS ? [] : targets(flake, byName, path, asked.path, asked.value),
      }),
    ];
  });
}

function sentence(path: readonly string[], target: readonly string[], outcome: Outcome): string {
  const what = outcome.kind === 'cycle' ? 'which leads back to itself' : 'which does not exist';
  return `Input ${quoted(path)} follows ${quoted(target)}, ${what}`;
}

/** So many `follows` behind each other are not judged. */
const MAX_STEPS = 50;

/** Follows a path through flake.nix as far as it goes, then through the lock. What the lock does not know yet is no finding. */
function resolveDeclared(flake: CheckedFlake, byName: ReadonlyMap<string, DeclaredInput>, start: readonly string[]): Outcome {
  const seen = new Set<string>();
  let path = start;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const [name = '', ...rest] = path;
    const input = byName.get(name);
    if (input === undefined) return { kind: 'dangling', at: [name] };
    const asked = askedOf(input);
    if (asked.kind !== 'follows') return rest.length === 0 ? { kind: 'found' } : resolveLocked(flake, path);
    if (asked.path.length === 0) return { kind: 'found' };
    // `a.follows = "a/x"` never comes back to the same path, but to the same input with ever more behind it.
    if (seen.has(name)) return { kind: 'cycle' };
    seen.add(name);
    path = [...asked.path, ...rest];
  }
  return { kind: 'found' };
}

function resolveLocked({ walk }: CheckedFlake, path: readonly string[]): Outcome {
  const resolution = walk?.resolver.resolvePath(path);
  if (resolution?.kind !== 'dangling') return { kind: 'found' };
  // The root input itself is not locked yet, or the lock's own follows dangles, which is told where it stands.
  const isHere = resolution.at.length > 1 && resolution.at.every((name, index) => name === path[index]);
  return isHere ? { kind: 'dangling', at: resolution.at } : { kind: 'found' };
}

/** Comparing names is work; a file with more mistakes than this, or more inputs, needs no suggestions. */
const MAX_OFFERS = 50;
const MAX_CANDIDATES = 200;
const MAX_NAME = 40;
const PLAIN_NAME = /^[a-zA-Z][\w-]{0,39}$/;

/** Offers the inputs of the root whose names are nearest to what is written. */
function targets(
  { flakeNixText }: CheckedFlake,
  byName: ReadonlyMap<string, DeclaredInput>,
  path: readonly string[],
  target: readonly string[],
  value: LiteralValue,
): readonly Fix[] {
  if (flakeNixText === undefined || value.kind !== 'string') return [];
  const wanted = [target.at(-1) ?? '', path.at(-1) ?? ''].map((name) => name.slice(0, MAX_NAME));
  return [...byName.values()]
    .filter(({ name, follows }) => name !== path[0] && follows === undefined && PLAIN_NAME.test(name))
    .slice(0, MAX_CANDIDATES)
    .map(({ name }) => ({ name, distance: Math.min(...wanted.map((each) => editDistance(each, name))) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => ({ kind: 'edit', title: `Follow "${name}"`, place: inNix(value.textSpan), newText: name }));
}

/** Edges of the lock, where flake.nix does not say it already. */
function danglingEdges({ walk }: CheckedFlake): readonly Finding[] {
  return (walk?.inputs ?? []).flatMap(({ path, edge, resolution }) => {
    if (edge.kind !== 'follows' || (resolution.kind !== 'dangling' && resolution.kind !== 'cycle')) return [];
    return [
      finding('follows-dangling', {
        message: message(sentence(path, edge.path, resolution)),
        subject: inputSubject(path),
        place: inLock(edge.span),
      }),
    ];
  });
}
