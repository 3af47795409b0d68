import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseDrvName } from '../../server/src/domain/drvName';

// As `builtins.parseDrvName` of Nix 2.26 says.
const CASES: readonly (readonly [string, string, string])[] = [
  ['hello-2.12.1', 'hello', '2.12.1'],
  ['foo-1.2-bin', 'foo', '1.2-bin'],
  ['foo-bar-9x', 'foo-bar', '9x'],
  ['a-', 'a-', ''],
  ['-1', '', '1'],
  ['foo--1', 'foo', '-1'],
  ['stdenv-linux', 'stdenv-linux', ''],
];

describe('the name of a package', () => {
  for (const [text, name, version] of CASES) {
    it(`"${text}" is "${name}" in version "${version}"`, () => {
      assert.deepEqual(parseDrvName(text), { name, version });
    });
  }
});
