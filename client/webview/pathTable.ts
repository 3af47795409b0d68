/** All paths of a closure as columns of numbers: searched, filtered and sorted without a row object, and in short pieces. */
import type { ClosureColumns } from '../../server/src/protocol';
import { Slices } from './slices';
import { VERDICTS, verdictLabel } from './words';

export const SORT_COLUMNS = [
  'name',
  'verdict',
  'signer',
  'from',
  'size',
  'references',
  'referrers',
  'agreement',
  'input',
  'built',
] as const;
export type SortColumn = (typeof SORT_COLUMNS)[number];

export interface Sort {
  readonly column: SortColumn;
  readonly descending: boolean;
}

/** One wanted value for each kind; the empty text means "none" (no signer, no cache, no input). */
export interface Filters {
  readonly verdict?: string;
  readonly signer?: string;
  readonly cache?: string;
  readonly input?: string;
  readonly built?: string;
  readonly agreement?: string;
}
export type FilterKind = keyof Filters;
export const FILTER_KINDS: readonly FilterKind[] = ['verdict', 'signer', 'cache', 'agreement', 'built', 'input'];

export interface Query {
  /** Words that must all occur in the path, its signers, its cache, its input or its verdict. */
  readonly text: string;
  readonly filters: Filters;
  readonly sort: Sort;
}

/** Names of the numbers in `ClosureColumns.agreements` and `.built`. */
export const AGREEMENTS = ['none', 'single', 'agree', 'differ'] as const;
export const BUILT = ['no', 'local', 'would-build'] as const;

/** A store path's hash part and the dash after it. */
const HASH_LENGTH = 33;

interface LowerNames {
  /** All names in lower case, in the order of rows, with a blank between two, which no word has. */
  readonly text: string;
  /** By row, where in the text the next name begins. */
  readonly ends: Int32Array;
}

export class PathTable {
  readonly columns: ClosureColumns;
  readonly length: number;
  readonly #keyTexts: readonly string[];
  readonly #inputTexts: readonly string[];
  #lower: LowerNames | undefined;
  /** Place of each row in the order of names. */
  #nameRanks: Int32Array | undefined;
  readonly #orders = new Map<string, Int32Array>();

  constructor(columns: ClosureColumns) {
    this.columns = columns;
    this.length = columns.names.length;
    this.#keyTexts = columns.keySets.map((names) => names.join(', '));
    this.#inputTexts = columns.inputPaths.map((path) => path.join('/'));
  }

  storePath(row: number): string {
    return `${this.columns.storeDir}/${this.columns.names[row] ?? ''}`;
  }

  hash(row: number): string {
    return (this.columns.names[row] ?? '').slice(0, HASH_LENGTH - 1);
  }

  name(row: number): string {
    return (this.columns.names[row] ?? '').slice(HASH_LENGTH);
  }

  verdict(row: number): string {
    return this.columns.verdictNames[this.columns.verdicts[row] ?? -1] ?? 'unknown';
  }

  keyNames(row: number): readonly string[] {
    return this.columns.keySets[this.columns.keys[row] ?? -1] ?? [];
  }

  cache(row: number): string {
    return this.columns.cacheUrls[this.columns.from[row] ?? -1] ?? '';
  }

  input(row: number): string {
    return this.#inputTexts[this.columns.inputs[row] ?? -1] ?? '';
  }

  built(row: number): (typeof BUILT)[number] {
    return BUILT[this.columns.built[row] ?? 0] ?? 'no';
  }

  agreement(row: number): (typeof AGREEMENTS)[number] | undefined {
    return this.columns.agreements === undefined ? undefined : AGREEMENTS[this.columns.agreements[row] ?? 0];
  }

  /** Whether a column says something in this closure. */
  has(column: SortColumn): boolean {
    if (column === 'agreement') return this.columns.agreements !== undefined;
    if (column === 'input') return this.columns.inputs.some((input) => input >= 0);
    if (column === 'built') return this.columns.built.some((built) => built > 0);
    return true;
  }

