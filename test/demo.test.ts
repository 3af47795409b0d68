/** The sample of `npm start` shows what it says it shows. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { demoCacheFiles, demoFlake, demoPublicKey, serveDemoCache } from '../scripts/demoCache.mjs';
import { sourceStorePath } from '../server/src/domain/contentAddress';
import { FINDING_CODES } from '../server/src/domain/finding';
import { readFlake } from '../server/src/domain/flakeFacts';
import { parseLockNarHash, type NarHash } from '../server/src/domain/hash';
import { parseNarinfo } from '../server/src/domain/narinfo';
import { trustedKeys } from '../server/src/domain/publicKey';
import { storePathHash } from '../server/src/domain/storePath';
import { verifyNarinfo } from '../server/src/domain/verifyNarinfo';

interface Lock {
  readonly nodes: Readonly<Record<string, { readonly locked?: { readonly narHash: string } }>>;
}

function lockedNarHash(input: string): NarHash {
  const { nodes } = JSON.parse(readFileSync(path.join(demoFlake, 'flake.lock'), 'utf8')) as Lock;
  const parsed = parseLockNarHash(nodes[input]?.locked?.narHash ?? '');
  assert(parsed.ok, input);
  return parsed.value;
}

describe('the sample', () => {
  const trusted = trustedKeys([demoPublicKey]);

  const verdicts: readonly (readonly [string, string])[] = [
    ['nixpkgs', 'verified'],
    ['home-manager', 'untrusted-key'],
    ['devshell', 'content-addressed'],
    ['tools', 'hash-mismatch'],
  ];
  for (const [input, expected] of verdicts) {
    it(`has a narinfo for ${input}: ${expected}`, () => {
      const narHash = lockedNarHash(input);
      const storePath = sourceStorePath(narHash);
      const text = demoCacheFiles().get(`/${storePathHash(storePath)}.narinfo`);
      const narinfo = parseNarinfo(text ?? '');
      assert(narinfo.ok);
      const check = verifyNarinfo(narinfo.value, { asked: storePath, lockedNarHash: narHash, trusted });
      assert.equal(check.kind === 'checked' ? check.verdict : check.kind, expected);
    });
  }

  for (const input of ['flake-utils', 'systems', 'platform-lib', 'theme']) {
    it(`has nothing for ${input}`, () => {
      assert(!demoCacheFiles().has(`/${storePathHash(sourceStorePath(lockedNarHash(input)))}.narinfo`));
    });
  }

  it('has, in its files alone, one lock node that is not what was asked for, and one cache of its own', () => {
    const read = (name: string) => readFileSync(path.join(demoFlake, name), 'utf8');
    const texts = { flakeNix: read('flake.nix'), flakeLock: read('flake.lock') };
    const { findings } = readFlake(texts, { privatePatterns: [], trusted, now: Date.parse('2026-11-22T12:00:00Z') });
    const always = findings.filter(({ code }) => FINDING_CODES[code].occasion === 'always');
    assert.deepEqual(always.map(({ code, subject }) => [code, subject.id.split(':')[0]]).sort(), [
      ['lock-tampered', 'theme'],
      ['nixconfig-widens-trust', 'cache.demo.example-1'],
    ]);
  });

  it('is served over HTTP, on another port when the preferred one is taken', async () => {
    const asked: string[] = [];
    const first = await serveDemoCache({ onRequest: (file) => asked.push(file) });
    const second = await serveDemoCache({ port: Number(new URL(first.url).port) });
    try {
      assert.notEqual(first.url, second.url);
      const response = await fetch(`${first.url}/nix-cache-info`);
      assert.match(await response.text(), /^StoreDir: \/nix\/store$/m);
      assert.equal((await fetch(`${second.url}/nothing.narinfo`)).status, 404);
      assert.deepEqual(asked, ['/nix-cache-info']);
    } finally {
      await Promise.all([first.close(), second.close()]);
    }
  });
});
