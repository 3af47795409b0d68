/** The checks that need what caches answered. Missing answers are never a finding. */
import { nearestInputs } from '../domain/checks/checkedFlake';
import { finding, type Finding, type Place } from '../domain/finding';
import type { InputFacts } from '../domain/flakeFacts';
import { shortHash, type NarHash } from '../domain/hash';
import type { PathVerdict } from '../domain/inputsReport';
import { compareText } from '../util/compare';
import { plainText } from '../util/plainText';
import type { Judged } from './judge';
import { cacheName } from './cacheName';

/** One input with what the caches said of its source. */
export interface JudgedInput {
  readonly input: InputFacts;
  readonly answers: readonly Judged[];
  readonly verdict: PathVerdict;
}

type FoundAnswer = Judged & Required<Pick<Judged, 'found'>>;

/** Runs every check over every source once: inputs that lead to one lock node share one finding, at the one nearest to the root. */
export function dynamicFindings(inputs: readonly JudgedInput[]): Finding[] {
  return nearestByNode(inputs).flatMap((judged) => {
    const found = judged.answers.filter((answer): answer is FoundAnswer => answer.found !== undefined);
    const subject = { input: judged.input, verdict: judged.verdict, found };
    return [hashMismatch(subject), cachesDisagree(subject), signatureInvalid(subject), signerUnknown(subject), unsigned(subject)]
      .filter((result) => result !== undefined)
      .map((result) => withPlace(result, placeOf(judged.input)));
  });
}

interface Subject {
  readonly input: InputFacts;
  readonly verdict: PathVerdict;
  readonly found: readonly FoundAnswer[];
}

/** A cache serves something else than flake.lock pins, whoever signed it: an honest cache cannot, since the path follows from the hash. */
function hashMismatch({ input, found }: Subject): Finding | undefined {
  const others = found.filter(({ found: { check } }) => check.verdict === 'hash-mismatch');
  const [first] = others;
  if (first === undefined || input.narHash === undefined) return undefined;
  const what =
    first.found.narinfo.narHash === input.narHash
      ? 'describes this source as none can be'
      : 'serves a different hash than flake.lock records';
  return finding('hash-mismatch', {
    message: `Input "${inputName(input)}": cache ${cacheName(first.cache.substituter.url, 28)} ${what}`,
    subject: subjectOf(input),
    evidence: {
      storePath: input.storePath,
      locked: input.narHash,
      served: others.map(({ cache, found: { narinfo, check } }) => ({
        cache: cache.substituter.url,
        narHash: narinfo.narHash,
        narSize: narinfo.narSize,
        references: narinfo.references.slice(0, 20),
        ...(narinfo.ca === undefined ? {} : { ca: plainText(narinfo.ca, 200) }),
        signatures: narinfo.signatures.map((text) => plainText(text, 400)),
        verifiedBy: check.keyNames.map((name) => plainText(name, 200)),
      })),
    },
  });
}

/** Two caches serve different content for one path. Caches that pass on the same signature line are one voice. */
function cachesDisagree({ input, found }: Subject): Finding | undefined {
  const parties = new Map<NarHash, FoundAnswer[]>();
  for (const answer of found) {
    const { narHash } = answer.found.narinfo;
    parties.set(narHash, [...(parties.get(narHash) ?? []), answer]);
  }
  if (parties.size < 2) return undefined;
  const [one, two] = [...parties.values()].map(([first]) => first);
  if (one === undefined || two === undefined) return undefined;
  return finding('caches-disagree', {
    message: `Input "${inputName(input)}": ${cacheName(one.cache.substituter.url, 20)} and ${cacheName(two.cache.substituter.url, 20)} serve different content for one path`,
    subject: subjectOf(input),
    evidence: {
      storePath: input.storePath,
      ...(input.narHash === undefined ? {} : { locked: input.narHash }),
      parties: [...parties].map(([narHash, answers]) => ({
        narHash,
        short: shortHash(narHash),
        caches: answers.map(({ cache }) => cache.substituter.url),
        voices: countVoices(answers),
      })),
    },
  });
}

