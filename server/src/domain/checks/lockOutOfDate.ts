import { plainText } from '../../util/plainText';
import { finding, type Finding, type Place } from '../finding';
import { askedOf, askedOfRootInput, type Asked } from '../flakeFacts/declared';
import { lockMismatches, type FlakeLock, type LockEdge, type LockNode } from '../flakeLock';
import type { DeclaredInput } from '../flakeNix';
import { printFlakeRef, sameReference } from '../flakeRef';
import {
  inLock,
  inNix,
  inputSubject,
  message,
  quoted,
  referencePlace,
  valueSpan,
  type CheckedFlake,
  type Declaration,
} from './checkedFlake';

/**
 * What flake.nix asks for and flake.lock does not record: then the next Nix command with write access locks it anew, and what was
 * reviewed in the lock is not what will be built. Decides as Nix 2.34 does (`lockFlake` in libflake/flake.cc); what is computed in
 * flake.nix is not judged.
 */
export function lockOutOfDate(flake: CheckedFlake): readonly Finding[] {
  const { lock, flakeNix } = flake;
  if (lock.state !== 'ok' || flakeNix === undefined) return [];
  const declared = flake.declarations.flatMap((declaration) => staleDeclaration(lock.lock, declaration) ?? []);
  return [...declared, ...removedInputs(flake, lock.lock), ...removedOverrides(flake, lock.lock)];
}

const FIXES: Finding['fixes'] = [{ kind: 'copy', title: 'Copy `nix flake lock`', text: 'nix flake lock' }];

/** In what a declaration and the lock differ. */
interface Difference {
  readonly what: string;
  readonly place: Place;
  /** Where the lock says otherwise. */
  readonly locked?: Place;
}

function staleDeclaration(lock: FlakeLock, { path, input }: Declaration): readonly Finding[] | undefined {
  const parent = nodeAt(lock, path.slice(0, -1));
  const name = path.at(-1) ?? '';
  const edge = parent?.inputs.get(name);
  const isRoot = path.length === 1;
  const asked = isRoot ? askedOfRootInput(input) : askedOf(input);
  if (parent === undefined || asked.kind === 'unknown' || asked.kind === 'malformed' || asked.kind === 'nothing')
    return undefined;
  // An override of an input that the dependency does not have changes nothing.
  if (edge === undefined && !isRoot) return undefined;
  const difference =
    edge === undefined
      ? { what: 'is not in flake.lock yet', place: placeOf(input, asked) }
      : edgeDifference(lock, edge, input, asked, isRoot);
  return difference === undefined ? undefined : [stale(path, difference)];
}

function edgeDifference(
  lock: FlakeLock,
  edge: LockEdge,
  input: DeclaredInput,
  asked: Extract<Asked, { kind: 'follows' | 'reference' }>,
  isRoot: boolean,
): Difference | undefined {
  const places = { place: placeOf(input, asked), locked: inLock(edge.span) };
  if (asked.kind === 'follows') {
    if (edge.kind === 'node')
      return { what: `follows ${quoted(asked.path, 24)}, but flake.lock has a source of its own for it`, ...places };
    if (samePath(edge.path, asked.path)) return undefined;
    return { what: `follows ${quoted(asked.path, 24)}, but flake.lock records ${quoted(edge.path, 24)}`, ...places };
  }
  if (edge.kind === 'follows') {
    return { what: `has a reference of its own, but flake.lock lets it follow ${quoted(edge.path, 24)}`, ...places };
  }
  const node = lock.nodes.get(edge.key);
  if (node?.original === undefined || isAskedFor(asked.attrs, node, isRoot)) return undefined;
  const [wanted, recorded] = [printFlakeRef(asked.attrs), printFlakeRef(node.original)];
  const what =
    wanted === recorded
      ? 'reference differs from what flake.lock records'
      : `flake.nix asks for ${plainText(wanted, 30)}, flake.lock records ${plainText(recorded, 30)}`;
  return {
    what,
    place: places.place,
    locked: inLock(node.originalSpans.get('url') ?? node.originalSpans.get('type') ?? node.keySpan),
  };
}

