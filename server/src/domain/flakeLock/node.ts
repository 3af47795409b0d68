/** One node of flake.lock. */
import { plainText } from '../../util/plainText';
import type { Span } from '../../util/span';
import type { AttrValue, FlakeAttrs } from '../flakeRef';
import { describeHashError, parseLockNarHash, type NarHash } from '../hash';
import { isUnknownAttribute } from './attributes';
import { JsonTokens } from './jsonTokens';
import { duplicateKey, nodeName } from './problems';
import type { AttrSpans, LockEdge, LockNode, LockProblem, NarHashProblem } from './types';

/** The attributes of one object, as read. */
interface AttributeObject {
  readonly attrs: Map<string, AttrValue>;
  readonly span: Span;
}

/** What the object of a node says; the last of two equal members counts, as in Nix. */
interface Members {
  inputs?: ReadonlyMap<string, LockEdge>;
  locked?: AttributeObject | undefined;
  info?: AttributeObject | undefined;
  original?: AttributeObject | undefined;
  flake?: boolean;
  parent?: readonly string[];
}

/** A node as read. The places of attributes are few people's business, so they are looked up in the text when asked for. */
class ParsedNode implements LockNode {
  readonly key: string;
  readonly keySpan: Span;
  readonly span: Span;
  readonly inputs: ReadonlyMap<string, LockEdge>;
  readonly locked?: FlakeAttrs;
  readonly original?: FlakeAttrs;
  readonly lockedSpan?: Span;
  readonly originalSpan?: Span;
  readonly flake: boolean;
  readonly parent?: readonly string[];
  readonly narHash?: NarHash;
  readonly narHashProblem?: NarHashProblem;
  readonly problems: readonly LockProblem[];
  readonly #text: string;
  readonly #infoSpan: Span | undefined;

  constructor(text: string, key: string, keySpan: Span, span: Span, members: Members, problems: readonly LockProblem[]) {
    const { locked, original, info, parent } = members;
    this.#text = text;
    this.#infoSpan = info?.span;
    this.key = key;
    this.keySpan = keySpan;
    this.span = span;
    this.inputs = members.inputs ?? NO_INPUTS;
    if (locked !== undefined) {
      this.locked = locked.attrs;
      this.lockedSpan = locked.span;
      const narHash = locked.attrs.get('narHash');
      if (narHash !== undefined) {
        const hash = parseLockNarHash(String(narHash));
        if (hash.ok) this.narHash = hash.value;
        else this.narHashProblem = { text: String(narHash), message: describeHashError(hash.error) };
      }
    }
    if (original !== undefined) {
      this.original = original.attrs;
      this.originalSpan = original.span;
    }
    this.flake = members.flake ?? true;
    if (parent !== undefined) this.parent = parent;
    this.problems = problems;
  }

