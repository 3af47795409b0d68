/**
 * Narinfos: the text with which a binary cache describes one store path. What is read, and what is refused, is what Nix 2.8 to 2.34
 * read and refuse; where this parser is stricter, docs/narinfo.md ("Stricter than Nix") says so.
 */
import { describeContentAddressError, parseContentAddress } from './contentAddress';
import { describeHashError, isSha256Nix32, narHashToNix32, parseHash, parseNarHash, type NarHash } from './hash';
import { err, ok, type Result } from './result';
import {
  describeStorePathError,
  isInStore,
  parseStoreBaseName,
  parseStoreBaseNames,
  parseStorePath,
  STORE_DIR,
  type StorePath,
  type StorePathError,
} from './storePath';

export interface Narinfo {
  // The path itself: exactly what a signature covers.
  readonly storePath: StorePath;
  readonly narHash: NarHash;
  /** Bytes of the NAR, uncompressed. */
  readonly narSize: number;
  /** In byte order and each once, as the signature covers them; may name the path itself. */
  readonly references: readonly StorePath[];

  // Proof, to be checked by `verifyNarinfo`.
  /** `Sig` lines as they came, each once, in the order of the file; possibly no signatures at all. */
  readonly signatures: readonly string[];
  /** A well-formed content address, which is a claim until the path has been recomputed from it. */
  readonly ca?: string;

  // Where it came from and how it is delivered. No signature covers these: belief at your own risk.
  readonly deriver?: StorePath;
  /** Where the NAR is, relative to the cache; may be anything, another host too. */
  readonly url: string;
  readonly compression: string;
  /** Of the compressed file, in any spelling. Nix never compares it. */
  readonly fileHash?: string;
  /** Bytes of the compressed file. */
  readonly fileSize?: number;
}

/** Why a text is no narinfo. `line` counts from 1; `reason` follows the field's name in a sentence and repeats no foreign text of any length. */
export type NarinfoError =
  | { readonly kind: 'not-a-narinfo' }
  | { readonly kind: 'cut-off'; readonly line: number }
  | { readonly kind: 'missing-field'; readonly field: string }
  | { readonly kind: 'repeated-field'; readonly field: string; readonly line: number }
  | { readonly kind: 'bad-field'; readonly field: string; readonly line: number; readonly reason: string };

/** Says in one sentence, without a full stop, what is wrong with a narinfo. */
export function describeNarinfoError(error: NarinfoError): string {
  switch (error.kind) {
    case 'not-a-narinfo':
      return 'the answer is not a narinfo';
    case 'cut-off':
      return `line ${error.line} has no colon or no line end: the narinfo is cut off or damaged`;
    case 'missing-field':
      return `${error.field} is missing`;
    case 'repeated-field':
      return `line ${error.line}: ${error.field} occurs a second time`;
    case 'bad-field':
      return `line ${error.line}: ${error.field} ${error.reason}`;
  }
}

/**
 * Caps the signatures of one path: a real one has a few. Without a cap a cache could keep the processor busy with thousands of lines under a
 * trusted key's name.
 */
const MAX_SIGNATURES = 100;

const NO_REFERENCES: readonly StorePath[] = [];
const NO_SIGNATURES: readonly string[] = [];

/** What has been read so far. All properties are there from the start: objects of one shape are what makes this quick. */
interface Fields {
  readonly storeDir: string;
  readonly asked: StorePath | undefined;
  storePath: StorePath | undefined;
  narHash: NarHash | undefined;
  narSize: number | undefined;
  references: readonly StorePath[];
  signatures: readonly string[];
  ca: string | undefined;
  deriver: StorePath | undefined;
  url: string;
  compression: string;
  fileHash: string | undefined;
  fileSize: number | undefined;
}

