/** The inputs of a flake, each with what flake.nix and flake.lock say of it. */
import { compareTexts } from '../../util/compare';
import { sourceStorePath } from '../contentAddress';
import type { FlakeLock, LockNode, LockWalk, ResolvedInput } from '../flakeLock';
import type { DeclaredInput } from '../flakeNix';
import { isRev, numberAttr, printFlakeRef, stringAttr, type FlakeAttrs } from '../flakeRef';
import { privateReason } from '../privacy';
import { isStorePathName, type StorePath } from '../storePath';
import { askedOfRootInput } from './declared';
import type { FlakeOptions, InputFacts } from './types';

type ReadOptions = Pick<FlakeOptions, 'privatePatterns' | 'storeDir'>;

/** Filled field by field: there are thousands of them, and absent fields have to be absent. */
type Filled<T> = { -readonly [K in keyof T]: T[K] };

/** What follows from a lock node alone, made once for all inputs that lead to it. */
type NodeFacts = Omit<InputFacts, 'path' | 'follows' | 'declared' | 'resolution'>;

/** Lists the inputs of a locked flake: those of the lock, and those that flake.nix declares beyond it. Sorted by path. */
export function lockedInputs(
  lock: FlakeLock,
  walk: LockWalk,
  declared: readonly DeclaredInput[],
  options: ReadOptions,
): readonly InputFacts[] {
  const byName = new Map(declared.map((input) => [input.name, input]));
  const byNode = new Map<string, NodeFacts>();
  const storePathOf = storePaths(options.storeDir);
  const ofNode = (node: LockNode): NodeFacts => {
    let facts = byNode.get(node.key);
    if (facts === undefined) {
      facts = nodeFacts(node, storePathOf, options);
      byNode.set(node.key, facts);
    }
    return facts;
  };
  const inputs = walk.inputs.map((resolved): InputFacts => {
    const declaration = resolved.path.length === 1 ? byName.get(resolved.path[0] ?? '') : undefined;
    return lockedInput(resolved, targetFacts(lock, resolved, ofNode), declaration);
  });
  const root = lock.nodes.get(lock.rootKey);
  const notLocked = declared.filter(({ name }) => root?.inputs.has(name) !== true);
  if (notLocked.length === 0) return inputs;
  return [...inputs, ...declaredInputs(notLocked, options)].sort((a, b) => compareTexts(a.path, b.path));
}

/** Lists the inputs that flake.nix declares, when there is no lock that tells more. Sorted by path. */
export function declaredInputs(declared: readonly DeclaredInput[], options: ReadOptions): readonly InputFacts[] {
  return declared.map((input) => declaredFacts(input, options)).sort((a, b) => compareTexts(a.path, b.path));
}

function lockedInput(
  { path, edge, resolution }: ResolvedInput,
  target: NodeFacts,
  declared: DeclaredInput | undefined,
): InputFacts {
  const { node, type, reference, flake } = target;
  const input: Filled<InputFacts> = { path, node, resolution, type, reference, flake };
  if (edge.kind === 'follows') input.follows = edge.path;
  if (declared !== undefined) input.declared = declared;
  if (target.lockNode !== undefined) input.lockNode = target.lockNode;
  if (target.attrs !== undefined) input.attrs = target.attrs;
  if (target.original !== undefined) input.original = target.original;
  if (target.rev !== undefined) input.rev = target.rev;
  if (target.lastModified !== undefined) input.lastModified = target.lastModified;
  if (target.narHash !== undefined) input.narHash = target.narHash;
  if (target.storePath !== undefined) input.storePath = target.storePath;
  if (target.privateReason !== undefined) input.privateReason = target.privateReason;
  return input;
}

function targetFacts(lock: FlakeLock, { resolution }: ResolvedInput, ofNode: (node: LockNode) => NodeFacts): NodeFacts {
  if (resolution.kind === 'root') return { node: lock.rootKey, type: 'self', reference: 'self', flake: true };
  const node = resolution.kind === 'node' ? lock.nodes.get(resolution.key) : undefined;
  return node === undefined ? { node: '', type: 'unknown', reference: '', flake: true } : ofNode(node);
}

function nodeFacts(lockNode: LockNode, storePathOf: (node: LockNode) => StorePath | undefined, options: ReadOptions): NodeFacts {
  const { locked, original } = lockNode;
  const named = original ?? locked;
  const facts: Filled<NodeFacts> = {
    node: lockNode.key,
    type: typeOf(locked) ?? typeOf(original) ?? 'unknown',
    reference: named === undefined ? '' : printFlakeRef(named),
    flake: lockNode.flake,
    lockNode,
  };
  if (locked !== undefined) {
    facts.attrs = locked;
    const rev = stringAttr(locked, 'rev');
    if (rev !== undefined && isRev(rev)) facts.rev = rev;
    const lastModified = numberAttr(locked, 'lastModified');
    if (lastModified !== undefined) facts.lastModified = lastModified;
  }
  if (original !== undefined) facts.original = original;
  if (lockNode.narHash !== undefined) facts.narHash = lockNode.narHash;
  const storePath = storePathOf(lockNode);
  if (storePath !== undefined) facts.storePath = storePath;
  const reason = privateReasonOf([locked, original], options);
  if (reason !== undefined) facts.privateReason = reason;
  return facts;
}

/**
 * The source's path follows from its hash and name alone; many nodes of a lock have the same. A name that no store path can have
 * gives none.
 */
function storePaths(storeDir: string | undefined): (node: LockNode) => StorePath | undefined {
  const known = new Map<string, StorePath>();
  return ({ narHash, locked }) => {
    if (narHash === undefined) return undefined;
    const name = locked === undefined ? undefined : stringAttr(locked, 'name');
    if (name !== undefined && !isStorePathName(name)) return undefined;
    const key = `${narHash} ${name ?? ''}`;
    let path = known.get(key);
    if (path === undefined) {
      path = sourceStorePath(narHash, name, storeDir);
      known.set(key, path);
    }
    return path;
  };
}

function declaredFacts(input: DeclaredInput, options: ReadOptions): InputFacts {
  const asked = askedOfRootInput(input);
  const attrs = asked.kind === 'reference' ? asked.attrs : undefined;
  const reason = privateReasonOf([attrs], options);
  return {
    path: [input.name],
    node: '',
    resolution: { kind: 'not-locked' },
    declared: input,
    ...(asked.kind === 'follows' ? { follows: asked.path } : {}),
    type: typeOf(attrs) ?? 'unknown',
    reference: attrs === undefined ? '' : printFlakeRef(attrs),
    flake: input.flake ?? true,
    ...(reason === undefined ? {} : { privateReason: reason }),
  };
}

function typeOf(attrs: FlakeAttrs | undefined): string | undefined {
  return attrs === undefined ? undefined : stringAttr(attrs, 'type');
}

/** Private when either is: a public-looking `locked` does not make a private `original` public. */
function privateReasonOf(candidates: readonly (FlakeAttrs | undefined)[], options: ReadOptions): string | undefined {
  for (const attrs of candidates) {
    const reason = attrs === undefined ? undefined : privateReason(attrs, options.privatePatterns);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
