/** Who vouches for a narinfo: its signatures, its content address, and, for a locked source, flake.lock. */
import { verify } from 'node:crypto';
import { decodeBase64, isBase64 } from './base64';
import { contentAddressedPath, parseContentAddress } from './contentAddress';
import { isWeakPoint } from './ed25519';
import type { NarHash } from './hash';
import type { PathVerdict, SignatureVerdict } from './inputsReport';
import { fingerprint, type Narinfo } from './narinfo';
import type { PublicKey, TrustedKeys } from './publicKey';
import { STORE_DIR, storePathHash, storePathName, type StorePath, type StorePathHash } from './storePath';

export interface NarinfoQuestion {
  /** What the cache was asked for: a path, or its hash alone where the name is not known. */
  readonly asked: StorePath | StorePathHash;
  /** For the source of an input: what flake.lock says. */
  readonly lockedNarHash?: NarHash;
  readonly trusted: TrustedKeys;
  /** Nix's `require-sigs`, and false for a cache with `?trusted=1`. Changes `accepted`, never a verdict. Default: true. */
  readonly requireSignatures?: boolean;
  readonly storeDir?: string;
  /** Stands in for {@link verifySignature}, for callers that remember which signatures they have verified. */
  readonly verifySignature?: typeof verifySignature;
}

/**
 * What else is wrong with a narinfo, beyond its verdict.
 * `false-content-address`: `CA` does not lead to the path. `not-a-signature`: a `Sig` is not `name:base64`; Nix 2.34 refuses the whole
 * narinfo. `broken-signature`: one under a trusted key's name is not 64 bytes of base64; every Nix stops with an error, even beside a
 * good one. `source-with-references`: a locked source refers to store paths, which none does.
 */
export type NarinfoProblem = 'false-content-address' | 'not-a-signature' | 'broken-signature' | 'source-with-references';

export interface CheckedSignature {
  /** All before the colon, empty where there is none. Foreign text, and no signer unless the signature is `verified`. */
  readonly keyName: string;
  readonly verdict: SignatureVerdict;
}

export interface CheckedNarinfo {
  readonly kind: 'checked';
  readonly verdict: PathVerdict;
  /** One for each different `Sig`, in the order of the file. */
  readonly signatures: readonly CheckedSignature[];
  /** The path was recomputed from `CA`, references and name, and agrees. Says nothing yet of bytes not downloaded. */
  readonly contentAddressed: boolean;
  /** Trusted keys with a signature that verifies, whatever the verdict: with `hash-mismatch` those who signed the other content. */
  readonly keyNames: readonly string[];
  /** Whether Nix would take the path from this cache, as far as the narinfo decides. Nix does not ask flake.lock at this point. */
  readonly accepted: boolean;
  readonly problems: readonly NarinfoProblem[];
}

/** Either the narinfo describes another path than asked for, and then says nothing of the one asked for; or it was checked. */
export type NarinfoCheck = { readonly kind: 'other-path'; readonly got: StorePath } | CheckedNarinfo;

/**
 * Checks a narinfo as Nix does before it imports a path, and a locked source once more against flake.lock.
 *
 * The verdict is, in this order: `hash-mismatch` for a source that is not the locked one (other NarHash, references, or a `CA` that does
 * not lead to the path), whoever signed it; `invalid-signature` where a malformed signature makes Nix stop although another one
 * is good; `verified`; `content-addressed`; `invalid-signature`; `untrusted-key`; `unsigned`.
 * A false `CA` beside a good signature stays `verified`, since the signer vouched for the path and `CA` is not signed (anybody on the way can add
 * one); it is told in `problems`, for Nix's import aborts on it.
 * Source: Nix, `ValidPathInfo::checkSignatures`, `ValidPathInfo::isContentAddressed`.
 */
export function verifyNarinfo(narinfo: Narinfo, question: NarinfoQuestion): NarinfoCheck {
  if (!isAsked(narinfo.storePath, question.asked)) return { kind: 'other-path', got: narinfo.storePath };
  if (question.lockedNarHash === undefined && narinfo.ca === undefined && narinfo.signatures.length === 1)
    return checkOneSignature(narinfo, narinfo.signatures[0] ?? '', question);
  return checkEverything(narinfo, question);
}

/** What nearly every narinfo is: one signature is all there is to check, and what it says is the same for all that a key has signed. */
function checkOneSignature(narinfo: Narinfo, text: string, question: NarinfoQuestion): CheckedNarinfo {
  const { keyName, bytes } = readSignature(text);
  const key = bytes === undefined || keyName === '' ? undefined : question.trusted.byName.get(keyName);
  if (bytes === undefined || key === undefined) return checkEverything(narinfo, question);
  if ((question.verifySignature ?? verifySignature)(fingerprint(narinfo), bytes, key)) return verifiedBy(key, keyName);
  return checkEverything(narinfo, { ...question, verifySignature: () => false });
}

const verified = new WeakMap<PublicKey, CheckedNarinfo>();

/** The check of a narinfo that has a good signature and nothing else. */
function verifiedBy(key: PublicKey, keyName: string): CheckedNarinfo {
  let check = verified.get(key);
  if (check === undefined) {
    check = checkWithoutProblems([{ keyName, verdict: 'verified' }], { contentAddressed: false, requireSignatures: true });
    verified.set(key, check);
  }
  return check;
}

