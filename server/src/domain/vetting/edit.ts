/**
 * Changes to the texts of records.jsonc and policy.jsonc. Everything that is not touched stays as it is, byte for byte: comments, order, white
 * space, line ends. What cannot be read is not changed.
 */
import { findNodeAtLocation, parseTree } from 'jsonc-parser';
import { compareText } from '../../util/compare';
import type { Span } from '../../util/span';
import { runSteps, type Steps } from '../../util/steps';
import { canonicalRecord, recordId } from './canonical';
import { readJsonc, spanOf, type FileProblem } from './jsonc';
import { listElements } from './listElements';
import { readingRecords } from './records';
import type { JsonObject } from './shape';
import { commentEnd, lineEnd, skipTrivia } from './trivia';
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
  return runSteps(addingRecords(text, added));
}

/** The same in steps. */
export function* addingRecords(text: string, added: readonly JsonObject[]): Steps<EditedText> {
  const read = yield* readingRecords(text);
  const [problem] = read.problems;
  if (read.broken) return { kind: 'refused', problem: problem ?? { message: 'cannot be read', span: { start: 0, end: 0 } } };
  const place = yield* listElements(text, 'records');
  if (place === undefined) return { kind: 'refused', problem: { message: 'has no list of records', span: { start: 0, end: 0 } } };
  const { list, elements } = place;
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
  return yield* checked(result, read.records.length + added.length);
}

/** What was made is read once more: an edit that breaks a file is a bug of ours, and must not reach the disk. */
function* checked(text: string, most: number): Steps<EditedText> {
  const read = yield* readingRecords(text);
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
function placeBehind(text: string, container: Span, element: Span | undefined): Insertion {
  const end = element === undefined ? container.start + 1 : element.end;
  const next = element === undefined ? end : skipTrivia(text, end);
  const behind = element !== undefined && text[next] === ',' ? next + 1 : end;
  const comma = element === undefined || behind !== end ? {} : { comma: end };
  for (let at = behind; at < container.end - 1;) {
    if (text[at] === '\n') return { offset: at + 1, ownLine: true, ...comma };
    if (/\s/.test(text[at] ?? '')) at++;
    else if (text.startsWith('//', at)) at = lineEnd(text, at);
    else if (text.startsWith('/*', at) && !text.slice(at, commentEnd(text, at)).includes('\n')) at = commentEnd(text, at);
    else break;
  }
  return { offset: behind, ownLine: false, ...comma };
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

/** Adds an import to policy.jsonc, which must not have one of that name. */
export function addImport(text: string, name: string, value: JsonObject): EditedText {
  const read = readJsonc(text);
  if (read.kind === 'failed') return { kind: 'refused', problem: read.problem };
  const tree = parseTree(text, [], { allowTrailingComma: true });
  const imports = tree === undefined ? undefined : findNodeAtLocation(tree, ['imports']);
  const container = imports ?? tree;
  if (container?.type !== 'object') {
    return { kind: 'refused', problem: { message: 'has no object to add an import to', span: { start: 0, end: 0 } } };
  }
  const last = container.children?.at(-1);
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const entry = `${JSON.stringify(name)}: ${JSON.stringify(value, null, 2)}`;
  const block = imports === undefined ? `"imports": {\n${indented(entry)},\n},` : `${entry},`;
  const { offset, comma, ownLine } = placeBehind(text, spanOf(container), last === undefined ? undefined : spanOf(last));
  const lines = indented(imports === undefined ? block : indented(block)).replaceAll('\n', eol);
  const after = `${text.slice(0, offset)}${ownLine ? '' : eol}${lines}${eol}${text.slice(offset)}`;
  const edited = comma === undefined ? after : `${after.slice(0, comma)},${after.slice(comma)}`;
  return readJsonc(edited).kind === 'read'
    ? { kind: 'edited', text: edited }
    : { kind: 'refused', problem: { message: 'cannot be changed without harm', span: { start: 0, end: 0 } } };
}

function indented(block: string): string {
  return block.replace(/^/gm, '  ');
}
