import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceStorePath } from '../../server/src/domain/contentAddress';
import { parseLockNarHash, type NarHash } from '../../server/src/domain/hash';
import type { PathVerdict, SignatureVerdict } from '../../server/src/domain/inputsReport';
import { trustedKeys } from '../../server/src/domain/publicKey';
import { storePathHash } from '../../server/src/domain/storePath';
import {
  verifyNarinfo,
  verifySignature,
  type CheckedNarinfo,
  type NarinfoProblem,
  type NarinfoQuestion,
} from '../../server/src/domain/verifyNarinfo';
import { narinfo, storePath } from '../support/narinfoCorpus';
import { makeSigner, narinfoText, sourceAddress, type NarinfoFields } from '../support/signer';

const HASH = hash('sha256-d+5GvZVu9BXHpMijNRhmZTCLobq42ueDmdOPB6e8AD4=');
const OTHER_HASH = hash('sha256-VQwx4iP0JewFeL/1lqaKWmN9o3VmBeH5l9EKMEnAGik=');
const PATH = storePath('/nix/store/2nrkhnmfmk90i9x3gm7iknaid6f4m3z2-lib-1.0');
const SOURCE = sourceStorePath(HASH);
const OTHER_PATH = storePath('/nix/store/dnw7ds84yyg7zd9ypnq69akf2jh7f7cl-util-1.0');

const ours = makeSigner('ours-1');
const second = makeSigner('second-1');
const stranger = makeSigner('stranger-1');
const impostor = { ...stranger, name: ours.name };
const trusted = trustedKeys([ours.publicKey, second.publicKey]);

const ZEROS = `AAAA`.repeat(21).concat('AA==');

const binary: NarinfoFields = { storePath: PATH, narHash: HASH, references: [PATH, OTHER_PATH] };
const source: NarinfoFields = { storePath: SOURCE, narHash: HASH, ca: sourceAddress(HASH) };
const unaddressed: NarinfoFields = { storePath: SOURCE, narHash: HASH };

interface Case {
  readonly rule: string;
  readonly fields: NarinfoFields;
  readonly verdict: PathVerdict;
  readonly signatures?: readonly SignatureVerdict[];
  readonly signers?: readonly string[];
  readonly addressed?: boolean;
  readonly accepted?: boolean;
  readonly problems?: readonly NarinfoProblem[];
  readonly question?: Partial<NarinfoQuestion>;
}

const V: SignatureVerdict = 'verified';
const I: SignatureVerdict = 'invalid';
const U: SignatureVerdict = 'untrusted-key';

