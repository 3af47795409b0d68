import assert from 'node:assert/strict';
import { readFlakeNix, type DeclaredInput } from '../../server/src/domain/flakeNix';
import { tokenize, type Token } from '../../server/src/domain/flakeNix/lexer';

/** A text with one thing broken in it. */
interface Damage {
  readonly text: string;
  /** Where, in the undamaged text; inputs named before it are `before`, the others `after`. */
  readonly at: number;
  /** By how much what stands behind has moved; absent when nothing is left of it. */
  readonly shift?: number;
}

/** An undamaged text and the places in it that can be damaged. */
interface Original {
  readonly text: string;
  readonly inputs: readonly DeclaredInput[];
  /** The tokens from the first input's name to the last input's end, and the `};` behind it. */
  readonly tokens: readonly Token[];
}

/** The input that some kinds of damage begin to write. */
const TYPED = 'beingTyped';

/** A kind of damage: does it to a text at a spot that `random` chooses, and how much must be found nevertheless. */
interface DamageKind {
  readonly damage: (original: Original, random: () => number) => Damage | undefined;
  /** Shares, from 0 to 1, of the inputs before and after the spot. */
  readonly before: number;
  readonly after: number;
}

/** What a person at the keyboard does to a text. */
export const DAMAGES: Readonly<Record<string, DamageKind>> = {
  'cut inside the inputs': {
    damage: ({ text, tokens }, random) => {
      const [start, end] = [tokens[0]!.start, tokens.at(-1)!.end];
      return cut(text, start + Math.floor(random() * (end - start)));
    },
    before: 1,
    after: 0,
  },
  'cut anywhere after the first input': {
    damage: ({ text, inputs }, random) => {
      const start = inputs[0]!.bindingSpans[0]!.end;
      return cut(text, start + Math.floor(random() * (text.length - start)));
    },
    before: 1,
    after: 0,
  },
  '; missing': { damage: (original, random) => withoutEndOf(original, ({ kind }) => kind === ';', random), before: 1, after: 1 },
  'closing quote missing': {
    damage: (original, random) => withoutEndOf(original, ({ kind }) => kind === 'string', random),
    before: 1,
    after: 0.997,
  },
  'new line without a value': { damage: (original, random) => withLine(original, `${TYPED}.url =`, random), before: 1, after: 1 },
  'new line that ends in a dot': { damage: (original, random) => withLine(original, `${TYPED}.`, random), before: 1, after: 1 },
  'new line with an open string': {
    damage: (original, random) => withLine(original, `${TYPED}.url = "github:foo/`, random),
    before: 1,
    after: 1,
  },
  'closing brace missing': {
    damage: (original, random) => withoutEndOf(original, ({ kind }) => kind === '}', random),
    before: 1,
    after: 1,
  },
};

/** Damages each text at some spots, and fails unless enough inputs are found at their right places, and none that is none. */
export function assertSurvives(texts: readonly string[], kind: string, { spots, seed }: { spots: number; seed: number }): void {
  const { damage, before, after } = DAMAGES[kind]!;
  const random = seededRandom(seed);
  const tally: Tally = { before: 0, beforeFound: 0, after: 0, afterFound: 0, invented: [] };
  for (const original of texts.flatMap((text) => originalOf(text) ?? [])) {
    for (let spot = 0; spot < spots; spot++) {
      const damaged = damage(original, random);
      if (damaged !== undefined) count(original, damaged, tally);
    }
  }
  const summary = JSON.stringify(tally);
  assert.ok(tally.before > 0 && tally.beforeFound >= before * tally.before, summary);
  assert.ok(tally.afterFound >= after * tally.after, summary);
  assert.deepEqual(tally.invented, []);
}

/** How many inputs were there to be found, how many of them were, and which were found that are none. */
interface Tally {
  before: number;
  beforeFound: number;
  after: number;
  afterFound: number;
  readonly invented: string[];
}

function originalOf(text: string): Original | undefined {
  const inputs = readFlakeNix(text).inputs.filter(({ implicit }) => !implicit);
  if (inputs.length === 0) return undefined;
  const start = Math.min(...inputs.map(({ nameSpan }) => nameSpan.start));
  const end = Math.max(...inputs.flatMap(({ bindingSpans }) => bindingSpans.map((span) => span.end)));
  const tokens = tokenize(text);
  const last = tokens.findLastIndex((token) => token.end <= end);
  return { text, inputs, tokens: tokens.slice(0, last + 3).filter((token) => token.start >= start && token.kind !== 'end') };
}

function count({ inputs, tokens }: Original, { text, at, shift }: Damage, tally: Tally): void {
  const found = new Map(
    readFlakeNix(text)
      .inputs.filter(({ implicit }) => !implicit)
      .map((input) => [input.name, input.nameSpan.start]),
  );
  for (const { name, nameSpan } of inputs) {
    const place = found.get(name);
    found.delete(name);
    const equals = tokens.find(({ kind, start }) => kind === '=' && start >= nameSpan.end);
    if (nameSpan.start < at && at < (equals?.end ?? nameSpan.end)) continue; // not written to its `=`, or its name is broken
    if (nameSpan.start < at) {
      tally.before++;
      if (place === nameSpan.start) tally.beforeFound++;
    } else if (shift !== undefined) {
      tally.after++;
      if (place === nameSpan.start + shift) tally.afterFound++;
    }
  }
  found.delete(TYPED);
  tally.invented.push(...found.keys());
}

function cut(text: string, at: number): Damage {
  return { text: text.slice(0, at), at };
}

function withoutEndOf(original: Original, which: (token: Token) => boolean, random: () => number): Damage | undefined {
  const token = pick(original.tokens.filter(which), random);
  if (token === undefined) return undefined;
  const at = token.end - 1;
  return { text: original.text.slice(0, at) + original.text.slice(at + 1), at, shift: -1 };
}

/** Inserts a line in front of one that begins with a name. */
function withLine({ text, tokens }: Original, line: string, random: () => number): Damage | undefined {
  const token = pick(
    tokens.filter(({ first, kind }) => first && (kind === 'name' || kind === 'string')),
    random,
  );
  if (token === undefined) return undefined;
  const inserted = `${line}\n${' '.repeat(token.indent)}`;
  return { text: text.slice(0, token.start) + inserted + text.slice(token.start), at: token.start, shift: inserted.length };
}

function pick<T>(items: readonly T[], random: () => number): T | undefined {
  return items[Math.floor(random() * items.length)];
}

/** The mulberry32 generator: numbers from 0 to 1 that only depend on the seed. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
