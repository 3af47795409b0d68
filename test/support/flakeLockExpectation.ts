import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFlake, type FlakeFacts, type InputFacts } from '../../server/src/domain/flakeFacts';
import { parseFlakeLock, reachableInputs, type FlakeLock, type Resolution } from '../../server/src/domain/flakeLock';
import { sourceStorePath } from '../../server/src/domain/contentAddress';
import { numberAttr, stringAttr } from '../../server/src/domain/flakeRef';
import { compareText } from '../../server/src/util/compare';

/** The part `flakeLock` of an expected.json. All but `status` only when that is `ok`. */
interface ExpectedLock {
  readonly status: string;
  readonly version?: number;
  readonly root?: string;
  readonly rootInputs?: readonly {
    readonly name: string;
    readonly spec: string | readonly string[];
    readonly node: string;
    readonly type: string | null;
    readonly rev: string | null;
    readonly narHash: string | null;
    readonly storePath: string | null;
  }[];
  readonly resolved?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly nodes?: Readonly<Record<string, ExpectedNode>>;
}

interface ExpectedNode {
  readonly type: string;
  readonly rev: string | null;
  readonly narHash: string | null;
  readonly storePath: string | null;
  readonly ref?: string;
  readonly lastModified?: number;
  readonly dir?: string;
  readonly flake?: boolean;
  readonly parent?: readonly string[];
}

/** Reads both files of a folder as the extension does. */
export function readFlakeFolder(folder: string): FlakeFacts {
  const text = (file: string): string => readFileSync(join(folder, file), 'utf8');
  return readFlake(
    { flakeNix: text('flake.nix'), flakeLock: text('flake.lock') },
    { privatePatterns: [], now: Date.UTC(2026, 10, 22) },
  );
}

/** Fails unless the flake.lock of a folder reads as its expected.json says: nodes, store paths, every input resolved. */
export function assertLockReadsAsNixSays(folder: string): void {
  const { flakeLock } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as { flakeLock: ExpectedLock };
  const parsed = parseFlakeLock(readFileSync(join(folder, 'flake.lock'), 'utf8'));
  if (flakeLock.status !== 'ok') {
    assert.equal(parsed.kind, 'unreadable', flakeLock.status);
    if (flakeLock.status.startsWith('unsupported version')) assert.match(parsed.message, /^unsupported version/);
    return;
  }
  assert.equal(parsed.kind, 'ok');
  const { lock } = parsed;
  assert.equal(lock.version, flakeLock.version);
  assert.equal(lock.rootKey, flakeLock.root);
  assert.deepEqual(nodes(lock), flakeLock.nodes ?? {});
  assert.deepEqual(resolved(lock), flakeLock.resolved ?? {});
  const byName = (a: { readonly name: string }, b: { readonly name: string }): number => compareText(a.name, b.name);
  assert.deepEqual(rootInputs(readFlakeFolder(folder)), [...(flakeLock.rootInputs ?? [])].sort(byName));
}

function nodes(lock: FlakeLock): Readonly<Record<string, ExpectedNode>> {
  const all = [...lock.nodes.values()].filter(({ key }) => key !== lock.rootKey);
  return Object.fromEntries(
    all.map(({ key, locked, narHash, flake, parent }) => {
      assert.ok(locked);
      const name = stringAttr(locked, 'name');
      const ref = stringAttr(locked, 'ref');
      const lastModified = numberAttr(locked, 'lastModified');
      const dir = stringAttr(locked, 'dir');
      const node: ExpectedNode = {
        type: stringAttr(locked, 'type') ?? '',
        rev: stringAttr(locked, 'rev') ?? null,
        narHash: narHash ?? null,
        storePath: narHash === undefined ? null : sourceStorePath(narHash, name),
        ...(ref === undefined ? {} : { ref }),
        ...(lastModified === undefined ? {} : { lastModified }),
        ...(dir === undefined ? {} : { dir }),
        ...(flake ? {} : { flake }),
        ...(parent === undefined ? {} : { parent }),
      };
      return [key, node];
    }),
  );
}

/** The inputs of all nodes but the root, by node and name. */
function resolved(lock: FlakeLock): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const byNode: Record<string, Record<string, string>> = {};
  for (const { parentKey, path, resolution } of reachableInputs(lock)) {
    if (parentKey !== lock.rootKey) (byNode[parentKey] ??= {})[path.at(-1) ?? ''] = target(lock, resolution);
  }
  return byNode;
}

function target(lock: FlakeLock, resolution: Resolution): string {
  return resolution.kind === 'node' ? resolution.key : resolution.kind === 'root' ? lock.rootKey : resolution.kind;
}

function rootInputs({ inputs, lock }: FlakeFacts): NonNullable<ExpectedLock['rootInputs']> {
  assert.equal(lock.state, 'ok');
  const root = lock.lock.nodes.get(lock.lock.rootKey);
  const isLocked = ({ path, resolution }: InputFacts): boolean => path.length === 1 && resolution.kind !== 'not-locked';
  return inputs.filter(isLocked).map((input) => {
    const [name = ''] = input.path;
    const edge = root?.inputs.get(name);
    return {
      name,
      spec: edge?.kind === 'node' ? edge.key : (edge?.path ?? ''),
      node: input.node,
      type: input.attrs === undefined ? null : input.type,
      rev: input.rev ?? null,
      narHash: input.narHash ?? null,
      storePath: input.storePath ?? null,
    };
  });
}
