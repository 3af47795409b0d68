/** One node of flake.lock. */
import { plainText } from '../../util/plainText';
import type { Span } from '../../util/span';
import type { AttrValue, FlakeAttrs } from '../flakeRef';
import { describeHashError, parseLockNarHash } from '../hash';
import { isUnknownAttribute } from './attributes';
import type { JsonTokens } from './jsonTokens';
import { duplicateKey } from './problems';
import type { AttrSpans, LockEdge, LockNode, LockProblem } from './types';

/** The attributes of one object, as read. */
interface AttributeObject {
  readonly attrs: Map<string, AttrValue>;
  readonly spans: Map<string, Span>;
  readonly span: Span;
}

/**
 * Reads the value of a member of `nodes`. Whatever stands there, a node comes out of it: what is wrong is in its problems, which
 * matter only when the node is reachable.
 */
export function readNode(tokens: JsonTokens, key: string, keySpan: Span): LockNode {
  const problems: LockProblem[] = [];
  const where = `node "${plainText(key, 40)}"`;
  if (!tokens.atObject) {
    const span = tokens.skip();
    problems.push({ kind: 'not-an-object', message: `${where} is no object`, span: keySpan });
    return { key, keySpan, span, inputs: new Map(), lockedSpans: NO_SPANS, originalSpans: NO_SPANS, flake: true, problems };
  }
  const members: Members = {};
  const seen = new Set<string>();
  const span = tokens.readObject((name, nameSpan) => {
    if (seen.has(name)) problems.push(duplicateKey(name, where, nameSpan));
    seen.add(name);
    readMember(tokens, name, where, members, problems);
  });
  const { locked, info, original, parent } = members;
  if (locked !== undefined && info !== undefined) overlay(locked, info);
  if (locked !== undefined) checkAttributes(locked, where, problems);
  if (original !== undefined) checkAttributes(original, where, problems);
  return {
    key,
    keySpan,
    span,
    inputs: members.inputs ?? new Map<string, LockEdge>(),
    ...(locked === undefined ? {} : { locked: locked.attrs, lockedSpan: locked.span, ...narHashOf(locked.attrs) }),
    ...(original === undefined ? {} : { original: original.attrs, originalSpan: original.span }),
    lockedSpans: locked?.spans ?? NO_SPANS,
    originalSpans: original?.spans ?? NO_SPANS,
    flake: members.flake ?? true,
    ...(parent === undefined ? {} : { parent }),
    problems,
  };
}

const NO_SPANS: AttrSpans = new Map();

/** What the object of a node says; the last of two equal members counts, as in Nix. */
interface Members {
  inputs?: ReadonlyMap<string, LockEdge>;
  locked?: AttributeObject | undefined;
  info?: AttributeObject | undefined;
  original?: AttributeObject | undefined;
  flake?: boolean;
  parent?: readonly string[];
}

function readMember(tokens: JsonTokens, name: string, where: string, members: Members, problems: LockProblem[]): void {
  switch (name) {
    case 'inputs':
      members.inputs = readInputs(tokens, where, problems);
      break;
    case 'locked':
    case 'info':
    case 'original':
      members[name] = readAttributes(tokens, where, problems);
      break;
    case 'flake': {
      const { value, span } = tokens.readScalar();
      if (typeof value === 'boolean') members.flake = value;
      else problems.push({ kind: 'bad-attribute', message: `"flake" in ${where} is neither true nor false`, span });
      break;
    }
    case 'parent': {
      const { value, span } = readPath(tokens);
      if (value !== undefined) members.parent = value;
      else problems.push({ kind: 'bad-attribute', message: `"parent" in ${where} is no list of names`, span });
      break;
    }
    default:
      tokens.skip();
  }
}

