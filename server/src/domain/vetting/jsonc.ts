/**
 * JSON with comments and trailing commas, as people write the vetting files: read fast, because records may be tens of thousands, and strictly,
 * because they decide. Positions are looked up only when there is something to say.
 */
import { findNodeAtLocation, parseTree, printParseErrorCode, visit, type Node } from 'jsonc-parser';
import type { Span } from '../../util/span';
import { runSteps, type Steps } from '../../util/steps';
import { listElements } from './listElements';

export type JsonPath = readonly (string | number)[];

/** A mistake in one of our files. The message goes behind the file's name; foreign text in it is not harmless yet. */
export interface FileProblem {
  readonly message: string;
  readonly span: Span;
}

export type JsoncRead =
  | { readonly kind: 'read'; readonly value: unknown; readonly places: JsonPlaces }
  | { readonly kind: 'failed'; readonly problem: FileProblem };

/** Nothing of ours is nested so deep; more is refused before anything follows it. */
const MAX_DEPTH = 16;

/** Four times as many as 50,000 records have. A file of millions of empty objects is small on disk, and would fill the memory of an editor that only looks at it. */
const MAX_VALUES = 5_000_000;

const CODE = {
  space: 32,
  backslash: 92,
  quote: 34,
  slash: 47,
  star: 42,
  colon: 58,
  comma: 44,
  open: 91,
  close: 93,
  openBrace: 123,
  closeBrace: 125,
  lf: 10,
  cr: 13,
};

/** Reads one text. Never throws; linear in its length. A name that occurs twice in one object is a mistake: which of the two counts, readers would decide differently. */
export function readJsonc(text: string): JsoncRead {
  return runSteps(readingJsonc(text));
}

/** The same in steps. */
export function* readingJsonc(text: string): Steps<JsoncRead> {
  const plain = yield* withoutComments(text);
  if (plain.kind === 'refused') return failed(plain.message, { start: plain.at, end: plain.at + 1 });
  let value: unknown;
  try {
    value = JSON.parse(plain.text);
  } catch {
    const conflict = /^(?:<{7}|>{7})(?: |$)|^={7}$/m.exec(text);
    if (conflict !== null) {
      const span = { start: conflict.index, end: conflict.index + conflict[0].length };
      return failed('has conflict markers: keep the blocks of both sides and take the marker lines out', span);
    }
    return { kind: 'failed', problem: syntaxProblem(text) };
  }
  const places = new JsonPlaces(text);
  if (plain.names !== (yield* countNames(value))) return failed('has a name twice in one object', places.duplicate());
  return { kind: 'read', value, places };
}

/** Where values stand in a text; the tree is made when the first place is asked for. */
export class JsonPlaces {
  readonly #text: string;
  #tree: Node | undefined;
  /** Elements of lists of the outermost object, by their names. */
  readonly #lists = new Map<string, readonly Span[]>();

  constructor(text: string) {
    this.#text = text;
  }