/**
 * Parses a narinfo in one pass.
 *
 * As Nix does it: a field's name is all text up to the next colon, line ends included (so that a line without a colon swallows the beginning
 * of the next); exactly two bytes are skipped; the value ends at the next line feed, which the last line needs too. Names are
 * case-sensitive, unknown ones are skipped. Of a repeated field the last one counts, except References and CA, which must not come again
 * after a first one that was not empty. Signatures are not looked at here. Where the narinfo is of `asked`, as it should be, its path is that
 * very text.
 * Source: Nix, src/libstore/nar-info.cc.
 */
export function parseNarinfo(text: string, storeDir: string = STORE_DIR, asked?: StorePath): Result<Narinfo, NarinfoError> {
  const fields: Fields = {
    storeDir,
    asked,
    storePath: undefined,
    narHash: undefined,
    narSize: undefined,
    references: NO_REFERENCES,
    signatures: NO_SIGNATURES,
    ca: undefined,
    deriver: undefined,
    url: '',
    compression: '',
    fileHash: undefined,
    fileSize: undefined,
  };
  let anyKnown = false;
  let damagedAt: number | undefined;

  for (let start = 0; start < text.length;) {
    const colon = text.indexOf(':', start);
    const end = colon === -1 ? -1 : text.indexOf('\n', colon + 2);
    if (end === -1) return err(anyKnown ? { kind: 'cut-off', line: lineOf(text, start) } : { kind: 'not-a-narinfo' });
    const field = text.slice(start, colon);
    // Nix skips two bytes: of a character beyond ASCII a part stays in the value, which no field but URL bears.
    const outcome = readField(fields, field, text.slice(text.charCodeAt(colon + 1) < 128 ? colon + 2 : colon + 1, end));
    if (outcome === 'unknown-field') {
      if (damagedAt === undefined && field.includes('\n')) damagedAt = start;
    } else if (outcome === undefined) {
      anyKnown = true;
    } else {
      const line = lineOf(text, start);
      return err(
        outcome === 'repeated'
          ? { kind: 'repeated-field', field, line }
          : { kind: 'bad-field', field, line, reason: outcome.reason },
      );
    }
    start = end + 1;
  }

  if (!anyKnown) return err({ kind: 'not-a-narinfo' });
  const narinfo = complete(fields);
  return narinfo.ok || damagedAt === undefined ? narinfo : err({ kind: 'cut-off', line: lineOf(text, damagedAt) });
}

function readField(
  fields: Fields,
  field: string,
  value: string,
): { readonly reason: string } | 'repeated' | 'unknown-field' | undefined {
  switch (field) {
    case 'StorePath': {
      if (value === fields.asked && isInStore(fields.asked, fields.storeDir)) {
        fields.storePath = fields.asked;
        return undefined;
      }
      const path = parseStorePath(value, fields.storeDir);
      if (!path.ok) return { reason: describeStorePathError(path.error) };
      fields.storePath = path.value;
      return undefined;
    }
    case 'URL':
      fields.url = value;
      return undefined;
    case 'Compression':
      fields.compression = value;
      return undefined;
    case 'FileHash': {
      if (!isSha256Nix32(value)) {
        const hash = parseHash(value);
        if (!hash.ok) return { reason: describeHashError(hash.error) };
      }
      fields.fileHash = value;
      return undefined;
    }
    case 'FileSize':
      fields.fileSize = parseSize(value);
      return fields.fileSize === undefined ? { reason: 'is not a number of bytes' } : undefined;
    case 'NarHash': {
      const hash = parseNarHash(value);
      if (!hash.ok) return { reason: describeHashError(hash.error) };
      fields.narHash = hash.value;
      return undefined;
    }
    case 'NarSize':
      fields.narSize = parseSize(value);
      return fields.narSize === undefined || fields.narSize === 0 ? { reason: 'is not a number of bytes above 0' } : undefined;
    case 'References': {
      if (fields.references.length > 0) return 'repeated';
      const references = parseReferences(value, fields.storeDir);
      if (!references.ok) return { reason: `has an entry that ${describeStorePathError(references.error)}` };
      fields.references = references.value;
      return undefined;
    }
    case 'Deriver': {
      if (value === 'unknown-deriver') return undefined;
      const path = parseStoreBaseName(value, fields.storeDir);
      if (!path.ok) return { reason: describeStorePathError(path.error) };
      fields.deriver = path.value;
      return undefined;
    }
    case 'Sig':
      if (fields.signatures.includes(value)) return undefined;
      if (fields.signatures.length === MAX_SIGNATURES) return { reason: `occurs more than ${MAX_SIGNATURES} times` };
      // Nearly always there is one: a list made by `push` has room for seventeen.
      fields.signatures = fields.signatures.length === 0 ? [value] : [...fields.signatures, value];
      return undefined;
    case 'CA': {
      if (fields.ca !== undefined) return 'repeated';
      if (value === '') return undefined;
      const address = parseContentAddress(value);
      if (!address.ok) return { reason: describeContentAddressError(address.error) };
      fields.ca = value;
      return undefined;
    }
    default:
      return 'unknown-field';
  }
}