  get lockedSpans(): AttrSpans {
    return attributeSpans(this.#text, [this.lockedSpan, this.#infoSpan]);
  }

  get originalSpans(): AttrSpans {
    return attributeSpans(this.#text, [this.originalSpan]);
  }
}

const NO_INPUTS: ReadonlyMap<string, LockEdge> = new Map();

/**
 * Reads the value of the member of `nodes` that is being read. Whatever stands there, a node comes out of it: what is wrong is in
 * its problems, which matter only when the node is reachable.
 */
export function readNode(tokens: JsonTokens, text: string, key: string): LockNode {
  const keySpan = tokens.nameSpan;
  const problems: LockProblem[] = [];
  if (!tokens.atObject) {
    problems.push({ kind: 'not-an-object', message: `${nodeName(key)} is no object`, span: keySpan });
    return new ParsedNode(text, key, keySpan, tokens.skip(), {}, problems);
  }
  const members: Members = {};
  const seen = new Set<string>();
  const span = tokens.readObject((name) => {
    if (seen.has(name)) problems.push(duplicateKey(name, nodeName(key), tokens.nameSpan));
    seen.add(name);
    readMember(tokens, name, key, members, problems);
  });
  const { locked, info, original } = members;
  // `info` is of version 5; its keys win, in every version, as in Nix (`getFlakeRef`).
  if (locked !== undefined && info !== undefined) for (const [name, value] of info.attrs) locked.attrs.set(name, value);
  if (locked !== undefined) checkAttributes(text, locked, [locked.span, info?.span], key, problems);
  if (original !== undefined) checkAttributes(text, original, [original.span], key, problems);
  return new ParsedNode(text, key, keySpan, span, members, problems);
}

function readMember(tokens: JsonTokens, name: string, key: string, members: Members, problems: LockProblem[]): void {
  switch (name) {
    case 'inputs':
      members.inputs = readInputs(tokens, key, problems);
      break;
    case 'locked':
    case 'info':
    case 'original':
      members[name] = readAttributes(tokens, key, problems);
      break;
    case 'flake': {
      const value = tokens.readScalar();
      if (typeof value === 'boolean') members.flake = value;
      else problems.push(badAttribute(`"flake" in ${nodeName(key)} is neither true nor false`, tokens.valueSpan));
      break;
    }
    case 'parent': {
      const path = readPath(tokens);
      if (path !== undefined) members.parent = path;
      else problems.push(badAttribute(`"parent" in ${nodeName(key)} is no list of names`, tokens.valueSpan));
      break;
    }
    default:
      tokens.skip();
  }
}

function readInputs(tokens: JsonTokens, key: string, problems: LockProblem[]): ReadonlyMap<string, LockEdge> {
  const inputs = new Map<string, LockEdge>();
  if (!tokens.atObject) {
    if (tokens.readScalar() !== null) problems.push(badEdge(`the inputs of ${nodeName(key)} are no object`, tokens.valueSpan));
    return inputs;
  }
  tokens.readObject((name) => {
    const { nameSpan } = tokens;
    if (inputs.has(name)) problems.push(duplicateKey(name, `the inputs of ${nodeName(key)}`, nameSpan));
    const isPath = tokens.atArray;
    const target = isPath ? readPath(tokens) : tokens.readScalar();
    const span = tokens.valueSpan;
    if (typeof target === 'string') inputs.set(name, { kind: 'node', key: target, span, nameSpan });
    else if (typeof target === 'object' && target !== null) inputs.set(name, { kind: 'follows', path: target, span, nameSpan });
    else {
      const what = isPath ? 'follows no list of names' : 'names no node';
      problems.push(badEdge(`input "${plainText(name, 40)}" of ${nodeName(key)} ${what}`, span));
    }
  });
  return inputs;
}

/** Reads a list of names; gives nothing for anything else. */
function readPath(tokens: JsonTokens): readonly string[] | undefined {
  if (!tokens.atArray) {
    tokens.skip();
    return undefined;
  }
  const path: (string | undefined)[] = [];
  tokens.readArray(() => {
    const value = tokens.readScalar();
    path.push(typeof value === 'string' ? value : undefined);
  });
  return path.every((name) => name !== undefined) ? path : undefined;
}

function readAttributes(tokens: JsonTokens, key: string, problems: LockProblem[]): AttributeObject | undefined {
  if (!tokens.atObject) {
    problems.push({ kind: 'not-an-object', message: `attributes of ${nodeName(key)} are no object`, span: tokens.skip() });
    return undefined;
  }
  const attrs = new Map<string, AttrValue>();
  const span = tokens.readObject((name) => {
    if (attrs.has(name)) problems.push(duplicateKey(name, nodeName(key), tokens.nameSpan));
    const value = tokens.readScalar();
    if (typeof value === 'string' || typeof value === 'boolean' || isCount(value)) attrs.set(name, value);
    else {
      attrs.delete(name);
      const what = 'is neither text, whole number, true nor false';
      problems.push(badAttribute(`"${plainText(name, 40)}" in ${nodeName(key)} ${what}`, tokens.valueSpan));
    }
  });
  return { attrs, span };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function checkAttributes(
  text: string,
  { attrs, span }: AttributeObject,
  spans: readonly (Span | undefined)[],
  key: string,
  problems: LockProblem[],
): void {
  const type = attrs.get('type');
  if (typeof type !== 'string') {
    const place = { start: span.start, end: span.start + 1 };
    problems.push({ kind: 'missing-type', message: `attributes of ${nodeName(key)} have no type`, span: place });
    return;
  }
  for (const name of attrs.keys()) {
    if (!isUnknownAttribute(type, name)) continue;
    const message = `Nix has no attribute "${plainText(name, 40)}" for the ${plainText(type, 20)} source of ${nodeName(key)}`;
    problems.push({ kind: 'unknown-attribute', message, span: attributeSpans(text, spans).get(name) ?? span });
  }
}

/** Finds the places of attributes by reading their objects once more; those of later objects win. */
function attributeSpans(text: string, objects: readonly (Span | undefined)[]): AttrSpans {
  const spans = new Map<string, Span>();
  for (const object of objects) {
    if (object === undefined) continue;
    const tokens = new JsonTokens(text.slice(object.start, object.end));
    if (!tokens.atObject) continue;
    tokens.readObject((name) => {
      const { start, end } = tokens.skip();
      spans.set(name, { start: object.start + start, end: object.start + end });
    });
  }
  return spans;
}

function badAttribute(message: string, span: Span): LockProblem {
  return { kind: 'bad-attribute', message, span };
}

function badEdge(message: string, span: Span): LockProblem {
  return { kind: 'bad-edge', message, span };
}