function isAskedFor(asked: Extract<Asked, { kind: 'reference' }>['attrs'], node: LockNode, isRoot: boolean): boolean {
  const { original, locked, parent } = node;
  if (original === undefined) return true;
  // Since 2.26 Nix records in whose tree a relative path lies, and locks anew when that is another one. Nix 2.8 records nothing.
  if (isRoot && parent !== undefined && parent.length > 0) return false;
  if (sameReference(asked, original)) return true;
  // Nix up to 2.18 leaves the dependency's own reference in `original` when flake.nix overrides it.
  return !isRoot && locked !== undefined && lockMismatches(asked, locked).length === 0;
}

/** Finds the node at a path of edges that name nodes. Overrides below an input that follows another one are not applied. */
function nodeAt(lock: FlakeLock, path: readonly string[]): LockNode | undefined {
  let node = lock.nodes.get(lock.rootKey);
  for (const name of path) {
    const edge: LockEdge | undefined = node?.inputs.get(name);
    if (edge?.kind !== 'node') return undefined;
    node = lock.nodes.get(edge.key);
  }
  return node;
}

/** Entries of the lock's root that flake.nix does not name. Not judged while flake.nix is half written. */
function removedInputs({ flakeNix }: CheckedFlake, lock: FlakeLock): readonly Finding[] {
  if (flakeNix === undefined || !isWhole(flakeNix)) return [];
  const names = new Set(flakeNix.inputs.map(({ name }) => name));
  const root = lock.nodes.get(lock.rootKey);
  return [...(root?.inputs ?? [])].flatMap(([name, edge]) =>
    names.has(name) ? [] : [stale([name], { what: 'is in flake.lock, but not in flake.nix', place: inLock(edge.nameSpan) })],
  );
}

/**
 * `follows` in the lock, among the inputs of a root input, that nobody declares: flake.nix has no such override, and the dependency
 * itself can only point to inputs of its own. Further down Nix trusts the lock.
 */
function removedOverrides({ flakeNix, declarations }: CheckedFlake, lock: FlakeLock): readonly Finding[] {
  if (flakeNix === undefined || !isWhole(flakeNix)) return [];
  const overridden = new Set(declarations.filter(({ path }) => path.length === 2).map(({ path }) => path.join('\0')));
  const root = lock.nodes.get(lock.rootKey);
  return flakeNix.inputs.flatMap((input) => {
    const rootEdge = root?.inputs.get(input.name);
    if (input.computed || rootEdge?.kind !== 'node') return [];
    return [...(lock.nodes.get(rootEdge.key)?.inputs ?? [])].flatMap(([name, edge]) => {
      if (edge.kind !== 'follows' || edge.path[0] === input.name || overridden.has(`${input.name}\0${name}`)) return [];
      const what = `follows ${quoted(edge.path, 24)} in flake.lock, but flake.nix does not say so`;
      return [stale([input.name, name], { what, place: inNix(input.nameSpan), locked: inLock(edge.span) })];
    });
  });
}

function isWhole(flakeNix: NonNullable<CheckedFlake['flakeNix']>): boolean {
  return !flakeNix.inputsComputed && flakeNix.problems.length === 0 && flakeNix.outputs !== undefined;
}

function stale(path: readonly string[], { what, place, locked }: Difference): Finding {
  const colon = /^(?:reference|flake\.nix)/.test(what) ? ':' : '';
  return finding('lock-out-of-date', {
    message: message(`Input ${quoted(path, 30)}${colon} ${what}`),
    subject: inputSubject(path),
    place,
    ...(locked === undefined ? {} : { related: [{ place: locked, message: 'what flake.lock records' }] }),
    ...(FIXES === undefined ? {} : { fixes: FIXES }),
  });
}

function placeOf(input: DeclaredInput, asked: Asked): Place {
  return asked.kind === 'follows' ? inNix(valueSpan(asked.value)) : referencePlace(input);
}

function samePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