function readInputs(tokens: JsonTokens, where: string, problems: LockProblem[]): ReadonlyMap<string, LockEdge> {
  const inputs = new Map<string, LockEdge>();
  if (!tokens.atObject) {
    const { value, span } = tokens.readScalar();
    if (value !== null) problems.push({ kind: 'bad-edge', message: `the inputs of ${where} are no object`, span });
    return inputs;
  }
  tokens.readObject((name, nameSpan) => {
    if (inputs.has(name)) problems.push(duplicateKey(name, `the inputs of ${where}`, nameSpan));
    if (tokens.atArray) {
      const { value: path, span } = readPath(tokens);
      if (path !== undefined) inputs.set(name, { kind: 'follows', path, span, nameSpan });
      else
        problems.push({ kind: 'bad-edge', message: `input "${plainText(name, 40)}" of ${where} follows no list of names`, span });
      return;
    }
    const { value, span } = tokens.readScalar();
    if (typeof value === 'string') inputs.set(name, { kind: 'node', key: value, span, nameSpan });
    else problems.push({ kind: 'bad-edge', message: `input "${plainText(name, 40)}" of ${where} names no node`, span });
  });
  return inputs;
}

function readPath(tokens: JsonTokens): { readonly value?: readonly string[]; readonly span: Span } {
  if (!tokens.atArray) return { span: tokens.skip() };
  const path: string[] = [];
  let valid = true as boolean;
  const span = tokens.readArray(() => {
    const { value } = tokens.readScalar();
    if (typeof value === 'string') path.push(value);
    else valid = false;
  });
  return valid ? { value: path, span } : { span };
}

function readAttributes(tokens: JsonTokens, where: string, problems: LockProblem[]): AttributeObject | undefined {
  if (!tokens.atObject) {
    const span = tokens.skip();
    problems.push({ kind: 'not-an-object', message: `attributes of ${where} are no object`, span });
    return undefined;
  }
  const attrs = new Map<string, AttrValue>();
  const spans = new Map<string, Span>();
  const span = tokens.readObject((name, nameSpan) => {
    if (spans.has(name)) problems.push(duplicateKey(name, where, nameSpan));
    const { value, span: valueSpan } = tokens.readScalar();
    spans.set(name, valueSpan);
    if (typeof value === 'string' || typeof value === 'boolean' || isCount(value)) attrs.set(name, value);
    else {
      attrs.delete(name);
      const message = `"${plainText(name, 40)}" in ${where} is neither text, whole number, true nor false`;
      problems.push({ kind: 'bad-attribute', message, span: valueSpan });
    }
  });
  return { attrs, spans, span };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Lays the `info` of version 5 over `locked`; its keys win, in every version, as in Nix (`getFlakeRef`). */
function overlay(locked: AttributeObject, info: AttributeObject): void {
  for (const [name, value] of info.attrs) locked.attrs.set(name, value);
  for (const [name, span] of info.spans) locked.spans.set(name, span);
}

function checkAttributes({ attrs, spans, span }: AttributeObject, where: string, problems: LockProblem[]): void {
  const type = attrs.get('type');
  if (typeof type !== 'string') {
    problems.push({
      kind: 'missing-type',
      message: `attributes of ${where} have no type`,
      span: { start: span.start, end: span.start + 1 },
    });
    return;
  }
  for (const name of attrs.keys()) {
    const valueSpan = spans.get(name);
    if (valueSpan === undefined || !isUnknownAttribute(type, name)) continue;
    const message = `Nix has no attribute "${plainText(name, 40)}" for the ${plainText(type, 20)} source of ${where}`;
    problems.push({ kind: 'unknown-attribute', message, span: valueSpan });
  }
}

function narHashOf(locked: FlakeAttrs): Pick<LockNode, 'narHash' | 'narHashProblem'> {
  const text = locked.get('narHash');
  if (text === undefined) return {};
  if (typeof text !== 'string') return { narHashProblem: { text: String(text), message: 'is no text' } };
  const hash = parseLockNarHash(text);
  return hash.ok ? { narHash: hash.value } : { narHashProblem: { text, message: describeHashError(hash.error) } };
}