  /** The row of a store path, or -1. Rows are sorted by store path. */
  rowOf(storePath: string): number {
    const { names, storeDir } = this.columns;
    if (!storePath.startsWith(`${storeDir}/`)) return -1;
    const wanted = storePath.slice(storeDir.length + 1);
    let low = 0;
    let high = names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((names[middle] ?? '') < wanted) low = middle + 1;
      else high = middle;
    }
    return names[low] === wanted ? low : -1;
  }

  /** Rows that match, in the order asked for. Rejects with `Superseded` once `signal` is aborted. */
  async select({ text, filters, sort }: Query, signal?: AbortSignal): Promise<Int32Array> {
    const slices = new Slices(signal);
    const order = await this.#order(sort, slices);
    const words = wordsOf(text, this.columns.storeDir);
    if (words.length === 0 && Object.values(filters).every((wanted) => wanted === undefined)) return order;
    const left = new Uint8Array(this.length).fill(1);
    for (const test of this.#filterTests(filters)) {
      for (let row = 0; row < this.length; row++) {
        if (slices.due) await slices.pause();
        if (!test(row)) left[row] = 0;
      }
    }
    for (const word of words) {
      const having = await this.#rowsHaving(word, slices);
      having.forEach((has, row) => has === 0 && (left[row] = 0));
    }
    const rows = new Int32Array(this.length);
    let found = 0;
    for (const row of order) {
      if (slices.due) await slices.pause();
      if (left[row] === 1) rows[found++] = row;
    }
    return rows.subarray(0, found);
  }

  /** Gets ready for the first word that is looked for, which else waits for it. */
  async prepare(): Promise<void> {
    await this.#lowerNames(new Slices());
  }

  #filterTests(filters: Filters): ((row: number) => boolean)[] {
    const { verdicts, verdictNames, keys, keySets, from, cacheUrls, inputs, built, agreements } = this.columns;
    const tests: ((row: number) => boolean)[] = [];
    const oneOf = (column: readonly number[], values: readonly unknown[], accepts: (value: never) => boolean): void => {
      const accepted = values.map((value) => accepts(value as never));
      tests.push((row) => accepted[column[row] ?? -1] ?? false);
    };
    const index = (column: readonly number[], wanted: number): void => {
      tests.push((row) => column[row] === wanted);
    };
    if (filters.verdict !== undefined) index(verdicts, wantedIndex(verdictNames, filters.verdict));
    const { signer } = filters;
    if (signer !== undefined)
      oneOf(keys, keySets, (names: readonly string[]) => (signer === '' ? names.length === 0 : names.includes(signer)));
    if (filters.cache !== undefined) index(from, filters.cache === '' ? -1 : wantedIndex(cacheUrls, filters.cache));
    if (filters.input !== undefined) index(inputs, filters.input === '' ? -1 : wantedIndex(this.#inputTexts, filters.input));
    if (filters.built !== undefined) index(built, wantedIndex(BUILT, filters.built));
    if (filters.agreement !== undefined) index(agreements ?? [], wantedIndex(AGREEMENTS, filters.agreement));
    return tests;
  }

  /**
   * By row, 1 where a word occurs. It is looked for once in each distinct signer, cache, input and verdict, and in the text of all names: one
   * search through it costs a fraction of one for each name.
   */
  async #rowsHaving(word: string, slices: Slices): Promise<Uint8Array> {
    const { verdicts, verdictNames, keys, from, cacheUrls, inputs } = this.columns;
    const having = new Uint8Array(this.length);
    const occurs = (text: string): boolean => text.toLowerCase().includes(word);
    const mark = (column: readonly number[], values: readonly boolean[]): void => {
      if (values.includes(true)) column.forEach((index, row) => values[index] === true && (having[row] = 1));
    };
    mark(keys, this.#keyTexts.map(occurs));
    mark(from, cacheUrls.map(occurs));
    mark(inputs, this.#inputTexts.map(occurs));
    mark(
      verdicts,
      verdictNames.map((name) => occurs(name) || occurs(verdictLabel(name))),
    );
    const { text, ends } = await this.#lowerNames(slices);
    let row = 0;
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, ends[row])) {
      while (at >= (ends[row] ?? Infinity)) row++;
      having[row] = 1;
      if (slices.due) await slices.pause();
    }
    return having;
  }

  async #lowerNames(slices: Slices): Promise<LowerNames> {
    if (this.#lower !== undefined) return this.#lower;
    const names: string[] = [];
    const ends = new Int32Array(this.length);
    let end = 0;
    for (const [row, name] of this.columns.names.entries()) {
      const lower = name.toLowerCase();
      names.push(lower);
      ends[row] = end += lower.length + 1;
      if (slices.due) await slices.pause();
    }
    return (this.#lower = { text: names.join(' '), ends });
  }

  /** Rows by a column, equal ones by name; remembered. */
  async #order({ column, descending }: Sort, slices: Slices): Promise<Int32Array> {
    const id = `${column} ${descending ? 'down' : 'up'}`;
    const known = this.#orders.get(id);
    if (known !== undefined) return known;
    const ranks = await this.#ranks(slices);
    const key = column === 'name' ? ranks : this.#sortKeys(column);
    const sign = descending ? -1 : 1;
    const order = await sorted(
      this.length,
      (a, b) => sign * ((key[a] ?? 0) - (key[b] ?? 0)) || (ranks[a] ?? 0) - (ranks[b] ?? 0),
      slices,
    );
    this.#orders.set(id, order);
    return order;
  }

  async #ranks(slices: Slices): Promise<Int32Array> {
    if (this.#nameRanks !== undefined) return this.#nameRanks;
    const names = this.columns.names.map((name) => name.slice(HASH_LENGTH));
    const order = await sorted(this.length, (a, b) => compare(names[a] ?? '', names[b] ?? '') || a - b, slices);
    const ranks = new Int32Array(this.length);
    order.forEach((row, rank) => {
      ranks[row] = rank;
    });
    return (this.#nameRanks = ranks);
  }

  #sortKeys(column: Exclude<SortColumn, 'name'>): ArrayLike<number> {
    const { verdicts, verdictNames, keys, from, cacheUrls, sizes, references, referrers, inputs, built, agreements } =
      this.columns;
    const through = (column: readonly number[], ranks: readonly number[]): Int32Array =>
      Int32Array.from(column, (index) => ranks[index] ?? -1);
    switch (column) {
      case 'verdict':
        return through(
          verdicts,
          verdictNames.map((name) => VERDICTS.findIndex((verdict) => verdict === name)),
        );
      case 'signer':
        return through(keys, ranksOf(this.#keyTexts));
      case 'from':
        return through(from, ranksOf(cacheUrls));
      case 'input':
        return through(inputs, ranksOf(this.#inputTexts));
      case 'size':
        return sizes;
      case 'references':
        return references;
      case 'referrers':
        return referrers;
      case 'built':
        return built;
      case 'agreement':
        return agreements ?? [];
    }
  }
}

function wantedIndex(values: readonly string[], wanted: string): number {
  const index = values.indexOf(wanted);
  return index < 0 ? -2 : index; // no row has it
}

/** A whole store path may be pasted: its directory is the same for all. */
function wordsOf(text: string, storeDir: string): string[] {
  return text
    .trim()
    .split(/\s+/)
    .map((word) => (word.startsWith(`${storeDir}/`) ? word.slice(storeDir.length + 1) : word).toLowerCase())
    .filter((word) => word !== '');
}

function ranksOf(texts: readonly string[]): number[] {
  const order = texts.map((_, index) => index).sort((a, b) => compare(texts[a] ?? '', texts[b] ?? ''));
  const ranks: number[] = [];
  order.forEach((index, rank) => {
    ranks[index] = rank;
  });
  return ranks;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Merge sort of the numbers below `length`, in pieces; the built-in sort cannot pause. */
async function sorted(length: number, order: (a: number, b: number) => number, slices: Slices): Promise<Int32Array> {
  let from = Int32Array.from({ length }, (_, index) => index);
  let to = new Int32Array(length);
  for (let width = 1; width < length; width *= 2) {
    for (let start = 0; start < length; start += 2 * width) {
      const middle = Math.min(start + width, length);
      const end = Math.min(start + 2 * width, length);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++) {
        if (slices.due) await slices.pause();
        const takeLeft = left < middle && (right >= end || order(from[left] ?? 0, from[right] ?? 0) <= 0);
        to[at] = (takeLeft ? from[left++] : from[right++]) ?? 0;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}
