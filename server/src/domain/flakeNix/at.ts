/** Finds what lies at an offset: for hover, definition and completion. */
import { touches, type Span } from '../../util/span';
import type { FlakeNix } from '../flakeNix';
import type { DeclaredInput } from './inputs';
import type { LiteralValue } from './literal';
import type { NixConfigElement, NixConfigSetting } from './nixConfig';

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

/** Which part of `nixConfig` lies at an offset. */
export interface NixConfigAt {
  readonly setting: NixConfigSetting;
  readonly element?: NixConfigElement;
  readonly span: Span;
}

/** Finds the input that an offset touches: its own name, a value of it, or an argument of `outputs`. */
export function inputAt(flake: FlakeNix, offset: number): InputAt | undefined {
  const argument = flake.outputs?.args.find(({ span }) => touches(span, offset));
  if (argument !== undefined) {
    const input = flake.inputs.find(({ name }) => name === argument.name);
    return input && { input, path: [input.name], part: 'output-arg', span: argument.span };
  }
  return findInput(flake.inputs, [], offset);
}

function findInput(inputs: readonly DeclaredInput[], parents: readonly string[], offset: number): InputAt | undefined {
  for (const input of inputs) {
    const isNear = input.bindingSpans.some((span) => touches(span, offset));
    if (!isNear) continue;
    const path = [...parents, input.name];
    const found = findPart(input, path, offset) ?? findInput(input.inputs, path, offset);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findPart(input: DeclaredInput, path: readonly string[], offset: number): InputAt | undefined {
  const nameSpan = input.nameSpans.find((span) => touches(span, offset));
  if (nameSpan !== undefined) return { input, path, part: 'name', span: nameSpan };
  const holds = (value: LiteralValue | undefined): value is LiteralValue =>
    value !== undefined && (touches(value.span, offset) || touches(value.nameSpan, offset));
  if (holds(input.url)) return { input, path, part: 'url', span: spanAt(input.url, offset) };
  if (holds(input.follows)) return { input, path, part: 'follows', span: spanAt(input.follows, offset) };
  if (holds(input.flakeValue)) return { input, path, part: 'flake', span: spanAt(input.flakeValue, offset) };
  for (const [attr, value] of input.attrs) {
    if (holds(value)) return { input, path, part: 'attr', attr, span: spanAt(value, offset) };
  }
  return undefined;
}

function spanAt(value: LiteralValue, offset: number): Span {
  return touches(value.span, offset) ? value.span : value.nameSpan;
}

/** Finds the setting of `nixConfig` that an offset touches, and the word of its value. */
export function nixConfigAt(flake: FlakeNix, offset: number): NixConfigAt | undefined {
  for (const setting of flake.nixConfig) {
    if (touches(setting.nameSpan, offset)) return { setting, span: setting.nameSpan };
    const element = setting.elements.find(({ span }) => touches(span, offset));
    if (element !== undefined) return { setting, element, span: element.span };
    if (touches(setting.span, offset)) return { setting, span: setting.span };
  }
  return undefined;
}
