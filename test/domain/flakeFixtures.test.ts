import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { assertLockReadsAsNixSays, readFlakeFolder } from '../support/flakeLockExpectation';
import { flakeFolders } from '../support/flakeNixExpectation';

/** Locks that are out of date, each read and judged by a person; Nix says so of the first one. */
const OUT_OF_DATE: Readonly<Record<string, readonly string[]>> = {
  'nix-community__naersk__examples_hello-world__d4e91842': ['naersk/nixpkgs'],
  'nix-community__nixvim__tests__1a89cd21': ['nixvim', 'nixvim-stable'],
  'vic__flake-file__templates_parts__69a84d8d': ['treefmt-nix', 'flake-root'],
};

describe('real flakes', () => {
  const folders = flakeFolders(join(__dirname, '../fixtures/flakes'));

  it('are there', () => assert.ok(folders.length >= 25));

  for (const folder of folders) {
    const name = basename(folder);
    it(`${name}: flake.lock reads as Nix says`, () => assertLockReadsAsNixSays(folder));

    it(`${name}: no false alarm`, () => {
      const { findings } = readFlakeFolder(folder);
      const of = (code: string): string[] => findings.filter((each) => each.code === code).map(({ subject }) => subject.id);
      assert.deepEqual(of('lock-tampered'), []);
      assert.deepEqual(of('lock-out-of-date'), OUT_OF_DATE[name] ?? []);
      assert.deepEqual(of('follows-dangling'), []);
    });
  }
});