const cases: readonly Case[] = [
  {
    rule: 'one good signature is enough',
    fields: { ...binary, signers: [ours] },
    verdict: 'verified',
    signatures: [V],
    signers: ['ours-1'],
  },
  {
    rule: 'several signers are all named',
    fields: { ...binary, signers: [ours, second] },
    verdict: 'verified',
    signatures: [V, V],
    signers: ['ours-1', 'second-1'],
  },
  { rule: 'no signature', fields: binary, verdict: 'unsigned' },
  { rule: 'a key that is not trusted', fields: { ...binary, signers: [stranger] }, verdict: 'untrusted-key', signatures: [U] },
  {
    rule: 'other content was signed',
    fields: { ...binary, signers: [ours], forged: true },
    verdict: 'invalid-signature',
    signatures: [I],
  },
  {
    rule: 'another key under a trusted name',
    fields: { ...binary, signers: [impostor] },
    verdict: 'invalid-signature',
    signatures: [I],
  },
  {
    rule: 'a wrong signature beside a good one',
    fields: { ...binary, signers: [impostor, ours] },
    verdict: 'verified',
    signatures: [I, V],
    signers: ['ours-1'],
  },
  {
    rule: 'an unknown key beside a good one',
    fields: { ...binary, signers: [stranger, ours] },
    verdict: 'verified',
    signatures: [U, V],
    signers: ['ours-1'],
  },
  {
    rule: 'a wrong signature beside an unknown key',
    fields: { ...binary, signers: [stranger, impostor] },
    verdict: 'invalid-signature',
    signatures: [U, I],
  },
  {
    rule: 'names that objects have are no keys',
    fields: { ...binary, signatures: [`__proto__:${ZEROS}`, `constructor:${ZEROS}`] },
    verdict: 'untrusted-key',
    signatures: [U, U],
  },

  // Malformed signatures: facts of Nix 2.8, 2.26 and 2.34.
  {
    rule: 'a short one under a trusted name',
    fields: { ...binary, signatures: ['ours-1:AAAA'] },
    verdict: 'invalid-signature',
    signatures: [I],
    problems: ['broken-signature'],
  },
  {
    rule: 'a short one under a trusted name makes Nix stop, even beside a good one',
    fields: { ...binary, signers: [ours], signatures: ['ours-1:AAAA'] },
    verdict: 'invalid-signature',
    signatures: [V, I],
    signers: ['ours-1'],
    problems: ['broken-signature'],
  },
  {
    rule: 'an empty one under a trusted name',
    fields: { ...binary, signatures: ['ours-1:'] },
    verdict: 'invalid-signature',
    signatures: [I],
    problems: ['not-a-signature'],
  },
  {
    rule: 'not base64, under a trusted name',
    fields: { ...binary, signatures: ['ours-1:!!!'] },
    verdict: 'invalid-signature',
    signatures: [I],
    problems: ['not-a-signature'],
  },
  {
    rule: 'a short one under an unknown name does no harm',
    fields: { ...binary, signers: [ours], signatures: ['other:AAAA'] },
    verdict: 'verified',
    signatures: [V, U],
    signers: ['ours-1'],
  },
  {
    rule: 'a word beside a good one: Nix 2.34 refuses the narinfo',
    fields: { ...binary, signers: [ours], signatures: ['foo'] },
    verdict: 'invalid-signature',
    signatures: [V, U],
    signers: ['ours-1'],
    problems: ['not-a-signature'],
  },
  {
    rule: 'not base64, under an unknown name, beside a good one: likewise',
    fields: { ...binary, signers: [ours], signatures: ['k:!!!'] },
    verdict: 'invalid-signature',
    signatures: [V, U],
    signers: ['ours-1'],
    problems: ['not-a-signature'],
  },
  {
    rule: 'a word alone',
    fields: { ...binary, signatures: ['foo'] },
    verdict: 'untrusted-key',
    signatures: [U],
    problems: ['not-a-signature'],
  },
  {
    rule: 'no key name',
    fields: { ...binary, signatures: [`:${ZEROS}`] },
    verdict: 'untrusted-key',
    signatures: [U],
    problems: ['not-a-signature'],
  },

  // Content addresses.
  { rule: 'an honest address needs no signature', fields: source, verdict: 'content-addressed', addressed: true },
  {
    rule: 'an honest address beside a good signature',
    fields: { ...source, signers: [ours] },
    verdict: 'verified',
    signatures: [V],
    signers: ['ours-1'],
    addressed: true,
  },
  {
    rule: 'an honest address beside a wrong signature',
    fields: { ...source, signers: [impostor] },
    verdict: 'content-addressed',
    signatures: [I],
    addressed: true,
  },
  {
    rule: 'an honest address beside a short signature under a trusted name: Nix looks at no signature then',
    fields: { ...source, signatures: ['ours-1:AAAA'] },
    verdict: 'content-addressed',
    signatures: [I],
    addressed: true,
    problems: ['broken-signature'],
  },
  {
    rule: 'an honest address beside a word: Nix 2.34 refuses the narinfo',
    fields: { ...source, signatures: ['foo'] },
    verdict: 'invalid-signature',
    signatures: [U],
    addressed: true,
    accepted: false,
    problems: ['not-a-signature'],
  },
  {
    rule: 'a false address',
    fields: { ...binary, ca: sourceAddress(HASH) },
    verdict: 'unsigned',
    problems: ['false-content-address'],
  },
  {
    rule: 'a false address beside a good signature',
    fields: { ...binary, ca: sourceAddress(HASH), signers: [ours] },
    verdict: 'verified',
    signatures: [V],
    signers: ['ours-1'],
    accepted: false,
    problems: ['false-content-address'],
  },
  {
    rule: 'an address that would be true without the references',
    fields: { ...source, references: [OTHER_PATH] },
    verdict: 'unsigned',
    problems: ['false-content-address'],
  },
  {
    rule: 'the address of other content, for which the path stands',
    fields: { ...source, narHash: OTHER_HASH },
    verdict: 'content-addressed',
    addressed: true,
  },

  // A locked source.
  { rule: 'the locked source', fields: source, question: { lockedNarHash: HASH }, verdict: 'content-addressed', addressed: true },
  {
    rule: 'the locked source, signed',
    fields: { ...unaddressed, signers: [ours] },
    question: { lockedNarHash: HASH },
    verdict: 'verified',
    signatures: [V],
    signers: ['ours-1'],
  },
  {
    rule: 'the locked source, unsigned and without address',
    fields: unaddressed,
    question: { lockedNarHash: HASH },
    verdict: 'unsigned',
  },
  {
    rule: 'other content under the locked path, signed by a trusted key',
    fields: { ...unaddressed, narHash: OTHER_HASH, signers: [ours] },
    question: { lockedNarHash: HASH },
    verdict: 'hash-mismatch',
    signatures: [V],
    signers: ['ours-1'],
    accepted: true,
  },
  {
    rule: 'other content under the address of the locked one',
    fields: { ...source, narHash: OTHER_HASH },
    question: { lockedNarHash: HASH },
    verdict: 'hash-mismatch',
    addressed: true,
    accepted: true,
  },
  {
    rule: 'other content, unsigned',
    fields: { ...unaddressed, narHash: OTHER_HASH },
    question: { lockedNarHash: HASH },
    verdict: 'hash-mismatch',
  },
  {
    rule: 'references of the locked source, signed by a trusted key',
    fields: { ...unaddressed, references: [OTHER_PATH], signers: [ours] },
    question: { lockedNarHash: HASH },
    verdict: 'hash-mismatch',
    signatures: [V],
    signers: ['ours-1'],
    accepted: true,
    problems: ['source-with-references'],
  },
  {
    rule: 'a false address of the locked source',
    fields: { ...source, ca: sourceAddress(OTHER_HASH) },
    question: { lockedNarHash: HASH },
    verdict: 'hash-mismatch',
    problems: ['false-content-address'],
  },

  // Nix's gate.
  {
    rule: 'without require-sigs Nix takes an unsigned path, and the verdict stays',
    fields: binary,
    question: { requireSignatures: false },
    verdict: 'unsigned',
    accepted: true,
  },
  {
    rule: 'without require-sigs Nix takes a wrong signature',
    fields: { ...binary, signers: [impostor] },
    question: { requireSignatures: false },
    verdict: 'invalid-signature',
    signatures: [I],
    accepted: true,
  },
  {
    rule: 'without require-sigs Nix 2.34 still refuses what is no signature',
    fields: { ...binary, signatures: ['foo'] },
    question: { requireSignatures: false },
    verdict: 'untrusted-key',
    signatures: [U],
    accepted: false,
    problems: ['not-a-signature'],
  },
  {
    rule: 'without require-sigs a false address is still refused',
    fields: { ...binary, ca: sourceAddress(HASH) },
    question: { requireSignatures: false },
    verdict: 'unsigned',
    accepted: false,
    problems: ['false-content-address'],
  },
];

