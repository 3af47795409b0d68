/**
 * Changes to the texts of records.jsonc and policy.jsonc. Everything that is not touched stays as it is, byte for byte: comments, order, white
 * space, line ends. What cannot be read is not changed.
 */
import { applyEdits, findNodeAtLocation, modify, parseTree, type Node } from 'jsonc-parser';
import { compareText } from '../../util/compare';
import { canonicalRecord, recordId } from './canonical';
import { readJsonc, type FileProblem, type JsonPath } from './jsonc';
import { readRecords } from './records';
import type { JsonObject } from './shape';
import type { VettingRecord } from './types';

export type EditedText =
  { readonly kind: 'edited'; readonly text: string } | { readonly kind: 'refused'; readonly problem: FileProblem };

/** The order in which fields are written. */
const FIELD_ORDER = [
  'id', 'kind', 'source', 'rev', 'narHash', 'from', 'revokes', 'criteria', 'scope', 'paths', 'until', 'who', 'when', 'notes', 'evidence', 'signature',
]; // prettier-ignore

/** An empty records.jsonc. */
export const EMPTY_RECORDS = `// Who reviewed what: one record a block. Records are not edited: a later one revokes them. See docs/vetting.md of Flake Trust.
{
  "version": 1,
  "records": [
  ],
}
`;

/** Adds the id that belongs to the fields of a record, in front. */
export function withId(fields: JsonObject): JsonObject {
  return { id: recordId(canonicalRecord(fields)), ...fields };
}

/** Prints a record as it is written, with its comma: also behind the last one, so that two branches that each add a block merge to a valid file. */
export function printRecord(record: JsonObject, eol = '\n'): string {
  const names = Object.keys(record).sort((a, b) => FIELD_ORDER.indexOf(a) - FIELD_ORDER.indexOf(b));
  const lines = names.map((name) => `      ${JSON.stringify(name)}: ${printValue(record[name])},`);
  return ['    {', ...lines, '    },'].join(eol);
}

/** On one line; spaces as people set them. */
function printValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printValue).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, inner]) => `${JSON.stringify(name)}: ${printValue(inner)}`)
    .join(', ')} }`;
}

/**
 * Adds records, each at its place in the order of source, time and id: where two people add different ones, these seldom meet. A record that is
 * there already is not added again.
 */
export function addRecords(text: string, added: readonly JsonObject[]): EditedText {
  const read = readRecords(text);
  const [problem] = read.problems;
  if (read.broken) return { kind: 'refused', problem: problem ?? { message: 'cannot be read', span: { start: 0, end: 0 } } };
  const tree = parseTree(text, [], { allowTrailingComma: true });
  const list = tree === undefined ? undefined : findNodeAtLocation(tree, ['records']);
  if (list === undefined) return { kind: 'refused', problem: { message: 'has no list of records', span: { start: 0, end: 0 } } };
  const elements = list.children ?? [];
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const keys = new Map(read.records.map((record) => [record.index, orderKey(record)]));
  const known = new Set(read.records.map(({ id }) => id));
  const insertions = new Map<number, { readonly key: readonly [string, number, string]; readonly text: string }[]>();
  for (const record of added) {
    const key = keyOf(record);
    if (known.has(key[2])) continue;
    known.add(key[2]);
    // Behind the last element that comes before it; one that is out of order, or unreadable, does not decide.
    let after = -1;
    elements.forEach((_, index) => {
      const other = keys.get(index);
      if (other !== undefined && compareKeys(other, key) < 0) after = index;
    });
    const at = insertions.get(after) ?? [];
    at.push({ key, text: printRecord(record, eol) });
    insertions.set(after, at);
  }
  const edits = [...insertions].map(([after, blocks]) => ({
    ...placeBehind(text, list, elements[after]),
    blocks: blocks.sort((a, b) => compareKeys(a.key, b.key)).map((block) => block.text),
    last: after === elements.length - 1,
  }));
  let result = text;
  for (const { offset, comma, ownLine, blocks } of edits.sort((a, b) => b.offset - a.offset)) {
    const before = ownLine ? '' : eol;
    result = `${result.slice(0, offset)}${before}${blocks.join(eol)}${eol}${result.slice(offset)}`;
    if (comma !== undefined) result = `${result.slice(0, comma)},${result.slice(comma)}`;
  }
  return checked(result, read.records.length + added.length);
}

/** What was made is read once more: an edit that breaks a file is a bug of ours, and must not reach the disk. */
function checked(text: string, most: number): EditedText {
  const read = readRecords(text);
  if (!read.broken && read.records.length <= most) return { kind: 'edited', text };
  return { kind: 'refused', problem: { message: 'cannot be changed without harm', span: { start: 0, end: 0 } } };
}

interface Insertion {
  readonly offset: number;
  /** Where a comma is missing in front. */
  readonly comma?: number;
  /** The place is the beginning of a line. */
  readonly ownLine: boolean;
}

/** The beginning of the line behind an element, its comma and a comment that belongs to it; or behind the bracket. */
function placeBehind(text: string, list: Node, element: Node | undefined): Insertion {
  const end = element === undefined ? list.offset + 1 : element.offset + element.length;
  let comma: number | undefined = element === undefined ? undefined : end;
  let offset = end;
  for (let at = end; at < list.offset + list.length - 1;) {
    const rest = text.slice(at, at + 2);
    if (rest.startsWith(',') && comma !== undefined) {
      comma = undefined;
      offset = ++at;
    } else if (rest === '//') {
      at = lineEnd(text, at);
      offset = at;
    } else if (rest === '/*') {
      const close = text.indexOf('*/', at + 2);
      if (text.slice(at, close).includes('\n')) break;
      at = close + 2;
      offset = at;
    } else if (rest.startsWith('\n')) {
      // A comma on a line of its own still belongs to the element.
      if (comma !== undefined && /^\s*,/.test(text.slice(at))) at++;
      else return { offset: at + 1, ownLine: true, ...(comma === undefined ? {} : { comma }) };
    } else if (/^\s/.test(rest)) at++;
    else break;
  }
  return { offset, ownLine: false, ...(comma === undefined ? {} : { comma }) };
}

function lineEnd(text: string, from: number): number {
  const end = text.slice(from).search(/\r?\n/);
  return end < 0 ? text.length : from + end;
}

type OrderKey = readonly [source: string, when: number, id: string];

function orderKey({ source = '', when, id }: VettingRecord): OrderKey {
  return [source, when, id];
}

function keyOf(record: JsonObject): OrderKey {
  const { source, when } = record;
  return [
    typeof source === 'string' ? source : '',
    typeof when === 'string' ? Date.parse(when) : 0,
    recordId(canonicalRecord(record)),
  ];
}

function compareKeys(a: OrderKey, b: OrderKey): number {
  return compareText(a[0], b[0]) || a[1] - b[1] || compareText(a[2], b[2]);
}

/** Sets one value of policy.jsonc, for example an import. */
export function setInPolicy(text: string, path: JsonPath, value: unknown): EditedText {
  const read = readJsonc(text);
  if (read.kind === 'failed') return { kind: 'refused', problem: read.problem };
  const edits = modify(text, [...path], value, {
    formattingOptions: { insertSpaces: true, tabSize: 2, eol: text.includes('\r\n') ? '\r\n' : '\n' },
  });
  return { kind: 'edited', text: applyEdits(text, edits) };
}
