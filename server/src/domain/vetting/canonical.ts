/**
 * The one spelling of a record, whatever its comments, white space and order of names: what its id is the digest of, and what is signed.
 * It is the JSON Canonicalization Scheme (RFC 8785), for the few kinds of values that a record has.
 */
import { createHash } from 'node:crypto';
import { compareText } from '../../util/compare';
import { encodeNixBase32 } from '../nixBase32';

/**
 * Goes before everything that is signed, so that a signature of a record can never pass for one of something else: a narinfo's fingerprint, which
 * the same key may have signed, begins with `1;`.
 */
export const SIGNED_PREFIX = 'flake-trust-record-v1\n';

/** Not covered by id and signature: they are made from the rest. */
const NOT_COVERED: ReadonlySet<string> = new Set(['id', 'signature']);

/** Canonical JSON of a value made of objects, lists, texts, whole numbers, booleans and null. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return objectJson(value as Readonly<Record<string, unknown>>, Object.keys(value));
}

/** Canonical JSON of all of a record that its id and its signature cover. */
export function canonicalRecord(record: Readonly<Record<string, unknown>>): string {
  return objectJson(
    record,
    Object.keys(record).filter((name) => !NOT_COVERED.has(name)),
  );
}

/** Characters of an id: 160 bits, as many as a store path has. */
export const ID_LENGTH = 32;

/** The id of a record: the first 160 bits of the SHA-256 of its canonical form, in Nix's base 32. */
export function recordId(canonical: string): string {
  return encodeNixBase32(createHash('sha256').update(canonical, 'utf8').digest().subarray(0, 20));
}

/** Tells whether a text has the form of an id. */
export function isRecordId(text: string): boolean {
  return /^[0-9a-df-np-sv-z]{32}$/.test(text);
}

function objectJson(value: Readonly<Record<string, unknown>>, names: string[]): string {
  let text = '{';
  for (const name of names.sort(compareText)) {
    text += `${text.length === 1 ? '' : ','}${JSON.stringify(name)}:${canonicalJson(value[name])}`;
  }
  return `${text}}`;
}
