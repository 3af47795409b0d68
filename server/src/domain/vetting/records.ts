/** Reads records.jsonc: one record a block. A record with a mistake does not count, and is told of; the others do. */
import { isRev } from '../flakeRef';
import { parseLockNarHash, type NarHash } from '../hash';
import { canonicalRecord, isRecordId, recordId } from './canonical';
import { isCriterionName } from './criteria';
import { runSteps, type Steps } from '../../util/steps';
import { parseInstant, parseUntil } from './instant';
import { readingJsonc, type FileProblem, type JsonPath } from './jsonc';
import { isObject, MAX_TEXT, Shape, type JsonObject } from './shape';
import { RECORD_KINDS, type RecordKind, type Tree, type VettingRecord } from './types';

export interface ReadRecords {
  readonly records: readonly VettingRecord[];
  readonly problems: readonly FileProblem[];
  /** Where the n-th record stands. */
  readonly placeOf: (index: number) => FileProblem['span'];
  /** The text is no list of records at all, so that nothing may be added to it. */
  readonly broken: boolean;
}

/** Which fields a kind may have beside those of all; those in `needs` it has to have. */
interface KindRules {
  readonly needs: readonly string[];
  readonly may: readonly string[];
}

const COMMON = ['id', 'kind', 'who', 'when', 'source', 'notes', 'evidence', 'signature'] as const;

export const RECORD_FIELDS: Readonly<Record<RecordKind, KindRules>> = {
  audit: { needs: ['narHash', 'criteria'], may: ['source', 'rev', 'from', 'scope', 'paths', 'until'] },
  exemption: { needs: ['narHash', 'criteria', 'until'], may: ['source', 'rev', 'scope', 'paths'] },
  trust: { needs: ['source', 'criteria', 'until'], may: [] },
  violation: { needs: ['notes'], may: ['narHash', 'rev', 'source', 'criteria', 'scope', 'paths'] },
  revocation: { needs: ['revokes', 'notes'], may: [] },
};

const ALLOWED: Readonly<Record<RecordKind, ReadonlySet<string>>> = Object.fromEntries(
  RECORD_KINDS.map((kind) => [kind, new Set<string>([...COMMON, ...RECORD_FIELDS[kind].needs, ...RECORD_FIELDS[kind].may])]),
) as unknown as Readonly<Record<RecordKind, ReadonlySet<string>>>;

/** Reads a text; never throws, linear in its length. */
export function readRecords(text: string): ReadRecords {
  return runSteps(readingRecords(text));
}

/** The same in steps. */
export function* readingRecords(text: string): Steps<ReadRecords> {
  const read = yield* readingJsonc(text);
  if (read.kind === 'failed') {
    return { records: [], problems: [read.problem], placeOf: () => ({ start: 0, end: 0 }), broken: true };
  }
  const shape = new Shape();
  const top = shape.object(read.value, [], ['$schema', 'version', 'criteria', 'records']);
  if (top !== undefined && top['version'] !== 1)
    shape.problem(['version'], 'version has to be 1: this file is of another version of Flake Trust');
  const list = top?.['records'];
  const broken = top === undefined || shape.problems.some(({ path: [name] }) => name === 'version') || !Array.isArray(list);
  if (top !== undefined && !Array.isArray(list)) shape.problem(['records'], 'records has to be a list');
  const records = broken ? [] : yield* readingRecordList(list as readonly unknown[], ['records'], shape);
  return {
    records,
    problems: shape.problems.map(({ path, message, part }) => ({ message, span: read.places.of(path, part) })),
    placeOf: (index) => read.places.of(['records', index]),
    broken,
  };
}

/** So many records are read in one step. */
const STEP_RECORDS = 32;

/** Reads a list of records; what is wrong goes to `shape`. */
export function* readingRecordList(list: readonly unknown[], path: JsonPath, shape: Shape): Steps<VettingRecord[]> {
  const records: VettingRecord[] = [];
  for (const [index, value] of list.entries()) {
    if (index % STEP_RECORDS === STEP_RECORDS - 1) yield;
    const record = readRecord(value, index);
    if ('kind' in record) records.push(record);
    else
      shape.problem([...path, index, ...record.path], `record ${index + 1}: ${record.message}; it does not count`, record.part);
  }
  return records;
}

interface Mistake {
  readonly path: JsonPath;
  readonly message: string;
  readonly part?: 'name';
}

function mistake(message: string, ...path: (string | number)[]): Mistake {
  return { path, message };
}

