/**
 * Tests over folders of real and changed narinfos with what the real Nix says of them: the sample in `test/fixtures/narinfo`, and the whole
 * corpus where it is present.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeNarinfoError, fingerprint, parseNarinfo, type Narinfo } from '../../server/src/domain/narinfo';
import { parseHash } from '../../server/src/domain/hash';
import { trustedKeys, type TrustedKeys } from '../../server/src/domain/publicKey';
import { parseStorePath, type StorePath } from '../../server/src/domain/storePath';
import { verifyNarinfo, type CheckedNarinfo } from '../../server/src/domain/verifyNarinfo';
import { printNarinfo } from './printNarinfo';

interface ExpectedSignature {
  readonly key: string;
  readonly result: 'valid' | 'invalid' | 'unknown-key' | 'bad-base64' | 'bad-length';
}

interface Expected {
  readonly file: string;
  readonly storePath: string;
  readonly fingerprint: string;
  readonly signatures: readonly ExpectedSignature[];
  readonly nixTrusted: boolean | null;
  /** `ok`, or Nix's error. */
  readonly nixPathInfo?: string;
}

interface Mutation {
  readonly file: string;
  readonly change: string;
  /** `ok`, or Nix's error. */
  readonly nixPathInfo: string;
  readonly nixFields?: {
    readonly path: string;
    readonly narHash: string;
    readonly narSize: number;
    readonly references?: readonly string[];
    readonly signatures?: readonly string[];
    readonly deriver?: string;
    readonly url: string;
    readonly downloadHash?: string;
    readonly downloadSize?: number;
    readonly ca?: string;
  };
  /** `trusted`, `untrusted`, or Nix's error. */
  readonly nixVerify: string;
}

const NIXOS_KEY = 'cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=';

/** Reads the texts of a file in which each is preceded by a line `=== NAME ===`, byte for byte. */
export function readConcatenated(file: string): readonly { readonly name: string; readonly text: string }[] {
  const parts = readFileSync(file, 'utf8').split(/^=== (.*) ===\n/m);
  return parts.flatMap((name, i) => (i % 2 === 1 ? [{ name, text: parts[i + 1] ?? '' }] : []));
}

