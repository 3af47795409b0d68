import type { Span } from '../../util/span';
import type { AttributeSet } from './bindings';
import type { NixSource } from './nixSource';

/** A name with its place. */
export interface NamedSpan {
  readonly name: string;
  readonly span: Span;
}

/** The arguments of the `outputs` function. */
export interface FlakeOutputs {
  /** The name `outputs`. */
  readonly span: Span;
  /** The names of a set pattern, `self` among them. */
  readonly args: readonly NamedSpan[];
  /** False for `outputs = inputs: …` and for what is computed. */
  readonly hasSetPattern: boolean;
}

/** Reads the arguments of `outputs` from the bindings of the outermost set. */
export function readOutputs(source: NixSource, set: AttributeSet): FlakeOutputs | undefined {
  const binding = set.bindings.find(({ path }) => path[0].name === 'outputs');
  if (binding === undefined) return undefined;
  const pattern = binding.path.length === 1 ? setPattern(source, binding.valueIndex) : -1;
  return { span: binding.path[0].span, args: pattern === -1 ? [] : patternNames(source, pattern), hasSetPattern: pattern !== -1 };
}

/** The `{` of a function's set pattern, as in `{ a, b }:`, `x@{ a }:` or `({ a }: …)`; -1 where something else stands. */
function setPattern(source: NixSource, from: number): number {
  let index = from;
  while (source.kindAt(index) === '(') index++;
  if (source.kindAt(index) === 'name' && source.kindAt(index + 1) === '@') index += 2;
  if (source.kindAt(index) !== '{') return -1;
  const after = source.kindAt(source.brackets.after(index));
  return after === ':' || after === '@' ? index : -1;
}

/** The names of a set pattern; each stands first or behind a comma, which leaves out the defaults. */
function patternNames(source: NixSource, pattern: number): readonly NamedSpan[] {
  const names: NamedSpan[] = [];
  const end = source.brackets.contentEnd(pattern);
  let index = pattern + 1;
  while (index < end) {
    const token = source.tokens[index];
    const before = source.kindAt(index - 1);
    if (token?.kind === 'name' && (before === ',' || index === pattern + 1)) {
      names.push({ name: source.text.slice(token.start, token.end), span: { start: token.start, end: token.end } });
    }
    index = source.brackets.opens(index) ? source.brackets.after(index) : index + 1;
  }
  return names;
}
