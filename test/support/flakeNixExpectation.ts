import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFlakeNix, type DeclaredInput, type FlakeNix, type LiteralValue } from '../../server/src/domain/flakeNix';

/** Line and column from 1; a column is a byte, as Nix counts. */
interface BytePosition {
  readonly line: number;
  readonly column: number;
}

type Positions = Readonly<Record<string, BytePosition>>;

/** The part `flakeNix` of an expected.json: what real Nix says of a flake.nix. Apart from `parse` and `eval` only when both are `ok`. */
export interface ExpectedFlakeNix {
  readonly parse: string;
  readonly eval: string;
  readonly declaredInputs?: readonly {
    readonly name: string;
    readonly value: Readonly<Record<string, unknown>>;
    readonly namePos: BytePosition;
    readonly nixPos: BytePosition;
    readonly attrPos: Positions;
    readonly subInputs?: Readonly<Record<string, { readonly pos: BytePosition; readonly attrPos: Positions }>>;
  }[];
  readonly outputArgs?: readonly string[];
  readonly implicitInputs?: readonly string[];
  readonly topAttrs?: readonly string[];
  readonly inputsPos?: BytePosition | null;
  readonly outputsPos?: BytePosition | null;
  readonly nixConfig?: Readonly<Record<string, unknown>> | null;
}

/** The folders below `root` that hold a flake.nix and what Nix says of it. */
export function flakeFolders(root: string): readonly string[] {
  return readdirSync(root)
    .sort()
    .map((name) => join(root, name))
    .filter((folder) => existsSync(join(folder, 'flake.nix')) && existsSync(join(folder, 'expected.json')));
}

/** Fails unless the flake.nix of a folder reads as its expected.json says. Where Nix itself failed, only that nothing throws is checked. */
export function assertReadsAsNixSays(folder: string): void {
  const text = readFileSync(join(folder, 'flake.nix'), 'utf8');
  const { flakeNix } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as { flakeNix: ExpectedFlakeNix };
  const flake = readFlakeNix(text);
  if (flakeNix.eval !== 'ok') return;
  assert.deepEqual(observed(text, flake), said(flakeNix));
  assert.deepEqual(flake.problems, []);
}

function said(nix: ExpectedFlakeNix): object {
  return {
    inputs: (nix.declaredInputs ?? []).map(({ name, value, namePos, nixPos, attrPos, subInputs = {} }) => ({
      name,
      value: plain(value),
      namePos,
      nixPos,
      attrPos: attributePositions(attrPos),
      overrides: Object.entries(subInputs)
        .map(([override, { pos, attrPos: positions }]) => ({ name: override, pos, attrPos: attributePositions(positions) }))
        .sort(byName),
    })),
    outputArgs: [...(nix.outputArgs ?? [])].sort(),
    implicitInputs: [...(nix.implicitInputs ?? [])].sort(),
    topAttrs: nix.topAttrs ?? [],
    inputsPos: nix.inputsPos ?? undefined,
    outputsPos: nix.outputsPos ?? undefined,
    nixConfig: Object.fromEntries(
      Object.entries(nix.nixConfig ?? {}).map(([name, value]) => [name, Array.isArray(value) ? value.join(' ') : String(value)]),
    ),
  };
}

/** Attributes that are sets, which Nix refuses for all but `inputs`, are computed to us. */
function plain(value: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      if (typeof each !== 'object' || each === null || '__path' in each) return [name, each];
      if (name !== 'inputs') return [name, 'computed'];
      return [
        name,
        Object.fromEntries(Object.entries(each).map(([inner, set]) => [inner, plain(set as Record<string, unknown>)])),
      ];
    }),
  );
}

function attributePositions(positions: Positions): object {
  return Object.fromEntries(Object.entries(positions).filter(([name]) => name !== 'inputs'));
}

function observed(text: string, flake: FlakeNix): object {
  const at = (offset: number | undefined): BytePosition | undefined =>
    offset === undefined ? undefined : bytePosition(text, offset);
  const positions = (input: DeclaredInput): object =>
    Object.fromEntries(attributes(input).map(([name, { bindingSpan }]) => [name, at(bindingSpan.start)]));
  return {
    inputs: flake.inputs
      .filter(({ implicit }) => !implicit)
      .map((input) => ({
        name: input.name,
        value: valueOf(input),
        namePos: at(input.nameSpan.start),
        nixPos: at(input.bindingSpans[0]?.start),
        attrPos: positions(input),
        overrides: input.inputs
          .map((each) => ({ name: each.name, pos: at(each.bindingSpans[0]?.start), attrPos: positions(each) }))
          .sort(byName),
      })),
    outputArgs: (flake.outputs?.args ?? []).map(({ name }) => name).sort(),
    implicitInputs: flake.inputs
      .filter(({ implicit }) => implicit)
      .map(({ name }) => name)
      .sort(),
    topAttrs: flake.topLevel.map(({ name }) => name).sort(),
    inputsPos: at(flake.inputsSpan?.start),
    outputsPos: at(flake.outputs?.span.start),
    nixConfig: Object.fromEntries(flake.nixConfig.map(({ name, value }) => [name, value])),
  };
}

function attributes({ url, follows, flakeValue, attrs }: DeclaredInput): [string, LiteralValue][] {
  const named: [string, LiteralValue | undefined][] = [['url', url], ['follows', follows], ['flake', flakeValue], ...attrs]; // prettier-ignore
  return named.filter((entry): entry is [string, LiteralValue] => entry[1] !== undefined);
}

function valueOf(input: DeclaredInput): object {
  const value: Record<string, unknown> = {};
  for (const [name, literal] of attributes(input)) {
    if (literal.kind === 'path') value[name] = { __path: literal.value };
    else value[name] = 'value' in literal ? literal.value : literal.kind;
  }
  if (input.inputs.length > 0) value['inputs'] = Object.fromEntries(input.inputs.map((each) => [each.name, valueOf(each)]));
  return value;
}

function bytePosition(text: string, offset: number): BytePosition {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  return { line: text.slice(0, lineStart).split('\n').length, column: Buffer.byteLength(text.slice(lineStart, offset)) + 1 };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
