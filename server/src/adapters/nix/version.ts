/** Which Nix is installed, and which words it wants to hear. */
import type { NixVersion } from '../../engine/ports';

export type NixDialect = Omit<NixVersion, 'file'>;

/** The oldest Nix whose output was studied. */
export const OLDEST_NIX = { major: 2, minor: 8 } as const;

/** Reads what `nix --version` prints: `nix (Nix) 2.8.0`, `nix (Lix, like Nix) 2.93.0`, `nix (Determinate Nix 3.11.2) 2.31.1`. */
export function parseNixVersion(text: string): NixDialect | undefined {
  const match = /^nix \(([^)\n]{0,100})\) ((\d{1,4})\.(\d{1,4})[\w.+-]{0,60})/m.exec(text);
  if (match === null) return undefined;
  const [, brand = '', version = '', major, minor] = match;
  const implementation = brand.startsWith('Lix') ? 'lix' : brand.startsWith('Determinate') ? 'determinate' : 'nix';
  return { text: version, major: Number(major), minor: Number(minor), implementation };
}

export function isAtLeast({ major, minor }: NixDialect, wantedMajor: number, wantedMinor: number): boolean {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** `show-derivation` was renamed; its old name lived on as an alias for years, the new one is everywhere since. */
export function derivationShow(nix: NixDialect): readonly string[] {
  return isAtLeast(nix, 2, 18) ? ['derivation', 'show'] : ['show-derivation'];
}

/** From 2.33 on `path-info --json` wants to be told which format; Lix counts its own versions and has one format. */
export function pathInfoJson(nix: NixDialect): readonly string[] {
  return nix.implementation !== 'lix' && isAtLeast(nix, 2, 33) ? ['--json', '--json-format', '2'] : ['--json'];
}