/** Counts the caches among `answers`, those that share a signature line as one. */
function countVoices(answers: readonly FoundAnswer[]): number {
  const heard = new Set<string>();
  let voices = 0;
  for (const { found } of answers) {
    const { signatures } = found.narinfo;
    if (!signatures.some((text) => heard.has(text))) voices += 1;
    for (const text of signatures) heard.add(text);
  }
  return voices;
}

/** A signature under the name of a trusted key does not verify. */
function signatureInvalid({ input, found }: Subject): Finding | undefined {
  const bad = found.flatMap(({ cache, found: { narinfo, check } }) =>
    check.signatures.flatMap(({ keyName, verdict }, index) =>
      verdict === 'invalid' ? [{ cache, keyName: plainText(keyName, 200), signature: narinfo.signatures[index] ?? '' }] : [],
    ),
  );
  const [first] = bad;
  if (first === undefined) return undefined;
  return finding('signature-invalid', {
    message: `Input "${inputName(input)}": signature by "${plainText(first.keyName, 24)}" from ${cacheName(first.cache.substituter.url, 22)} does not verify`,
    subject: subjectOf(input),
    evidence: {
      storePath: input.storePath,
      signatures: bad.map(({ cache, keyName, signature }) => ({
        cache: cache.substituter.url,
        keyName,
        signature: plainText(signature, 400),
      })),
    },
  });
}

/** Signed, but by nobody whom the user trusts. The names are claims: such signatures cannot be verified. */
function signerUnknown({ input, verdict, found }: Subject): Finding | undefined {
  if (verdict !== 'untrusted-key' && verdict !== 'content-addressed') return undefined;
  const names = new Set<string>();
  for (const { found: answer } of found) {
    for (const signature of answer.check.signatures) {
      // Some other finding is about a signature under a trusted name.
      if (signature.verdict !== 'untrusted-key') return undefined;
      if (signature.keyName !== '') names.add(plainText(signature.keyName, 200));
    }
  }
  if (names.size === 0) return undefined;
  const sorted = [...names].sort(compareText);
  const more = sorted.length > 2 ? ` and ${sorted.length - 2} more` : '';
  const shown = sorted.slice(0, 2).map((name) => plainText(name, 16));
  return finding('signer-unknown', {
    message: `Input "${inputName(input)}": signed only by keys you do not trust: ${shown.join(', ')}${more}`,
    subject: subjectOf(input),
    evidence: {
      storePath: input.storePath,
      contentAddressed: verdict === 'content-addressed',
      claimedKeyNames: sorted,
      caches: found.map(({ cache }) => cache.substituter.url),
    },
  });
}

/**
 * Served without signature and without content address: Nix refuses it. For a source that is no danger and mends itself, since Nix then
 * fetches what flake.lock pins; so it is told in audits only.
 */
function unsigned({ input, verdict, found }: Subject): Finding | undefined {
  if (verdict !== 'unsigned') return undefined;
  const without = found.filter(({ found: { check } }) => check.verdict === 'unsigned');
  const [first] = without;
  if (first === undefined) return undefined;
  return finding('unsigned', {
    severity: 'information',
    occasion: 'audit',
    message: `Input "${inputName(input)}": ${cacheName(first.cache.substituter.url, 40)} serves it without a signature`,
    subject: subjectOf(input),
    evidence: { storePath: input.storePath, caches: without.map(({ cache }) => cache.substituter.url) },
  });
}

/** For each lock node the input by which people know it. */
function nearestByNode(inputs: readonly JudgedInput[]): readonly JudgedInput[] {
  const judged = new Map(inputs.map((one) => [one.input, one]));
  return nearestInputs([...judged.keys()]).flatMap((input) => judged.get(input) ?? []);
}

/** The name in flake.nix of a root input; the key in flake.lock of any other. */
function placeOf({ path, declared, lockNode }: InputFacts): Place | undefined {
  if (path.length === 1 && declared !== undefined) return { file: 'flake.nix', span: declared.nameSpan };
  return lockNode === undefined ? undefined : { file: 'flake.lock', span: lockNode.keySpan };
}

function withPlace(result: Finding, place: Place | undefined): Finding {
  return place === undefined ? result : { ...result, place };
}

function subjectOf({ path }: InputFacts): Finding['subject'] {
  return { kind: 'input', id: path.join('/') };
}

function inputName({ path }: InputFacts): string {
  return plainText(path.join('/'), 26);
}
