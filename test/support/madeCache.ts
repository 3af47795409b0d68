/** Caches of scripts/bench/makeCache.mjs with what it says is in them, and an audit of them by the real adapters. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openClosureRuntime, type ClosureRuntimeOptions } from '../../server/src/closureRuntime';
import type { PathVerdict } from '../../server/src/domain/inputsReport';
import type { StorePath } from '../../server/src/domain/storePath';
import type { Closure } from '../../server/src/engine/closure/closure';
import type { ClosureRequest } from '../../server/src/engine/closure/request';
import { fakeLog } from './fakeLog';
import { trustConfiguration } from './trust';

export type PathClass =
  'valid' | 'cross-signed' | 'content-addressed' | 'disagree' | 'refs-disagree' | 'unsigned' | 'badsig' | 'wrongkey' | 'absent';

export type CacheName = 'a' | 'b';

export interface MadeCache {
  readonly dir: string;
  readonly root: StorePath;
  readonly paths: readonly StorePath[];
  readonly keys: Readonly<Record<CacheName, string>>;
  classOf(path: StorePath, cache: CacheName): PathClass;
  /** As the file in the cache has them, sorted. */
  referencesOf(path: StorePath, cache: CacheName): readonly StorePath[];
  dispose(): Promise<void>;
}

/** Makes caches in a temporary folder. */
export function makeCaches(options: readonly string[]): MadeCache {
  const dir = mkdtempSync(path.join(tmpdir(), 'flake-trust-cache-'));
  const script = path.join(__dirname, '../../scripts/bench/makeCache.mjs');
  execFileSync(process.execPath, [script, '--out', dir, ...options], { stdio: ['ignore', 'ignore', 'inherit'] });
  const read = (name: string): string => readFileSync(path.join(dir, name), 'utf8').trim();
  const { perPath } = JSON.parse(read('truth.json')) as { perPath: Record<string, Partial<Record<CacheName, PathClass>>> };
  return {
    dir,
    root: read('root') as StorePath,
    paths: read('paths.txt').split('\n') as StorePath[],
    keys: { a: read('keys/a.public'), b: options.includes('--second') ? read('keys/b.public') : '' },
    classOf: (storePath, cache) => perPath[storePath.slice('/nix/store/'.length)]?.[cache] ?? 'absent',
    referencesOf: (storePath, cache) => {
      const text = read(`${cache}/${storePath.slice(11, 43)}.narinfo`);
      const words = /^References: ?(.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
      return words
        .filter((word) => word !== '')
        .map((word) => `/nix/store/${word}` as StorePath)
        .sort();
    },
    dispose: () => rm(dir, { recursive: true, force: true }),
  };
}

/** What an auditor should say of a path of a class, asked of one cache. */
export const VERDICT_OF: Readonly<Record<PathClass, PathVerdict>> = {
  valid: 'verified',
  'cross-signed': 'verified',
  disagree: 'verified',
  'refs-disagree': 'verified',
  'content-addressed': 'content-addressed',
  wrongkey: 'untrusted-key',
  unsigned: 'unsigned',
  badsig: 'invalid-signature',
  absent: 'absent',
};

export interface AuditSetup extends Partial<Omit<ClosureRequest, 'roots' | 'configuration'>>, Partial<ClosureRuntimeOptions> {
  readonly urls: readonly string[];
  readonly keys: readonly string[];
  readonly roots: readonly StorePath[];
  readonly signal?: AbortSignal;
}

/** Audits a closure with everything real but nix.conf, and without a disk cache unless `storageDir` is given. */
export async function auditMade(setup: AuditSetup): Promise<Closure> {
  const runtime = openClosureRuntime({
    environment: { variables: {}, home: '/nonexistent', platform: process.platform },
    log: fakeLog(),
    connections: 32,
    timeoutMs: 5000,
    remember: setup.storageDir !== undefined,
    ...setup,
  });
  try {
    return await runtime.walk(
      {
        challenge: false,
        ...setup,
        configuration: trustConfiguration(
          setup.urls.map((url) => ({ url })),
          setup.keys,
        ),
      },
      setup.signal ?? new AbortController().signal,
    );
  } finally {
    await runtime.close();
  }
}