  /** The value at a path, or the nearest thing around it; with its name, where it has one and that is what is wrong. */
  of(path: JsonPath, part: 'value' | 'name' = 'value'): Span {
    const [name, index, ...rest] = path;
    if (typeof name !== 'string' || typeof index !== 'number') return placeIn(this.#root(), path, part) ?? { start: 0, end: 0 };
    // An element of a list, of which there may be tens of thousands: only that one is looked into.
    const element = this.#elementsOf(name)[index];
    if (element === undefined) return placeIn(this.#root(), path, part) ?? { start: 0, end: 0 };
    const { start, end } = element;
    const tree = rest.length === 0 ? undefined : parseTree(this.#text.slice(start, end), [], { allowTrailingComma: true });
    const inside = placeIn(tree, rest, part);
    return inside === undefined ? element : { start: start + inside.start, end: start + inside.end };
  }

  /** The second of two equal names in one object; the first such place. */
  duplicate(): Span {
    const todo = [this.#root()];
    let first: Span | undefined;
    for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
      const names = new Set<unknown>();
      for (const child of node.children ?? []) {
        const name = node.type === 'object' ? child.children?.[0] : undefined;
        if (name !== undefined && names.has(name.value) && (first === undefined || name.offset < first.start))
          first = spanOf(name);
        names.add(name?.value);
        todo.push(child);
      }
    }
    return first ?? { start: 0, end: 0 };
  }

  #elementsOf(name: string): readonly Span[] {
    const known = this.#lists.get(name);
    if (known !== undefined) return known;
    const elements = runSteps(listElements(this.#text, name))?.elements ?? [];
    this.#lists.set(name, elements);
    return elements;
  }

  #root(): Node | undefined {
    return (this.#tree ??= parseTree(this.#text, [], { allowTrailingComma: true }));
  }
}

function placeIn(root: Node | undefined, path: JsonPath, part: 'value' | 'name'): Span | undefined {
  for (let length = path.length; root !== undefined && length >= 0; length--) {
    const node = findNodeAtLocation(root, path.slice(0, length));
    if (node === undefined) continue;
    const name = part === 'name' && length === path.length ? node.parent?.children?.[0] : undefined;
    return spanOf(name?.type === 'string' && node.parent?.type === 'property' ? name : node);
  }
  return undefined;
}

function failed(message: string, span: Span): JsoncRead {
  return { kind: 'failed', problem: { message, span } };
}

/** Where a node of the tree stands. */
export function spanOf({ offset, length }: Node): Span {
  return { start: offset, end: offset + length };
}

/** Thrown to stop at the first mistake: behind it, everything would look like one. */
class Found extends Error {
  readonly problem: FileProblem;

  constructor(problem: FileProblem) {
    super();
    this.problem = problem;
  }
}

function syntaxProblem(text: string): FileProblem {
  try {
    visit(
      text,
      {
        onError: (code, offset, length) => {
          const words = printParseErrorCode(code).replace(/(?!^)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
          const message = `is not valid JSON with comments: ${words.toLowerCase()}`;
          throw new Found({ message, span: { start: offset, end: offset + Math.max(1, length) } });
        },
      },
      { allowTrailingComma: true },
    );
  } catch (error) {
    if (error instanceof Found) return error.problem;
    throw error;
  }
  return { message: 'is not valid JSON', span: { start: 0, end: 0 } };
}

type Plain =
  | { readonly kind: 'plain'; readonly text: string; readonly names: number }
  | { readonly kind: 'refused'; readonly message: string; /** Offset. */ readonly at: number };

/** So many bytes are looked at in one step. */
const STEP_BYTES = 256 * 1024;

/**
 * Strict JSON: blanks in place of comments and of commas behind the last element. Counts the names of all objects. Works on bytes, which it can
 * change in place; in UTF-8 no byte of another character looks like one of those that matter here.
 */
function* withoutComments(text: string): Steps<Plain> {
  const bytes = Buffer.from(text, 'utf8');
  let names = 0;
  let depth = 0;
  /** Of a comma behind which nothing has come yet but blanks and comments. */
  let comma = -1;
  let values = 0;
  /** Looks at the bytes from `start` on until `limit` is passed; gives the place of the first that was not looked at, or of what is refused. */
  const scan = (start: number, limit: number): { readonly at: number; readonly refusal?: string } => {
    let at = start;
    for (; at < limit; at++) {
      const code = bytes[at] ?? 0;
      if (code <= CODE.space) continue;
      if (code === CODE.slash) {
        const end = endOfComment(bytes, at);
        if (end === undefined) continue;
        bytes.fill(CODE.space, at, end);
        at = end - 1;
        continue;
      }
      if (code === CODE.quote) at = endOfString(bytes, at);
      else if (code === CODE.colon) names++;
      else if (code === CODE.open || code === CODE.openBrace) {
        values++;
        if (++depth > MAX_DEPTH) return { at, refusal: 'is nested deeper than anything that belongs there' };
      } else if (code === CODE.close || code === CODE.closeBrace) {
        depth--;
        if (comma >= 0) bytes[comma] = CODE.space;
      }
      comma = code === CODE.comma ? at : -1;
      if (comma >= 0 && ++values > MAX_VALUES) return { at, refusal: 'has more in it than anything that belongs there' };
    }
    return { at };
  };
  if (text.startsWith('\uFEFF')) bytes.fill(CODE.space, 0, 3);
  for (let next = 0; next < bytes.length;) {
    const { at, refusal } = scan(next, Math.min(bytes.length, next + STEP_BYTES));
    if (refusal !== undefined) return { kind: 'refused', message: refusal, at: bytes.toString('utf8', 0, at).length };
    next = at;
    yield;
  }
  return { kind: 'plain', text: bytes.toString('utf8'), names };
}

function endOfString(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; at < bytes.length; at++) {
    const code = bytes[at];
    if (code === CODE.quote) return at;
    if (code === CODE.backslash) at++;
  }
  return bytes.length;
}

/** The place behind a comment that begins at `start`; nothing when none begins there. */
function endOfComment(bytes: Buffer, start: number): number | undefined {
  const next = bytes[start + 1];
  if (next === CODE.slash) {
    for (let at = start + 2; at < bytes.length; at++) if (bytes[at] === CODE.lf || bytes[at] === CODE.cr) return at;
    return bytes.length;
  }
  const end = next === CODE.star ? bytes.indexOf('*/', start + 2, 'latin1') : -1;
  return end < 0 ? undefined : end + 2;
}

/** So many values are looked at in one step. */
const STEP_VALUES = 4096;

function* countNames(value: unknown): Steps<number> {
  const todo: unknown[] = [value];
  let names = 0;
  for (let looked = 1; todo.length > 0; looked++) {
    if (looked % STEP_VALUES === 0) yield;
    const next = todo.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (Array.isArray(next)) {
      for (const element of next) if (typeof element === 'object') todo.push(element);
      continue;
    }
    for (const inner of Object.values(next)) {
      names++;
      if (typeof inner === 'object') todo.push(inner);
    }
  }
  return names;
}