/** Reads one record. Every field is checked: one that is misread would make the record say more than it does. */
export function readRecord(value: unknown, index: number): VettingRecord | Mistake {
  if (!isObject(value)) return mistake('it has to be an object');
  const kind = RECORD_KINDS.find((one) => one === value['kind']);
  if (kind === undefined) return mistake(`kind has to be one of ${RECORD_KINDS.join(', ')}`, 'kind');
  for (const name of Object.keys(value)) {
    if (!ALLOWED[kind].has(name)) return { path: [name], message: `a record of kind ${kind} has no such field`, part: 'name' };
  }
  for (const name of RECORD_FIELDS[kind].needs) {
    if (!(name in value)) return mistake(`a record of kind ${kind} needs ${name}`);
  }
  return checkedRecord(kind, value, index);
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Checked, and taken as they are. */
const KEPT = ['source', 'scope', 'notes', 'signature', 'paths', 'evidence', 'revokes'] as const;

const TEXTS = ['source', 'scope', 'notes', 'signature'] as const;

function checkedRecord(kind: RecordKind, value: JsonObject, index: number): VettingRecord | Mistake {
  const who = value['who'];
  if (!isText(who)) return mistake('who has to be a text', 'who');
  const when = typeof value['when'] === 'string' ? parseInstant(value['when']) : undefined;
  if (when === undefined) return mistake('when has to be a time in UTC such as 2026-11-25T12:00:00Z', 'when');
  for (const name of TEXTS) if (name in value && !isText(value[name])) return mistake(`${name} has to be a text`, name);
  for (const name of ['paths', 'evidence'] as const) {
    if (name in value && !isTexts(value[name])) return mistake(`${name} has to be a list of texts`, name);
  }
  const criteria = value['criteria'] ?? [];
  if (!isTexts(criteria) || !criteria.every(isCriterionName) || ('criteria' in value && criteria.length === 0)) {
    return mistake('criteria has to be a list of names such as "safe-to-build"', 'criteria');
  }
  const tree = 'narHash' in value || 'rev' in value ? treeOf(value, kind !== 'violation') : undefined;
  if (tree !== undefined && 'message' in tree) return tree;
  const from = 'from' in value ? fromOf(value['from']) : undefined;
  if (from !== undefined && 'message' in from) return from;
  const untilText = value['until'];
  const until = typeof untilText === 'string' ? parseUntil(untilText) : undefined;
  if (untilText !== undefined && until === undefined)
    return mistake('until has to be a date such as 2027-05-25, or a time in UTC', 'until');
  const revokes = value['revokes'];
  if (revokes !== undefined && !(typeof revokes === 'string' && isRecordId(revokes)))
    return mistake('revokes has to be the id of a record', 'revokes');
  if (kind === 'violation' && tree === undefined && value['source'] === undefined) {
    return mistake('a violation needs narHash, rev or source: else nothing says what it is about');
  }
  const id = recordId(canonicalRecord(value));
  if (value['id'] !== undefined && value['id'] !== id) {
    return mistake('its id does not belong to its content: it was changed after it was written', 'id');
  }
  // Fields are set one by one: of tens of thousands of records, each spread of an object in between is one more to throw away.
  const record: Writable<VettingRecord> = { id, kind, who, when, criteria, fields: value, index };
  for (const name of KEPT) if (value[name] !== undefined) (record as Record<string, unknown>)[name] = value[name];
  if (tree?.narHash !== undefined) record.narHash = tree.narHash;
  if (tree?.rev !== undefined) record.rev = tree.rev;
  if (from !== undefined) record.from = from;
  if (until !== undefined) {
    record.until = until;
    record.untilText = untilText as string;
  }
  return record;
}

function treeOf(value: JsonObject, hashNeeded: boolean): { readonly narHash?: NarHash; readonly rev?: string } | Mistake {
  const { narHash: text, rev } = value;
  const hash = typeof text === 'string' ? parseLockNarHash(text) : undefined;
  if ((text !== undefined || hashNeeded) && hash?.ok !== true)
    return mistake('narHash has to be a hash as in flake.lock, sha256-…', 'narHash');
  if (rev !== undefined && !(typeof rev === 'string' && isRev(rev))) return mistake('rev has to be a whole commit hash', 'rev');
  return { ...(hash?.ok === true ? { narHash: hash.value } : {}), ...(typeof rev === 'string' ? { rev } : {}) };
}

function fromOf(value: unknown): Tree | Mistake {
  if (!isObject(value) || Object.keys(value).some((name) => name !== 'narHash' && name !== 'rev')) {
    return mistake('from has to be an object with narHash and rev', 'from');
  }
  const tree = treeOf(value, true);
  return 'message' in tree ? mistake(tree.message, 'from', ...tree.path) : (tree as Tree);
}

function isText(value: unknown): value is string {
  // A lone surrogate has no UTF-8, so that there would be no bytes to sign.
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT) return false;
  return !/[\uD800-\uDFFF]/.test(value) || !/\p{Cs}/u.test(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= 1000 && value.every(isText);
}
