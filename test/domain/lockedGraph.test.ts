import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseFlakeLock } from '../../server/src/domain/flakeLock';
import { lockedGraphDigest } from '../../server/src/domain/lockedGraph';
import { githubNode, lockText } from '../support/sampleFlake';

function digest(root: object, nodes: object, key: string): string | undefined {
  const parsed = parseFlakeLock(lockText(root, nodes));
  assert.ok(parsed.kind === 'ok');
  return lockedGraphDigest(parsed.lock, key);
}

const nixpkgs = githubNode('NixOS', 'nixpkgs');
const other = githubNode('NixOS', 'nixpkgs', { word: 'other' });
const tool = (inputs: object) => githubNode('me', 'tool', { inputs });

describe('the sources that an input is evaluated from', () => {
  it('have the same digest in every flake, whatever its lock calls them', () => {
    const here = digest({ tool: 'tool', nixpkgs: 'nixpkgs' }, { tool: tool({ nixpkgs: 'nixpkgs' }), nixpkgs }, 'tool');
    const there = digest({ t: 't_2' }, { t_2: tool({ nixpkgs: 'n_7' }), n_7: nixpkgs }, 't_2');
    assert.match(here ?? '', /^[0-9a-f]{64}$/);
    assert.equal(there, here);
  });

  it('are the same through follows', () => {
    const own = digest({ tool: 'tool', nixpkgs: 'nixpkgs' }, { tool: tool({ nixpkgs: 'nixpkgs' }), nixpkgs }, 'tool');
    assert.equal(digest({ tool: 'tool', nixpkgs: 'nixpkgs' }, { tool: tool({ nixpkgs: ['nixpkgs'] }), nixpkgs }, 'tool'), own);
  });

  it('differ with an input of the input, its name, its folder', () => {
    const digests = [
      digest({ tool: 'tool' }, { tool: tool({ nixpkgs: 'nixpkgs' }), nixpkgs }, 'tool'),
      digest({ tool: 'tool' }, { tool: tool({ nixpkgs: 'nixpkgs' }), nixpkgs: other }, 'tool'),
      digest({ tool: 'tool' }, { tool: tool({ pkgs: 'nixpkgs' }), nixpkgs }, 'tool'),
      digest({ tool: 'tool' }, { tool: tool({}) }, 'tool'),
      digest({ tool: 'tool' }, { tool: githubNode('me', 'tool', { inputs: {}, locked: { dir: 'sub' } }) }, 'tool'),
    ];
    assert.equal(new Set(digests).size, digests.length);
  });

  it('end in circles', () => {
    const nodes = { a: tool({ b: 'b' }), b: githubNode('me', 'b', { inputs: { a: 'a' } }) };
    assert.match(digest({ a: 'a' }, nodes, 'a') ?? '', /^[0-9a-f]{64}$/);
  });

  it('have none without a hash, with the root among them, or with one that is not there', () => {
    const unlocked = githubNode('x', 'x', { locked: { narHash: undefined } });
    assert.equal(digest({ x: 'x' }, { x: unlocked }, 'x'), undefined);
    assert.equal(digest({ tool: 'tool', x: 'x' }, { tool: tool({ x: 'x' }), x: unlocked }, 'tool'), undefined);
    assert.equal(digest({ tool: 'tool' }, { tool: tool({ root: [] }) }, 'tool'), undefined);
    assert.equal(digest({ tool: 'tool' }, { tool: tool({ gone: ['nowhere'] }) }, 'tool'), undefined);
    assert.equal(digest({ tool: 'tool' }, { tool: tool({}) }, '__proto__'), undefined);
  });
});
