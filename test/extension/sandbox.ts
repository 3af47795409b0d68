/** A folder of its own for one run: the sample as workspace, Nix's configuration with the demo cache, nothing of the user's. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { demoFlake, demoNixConf, serveDemoCache } from '../../scripts/demoCache.mjs';

export interface Sandbox {
  /** Holds everything; removed by `end`. */
  readonly folder: string;
  /** The sample, to be opened in VS Code. */
  readonly workspace: string;
  readonly cacheUrl: string;
  /** How long the cache holds its answers back; 0 at first. */
  delayMs: number;
  /** What was asked of the cache, oldest first. */
  readonly requests: readonly string[];
  /** The cache that only the sample's nixConfig names, and what was asked of it. */
  readonly declared: { readonly url: string; readonly requests: readonly string[] };
  /** Environment of VS Code, so of the extension and its server. */
  readonly env: Readonly<Record<string, string>>;
  end(): Promise<void>;
}

/** Makes the folder, and serves the demo cache and the one that nixConfig names. */
export async function makeSandbox(): Promise<Sandbox> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'flake-trust-test-'));
  const requests: string[] = [];
  const cache = await serveDemoCache({ onRequest: (asked) => requests.push(asked), delayMs: () => sandbox.delayMs });
  const declaredRequests: string[] = [];
  const declared = await serveDemoCache({ onRequest: (asked) => declaredRequests.push(asked) });
  const workspace = path.join(folder, 'demo');
  cpSync(demoFlake, workspace, { recursive: true });
  const flakeNix = path.join(workspace, 'flake.nix');
  writeFileSync(flakeNix, readFileSync(flakeNix, 'utf8').replace('https://cache.demo.example', declared.url));
  const nixConfDir = path.join(folder, 'nix');
  mkdirSync(nixConfDir);
  writeFileSync(path.join(nixConfDir, 'nix.conf'), demoNixConf(cache.url));
  const sandbox: Sandbox = {
    delayMs: 0,
    folder,
    workspace,
    cacheUrl: cache.url,
    requests,
    declared: { url: declared.url, requests: declaredRequests },
    env: {
      NIX_CONF_DIR: nixConfDir,
      NIX_USER_CONF_FILES: '',
      NIX_CONFIG: '',
      XDG_CACHE_HOME: path.join(folder, 'cache'),
      XDG_CONFIG_HOME: path.join(folder, 'config'),
      XDG_DATA_HOME: path.join(folder, 'data'),
    },
    end: async () => {
      await Promise.all([cache.close(), declared.close()]);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return sandbox;
}
