/** What a check is given, and the words and places that all checks share. */
import { compareTexts } from '../../util/compare';
import { plainText } from '../../util/plainText';
import type { Span } from '../../util/span';
import type { Finding, Place } from '../finding';
import type { FlakeFacts, FlakeOptions, InputFacts } from '../flakeFacts/types';
import type { LockWalk } from '../flakeLock';
import type { DeclaredInput, FlakeNix, LiteralValue } from '../flakeNix';

/** A flake that has been read, before its findings. */
export interface ReadFlake extends Omit<FlakeFacts, 'findings'> {
  /** Absent without a readable lock. */
  readonly walk?: LockWalk;
  readonly options: FlakeOptions;
}

/** The same, with what several checks need. */
export interface CheckedFlake extends ReadFlake {
  /** One input for each reachable lock node, the nearest to the root: what is wrong with a node is told once. */
  readonly nodes: readonly InputFacts[];
  /** Every declaration of flake.nix, overrides of inputs of inputs too, in text order. */
  readonly declarations: readonly Declaration[];
}

/** An input or override, with its path from the root. */
export interface Declaration {
  readonly path: readonly string[];
  readonly input: DeclaredInput;
}

/** Prepares a flake for the checks. */
export function checkedFlake(flake: ReadFlake): CheckedFlake {
  const declarations: Declaration[] = [];
  collectDeclarations(flake.flakeNix?.inputs ?? [], [], declarations);
  return { ...flake, nodes: nearestInputs(flake.inputs), declarations };
}

/** The depth is limited by the reader of flake.nix. */
function collectDeclarations(inputs: FlakeNix['inputs'], parent: readonly string[], into: Declaration[]): void {
  for (const input of inputs) {
    const path = [...parent, input.name];
    into.push({ path, input });
    collectDeclarations(input.inputs, path, into);
  }
}

/** One input for each lock node: the nearest to the root, rather the owner than one that follows, first by name. */
export function nearestInputs(inputs: readonly InputFacts[]): readonly InputFacts[] {
  const nearest = new Map<string, InputFacts>();
  for (const input of inputs) {
    if (input.resolution.kind !== 'node') continue;
    const known = nearest.get(input.node);
    if (known === undefined || isNearer(input, known)) nearest.set(input.node, input);
  }
  return [...nearest.values()];
}

function isNearer(a: InputFacts, b: InputFacts): boolean {
  const order =
    a.path.length - b.path.length ||
    Number(a.follows !== undefined) - Number(b.follows !== undefined) ||
    compareTexts(a.path, b.path);
  return order < 0;
}

/** Names an input in a message, quoted. */
export function quoted(path: readonly string[], maxLength = 36): string {
  return `"${plainText(path.join('/'), maxLength)}"`;
}

/** The subject of a finding about an input. */
export function inputSubject(path: readonly string[]): Finding['subject'] {
  return { kind: 'input', id: path.join('/') };
}

/** Where "something about this input" stands: its name in flake.nix for an input of the root, else its node's key in flake.lock. */
export function inputPlace(input: InputFacts): { readonly place?: Place } {
  if (input.path.length === 1 && input.declared !== undefined) return { place: inNix(input.declared.nameSpan) };
  return input.lockNode === undefined ? {} : { place: inLock(input.lockNode.keySpan) };
}

/** Where "something about this reference" stands: the URL without its quotes, else the input's name. */
export function referencePlace(input: DeclaredInput): Place {
  return inNix(input.url === undefined ? input.nameSpan : valueSpan(input.url));
}

/** A literal without its quotes, or with them when nothing is between. */
export function valueSpan(value: LiteralValue): Span {
  return 'textSpan' in value && value.textSpan.end > value.textSpan.start ? value.textSpan : value.span;
}

export function inNix(span: Span): Place {
  return { file: 'flake.nix', span };
}

export function inLock(span: Span): Place {
  return { file: 'flake.lock', span };
}

/** The text of a literal and where it begins, when what is written is what it means (no escapes in between). */
export function plainLiteral(
  value: LiteralValue | undefined,
  text: string | undefined,
): { readonly text: string; readonly start: number } | undefined {
  if (value === undefined || text === undefined) return undefined;
  if (value.kind !== 'string' && value.kind !== 'uri') return undefined;
  const { start, end } = value.textSpan;
  return text.slice(start, end) === value.value ? { text: value.value, start } : undefined;
}

/** Moves a span within a literal to its place in the file. */
export function shifted(span: Span, by: number): Span {
  return { start: span.start + by, end: span.end + by };
}

/** The longest message that the Problems panel shows on one line. */
export const MAX_MESSAGE = 120;

/** Cuts a message; all its foreign parts have to be harmless already. */
export function message(text: string): string {
  return text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE - 1)}…`;
}
