import assert from 'node:assert/strict';
import { sourceStorePath } from '../../server/src/domain/contentAddress';
import { storePathHash } from '../../server/src/domain/storePath';
import { inlayHints, type InlayHintMode } from '../../server/src/features/inlayHints';
import { fakeCache } from '../support/fakeCache';
import { narHashOf } from '../support/flakeFacts';
import { flakeView, type ViewSetup } from '../support/flakeView';
import { githubNode, lockText } from '../support/sampleFlake';
import { narinfoText } from '../support/signer';

const NIX = `{
  inputs.a.url = "github:acme/a"; # signed
  inputs = { b = {
    url = "github:acme/b";
    inputs.a.follows = "a";
  }; };
  outputs = { self, a, b, implicit }: { };
}
`;
const LOCK = lockText(
  { a: 'a', b: 'b', implicit: 'implicit' },
  {
    a: githubNode('acme', 'a'),
    b: githubNode('acme', 'b', { inputs: { a: ['a'] }, locked: { owner: 'evil' } }),
    implicit: githubNode('acme', 'i'),
  },
);
const EVERYWHERE = { start: { line: 0, character: 0 }, end: { line: 100, character: 0 } };
const CACHE = 'https://cache.example.org';

const hints = async (mode: InlayHintMode, setup: ViewSetup = {}, range = EVERYWHERE) =>
  inlayHints(await flakeView({ nix: NIX, lock: LOCK, ...setup }), range, mode).map(({ position, label }) => [
    position.line,
    position.character,
    label,
  ]);

describe('inlayHints', () => {
  it('name problems at the end of the line of the URL', async () => {
    assert.deepEqual(await hints('problems'), [[3, 26, 'not what was asked for']]);
  });

  it('say age and answer of every direct input, when all are wanted', async () => {
    const narHash = narHashOf('a');
    const storePath = sourceStorePath(narHash);
    const other = narinfoText({ storePath, narHash: narHashOf('other') });
    const have = { [CACHE]: fakeCache() };
    assert.deepEqual(await hints('all', { caches: have }), [
      [1, 42, '20 days · not in cache'],
      [3, 26, 'not what was asked for'],
    ]);
    const lie = { [CACHE]: fakeCache({ narinfos: [[storePathHash(storePath), { kind: 'found', text: other }]] }) };
    assert.equal((await hints('all', { caches: lie }))[0]?.[2], 'hash mismatch');
  });

  it('show nothing while nothing is known, outside the range, or switched off', async () => {
    assert.deepEqual(await hints('off'), []);
    assert.deepEqual(inlayHints(await flakeView({ nix: NIX }), EVERYWHERE, 'all'), []);
    assert.deepEqual(await hints('problems', {}, { start: { line: 0, character: 0 }, end: { line: 2, character: 0 } }), []);
  });
});
