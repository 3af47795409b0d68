/** An audit in the editor, while somebody goes on working there: how long a hover waits, how long the server hears nobody, how soon it stops. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startServer } from './languageServer.mjs';

/** Between two hovers, in milliseconds. */
const HOVER_EVERY_MS = 5;

const FLAKE = `{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
  outputs = _: { };
}
`;
const LOCK = {
  nodes: {
    nixpkgs: {
      locked: {
        lastModified: 1770000000,
        narHash: 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
        owner: 'NixOS',
        repo: 'nixpkgs',
        rev: '0000000000000000000000000000000000000001',
        type: 'github',
      },
      original: { owner: 'NixOS', ref: 'nixos-unstable', repo: 'nixpkgs', type: 'github' },
    },
    root: { inputs: { nixpkgs: 'nixpkgs' } },
  },
  root: 'root',
  version: 7,
};

/**
 * Audits `path` over the cache at `url`, hovering all the while, then once more with answers remembered, then once more and cancels. Times in
 * milliseconds: `stallMs` and `hoverMs` are the longest, cold and warm; 95 of 100 hovers take
 * `mostHoversMs` or less.
 */
export async function editorAudit({ server, folder, path, url, keys, paths }) {
  const home = join(folder, `editor-${paths}`);
  const dir = join(home, 'flake');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(home, 'nix.conf'), 'experimental-features = nix-command flakes\nsubstituters =\n');
  writeFileSync(join(dir, 'flake.nix'), FLAKE);
  writeFileSync(join(dir, 'flake.lock'), JSON.stringify(LOCK));
  const uri = pathToFileURL(join(dir, 'flake.nix')).href;
  const running = await startServer(server, home, { caches: [{ url, keys }], network: { mode: 'manual' } });
  try {
    await running.open(uri, FLAKE);
    await running.hover(uri, 1, 12);
    const cold = await auditAndHover(running, uri, path, paths);
    const warm = await auditAndHover(running, uri, path, paths);
    return { cold, warm, cancelMs: await cancel(running, uri, path) };
  } finally {
    await running.stop();
  }
}

async function auditAndHover(running, uri, path, paths) {
  await running.probe();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const started = performance.now();
  let done = false;
  const audit = running.connection
    .sendRequest('flakeTrust/auditOutputs', { uri, installables: [path] })
    .finally(() => (done = true));
  const hovers = [];
  while (!done) {
    const asked = performance.now();
    await running.hover(uri, 1, 12);
    hovers.push(performance.now() - asked);
    await new Promise((resolve) => setTimeout(resolve, HOVER_EVERY_MS));
  }
  const result = await audit;
  if (result.counts?.paths !== paths) throw new Error(`the editor's audit did not see all paths: ${JSON.stringify(result)}`);
  const ms = performance.now() - started;
  const { stallMs, peak } = await running.probe();
  hovers.sort((a, b) => a - b);
  const most = hovers[Math.floor(hovers.length * 0.95)] ?? 0;
  return { ms, stallMs, hoverMs: hovers.at(-1) ?? 0, mostHoversMs: most, hovers: hovers.length, peakMb: peak / 2 ** 20 };
}

/** Cancels an audit that asks again for everything, in the middle; gives the time until the server has answered. */
async function cancel(running, uri, path) {
  const { CancellationTokenSource } = await import('vscode-jsonrpc');
  const source = new CancellationTokenSource();
  let found = 0;
  const token = 'cancelled';
  const heard = running.connection.onProgress({}, token, () => found++);
  const audit = running.connection.sendRequest(
    'flakeTrust/auditOutputs',
    { uri, installables: [path], refresh: true, workDoneToken: token },
    source.token,
  );
  while (found < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  heard.dispose();
  const asked = performance.now();
  source.cancel();
  const result = await audit;
  if (result.cancelled !== true) throw new Error(`the audit was over before it was cancelled: ${JSON.stringify(result)}`);
  return performance.now() - asked;
}
