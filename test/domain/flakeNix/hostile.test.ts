import assert from 'node:assert/strict';
import fc from 'fast-check';
import { inputAt, nixConfigAt, readFlakeNix, type DeclaredInput, type LiteralValue } from '../../../server/src/domain/flakeNix';
import type { Span } from '../../../server/src/util/span';
import { assertLinear } from '../../support/growth';

/** All spans in a result, whatever it is made of. */
function spansIn(value: unknown, spans: Span[] = []): readonly Span[] {
  if (value instanceof Map) for (const each of value.values()) spansIn(each, spans);
  else if (Array.isArray(value)) for (const each of value) spansIn(each, spans);
  else if (typeof value === 'object' && value !== null) {
    if ('start' in value && 'end' in value) spans.push(value as Span);
    else for (const each of Object.values(value)) spansIn(each, spans);
  }
  return spans;
}

function inputsIn(inputs: readonly DeclaredInput[]): readonly DeclaredInput[] {
  return inputs.flatMap((input) => [input, ...inputsIn(input.inputs)]);
}

function valuesIn({ url, follows, flakeValue, attrs }: DeclaredInput): readonly LiteralValue[] {
  return [url, follows, flakeValue, ...attrs.values()].filter((value) => value !== undefined);
}

/** Texts that are nearly flakes: names and brackets that matter, in any order. */
const nearlyNix = fc.string({
  unit: fc.constantFrom(
    ...['{', '}', '(', ')', '[', ']', '=', ';', '.', ':', '@', ',', '"', "''", '${', '\n', '\n  ', '\n    ', ' ', '#', '/*', '*/', '\\', '$', '/'], // prettier-ignore
    ...[
      'inputs',
      'outputs',
      'nixConfig',
      'url',
      'follows',
      'flake',
      'a',
      '"b"',
      'true',
      'let ',
      ' in ',
      'with ',
      'inherit ',
      'rec ',
      'é',
      '\r\n',
    ],
    ...[
      'inputs.a.url = "x";',
      'inputs = {',
      'a = {',
      '};',
      'b.url = ',
      'outputs = { self, a }: {',
      'nixConfig.c = [ "d" ',
      "''x''",
      './e',
      'f:g',
    ],
  ),
  maxLength: 40,
});

describe('readFlakeNix of any text', () => {
  const texts = fc.oneof(nearlyNix, fc.string({ unit: 'binary' }));

  it('never throws, and every span lies inside of the text', () => {
    fc.assert(
      fc.property(texts, (text) => {
        for (const { start, end } of spansIn(readFlakeNix(text))) assert.ok(0 <= start && start <= end && end <= text.length);
      }),
      { numRuns: 3000 },
    );
  });

  it('gives spans whose text is what they stand for', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const flake = readFlakeNix(text);
        for (const { name, nameSpans } of inputsIn(flake.inputs)) {
          for (const { start, end } of nameSpans) {
            const written = text.slice(start, end);
            assert.ok(written === name || written.includes('"') || written.includes('${'), written);
          }
        }
        for (const value of inputsIn(flake.inputs).flatMap(valuesIn)) {
          const written = text.slice(value.span.start, value.span.end);
          if (value.kind === 'bool') assert.equal(written, String(value.value));
          if (value.kind === 'path' || value.kind === 'uri') assert.equal(written, value.value);
          if (value.kind === 'string' && !/[\\\r]|''/.test(written))
            assert.equal(text.slice(value.textSpan.start, value.textSpan.end), value.value);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('finds at every offset something that touches it, or nothing', () => {
    fc.assert(
      fc.property(nearlyNix, (text) => {
        const flake = readFlakeNix(text);
        for (let offset = 0; offset <= text.length; offset++) {
          for (const at of [inputAt(flake, offset), nixConfigAt(flake, offset)]) {
            assert.ok(at === undefined || (at.span.start <= offset && offset <= at.span.end));
          }
        }
      }),
    );
  });
});

describe('readFlakeNix of a hostile text', () => {
  const hasFewProblems = (text: string) => assert.ok(readFlakeNix(text).problems.length <= 100);

  const cases: readonly [what: string, start: string, unit: string][] = [
    ['open braces', '', '{'],
    ['nested sets', '', 'a={'],
    ['nested inputs', '{ ', 'inputs={a={'],
    ['a path of names without an end', '{ ', 'inputs.a.'],
    ['a path of names outside of any set', '}\n', 'a.'],
    ['parentheses', '{ inputs = ', '('],
    ['brackets of three kinds', '{ inputs = ', '({['],
    ['closing brackets', '{ inputs = {', '}a='],
    ['closing brackets of the wrong kind', '{ inputs = ', '({)'],
    ['interpolations', '{ a = ', '"${'],
    ['interpolations in indented strings', '{ a = ', "''${"],
    ['interpolated names', '{ ', '${'],
    ['quotes', '{ ', '"'],
    ['apostrophes', '{ ', "'"],
    ['strings without an end', '{ ', 'url = "\n'],
    ['escaped quotes behind strings without an end', '{ "', '\n\\"'],
    ['URLs that are escaped quotes', '{ ', 'url = "\\"\n'],
    ['comments without an end', '', '/*'],
    ['comments on one line', '{', '/**/'],
    ['let without in', '', 'let '],
    ['let without enough in', '', 'let let in ('],
    ['values that are missing', '{ ', 'a=\n'],
    ['lines indented less and less', '{', '\na={'],
    ['words that may begin a URI or a path', '{ a = ', 'a.b-c+'],
    ['with and assert', '{ a = ', 'with a; assert '],
    ['inherit', '{ ', 'inherit (a '],
    ['settings of many words', '{ nixConfig.a = "', 'b '],
    ['white space', '{ url = "x"', ' '],
    ['many inputs', '{ ', 'inputs.a.url="x";inputs={b.inputs.c={};};'],
  ];
  for (const [what, start, unit] of cases) {
    it(`gets through ${what} in linear time`, () =>
      assertLinear(400_000, (size) => start + unit.repeat(size / unit.length), hasFewProblems));
  }

  it('gets through a megabyte of braces, the deepest nesting there can be', () => hasFewProblems('{'.repeat(1_000_000)));

  it('reads nested overrides to a depth that recursion survives, and says where it stopped', () => {
    const depth = 30;
    const nested = (levels: number): string => `{ ${'inputs = { a = { '.repeat(levels)}url = "x"; ${'}; }; '.repeat(levels)}}`;
    assert.equal(inputsIn(readFlakeNix(nested(depth)).inputs).length, depth);
    assert.equal(inputsIn(readFlakeNix(`{ ${'inputs.a.'.repeat(depth)}url = "x"; }`).inputs).length, depth);
    const deep = readFlakeNix(nested(5000));
    assert.ok(inputsIn(deep.inputs).length >= 90);
    assert.deepEqual(deep.problems.map(({ message }) => message), ['Sets are nested too deeply']); // prettier-ignore
  });
});
