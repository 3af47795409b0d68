/** imports.lock.json: the copies of imported records that count, each with the digest of what it was made from. Machine-written. */
import { createHash } from 'node:crypto';
import { runSteps, type Steps } from '../../util/steps';
import { canonicalJson } from './canonical';
import { parseInstant } from './instant';
import { readingJsonc, readJsonc, type FileProblem } from './jsonc';
import { readingRecordList } from './records';
import { Shape, type JsonObject } from './shape';
import type { VettingRecord } from './types';

/** One import as it was fetched. */
export interface LockedImport {
  readonly name: string;
  /** Where it came from, as the policy said then. */
  readonly from: string;
  /** SRI of the bytes that were fetched. */
  readonly digest: string;
  /** Milliseconds since 1970. */
  readonly fetchedAt: number;
  readonly records: readonly VettingRecord[];
}

export interface ReadImportsLock {
  /** By name. */
  readonly imports: ReadonlyMap<string, LockedImport>;
  readonly problems: readonly FileProblem[];
  readonly broken: boolean;
}

/** What is written of one import. */
export interface ImportEntry {
  readonly from: string;
  readonly digest: string;
  readonly fetched: string;
  readonly copyDigest: string;
  readonly records: readonly unknown[];
}

/** Reads a text; never throws. A copy that is not what its digest says does not count. */
export function readImportsLock(text: string): ReadImportsLock {
  return runSteps(readingImportsLock(text));
}

/** The same in steps. */
export function* readingImportsLock(text: string): Steps<ReadImportsLock> {
  const read = yield* readingJsonc(text);
  if (read.kind === 'failed') return { imports: new Map(), problems: [read.problem], broken: true };
  const shape = new Shape();
  const imports = new Map<string, LockedImport>();
  const top = shape.object(read.value, [], ['version', 'imports']);
  const versioned = top?.['version'] === 1;
  if (top !== undefined && !versioned) {
    shape.problem(['version'], 'version has to be 1: this file is of another version of Flake Trust');
  }
  const entries = versioned ? shape.object(top['imports'], ['imports'], 'any') : undefined;
  for (const [name, one] of Object.entries(entries ?? {})) {
    const entry = shape.object(one, ['imports', name], ['from', 'digest', 'fetched', 'copyDigest', 'records']);
    const locked = entry === undefined ? undefined : yield* lockedImport(name, entry, shape);
    if (locked !== undefined) imports.set(name, locked);
  }
  return {
    imports,
    problems: shape.problems.map(({ path, message, part }) => ({ message, span: read.places.of(path, part) })),
    broken: !versioned,
  };
}

function* lockedImport(name: string, entry: JsonObject, shape: Shape): Steps<LockedImport | undefined> {
  const path = ['imports', name];
  const from = shape.text(entry['from'], [...path, 'from']);
  const digest = shape.text(entry['digest'], [...path, 'digest']);
  const fetched = shape.text(entry['fetched'], [...path, 'fetched']);
  const fetchedAt = fetched === undefined ? undefined : parseInstant(fetched);
  if (from === undefined || digest === undefined || fetchedAt === undefined) {
    shape.problem(path, `the copy of "${name}" is not what \`flake-trust vet import\` writes; it does not count`);
    return undefined;
  }
  const { records } = entry;
  if (!Array.isArray(records) || entry['copyDigest'] !== (yield* digesting(records))) {
    shape.problem(path, `the copy of "${name}" was changed by hand; it does not count until it is imported anew`);
    return undefined;
  }
  return { name, from, digest, fetchedAt, records: yield* readingRecordList(records, [...path, 'records'], shape) };
}

/** SRI of the canonical form of a list of records. */
export function copyDigest(records: readonly unknown[]): string {
  return runSteps(digesting(records));
}

/** So many records are digested in one step. */
const STEP_RECORDS = 64;

function* digesting(records: readonly unknown[]): Steps<string> {
  const hash = createHash('sha256').update('[');
  for (const [index, record] of records.entries()) {
    if (index % STEP_RECORDS === STEP_RECORDS - 1) yield;
    hash.update(`${index === 0 ? '' : ','}${canonicalJson(record)}`, 'utf8');
  }
  return `sha256-${hash.update(']').digest('base64')}`;
}

/** Prints the whole file; entries in order of their names, one record a line, so that a difference can be read. */
export function printImportsLock(entries: ReadonlyMap<string, ImportEntry>): string {
  const names = [...entries.keys()].sort();
  const blocks = names.map((name) => {
    const { records = [], ...rest } = entries.get(name) ?? {};
    const fields = Object.entries(rest).map(([field, value]) => `      ${JSON.stringify(field)}: ${JSON.stringify(value)},`);
    const lines = records.map((record) => `        ${JSON.stringify(record)}`);
    const list = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n      ]`;
    return `    ${JSON.stringify(name)}: {\n${fields.join('\n')}\n      "records": ${list}\n    }`;
  });
  return `{\n  "version": 1,\n  "imports": {${blocks.length === 0 ? '' : `\n${blocks.join(',\n')}\n  `}}\n}\n`;
}

/** The entries of a text as they are, for writing some of them anew; nothing where it cannot be read. */
export function importEntries(text: string): ReadonlyMap<string, ImportEntry> | undefined {
  if (readImportsLock(text).broken) return undefined;
  const read = readJsonc(text);
  const value = read.kind === 'read' ? (read.value as { readonly imports?: Readonly<Record<string, ImportEntry>> }) : undefined;
  return new Map(Object.entries(value?.imports ?? {}));
}