function complete(fields: Fields): Result<Narinfo, NarinfoError> {
  const { storePath, url, narHash, narSize, references, signatures, ca, deriver, compression, fileHash, fileSize } = fields;
  if (storePath === undefined) return err({ kind: 'missing-field', field: 'StorePath' });
  if (url === '') return err({ kind: 'missing-field', field: 'URL' });
  if (narHash === undefined) return err({ kind: 'missing-field', field: 'NarHash' });
  if (narSize === undefined) return err({ kind: 'missing-field', field: 'NarSize' });
  const narinfo: { -readonly [Name in keyof Narinfo]: Narinfo[Name] } = {
    storePath,
    narHash,
    narSize,
    references,
    signatures,
    url,
    compression: compression === '' ? 'bzip2' : compression,
  };
  if (ca !== undefined) narinfo.ca = ca;
  if (deriver !== undefined) narinfo.deriver = deriver;
  if (fileHash !== undefined) narinfo.fileHash = fileHash;
  if (fileSize !== undefined) narinfo.fileSize = fileSize;
  return ok(narinfo);
}

/** Builds the text that a signature covers. Source: Nix, `ValidPathInfo::fingerprint`. */
export function fingerprint({ storePath, narHash, narSize, references }: Narinfo): string {
  return `1;${storePath};${narHashToNix32(narHash)};${narSize};${references.join(',')}`;
}

/** Reads base names parted by blanks, sorts them and drops repetitions; nearly all lists are in order already. */
function parseReferences(value: string, storeDir: string): Result<readonly StorePath[], StorePathError> {
  if (value === '') return ok(NO_REFERENCES);
  const quick = parseStoreBaseNames(value, storeDir);
  if (quick !== undefined) return ok(quick);
  const paths: StorePath[] = [];
  let inOrder = true;
  let previous = -1;
  for (let start = 0; start < value.length;) {
    const blank = value.indexOf(' ', start);
    const end = blank === -1 ? value.length : blank;
    if (end > start) {
      const path = parseStoreBaseName(value.slice(start, end), storeDir);
      if (!path.ok) return path;
      paths.push(path.value);
      inOrder &&= previous === -1 || isBefore(value, previous, start);
      previous = start;
    }
    start = end + 1;
  }
  return ok(inOrder ? paths : [...new Set(paths)].sort());
}

/** Compares two base names by their hashes alone, which are practically never equal; where they are, they are sorted anew. */
function isBefore(value: string, one: number, other: number): boolean {
  for (let i = 0; i < 32; i++) {
    const difference = value.charCodeAt(one + i) - value.charCodeAt(other + i);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Reads decimal digits; a plus sign before them is allowed, as in Nix. What a double cannot hold exactly (8 PiB) is refused. */
function parseSize(value: string): number | undefined {
  if (!/^\+?[0-9]+$/.test(value)) return undefined;
  const size = Number(value);
  return Number.isSafeInteger(size) ? size : undefined;
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
