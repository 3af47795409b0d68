import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { NarHash } from '../../server/src/domain/hash';

/** A folder of its own for one test, and how to take it away. */
export function temporaryFolder(): { readonly dir: string; readonly remove: () => void } {
  const dir = mkdtempSync(path.join(tmpdir(), 'flake-trust-test-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** An input to lock: on GitHub, or what `locked` says. */
export interface LockedInput {
  readonly narHash: NarHash;
  readonly original?: Readonly<Record<string, unknown>>;
  readonly locked?: Readonly<Record<string, unknown>>;
}

/** Writes a flake whose inputs all belong to the root, and its lock. */
export function writeFlake(dir: string, inputs: Readonly<Record<string, LockedInput>>, extra = ''): void {
  mkdirSync(dir, { recursive: true });
  const names = Object.keys(inputs);
  const lines = names.map((name) => `  inputs.${JSON.stringify(name)}.url = "github:example/${name}";\n`);
  writeFileSync(path.join(dir, 'flake.nix'), `{\n${lines.join('')}${extra}  outputs = { self, ... }: { };\n}\n`);
  const nodes: Record<string, object> = { root: { inputs: Object.fromEntries(names.map((name) => [name, name])) } };
  for (const [name, { narHash, original, locked }] of Object.entries(inputs)) {
    nodes[name] = {
      locked: {
        type: 'github',
        owner: 'example',
        repo: name,
        rev: '0123456789abcdef0123456789abcdef01234567',
        lastModified: 1_760_000_000,
        narHash,
        ...locked,
      },
      original: { type: 'github', owner: 'example', repo: name, ...original },
    };
  }
  writeFileSync(path.join(dir, 'flake.lock'), `${JSON.stringify({ nodes, root: 'root', version: 7 }, null, 2)}\n`);
}
