/** What scripts/bench.mjs needs of the sources, bundled for it: made-up flakes, a signed cache, the readers that it measures. */
export { readFlake } from '../../server/src/domain/flakeFacts';
export { parseFlakeLock } from '../../server/src/domain/flakeLock';
export { readFlakeNix } from '../../server/src/domain/flakeNix';
import type { FlakeFacts } from '../../server/src/domain/flakeFacts';
import { EMPTY_RECORDS, printRecord, withId } from '../../server/src/domain/vetting/edit';
import { vetFlake } from '../../server/src/domain/vetting/vetFlake';
import { readVettingFiles } from '../../server/src/domain/vetting/vettingFiles';
import { sourceStorePath } from '../../server/src/domain/contentAddress';
import { narHashOf } from './flakeFacts';
import { githubNode, lockText } from './sampleFlake';
import { signedCache } from './signedCache';
import { makeSigner } from './signer';

/** A flake with `inputs` direct inputs, each of which follows the first for its own nixpkgs; `tag` makes its sources its own. */
export function makeFlake(
  inputs: number,
  tag: string,
): { readonly nix: string; readonly lock: string; readonly words: readonly string[] } {
  const names = Array.from({ length: inputs }, (_, index) => `input-${index}`);
  const words = names.map((name) => `${tag}-${name}`);
  const nodes = names.map((name, index) => [
    name,
    githubNode('acme', name, { word: words[index] ?? '', ...(index === 0 ? {} : { inputs: { nixpkgs: ['input-0'] } }) }),
  ]);
  const declared = names.map((name, index) => {
    const follows = index === 0 ? '' : `    ${name}.inputs.nixpkgs.follows = "input-0";\n`;
    return `    ${name}.url = "github:acme/${name}";\n${follows}`;
  });
  return {
    nix: `{\n  inputs = {\n${declared.join('')}  };\n  outputs = { self, ... }: { };\n}\n`,
    lock: lockText(Object.fromEntries(names.map((name) => [name, name])), Object.fromEntries(nodes) as object),
    words,
  };
}

/** A flake.lock of at least `lines` lines. */
export function makeLock(lines: number): string {
  for (let inputs = Math.floor(lines / 22); ; inputs++) {
    const { lock } = makeFlake(inputs, 'lock');
    if (lock.split('\n').length >= lines) return lock;
  }
}

/** A cache that has all these sources, each signed, and the key that signed them. */
export function makeCache(words: readonly string[]): { readonly files: ReadonlyMap<string, string>; readonly key: string } {
  const signer = makeSigner('bench-1');
  const files = signedCache(
    words.map((word) => {
      const narHash = narHashOf(word);
      return { storePath: sourceStorePath(narHash), narHash, signers: [signer] };
    }),
  );
  return { files, key: signer.publicKey };
}

/** Records for the inputs of {@link makeFlake}: for each a full review and differences up to what is locked, `records` in all. */
export function makeRecords(words: readonly string[], records: number): string {
  const each = Math.floor(records / words.length);
  const blocks = words.flatMap((word, input) =>
    Array.from({ length: each }, (_, n) => {
      const hash = (step: number) => narHashOf(step === each - 1 ? word : `${word} ${step}`);
      return withId({
        kind: 'audit',
        source: `github.com/acme/input-${input}`,
        narHash: hash(n),
        ...(n === 0 ? {} : { from: { narHash: hash(n - 1) } }),
        criteria: ['safe-to-build'],
        who: 'Ada Example <ada@example.org>',
        when: '2026-01-01T00:00:00Z',
        notes: 'Read all of what changed; nothing that runs at evaluation.',
      });
    }),
  );
  return EMPTY_RECORDS.replace('  ],\n', `${blocks.map((block) => printRecord(block)).join('\n')}\n  ],\n`);
}

/** All that `vet check` does with texts: reads the vetting files, judges every input, finds what is to be told. */
export function checkVetting(facts: FlakeFacts, records: string): { readonly vetted: number; readonly records: number } {
  const files = readVettingFiles({ 'flake-trust/policy.jsonc': '{ "version": 1 }', 'flake-trust/records.jsonc': records });
  const { judged } = vetFlake(facts, files, { now: Date.now() });
  return { vetted: [...judged.values()].filter(({ verdict }) => verdict.state === 'vetted').length, records: files.own.length };
}
