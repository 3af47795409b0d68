import type { Span } from '../../util/span';
import type { AttributeSet, Binding, Value } from './bindings';
import type { Token } from './lexer';
import { decodeString, sourceSpan, type DecodedString } from './strings';

/** One word of a setting: a list element, or a word of a string. */
export interface NixConfigElement {
  readonly value: string;
  /** With the quotes when the element is a whole string. */
  readonly span: Span;
  /** Without quotes. */
  readonly textSpan: Span;
}

/** One setting of the flake's `nixConfig`. */
export interface NixConfigSetting {
  readonly name: string;
  /** The setting's own name, quotes included. */
  readonly nameSpan: Span;
  readonly elements: readonly NixConfigElement[];
  /** What Nix makes of it, as it appears in trusted-settings.json: list elements joined by one space. Absent when computed. */
  readonly value?: string;
  /** Some of it is an expression; `elements` holds what could be read. */
  readonly computed: boolean;
  /** The value. */
  readonly span: Span;
}

/** What the bindings of a flake.nix say of `nixConfig`. */
export interface ReadNixConfig {
  /** In text order. Of a setting that is given twice, which Nix refuses, both are there. */
  readonly settings: readonly NixConfigSetting[];
  /** Settings may be lacking, since some are written as an expression. */
  readonly computed: boolean;
}

/** Reads the settings from the bindings of the outermost set. */
export function readNixConfig(source: string, set: AttributeSet): ReadNixConfig {
  const settings: NixConfigSetting[] = [];
  let computed = false;
  const add = (binding: Binding, index: number): void => {
    const setting = readSetting(source, binding, index);
    if (setting === undefined) computed = true;
    else settings.push(setting);
  };
  for (const binding of set.bindings) {
    const { path, value } = binding;
    if (path[0].name !== 'nixConfig') continue;
    if (path.length > 1) add(binding, 1);
    else if (value.kind === 'set') {
      computed ||= value.set.partial;
      for (const inner of value.set.bindings) add(inner, 0);
    } else computed ||= value.kind !== 'missing';
  }
  return { settings, computed };
}

/** Reads the setting whose name is at `index` in the binding's path; undefined when that has to be evaluated. */
function readSetting(source: string, binding: Binding, index: number): NixConfigSetting | undefined {
  const part = binding.path[index];
  if (part?.name === undefined) return undefined;
  const { elements, value } = index + 1 === binding.path.length ? readValue(source, binding.value) : NOTHING;
  return {
    name: part.name,
    nameSpan: part.span,
    elements,
    ...(value === undefined ? {} : { value }),
    computed: value === undefined,
    span: binding.value.span,
  };
}

/** What can be read of a setting's value: `value` is there when all of it can. */
interface ReadValue {
  readonly elements: readonly NixConfigElement[];
  readonly value: string | undefined;
}

const NOTHING: ReadValue = { elements: [], value: undefined };

function readValue(source: string, value: Value): ReadValue {
  switch (value.kind) {
    case 'token':
      return readToken(source, value.token);
    case 'list': {
      const parts = value.elements.map(({ token }) => (token === undefined ? NOTHING : readToken(source, token)));
      const texts = parts.map((part) => part.value);
      return {
        elements: parts.flatMap(({ elements }) => elements),
        value: texts.every((text) => text !== undefined) ? texts.join(' ') : undefined,
      };
    }
    case 'missing':
    case 'set':
    case 'computed':
      return NOTHING;
  }
}

function readToken(source: string, token: Token): ReadValue {
  if (token.interpolated) return NOTHING;
  const span = { start: token.start, end: token.end };
  if (token.kind === 'string' || token.kind === 'indented') {
    const decoded = decodeString(source, token);
    return { elements: words(decoded, span), value: decoded.value };
  }
  const value = source.slice(token.start, token.end);
  const isPlain =
    token.kind === 'number' || token.kind === 'uri' || token.kind === 'path' || value === 'true' || value === 'false';
  return isPlain ? { elements: [{ value, span, textSpan: span }], value } : NOTHING;
}

/** Cuts a string where Nix cuts the value of a setting: at blanks, also inside of a list element. */
function words(decoded: DecodedString, span: Span): readonly NixConfigElement[] {
  return Array.from(decoded.value.matchAll(/[^ \t\n\r]+/g), ({ 0: value, index }) => {
    const isWhole = value.length === decoded.value.length;
    const textSpan = isWhole ? decoded.textSpan : sourceSpan(decoded, index, index + value.length);
    return { value, span: isWhole ? span : textSpan, textSpan };
  });
}
