import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { sourceStorePath } from '../../server/src/domain/contentAddress';
import type { Finding } from '../../server/src/domain/finding';
import type { FlakeFacts, InputFacts } from '../../server/src/domain/flakeFacts';
import type { LockNode } from '../../server/src/domain/flakeLock';
import { parseNarHash, type NarHash } from '../../server/src/domain/hash';

/** A NAR hash made from a word. */
export function narHashOf(word: string): NarHash {
  const parsed = parseNarHash(`sha256-${createHash('sha256').update(word).digest('base64')}`);
  assert.ok(parsed.ok);
  return parsed.value;
}

/** An input as a lock would give it: its source is made from its node's name. */
export function inputFacts(path: string, fields: Partial<InputFacts> = {}): InputFacts {
  const names = path.split('/');
  const node = fields.node ?? names.at(-1) ?? '';
  const narHash = narHashOf(node);
  return {
    path: names,
    node,
    resolution: { kind: 'node', key: node },
    type: 'github',
    reference: `github:example/${node}`,
    rev: 'a'.repeat(40),
    lastModified: 1_760_000_000,
    narHash,
    storePath: sourceStorePath(narHash),
    flake: true,
    ...fields,
  };
}

/** A lock node of which only the place of its key counts. */
export function lockNodeAt(key: string, start: number): LockNode {
  return {
    key,
    keySpan: { start, end: start + key.length + 2 },
    span: { start, end: start + key.length + 2 },
    inputs: new Map(),
    lockedSpans: new Map(),
    originalSpans: new Map(),
    flake: true,
    problems: [],
  };
}

/** Facts with these inputs and an empty lock. */
export function flakeFacts(inputs: readonly InputFacts[], findings: readonly Finding[] = []): FlakeFacts {
  return {
    lock: { state: 'ok', version: 7, lock: { version: 7, rootKey: 'root', nodes: new Map(), problems: [] } },
    inputs,
    findings,
  };
}
