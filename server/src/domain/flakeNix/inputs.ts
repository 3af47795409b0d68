import type { Span } from '../../util/span';
import type { AttributeSet, Binding } from './bindings';
import type { ProblemList } from './problems';
import { computedValue, literalValue, type LiteralValue } from './literal';

/** One input as declared, or the override of an input's own input. Several places that name the same input are merged. */
export interface DeclaredInput {
  readonly name: string;
  /** The input's own name at its first place, quotes included. */
  readonly nameSpan: Span;
  /** The own name at every place, in text order. */
  readonly nameSpans: readonly Span[];
  /** The binding of each place, in the same order: from the first name of its path to its `;`. */
  readonly bindingSpans: readonly Span[];
  /** Only named in the arguments of `outputs`: Nix looks it up in the flake registry. */
  readonly implicit: boolean;
  /** Something of it can only be known by evaluating (a function call, `inherit`, a name with `${…}`). */
  readonly computed: boolean;
  readonly url?: LiteralValue;
  readonly follows?: LiteralValue;
  /** Absent when not written, and when not a plain `true` or `false`. */
  readonly flake?: boolean;
  /** Where `flake` is written. */
  readonly flakeValue?: LiteralValue;
  /** All others: type, owner, repo, ref, rev, dir, …; without url, follows, flake and inputs. */
  readonly attrs: ReadonlyMap<string, LiteralValue>;
  /** Overrides of its own inputs. */
  readonly inputs: readonly DeclaredInput[];
}

/** Inputs nested deeper than this (`inputs.a.inputs.b.inputs…`) are left out: callers may walk them recursively. */
const MAX_DEPTH = 100;

/** All that the bindings of a flake.nix say of inputs. */
export interface ReadInputs {
  readonly inputs: readonly DeclaredInput[];
  /** Some of the inputs are written as an expression. */
  readonly computed: boolean;
  readonly selfAttrs?: ReadonlyMap<string, LiteralValue>;
}

/** Collects the inputs from the bindings of the outermost set. `inputs.self` is no input: it holds attributes of the flake itself. */
export function readInputs(source: string, set: AttributeSet, problems: ProblemList): ReadInputs {
  const collector = new InputCollector(source, problems);
  for (const binding of set.bindings) {
    if (binding.path[0].name === 'inputs') collector.addInputs(collector.root, binding, 1, 0);
  }
  const { root } = collector;
  const self = root.inputs.get('self');
  root.inputs.delete('self');
  return {
    inputs: finishInputs(root),
    computed: root.computed,
    ...(self === undefined ? {} : { selfAttrs: self.attrs }),
  };
}

/** A set of inputs that is being collected. */
interface InputSet {
  readonly inputs: Map<string, InputDraft>;
  computed: boolean;
}

interface InputDraft extends InputSet {
  readonly name: string;
  readonly nameSpan: Span;
  readonly nameSpans: Span[];
  readonly bindingSpans: Span[];
  readonly attrs: Map<string, LiteralValue>;
}

class InputCollector {
  readonly root: InputSet = { inputs: new Map(), computed: false };
  readonly #problems: ProblemList;
  readonly #source: string;

  constructor(source: string, problems: ProblemList) {
    this.#problems = problems;
    this.#source = source;
  }

  /** Adds what a binding says of a set of inputs; `index` is where in its path the input's name is. */
  addInputs(into: InputSet, binding: Binding, index: number, depth: number): void {
    if (index < binding.path.length) {
      this.#addInput(into, binding, index, depth);
      return;
    }
    this.#eachIn(into, binding, 'inputs', (inner) => this.#addInput(into, inner, 0, depth));
  }

  #addInput(into: InputSet, binding: Binding, index: number, depth: number): void {
    const part = binding.path[index];
    if (part?.name === undefined || depth >= MAX_DEPTH) {
      into.computed = true;
      return;
    }
    let input = into.inputs.get(part.name);
    if (input === undefined) {
      input = {
        name: part.name,
        nameSpan: part.span,
        nameSpans: [],
        bindingSpans: [],
        attrs: new Map(),
        inputs: new Map(),
        computed: false,
      };
      into.inputs.set(part.name, input);
    }
    input.nameSpans.push(part.span);
    input.bindingSpans.push(binding.span);
    const draft = input;
    if (index + 1 < binding.path.length) this.#addAttribute(draft, binding, index + 1, depth);
    else this.#eachIn(draft, binding, part.name, (inner) => this.#addAttribute(draft, inner, 0, depth));
  }

  #addAttribute(input: InputDraft, binding: Binding, index: number, depth: number): void {
    const part = binding.path[index];
    if (part?.name === undefined) {
      input.computed = true;
    } else if (part.name === 'inputs') {
      this.addInputs(input, binding, index + 1, depth + 1);
    } else {
      const plain = index + 1 === binding.path.length;
      const value = plain ? literalValue(this.#source, binding, part.span) : computedValue(binding, part.span);
      const earlier = input.attrs.get(part.name);
      if (earlier === undefined || earlier.kind === 'missing') input.attrs.set(part.name, value);
      else if (value.kind !== 'missing') this.#problems.report(`"${part.name}" is given twice`, part.span);
    }
  }

  /** Visits the bindings of the set that a binding holds; anything else than a set makes the target computed. */
  #eachIn(target: InputSet, binding: Binding, name: string, visit: (inner: Binding) => void): void {
    const { value } = binding;
    if (value.kind === 'set') {
      if (value.set.partial) target.computed = true;
      for (const inner of value.set.bindings) visit(inner);
    } else if (value.kind !== 'missing') {
      target.computed = true;
      if (value.kind !== 'computed') this.#problems.report(`"${name}" must be a set`, value.span);
    }
  }
}

function finishInputs({ inputs }: InputSet): readonly DeclaredInput[] {
  return Array.from(inputs.values(), finishInput);
}

function finishInput(draft: InputDraft): DeclaredInput {
  const { name, nameSpan, nameSpans, bindingSpans, computed, attrs } = draft;
  const url = attrs.get('url');
  const follows = attrs.get('follows');
  const flakeValue = attrs.get('flake');
  for (const known of ['url', 'follows', 'flake']) attrs.delete(known);
  const input: { -readonly [Key in keyof DeclaredInput]: DeclaredInput[Key] } = {
    name,
    nameSpan,
    nameSpans,
    bindingSpans,
    implicit: false,
    computed,
    attrs,
    inputs: finishInputs(draft),
  };
  if (url !== undefined) input.url = url;
  if (follows !== undefined) input.follows = follows;
  if (flakeValue !== undefined) input.flakeValue = flakeValue;
  if (flakeValue?.kind === 'bool') input.flake = flakeValue.value;
  return input;
}
