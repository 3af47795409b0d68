import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { describeNixFailure } from '../../../server/src/adapters/nix/failure';

describe('what Nix writes when it fails', () => {
  for (const [what, stderr, reason, message] of [
    [
      'an error with a place, coloured (2.8)',
      "warning: Git tree '/x' is dirty\n\u001B[31;1merror:\u001B[0m undefined variable '\u001B[35;1mfoo\u001B[0m'\n\n       \u001B[34;1mat \u001B[33;1m/nix/store/abc-source/flake.nix:3:5\u001B[0m:\n\n            2|   x\n            3|   foo\n(use '--show-trace' to show detailed location information)\n",
      'evaluation',
      "undefined variable 'foo' (at /nix/store/abc-source/flake.nix:3:5)",
    ],
    [
      'a trace first, the error last (2.20 and later)',
      "error:\n       … while evaluating the attribute 'x'\n         at «string»:1:1:\n\n       … while calling\n\n       error: attribute 'y' missing\n       at /a/b.nix:1:2:\n",
      'missing-attribute',
      "attribute 'y' missing (at /a/b.nix:1:2)",
    ],
    [
      'import from derivation',
      "error: cannot build '/nix/store/ylxcfdmdxfsxx1jb297vm3d6ih05sl4m-gg.drv' during evaluation because the option 'allow-import-from-derivation' is disabled\n",
      'needs-import-from-derivation',
      "cannot build '/nix/store/ylxcfdmdxfsxx1jb297vm3d6ih05sl4m-gg.drv' during evaluation because the option 'allow-import-from-derivation' is disabled",
    ],
    [
      'a lock that does not fit',
      "error: flake 'git+file:///x' requires lock file changes but they're not allowed due to '--no-update-lock-file'\n",
      'lock-needs-changes',
      "flake 'git+file:///x' requires lock file changes but they're not allowed due to '--no-update-lock-file'",
    ],
    ['nothing at all', '', 'failed', 'Nix ended with exit code 1 and said nothing'],
    ['words that are no error', 'Killed\n', 'failed', 'Killed'],
    ['the words in a new line', 'error:\n  something is wrong\n', 'evaluation', 'something is wrong'],
    ['the same error twice', 'error: a\nerror: a\nerror: b\n', 'evaluation', 'a; b'],
    ['a terminal escape in a message', 'error: \u001B]0;owned\u0007x\u202Ey\n', 'evaluation', undefined],
  ] as const) {
    it(`is understood: ${what}`, () => {
      const failure = describeNixFailure(stderr, 1);
      assert.equal(failure.reason, reason);
      if (message !== undefined) assert.equal(failure.message, message);
      assert.doesNotMatch(failure.message, /[\u0000-\u001F\u202E]/);
    });
  }

  it('is not decided by a warning that quotes the flake', () => {
    const failure = describeNixFailure('warning: allow-import-from-derivation, requires lock file changes\nerror: no\n', 1);
    assert.equal(failure.reason, 'evaluation');
    assert.equal(failure.hint, undefined);
  });

  it('is read in no time, however long', () => {
    assert.equal(describeNixFailure('error: x\n'.repeat(100_000), 1).message, 'x');
    assert.ok(describeNixFailure(`error:${' '.repeat(300_000)}\n${'at '.repeat(100_000)}`, 1).message.length < 1000);
  });
});
