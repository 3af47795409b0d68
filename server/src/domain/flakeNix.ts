/**
 * Reads flake.nix without evaluating it: what is declared, and where. Built for text that is being typed; not a syntax
 * check. Nix wants flake.nix to be a literal set of literal inputs, which is why reading it can be enough.
 */
import type { Span } from '../util/span';
import { readOutermostSet, type AttributeSet } from './flakeNix/bindings';
import { readInputs, type DeclaredInput } from './flakeNix/inputs';
import type { LiteralValue } from './flakeNix/literal';
import { readNixConfig, type NixConfigSetting } from './flakeNix/nixConfig';
import { NixSource } from './flakeNix/nixSource';
import { ProblemList, type Problem } from './flakeNix/problems';
import { readOutputs, type FlakeOutputs, type NamedSpan } from './flakeNix/outputs';

export { inputAt, nixConfigAt, type InputAt, type NixConfigAt } from './flakeNix/at';
export type { DeclaredInput } from './flakeNix/inputs';
export type { Literal, LiteralValue } from './flakeNix/literal';
export type { NixConfigElement, NixConfigSetting } from './flakeNix/nixConfig';
export type { FlakeOutputs, NamedSpan } from './flakeNix/outputs';

/** What a flake.nix declares. */
export interface FlakeNix {
  /** In text order, implicit ones last. `self` is not among them. */
  readonly inputs: readonly DeclaredInput[];
  /** The name `inputs` at its first place. */
  readonly inputsSpan?: Span;
  /** Inputs may be lacking here, since some are written as an expression. */
  readonly inputsComputed: boolean;
  readonly outputs?: FlakeOutputs;
  readonly nixConfig: readonly NixConfigSetting[];
  /** Settings may be lacking here, since some are written as an expression. */
  readonly nixConfigComputed: boolean;
  /** The name `nixConfig` at its first place. */
  readonly nixConfigSpan?: Span;
  /** The names in the outermost set, each once, at their first place. */
  readonly topLevel: readonly NamedSpan[];
  /** Attributes of `inputs.self`, for example `submodules`. */
  readonly selfAttrs?: ReadonlyMap<string, LiteralValue>;
  /** What was repaired or could not be understood. Not a syntax check. */
  readonly problems: readonly Problem[];
}

/** Reads a flake.nix. Never throws; time is linear in the length of the text. */
export function readFlakeNix(text: string): FlakeNix {
  const source = new NixSource(text);
  const problems = new ProblemList();
  const set = readOutermostSet(source, problems);
  const topLevel = topLevelNames(set);
  const spanOf = (name: string): Span | undefined => topLevel.find((each) => each.name === name)?.span;
  const inputsSpan = spanOf('inputs');
  const nixConfigSpan = spanOf('nixConfig');
  const outputs = readOutputs(source, set);
  const read = readInputs(text, set, problems);
  const nixConfig = readNixConfig(text, set);
  return {
    inputs: [...read.inputs, ...(read.computed ? [] : implicitInputs(outputs, read.inputs))],
    inputsComputed: read.computed,
    nixConfig: nixConfig.settings,
    nixConfigComputed: nixConfig.computed,
    topLevel,
    problems: problems.all,
    ...(inputsSpan === undefined ? {} : { inputsSpan }),
    ...(nixConfigSpan === undefined ? {} : { nixConfigSpan }),
    ...(outputs === undefined ? {} : { outputs }),
    ...(read.selfAttrs === undefined ? {} : { selfAttrs: read.selfAttrs }),
  };
}

function topLevelNames(set: AttributeSet): readonly NamedSpan[] {
  const spans = new Map<string, Span>();
  for (const { path } of set.bindings) {
    const [{ name, span }] = path;
    if (name !== undefined && !spans.has(name)) spans.set(name, span);
  }
  return Array.from(spans, ([name, span]) => ({ name, span }));
}

/** The arguments of `outputs` that no declaration covers: Nix looks their names up in the flake registry. */
function implicitInputs(outputs: FlakeOutputs | undefined, declared: readonly DeclaredInput[]): readonly DeclaredInput[] {
  const known = new Set(['self', ...declared.map(({ name }) => name)]);
  const inputs: DeclaredInput[] = [];
  for (const { name, span } of outputs?.args ?? []) {
    if (known.has(name)) continue;
    known.add(name);
    inputs.push({
      name,
      nameSpan: span,
      nameSpans: [span],
      bindingSpans: [span],
      implicit: true,
      computed: false,
      attrs: new Map(),
      inputs: [],
    });
  }
  return inputs;
}
