import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { corpusFolder } from '../support/corpusFolder';
import { assertLockReadsAsNixSays, readFlakeFolder } from '../support/flakeLockExpectation';
import { flakeFolders } from '../support/flakeNixExpectation';

/**
 * What was found in the developer part, read one by one: all of them are what a reader of both files sees too.
 */
const READ: readonly string[] = [
  // Declared in flake.nix, absent from the lock.
  'divnix__hive__5aff7f1a lock-out-of-date iog-patched-nix',
  // Nix: "requires lock file changes".
  'nix-community__naersk__examples_hello-world__d4e91842 lock-out-of-date naersk/nixpkgs',
  // `./..` in flake.nix, a store path of long ago in the lock.
  'nix-community__nixvim__tests__1a89cd21 lock-out-of-date nixvim',
  'nix-community__nixvim__tests__1a89cd21 lock-out-of-date nixvim-stable',
  // `inputs.inputs.nixpkgs.url` by mistake: nixpkgs became an implicit input.
  'the-nix-way__dev-templates__rust__0ea67a26 lock-out-of-date nixpkgs',
  'the-nix-way__dev-templates__rust__0ea67a26 lock-out-of-date rust-overlay/nixpkgs',
  // The template's flake.nix is generated, its lock was forgotten.
  'vic__flake-file__templates_parts__69a84d8d lock-out-of-date flake-root',
  'vic__flake-file__templates_parts__69a84d8d lock-out-of-date treefmt-nix',
];

const ALARMS = new Set(['lock-tampered', 'lock-out-of-date', 'follows-dangling']);

/** What `nix flake metadata --no-update-lock-file` said, as far as it says whether the lock is up to date. */
function nixSays(folder: string): 'fresh' | 'stale' | 'unknown' {
  const { flakeNix } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as {
    flakeNix: { flakeMetadata?: string };
  };
  const said = flakeNix.flakeMetadata ?? '';
  return said === 'ok' ? 'fresh' : said.includes('requires lock file changes') ? 'stale' : 'unknown';
}

describe('corpus: flake.lock', () => {
  const folders = flakeFolders(join(corpusFolder(), 'flakes'));

  it('is there', () => assert.ok(folders.length > 0));

  for (const folder of folders) {
    const name = basename(folder);
    it(`reads ${name} as Nix says`, () => assertLockReadsAsNixSays(folder));

    it(`judges ${name} no other than Nix does`, () => {
      const { findings } = readFlakeFolder(folder);
      const isStale = findings.some(({ code }) => code === 'lock-out-of-date');
      const said = nixSays(folder);
      if (said !== 'unknown') assert.equal(isStale, said === 'stale');
      assert.deepEqual(
        findings.filter(({ code, severity }) => code === 'lock-tampered' && severity === 'error'),
        [],
      );
    });
  }

  it('raises no alarm but those that a reader would raise', () => {
    const isReadPart = READ.every((line) => folders.some((folder) => line.startsWith(`${basename(folder)} `)));
    if (!isReadPart) return;
    const found = folders.flatMap((folder) =>
      readFlakeFolder(folder)
        .findings.filter(({ code }) => ALARMS.has(code))
        .map(({ code, subject }) => `${basename(folder)} ${code} ${subject.id}`),
    );
    assert.deepEqual(found.sort(), [...READ].sort());
  });
});