function checkEverything(narinfo: Narinfo, question: NarinfoQuestion): CheckedNarinfo {
  const { lockedNarHash, trusted, requireSignatures = true, storeDir = STORE_DIR } = question;
  const signatures: CheckedSignature[] = [];
  const keyNames: string[] = [];
  const problems: NarinfoProblem[] = [];
  const contentAddressed = isContentAddressed(narinfo, storeDir);
  if (narinfo.ca !== undefined && !contentAddressed) problems.push('false-content-address');

  // Written without helpers that make arrays: this is done for every path of a closure.
  let signed: string | undefined;
  let invalid = false;
  let unreadable = false;
  let broken = false;
  for (const text of narinfo.signatures) {
    const { keyName, bytes, readable } = readSignature(text);
    unreadable ||= !readable;
    const key = keyName === '' ? undefined : trusted.byName.get(keyName);
    if (key === undefined) {
      signatures.push({ keyName, verdict: 'untrusted-key' });
      continue;
    }
    if (bytes === undefined) broken ||= readable;
    else {
      signed ??= fingerprint(narinfo);
      if ((question.verifySignature ?? verifySignature)(signed, bytes, key)) {
        signatures.push({ keyName, verdict: 'verified' });
        if (!keyNames.includes(keyName)) keyNames.push(keyName);
        continue;
      }
    }
    invalid = true;
    signatures.push({ keyName, verdict: 'invalid' });
  }
  if (unreadable) problems.push('not-a-signature');
  if (broken) problems.push('broken-signature');
  if (lockedNarHash !== undefined && narinfo.references.length > 0) problems.push('source-with-references');

  const vouched = keyNames.length > 0 || contentAddressed;
  // Nix 2.34 parses all signatures when it reads; every Nix decodes those under trusted names, but only where it needs them.
  const stops = unreadable || (!contentAddressed && broken);
  const passes = requireSignatures ? vouched && !stops : !unreadable;
  const falseAddress = narinfo.ca !== undefined && !contentAddressed;

  return {
    kind: 'checked',
    verdict: verdict(),
    signatures,
    contentAddressed,
    keyNames,
    accepted: passes && !falseAddress,
    problems,
  };

  function verdict(): PathVerdict {
    if (lockedNarHash !== undefined) {
      // Stops a trusted key's holder, or a cache with `?trusted=1`, from replacing a locked source: Nix 2.8 to 2.24 would use it.
      if (narinfo.narHash !== lockedNarHash || narinfo.references.length > 0) return 'hash-mismatch';
      if (falseAddress) return 'hash-mismatch';
    }
    if (stops && vouched) return 'invalid-signature';
    if (keyNames.length > 0) return 'verified';
    if (contentAddressed) return 'content-addressed';
    if (invalid) return 'invalid-signature';
    return signatures.length > 0 ? 'untrusted-key' : 'unsigned';
  }
}

/**
 * The check of a narinfo about which all of this is known already: nothing is wrong with it, and each of its signatures verifies or is by a
 * key that is not trusted.
 */
export function checkWithoutProblems(
  signatures: readonly CheckedSignature[],
  { contentAddressed, requireSignatures }: { readonly contentAddressed: boolean; readonly requireSignatures: boolean },
): CheckedNarinfo {
  const keyNames = [...new Set(signatures.filter(({ verdict }) => verdict === 'verified').map(({ keyName }) => keyName))];
  const vouched = keyNames.length > 0 || contentAddressed;
  return {
    kind: 'checked',
    verdict:
      keyNames.length > 0
        ? 'verified'
        : contentAddressed
          ? 'content-addressed'
          : signatures.length > 0
            ? 'untrusted-key'
            : 'unsigned',
    signatures,
    contentAddressed,
    keyNames,
    accepted: vouched || !requireSignatures,
    problems: [],
  };
}

/** Verifies one Ed25519 signature of 64 bytes as libsodium does. */
export function verifySignature(text: string, signature: Uint8Array, key: PublicKey): boolean {
  return !isWeakPoint(signature.subarray(0, 32)) && verify(null, Buffer.from(text), key.keyObject, signature);
}

const SIGNATURE_LENGTH = 64;

/**
 * Takes a `Sig` apart. `bytes` are there when it is 64 bytes of base64; `readable` says whether it is `name:base64` at all. Without a colon
 * the name is empty.
 */
function readSignature(text: string): {
  readonly keyName: string;
  readonly bytes: Buffer | undefined;
  readonly readable: boolean;
} {
  const colon = text.indexOf(':');
  const keyName = text.slice(0, Math.max(colon, 0));
  const base64 = text.slice(colon + 1);
  const bytes = decodeBase64(base64, SIGNATURE_LENGTH);
  return { keyName, bytes, readable: colon > 0 && (bytes !== undefined || (base64 !== '' && isBase64(base64))) };
}

function isAsked(path: StorePath, asked: StorePath | StorePathHash): boolean {
  return asked.includes('/') ? path === asked : storePathHash(path) === asked;
}

function isContentAddressed(narinfo: Narinfo, storeDir: string): boolean {
  if (narinfo.ca === undefined) return false;
  const address = parseContentAddress(narinfo.ca);
  if (!address.ok) return false;
  const others = narinfo.references.filter((path) => path !== narinfo.storePath);
  const self = others.length < narinfo.references.length;
  // A text cannot refer to itself: Nix counts the path among its references then, which no hash can meet.
  const path = contentAddressedPath(address.value, others, storePathName(narinfo.storePath), storeDir, self);
  return path === narinfo.storePath;
}
