/** Texts of flakes for tests of the editor's side. */
import { narHashOf } from './flakeFacts';

export const REV = 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678';

/** The locked side of a GitHub input; its source is made from `word`. */
export function githubNode(
  owner: string,
  repo: string,
  fields: { word?: string; ref?: string; lastModified?: number; inputs?: object; locked?: object; original?: object } = {},
): object {
  const { word = repo, ref, lastModified = Date.UTC(2026, 10, 2) / 1000, inputs } = fields;
  return {
    ...(inputs === undefined ? {} : { inputs }),
    locked: { lastModified, narHash: narHashOf(word), owner, repo, rev: REV, type: 'github', ...fields.locked },
    original: { owner, repo, type: 'github', ...(ref === undefined ? {} : { ref }), ...fields.original },
  };
}

/** The text of a version 7 lock: `root` gives the inputs of the root. */
export function lockText(root: object, nodes: object): string {
  return `${JSON.stringify({ nodes: { ...nodes, root: { inputs: root } }, root: 'root', version: 7 }, undefined, 2)}\n`;
}

/** A flake with one public input. */
export const PLAIN = {
  nix: `{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
  outputs = { self, nixpkgs }: { };
}
`,
  lock: lockText({ nixpkgs: 'nixpkgs' }, { nixpkgs: githubNode('NixOS', 'nixpkgs', { ref: 'nixos-unstable' }) }),
};
