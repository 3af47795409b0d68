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

/** Reads the settings from the bindings of the outermost set. Of a setting that is given twice, which Nix refuses, both are there. */
export function readNixConfig(source: string, set: AttributeSet): readonly NixConfigSetting[] {
  const settings: NixConfigSetting[] = [];
  for (const binding of set.bindings) {
    if (binding.path[0].name !== 'nixConfig') continue;
    if (binding.path.length > 1) addSetting(settings, source, binding, 1);
    else if (binding.value.kind === 'set') for (const inner of binding.value.set.bindings) addSetting(settings, source, inner, 0);
  }
  return settings;
}

function addSetting(settings: NixConfigSetting[], source: string, binding: Binding, index: number): void {
  const part = binding.path[index];
  if (part?.name === undefined) return;
  const plain = index + 1 === binding.path.length;
  const { elements, value } = plain ? readSetting(source, binding.value) : { elements: [], value: undefined };
  settings.push({
    name: part.name,
    nameSpan: part.span,
    elements,
    ...(value === undefined ? {} : { value }),
    computed: value === undefined,
    span: binding.value.span,
  });
}

/** What can be read of a setting: `value` is there when all of it can. */
interface ReadSetting {
  readonly elements: readonly NixConfigElement[];
  readonly value: string | undefined;
}

const NOTHING: ReadSetting = { elements: [], value: undefined };

function readSetting(source: string, value: Value): ReadSetting {
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

function readToken(source: string, token: Token): ReadSetting {
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
