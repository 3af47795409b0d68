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
  const ofNode = (node: LockNode): NodeFacts => {
    const known = byNode.get(node.key);
    if (known !== undefined) return known;
    const facts = nodeFacts(node, options);
    byNode.set(node.key, facts);
    return facts;
  };
  const inputs = walk.inputs.map((resolved): InputFacts => {
    const declaration = resolved.path.length === 1 ? byName.get(resolved.path[0] ?? '') : undefined;
    return {
      ...targetFacts(lock, resolved, ofNode),
      path: resolved.path,
      resolution: resolved.resolution,
      ...(resolved.edge.kind === 'follows' ? { follows: resolved.edge.path } : {}),
      ...(declaration === undefined ? {} : { declared: declaration }),
    };
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

function targetFacts(lock: FlakeLock, { resolution }: ResolvedInput, ofNode: (node: LockNode) => NodeFacts): NodeFacts {
  if (resolution.kind === 'root') return { node: lock.rootKey, type: 'self', reference: 'self', flake: true };
  const node = resolution.kind === 'node' ? lock.nodes.get(resolution.key) : undefined;
  return node === undefined ? { node: '', type: 'unknown', reference: '', flake: true } : ofNode(node);
}

function nodeFacts(node: LockNode, options: ReadOptions): NodeFacts {
  const { locked, original } = node;
  const reason = privateReasonOf([locked, original], options);
  const rev = locked === undefined ? undefined : stringAttr(locked, 'rev');
  const lastModified = locked === undefined ? undefined : numberAttr(locked, 'lastModified');
  const storePath = nodeStorePath(node, options.storeDir);
  return {
    node: node.key,
    lockNode: node,
    type: typeOf(locked) ?? typeOf(original) ?? 'unknown',
    reference: original !== undefined ? printFlakeRef(original) : locked !== undefined ? printFlakeRef(locked) : '',
    flake: node.flake,
    ...(locked === undefined ? {} : { attrs: locked }),
    ...(original === undefined ? {} : { original }),
    ...(rev !== undefined && isRev(rev) ? { rev } : {}),
    ...(lastModified === undefined ? {} : { lastModified }),
    ...(node.narHash === undefined ? {} : { narHash: node.narHash }),
    ...(storePath === undefined ? {} : { storePath }),
    ...(reason === undefined ? {} : { privateReason: reason }),
  };
}

/** The source's path follows from its hash and name alone. A name that no store path can have gives none. */
function nodeStorePath({ narHash, locked }: LockNode, storeDir: string | undefined): StorePath | undefined {
  if (narHash === undefined) return undefined;
  const name = locked === undefined ? undefined : stringAttr(locked, 'name');
  if (name !== undefined && !isStorePathName(name)) return undefined;
  return sourceStorePath(narHash, name, storeDir);
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
