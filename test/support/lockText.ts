import assert from 'node:assert/strict';
import { parseFlakeLock, type FlakeLock } from '../../server/src/domain/flakeLock';

/** A hash that is one, and the store path that follows from it. */
export const SAMPLE_HASH = 'sha256-d+5GvZVu9BXHpMijNRhmZTCLobq42ueDmdOPB6e8AD4=';
export const SAMPLE_PATH = '/nix/store/acahk4mxhr6j87968jjr9sb1lm5h53bq-source';

/** The inputs of a node as flake.lock writes them: a key, or a path to follow. */
export type EdgeJson = Readonly<Record<string, string | readonly string[]>>;

export interface NodeJson {
  readonly inputs?: EdgeJson;
  readonly locked?: object;
  readonly original?: object;
  readonly flake?: boolean;
  readonly [other: string]: unknown;
}

/** A node whose source does not matter. */
export function nodeJson(inputs: EdgeJson = {}, name = 'r'): NodeJson {
  const original = { type: 'github', owner: 'o', repo: name };
  const locked = { ...original, rev: 'a'.repeat(40), narHash: SAMPLE_HASH, lastModified: 1_700_000_000 };
  return { ...(Object.keys(inputs).length === 0 ? {} : { inputs }), locked, original };
}

/** The text of a lock, laid out as Nix does. */
export function lockText(root: EdgeJson, nodes: Readonly<Record<string, unknown>> = {}): string {
  return `${JSON.stringify({ nodes: { ...nodes, root: { inputs: root } }, root: 'root', version: 7 }, null, 2)}\n`;
}

/** Parses a lock that must be readable. */
export function parsedLock(text: string): FlakeLock {
  const parsed = parseFlakeLock(text);
  assert.equal(parsed.kind, 'ok', parsed.kind === 'unreadable' ? parsed.message : '');
  return parsed.lock;
}
