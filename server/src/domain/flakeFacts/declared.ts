/** What a declaration in flake.nix asks for, once its literals are read as Nix reads them (`parseFlakeInput` in libflake/flake.cc). */
import type { DeclaredInput, LiteralValue } from '../flakeNix';
import { parseFlakeRef, type AttrValue, type FlakeAttrs, type FlakeRefError } from '../flakeRef';

/** What an input asks for. */
export type Asked =
  | { readonly kind: 'reference'; readonly attrs: FlakeAttrs }
  /** An input path from the root; empty for the root itself. */
  | { readonly kind: 'follows'; readonly path: readonly string[]; readonly value: LiteralValue }
  /** Neither; for a root input Nix then asks the registry, for an override it changes nothing. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'malformed'; readonly error: FlakeRefError; readonly value: LiteralValue }
  /** Only evaluation could tell, or Nix refuses it: nothing is judged. */
  | { readonly kind: 'unknown' };

/** Reads what an input or override asks for. */
export function askedOf(input: DeclaredInput): Asked {
  const { url, follows, attrs } = input;
  if (input.computed) return { kind: 'unknown' };
  if (follows !== undefined) {
    if (url !== undefined || attrs.size > 0 || follows.kind !== 'string') return { kind: 'unknown' };
    return { kind: 'follows', path: followsPath(follows.value), value: follows };
  }
  if (attrs.has('type')) return askedByAttributes(input);
  // Nix knows no attribute here without `type`; `uri` and others are of 2019 and 2020.
  if (attrs.size > 0) return { kind: 'unknown' };
  if (url === undefined) return { kind: 'nothing' };
  return askedByUrl(url, input.flake !== false);
}

/** Reads what a root input asks for: one that says nothing is looked up by its name. */
export function askedOfRootInput(input: DeclaredInput): Asked {
  const asked = askedOf(input);
  return asked.kind === 'nothing' ? { kind: 'reference', attrs: indirect(input.name) } : asked;
}

/** Splits `follows = "a/b"` as Nix does (`parseInputAttrPath`): empty elements do not count. */
export function followsPath(text: string): readonly string[] {
  return text.split('/').filter((element) => element !== '');
}

function indirect(id: string): FlakeAttrs {
  return new Map([
    ['type', 'indirect'],
    ['id', id],
  ]);
}

function askedByUrl(url: LiteralValue, flake: boolean): Asked {
  if (url.kind === 'path')
    return {
      kind: 'reference',
      attrs: new Map([
        ['type', 'path'],
        ['path', url.value],
      ]),
    };
  if (url.kind !== 'string' && url.kind !== 'uri') return { kind: 'unknown' };
  const parsed = parseFlakeRef(url.value, { flake });
  return parsed.ok ? { kind: 'reference', attrs: parsed.value } : { kind: 'malformed', error: parsed.error, value: url };
}

function askedByAttributes({ url, attrs }: DeclaredInput): Asked {
  const values = new Map<string, AttrValue>();
  for (const [name, literal] of [...attrs, ...(url === undefined ? [] : [['url', url] as const])]) {
    const value = plainValue(literal);
    if (value === undefined) return { kind: 'unknown' };
    if (name !== 'dir' || value !== '') values.set(name, value);
  }
  return { kind: 'reference', attrs: values };
}

function plainValue(literal: LiteralValue): AttrValue | undefined {
  switch (literal.kind) {
    case 'string':
    case 'uri':
    case 'bool':
    case 'int':
      return literal.value;
    case 'path':
    case 'computed':
    case 'missing':
      return undefined;
  }
}
