/** What three versions of the real Nix did with made-up narinfos: see the note of origin beside the data. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceStorePath } from '../../server/src/domain/contentAddress';
import { narHashBytes, narHashToNix32, parseLockNarHash, parseNarHash, type NarHash } from '../../server/src/domain/hash';
import type { PathVerdict } from '../../server/src/domain/inputsReport';
import { fingerprint, parseNarinfo } from '../../server/src/domain/narinfo';
import { parseNixCacheInfo } from '../../server/src/domain/nixCacheInfo';
import { parsePublicKey, trustedKeys } from '../../server/src/domain/publicKey';
import { STORE_DIR } from '../../server/src/domain/storePath';
import { verifyNarinfo, type NarinfoCheck } from '../../server/src/domain/verifyNarinfo';
import { narinfo, storePath } from '../support/narinfoCorpus';

interface Vectors {
  readonly narHashToStorePath: readonly {
    readonly narHash: string;
    readonly name: string;
    readonly base16: string;
    readonly nix32: string;
    readonly storePath: string;
  }[];
  readonly keys: {
    readonly trusted: { readonly public: string; readonly secret: string };
    readonly other: { readonly public: string };
  };
  readonly narinfos: readonly {
    readonly narinfo: string;
    readonly fingerprint: string;
    readonly signedByTrusted: boolean;
    readonly contentAddressed: boolean;
  }[];
  readonly contentAddressAttacks: Readonly<Record<string, { readonly narinfo: string }>>;
  readonly narinfoMutations: Readonly<
    Record<string, { readonly narinfo: string; readonly verdict: Readonly<Record<string, { readonly accepted: boolean }>> }>
  >;
  readonly nixCacheInfo: readonly {
    readonly text: string;
    readonly priority?: number;
    readonly wantMassQuery?: boolean;
    readonly error?: string;
  }[];
}

const vectors = JSON.parse(readFileSync(join(__dirname, '../fixtures/narinfo/vectors.json'), 'utf8')) as Vectors;
const trusted = trustedKeys([vectors.keys.trusted.public]);

describe('vectors of the real Nix', () => {
  for (const { narHash, name, base16, nix32, storePath: path } of vectors.narHashToStorePath) {
    it(`${narHash} as ${name} lies in ${path}`, () => {
      const hash = locked(narHash);
      assert.equal(narHashBytes(hash).toString('hex'), base16);
      assert.equal(narHashToNix32(hash), `sha256:${nix32}`);
      assert.equal(sourceStorePath(hash, name), path);
    });
  }

  it('knows public keys from secret ones', () => {
    assert.ok(parsePublicKey(vectors.keys.trusted.public).ok);
    assert.ok(parsePublicKey(vectors.keys.other.public).ok);
    assert.deepEqual(parsePublicKey(vectors.keys.trusted.secret), { ok: false, error: { kind: 'secret-key' } });
  });

  for (const { narinfo: text, fingerprint: signed, signedByTrusted, contentAddressed } of vectors.narinfos) {
    const info = narinfo(text);
    it(`verifies ${info.storePath}${signedByTrusted ? ', signed' : ''}${contentAddressed ? ', content-addressed' : ''}`, () => {
      assert.equal(fingerprint(info), signed);
      const check = verifyNarinfo(info, { asked: info.storePath, trusted });
      assert.ok(check.kind === 'checked' && check.accepted);
      assert.equal(check.verdict, signedByTrusted ? 'verified' : 'content-addressed');
      assert.equal(check.contentAddressed, contentAddressed);
    });
  }

  /** By name of the attack: the verdict against flake.lock, and without it. */
  const attacks: Readonly<Record<string, readonly [withLock: PathVerdict, alone: PathVerdict]>> = {
    unsignedHonest: ['content-addressed', 'content-addressed'],
    caFieldRemovedUnsigned: ['unsigned', 'unsigned'],
    otherBytesOtherNarHashSameCA: ['hash-mismatch', 'content-addressed'],
    // Only the download shows it: the NAR's bytes are not those of the NarHash.
    otherBytesSameNarHash: ['content-addressed', 'content-addressed'],
    extraReference: ['hash-mismatch', 'unsigned'],
    trustedSignerNoCAOtherContent: ['hash-mismatch', 'verified'],
  };

  it('has an expectation for every attack', () => {
    assert.deepEqual(Object.keys(attacks).sort(), Object.keys(vectors.contentAddressAttacks).sort());
  });

  for (const [attack, { narinfo: text }] of Object.entries(vectors.contentAddressAttacks)) {
    it(`sees through ${attack}`, () => {
      const asked = storePath(`${STORE_DIR}/acahk4mxhr6j87968jjr9sb1lm5h53bq-source`);
      const lockedNarHash = locked('sha256-d+5GvZVu9BXHpMijNRhmZTCLobq42ueDmdOPB6e8AD4=');
      const verdicts = [
        verifyNarinfo(narinfo(text), { asked, trusted, lockedNarHash }),
        verifyNarinfo(narinfo(text), { asked, trusted }),
      ].map(verdictOf);
      assert.deepEqual(verdicts, attacks[attack]);
    });
  }

  /** Refused for what the narinfo alone does not show: the NAR is missing, differs, or is compressed otherwise than said. */
  const shownByDownload = new Set([
    'no_Compression',
    'compression_foo',
    'compression_wrong',
    'compression_none_but_xz',
    'narhash_mismatch_resigned',
    'narsize_mismatch_resigned',
    'URL_missing_nar',
  ]);

  for (const [mutation, { narinfo: text, verdict }] of Object.entries(vectors.narinfoMutations)) {
    it(`takes ${mutation} only if all of Nix 2.8, 2.26 and 2.34 do`, () => {
      const asked = storePath(`${STORE_DIR}/2nrkhnmfmk90i9x3gm7iknaid6f4m3z2-lib-1.0`);
      const parsed = parseNarinfo(text);
      const check = parsed.ok ? verifyNarinfo(parsed.value, { asked, trusted }) : undefined;
      const accepted = check?.kind === 'checked' && check.accepted;
      const acceptedByAll = Object.values(verdict).every((version) => version.accepted);
      assert.equal(accepted, acceptedByAll || shownByDownload.has(mutation));
    });
  }

  for (const { text, priority, wantMassQuery, error } of vectors.nixCacheInfo) {
    it(`reads nix-cache-info ${JSON.stringify(text)}`, () => {
      const parsed = parseNixCacheInfo(text);
      const usable = parsed.ok && (parsed.value.storeDir ?? STORE_DIR) === STORE_DIR;
      assert.equal(usable, error === undefined);
      if (parsed.ok && usable) assert.deepEqual([parsed.value.priority, parsed.value.wantMassQuery], [priority, wantMassQuery]);
    });
  }
});

function locked(text: string): NarHash {
  const parsed = parseLockNarHash(text);
  assert.ok(parsed.ok);
  assert.deepEqual(parseNarHash(text), parsed);
  return parsed.value;
}

function verdictOf(check: NarinfoCheck): PathVerdict | 'other-path' {
  return check.kind === 'checked' ? check.verdict : 'other-path';
}