export function storePath(text: string): StorePath {
  const parsed = parseStorePath(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

export function narinfo(text: string, storeDir?: string): Narinfo {
  const parsed = parseNarinfo(text, storeDir);
  assert.ok(parsed.ok, parsed.ok ? '' : describeNarinfoError(parsed.error));
  return parsed.value;
}

export function checkNarinfo(info: Narinfo, trusted: TrustedKeys): CheckedNarinfo {
  const check = verifyNarinfo(info, { asked: info.storePath, trusted });
  assert.ok(check.kind === 'checked');
  return check;
}

/** Whether Nix would call the path trusted. */
export function isTrusted({ verdict }: CheckedNarinfo): boolean {
  return verdict === 'verified' || verdict === 'content-addressed';
}

/** Defines the tests. `texts` names the file of real narinfos in `folder`, its expectations beside it with `.expected.jsonl`. */
export function describeNarinfoCorpus(folder: string, texts: string): void {
  const keys = trustedKeys(readFileSync(join(folder, 'public-keys.txt'), 'utf8').trim().split('\n'));
  const expectedFile = join(folder, texts.replace(/\.narinfos$/, '.expected.jsonl'));
  const expected = readFileSync(expectedFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Expected);

  it('takes every public key of the flakes', () => {
    assert.deepEqual(keys.problems, []);
    assert.ok(keys.byName.size > 0);
  });

  it(`reads and verifies ${expected.length} narinfos of cache.nixos.org, and prints them as they were`, () => {
    const found = readConcatenated(join(folder, texts));
    assert.deepEqual(
      found.map(({ name }) => name),
      expected.map(({ file }) => file),
    );
    found.forEach(({ text }, i) => {
      const wanted = expected[i]!;
      const info = narinfo(text);
      assert.equal(info.storePath, wanted.storePath);
      assert.equal(fingerprint(info), wanted.fingerprint);
      const check = checkNarinfo(info, keys);
      assert.deepEqual(check.signatures, wanted.signatures.map(toVerdict));
      assert.equal(check.verdict, 'verified', wanted.file);
      assert.equal(check.accepted, true);
      if (wanted.nixTrusted !== null) assert.equal(isTrusted(check), wanted.nixTrusted);
      // Nothing of the text went unread, but for a field of old that nobody reads.
      assert.equal(printNarinfo(info), text.replace(/^System: .*\n/m, ''));
    });
  });

  const individual = JSON.parse(readFileSync(join(folder, 'individual/expected.json'), 'utf8')) as Expected[];
  for (const wanted of individual) {
    it(`judges ${wanted.file} as Nix does`, () => {
      const parsed = parseNarinfo(readFileSync(join(folder, 'individual', wanted.file), 'utf8'));
      assert.equal(parsed.ok, wanted.nixPathInfo === 'ok', parsed.ok ? 'Nix refuses it' : describeNarinfoError(parsed.error));
      if (!parsed.ok) return;
      assert.equal(parsed.value.storePath, wanted.storePath);
      assert.equal(fingerprint(parsed.value), wanted.fingerprint);
      const check = checkNarinfo(parsed.value, keys);
      assert.deepEqual(check.signatures, wanted.signatures.map(toVerdict));
      assert.equal(isTrusted(check), wanted.nixTrusted);
    });
  }

  const mutated = JSON.parse(readFileSync(join(folder, 'mutated/expected.json'), 'utf8')) as {
    readonly storePath: string;
    readonly cases: readonly Mutation[];
  };
  const nixos = trustedKeys([NIXOS_KEY]);
  for (const { file, change, nixPathInfo, nixFields, nixVerify } of mutated.cases) {
    it(`reacts as Nix does to: ${change}`, () => {
      const parsed = parseNarinfo(readFileSync(join(folder, 'mutated', file), 'utf8'));
      assert.equal(parsed.ok, nixPathInfo === 'ok', parsed.ok ? nixPathInfo : describeNarinfoError(parsed.error));
      if (!parsed.ok) return;
      if (nixFields !== undefined) assert.deepEqual(asNixPrints(parsed.value), normalized(nixFields));
      const check = verifyNarinfo(parsed.value, { asked: storePath(mutated.storePath), trusted: nixos });
      assert.equal(check.kind === 'checked' && isTrusted(check), nixVerify === 'trusted');
    });
  }
}

function toVerdict({ key, result }: ExpectedSignature): { keyName: string; verdict: string } {
  const verdict = {
    valid: 'verified',
    invalid: 'invalid',
    'unknown-key': 'untrusted-key',
    'bad-base64': 'invalid',
    'bad-length': 'invalid',
  };
  return { keyName: key, verdict: verdict[result] };
}

/** What `nix path-info --json` prints of a narinfo; signatures are a set to Nix. */
export function asNixPrints(info: Narinfo): Record<string, unknown> {
  return normalized({
    path: info.storePath,
    narHash: info.narHash,
    narSize: info.narSize,
    references: info.references,
    signatures: info.signatures,
    deriver: info.deriver,
    url: info.url,
    downloadHash: info.fileHash,
    downloadSize: info.fileSize,
    ca: info.ca,
  });
}

/** Brings what `nix path-info --json` printed into a form that can be compared. */
export function normalized(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const {
    signatures = [],
    references = [],
    downloadHash,
    deriver = null,
    ca = null,
    path,
    narHash,
    narSize,
    url,
    downloadSize = 0,
  } = fields;
  return {
    path,
    narHash,
    narSize,
    url,
    deriver,
    ca,
    downloadSize,
    references,
    signatures: [...(signatures as readonly string[])].sort(),
    downloadHash: typeof downloadHash === 'string' ? digestOf(downloadHash) : null,
  };
}

function digestOf(text: string): string {
  const hash = parseHash(text);
  assert.ok(hash.ok, text);
  return hash.value.bytes.toString('hex');
}
