/** What suites of the language server share: a flake in /flake, the cache that may be asked about it, and a server for each test. */
import assert from 'node:assert/strict';
import type { Diagnostic } from 'vscode-languageserver';
import { sourceStorePath } from '../../server/src/domain/contentAddress';
import { storePathHash } from '../../server/src/domain/storePath';
import type { FileRead } from '../../server/src/engine/ports';
import { narHashOf } from './flakeFacts';
import { VSCODE_CAPABILITIES } from './languageClient';
import { type ServerSetup, startTestServer, type TestServer } from './languageServer';
import { githubNode, lockText } from './sampleFlake';

export const NIX = 'file:///flake/flake.nix';
export const LOCK = 'file:///flake/flake.lock';
export const CACHE = 'https://cache.example.org';
export const SETTINGS = { readNixConf: false, caches: [{ url: CACHE }] };
/** Of the store path of the one input of PLAIN. */
export const HASH = storePathHash(sourceStorePath(narHashOf('nixpkgs')));
/** The extension of VS Code. */
export const OURS = { capabilities: VSCODE_CAPABILITIES, initializationOptions: { commands: true } } as const;

/** A lock of PLAIN with an error in it. */
export const TAMPERED = lockText(
  { nixpkgs: 'nixpkgs' },
  { nixpkgs: githubNode('NixOS', 'nixpkgs', { ref: 'nixos-unstable', locked: { owner: 'evil' } }) },
);
/** A flake.nix with two problems, when it has no lock. */
export const INSECURE = '{\n  inputs.tools.url = "http://tools.example.org/t.tar.gz";\n  outputs = { self, tools }: { };\n}\n';

export const codes = (found: readonly Diagnostic[] | undefined) => (found ?? []).map(({ code }) => code).sort();

/** The files of a flake in /flake. */
export const onDisk = (flake: { nix?: string; lock?: string }) =>
  new Map<string, string | FileRead>([
    ...(flake.nix === undefined ? [] : [['/flake/flake.nix', flake.nix] as const]),
    ...(flake.lock === undefined ? [] : [['/flake/flake.lock', flake.lock] as const]),
  ]);

/** Gives what starts a server in the suite in which it is called. The one before is ended then, the last after the test: every engine has to be closed. */
export function serverForEachTest(): (setup?: ServerSetup) => Promise<TestServer> {
  let server: TestServer | undefined;
  const end = async (): Promise<void> => {
    if (server?.exits.length === 0) await server.client.quit();
    assert.equal(server?.closed(), server?.engines.length);
    server = undefined;
  };
  afterEach(end);
  return async (setup = {}) => {
    await end();
    server = await startTestServer({ settings: SETTINGS, ...setup });
    return server;
  };
}