describe('verifyNarinfo', () => {
  for (const {
    rule,
    fields,
    verdict,
    signatures = [],
    signers = [],
    addressed = false,
    accepted,
    problems = [],
    question,
  } of cases) {
    it(`${rule}: ${verdict}`, () => {
      const check = checked(fields, question);
      assert.equal(check.verdict, verdict);
      assert.deepEqual(
        check.signatures.map((signature) => signature.verdict),
        signatures,
      );
      assert.deepEqual(check.keyNames, signers);
      assert.equal(check.contentAddressed, addressed);
      assert.deepEqual(check.problems, problems);
      assert.equal(check.accepted, accepted ?? (verdict === 'verified' || verdict === 'content-addressed'));
    });
  }

  it('says which key each signature names', () => {
    const { signatures } = checked({ ...binary, signers: [ours, stranger], signatures: ['foo', ':AAAA'] });
    assert.deepEqual(
      signatures.map(({ keyName }) => keyName),
      ['ours-1', 'stranger-1', '', ''],
    );
  });

  const spellings: readonly [rule: string, change: (signature: string) => string, verdict: SignatureVerdict][] = [
    ['without its padding', (text) => text.replace(/=+$/, ''), V],
    ['with half of its padding', (text) => text.replace(/=$/, ''), V],
    ['with text behind its padding', (text) => `${text}x`, I],
    ['in the URL-safe alphabet', (text) => `${text.slice(0, 7)}-_-_${text.slice(11)}`, I],
    ['with one bit changed', (text) => text.replace(/:(.)/, (_, first: string) => (first === 'A' ? ':B' : ':A')), I],
    ['with S raised by the order of the group', raiseByOrder, I],
  ];
  for (const [rule, change, verdict] of spellings) {
    it(`calls a good signature ${rule} ${verdict}`, () => {
      const [good = ''] = narinfo(narinfoText({ ...binary, signers: [ours] })).signatures;
      assert.deepEqual(checked({ ...binary, signatures: [change(good)] }).signatures, [{ keyName: 'ours-1', verdict }]);
    });
  }

  it('verifies the example of the fact sheet', () => {
    const { narinfos, keys } = JSON.parse(readFileSync(join(__dirname, '../fixtures/narinfo/vectors.json'), 'utf8')) as {
      narinfos: { narinfo: string }[];
      keys: { trusted: { public: string } };
    };
    const info = narinfo(narinfos[0]!.narinfo);
    const check = verifyNarinfo(info, { asked: info.storePath, trusted: trustedKeys([keys.trusted.public]) });
    assert.ok(check.kind === 'checked' && check.verdict === 'verified');
  });

  describe('an answer for another path', () => {
    const signed = narinfo(narinfoText({ ...binary, signers: [ours] }));

    it('is none, however well it is signed', () => {
      assert.deepEqual(verifyNarinfo(signed, { asked: OTHER_PATH, trusted }), { kind: 'other-path', got: PATH });
      assert.deepEqual(verifyNarinfo(signed, { asked: storePathHash(OTHER_PATH), trusted }), { kind: 'other-path', got: PATH });
    });

    it('is one with the same hash and another name, unless the name was not known', () => {
      assert.equal(verifyNarinfo(signed, { asked: storePath(`${PATH}-x`), trusted }).kind, 'other-path');
      assert.equal(verifyNarinfo(signed, { asked: storePathHash(PATH), trusted }).kind, 'checked');
    });
  });

  it('lets a wrong key that comes first hide the right one', () => {
    const wrongFirst = trustedKeys([impostor.publicKey.replace(/^[^:]*/, ours.name), ours.publicKey]);
    assert.equal(checked({ ...binary, signers: [ours] }, { trusted: wrongFirst }).verdict, 'invalid-signature');
  });

  it('recomputes content addresses for the store directory in use', () => {
    const path = sourceStorePath(HASH, 'source', '/data/store');
    assert.equal(checked({ ...source, storePath: path }, { storeDir: '/data/store' }).verdict, 'content-addressed');
  });

  it('asks for each signature of a trusted key once, and for no other', () => {
    const asked: string[] = [];
    const info = narinfoText({ ...binary, signers: [ours, stranger, second], signatures: ['foo', 'ours-1:AAAA'] });
    verifyNarinfo(narinfo(info), {
      asked: PATH,
      trusted,
      verifySignature: (text, bytes, key) => {
        asked.push(key.name);
        return verifySignature(text, bytes, key);
      },
    });
    assert.deepEqual(asked, ['ours-1', 'second-1']);
  });
});

function checked(fields: NarinfoFields, question: Partial<NarinfoQuestion> = {}): CheckedNarinfo {
  const storeDir = question.storeDir ?? '/nix/store';
  const text = narinfoText(fields);
  const parsed = narinfo(text, storeDir);
  const check = verifyNarinfo(parsed, { asked: parsed.storePath, trusted, ...question });
  assert.ok(check.kind === 'checked');
  return check;
}

function hash(text: string): NarHash {
  const parsed = parseLockNarHash(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

/** A second spelling of a signature, which a verifier that does not reduce S strictly would take. */
function raiseByOrder(signature: string): string {
  const colon = signature.indexOf(':') + 1;
  const bytes = Buffer.from(signature.slice(colon), 'base64');
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + order;
  Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse().copy(bytes, 32);
  return signature.slice(0, colon) + bytes.toString('base64');
}
