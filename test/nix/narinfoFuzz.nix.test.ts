/**
 * Random changes to narinfos. What we read Nix must read, field by field; what we trust Nix must trust; and where Nix takes what we do not, a rule of
 * docs/narinfo.md must be the reason.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseNarinfo } from '../../server/src/domain/narinfo';
import { trustedKeys } from '../../server/src/domain/publicKey';
import { storePathHash } from '../../server/src/domain/storePath';
import { verifyNarinfo } from '../../server/src/domain/verifyNarinfo';
import { asNixPrints, isTrusted, narinfo, normalized } from '../support/narinfoCorpus';
import { makeRealNix, type RealNix } from './realNix';

interface Vectors {
  readonly keys: { readonly trusted: { readonly public: string } };
  readonly narinfos: readonly { readonly narinfo: string }[];
}

const vectors = JSON.parse(readFileSync(join(__dirname, '../fixtures/narinfo/vectors.json'), 'utf8')) as Vectors;
const texts = vectors.narinfos.map((vector) => vector.narinfo);
const key = vectors.keys.trusted.public;

/** Replaces a few characters somewhere by a few that matter. */
const splice = fc
  .tuple(fc.nat(700), fc.nat(3), fc.string({ unit: fc.constantFrom(...Array.from('\n\n:: =+-/._0aeZ\r\té')), maxLength: 3 }))
  .map(
    ([at, length, by]) =>
      (text: string) =>
        text.slice(0, at % text.length) + by + text.slice((at % text.length) + length),
  );

/** Moves or repeats a line, or gives it the value of another. */
const reorder = fc
  .tuple(fc.nat(12), fc.nat(12), fc.constantFrom('move', 'repeat', 'value'))
  .map(([from, to, how]) => (text: string) => {
    const lines = text.split('\n').slice(0, -1);
    const line = lines[from % lines.length] ?? '';
    const other = lines[to % lines.length] ?? '';
    if (how === 'value') lines[from % lines.length] = line.replace(/: .*/, other.replace(/^[^:]*/, ''));
    else lines.splice(to % lines.length, how === 'move' ? 1 : 0, line);
    return `${lines.join('\n')}\n`;
  });

describe('changed narinfos, beside the real Nix', () => {
  let nix: RealNix;
  let count = 0;

  before(async () => {
    nix = await makeRealNix();
  });
  after(() => nix.dispose());

  it('are read and trusted alike', async () => {
    const change = fc.oneof(splice, reorder);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 2 }), async (original, changes) => {
        const { storePath: asked } = narinfo(original);
        const text = changes.reduce((changed, apply) => apply(changed), original);
        const folder = join(nix.dir, `cache-${count++}`);
        await mkdir(folder);
        await writeFile(join(folder, 'nix-cache-info'), 'StoreDir: /nix/store\n');
        await writeFile(join(folder, `${storePathHash(asked)}.narinfo`), text);
        const store = ['--store', `file://${folder}`];
        const [info, verification] = await Promise.all([
          nix.run(['path-info', '--json', ...store, asked]),
          nix.run(['store', 'verify', '--no-contents', ...store, '--trusted-public-keys', key, asked]),
        ]);

        const parsed = parseNarinfo(text);
        const check = parsed.ok ? verifyNarinfo(parsed.value, { asked, trusted: trustedKeys([key]) }) : undefined;
        const trusted = check?.kind === 'checked' && isTrusted(check);
        if (parsed.ok) {
          assert.equal(info.status, 0, info.stderr);
          // Nix skips a byte where we skip a character, so it may show half a character here.
          const url = /\nURL:[^\0-\x7f]/.test(text) ? { url: undefined } : {};
          const read = normalized((JSON.parse(info.stdout) as [Record<string, unknown>])[0]);
          assert.deepEqual({ ...asNixPrints(parsed.value), ...url }, { ...read, ...url });
        }
        if (trusted) assert.equal(verification.status, 0, verification.stderr);
        if (check?.kind === 'other-path') return;
        const reason = stricterRule(text);
        if (!parsed.ok && info.status === 0) assert.ok(reason, `Nix reads ${JSON.stringify(text)}`);
        if (!trusted && verification.status === 0) assert.ok(reason, `Nix trusts ${JSON.stringify(text)}`);
      }),
      { numRuns: 80, seed: 20240101, endOnFailure: true },
    );
  });
});

/** The rule of docs/narinfo.md ("Stricter than Nix") that a text breaks. */
function stricterRule(text: string): string | undefined {
  // With \n spelled out: a carriage return ends a line for `.` and `$`, but not for Nix.
  const rules: readonly (readonly [string, RegExp])[] = [
    [
      'no dash behind the hash',
      /(?:^|\n)(?:StorePath: \/nix\/store\/|Deriver: |References: (?:[^\n]* )?)[0-9a-df-np-sv-z]{32}[^-]/,
    ],
    ['a Sig that is not name:base64', /\nSig: (?![^:\n]+:[A-Za-z0-9+/]+={0,2}\n)/],
    ['text behind padding', /\n(?:Sig|NarHash|FileHash): [^\n]*=[^=\n]/],
  ];
  return rules.find(([, rule]) => rule.test(text))?.[0];
}
