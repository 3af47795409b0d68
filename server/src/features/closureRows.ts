/** A finished closure as an editor's table reads it: columns of numbers, in pieces. Made once for an audit, with pauses. */
import type { ClosurePath } from '../domain/closureReport';
import type { PathVerdict } from '../domain/inputsReport';
import type { StorePath } from '../domain/storePath';
import type { Closure } from '../engine/closure/closure';
import type { ClosureColumns, ClosurePathDetails } from '../protocol';
import { Slices } from '../util/inSlices';
import { ValueTable } from '../util/valueTable';

/** What is known of paths beside the caches' answers. */
export interface ClosureMarks {
  readonly storeDir: string;
  /** Built on this machine, or what Nix would have to build here. */
  readonly built: ReadonlyMap<StorePath, 'local' | 'would-build'>;
  /** To which input a path belongs, where that is known. */
  readonly inputs: ReadonlyMap<StorePath, readonly string[]>;
}

export interface ClosureRows {
  readonly closure: Closure;
  /** All of it. */
  readonly columns: ClosureColumns;
  /** By row: the number of the path in the closure. */
  readonly numbers: Int32Array;
  /** By path. */
  readonly rowOf: ReadonlyMap<StorePath, number>;
  /** Rows that refer to row `r`: those from `referrerStarts[r]` to `referrerStarts[r + 1]`. */
  readonly referrerRows: Int32Array;
  readonly referrerStarts: Int32Array;
}

/** So many rows are one piece: it takes the protocol about 3 ms to write one. */
export const ROWS_AT_ONCE = 5000;

const MAX_REFERRERS = 100;

const AGREEMENTS = ['none', 'single', 'agree', 'differ'] as const;

/** Makes the rows. */
export async function closureRows(closure: Closure, { storeDir, built, inputs }: ClosureMarks): Promise<ClosureRows> {
  const slices = new Slices();
  const size = closure.size;
  const numbers = new Int32Array(size);
  const rowByNumber = new Int32Array(closure.numbers).fill(-1);
  const rowOf = new Map<StorePath, number>();
  const verdictNames = new ValueTable<PathVerdict>((verdict) => verdict);
  const keySets = new ValueTable<readonly string[]>((names) => names.join('\n'));
  const cacheUrls = new ValueTable<string>((url) => url);
  const inputPaths = new ValueTable<readonly string[]>((path) => JSON.stringify(path));
  const columns = {
    names: new Array<string>(size),
    verdicts: new Array<number>(size),
    keys: new Array<number>(size),
    from: new Array<number>(size),
    sizes: new Array<number>(size),
    references: new Array<number>(size),
    referrers: new Array<number>(size).fill(0),
    built: new Array<number>(size),
    agreements: new Array<number>(size),
    inputs: new Array<number>(size),
  };
  let row = 0;
  for (const { number, storePath, verdict, keyNames, from, shown, agreement } of closure.entries()) {
    numbers[row] = number;
    rowByNumber[number] = row;
    rowOf.set(storePath, row);
    const mark = built.get(storePath);
    const input = inputs.get(storePath);
    columns.names[row] = storePath.slice(storeDir.length + 1);
    columns.verdicts[row] = verdictNames.placeOf(verdict);
    columns.keys[row] = keySets.placeOf(keyNames);
    columns.from[row] = from === undefined ? -1 : cacheUrls.placeOf(from.url);
    columns.sizes[row] = shown?.narSize ?? -1;
    columns.built[row] = mark === undefined ? 0 : mark === 'local' ? 1 : 2;
    columns.agreements[row] = Math.max(0, AGREEMENTS.indexOf(agreement ?? 'none'));
    columns.inputs[row] = input === undefined ? -1 : inputPaths.placeOf(input);
    row++;
    if (slices.due) await slices.pause();
  }

  const referrerStarts = new Int32Array(size + 1);
  for (const { number, shown } of closure.entries()) {
    let references = 0;
    for (const reference of shown?.references ?? []) {
      if (reference === number) continue;
      references++;
      const to = rowByNumber[reference] ?? -1;
      if (to >= 0) referrerStarts[to + 1] = (referrerStarts[to + 1] ?? 0) + 1;
    }
    columns.references[rowByNumber[number] ?? 0] = references;
    if (slices.due) await slices.pause();
  }
  for (let at = 0; at < size; at++) {
    columns.referrers[at] = referrerStarts[at + 1] ?? 0;
    referrerStarts[at + 1] = (referrerStarts[at + 1] ?? 0) + (referrerStarts[at] ?? 0);
  }
  const referrerRows = new Int32Array(referrerStarts[size] ?? 0);
  const filled = referrerStarts.slice();
  for (const { number, shown } of closure.entries()) {
    for (const reference of shown?.references ?? []) {
      const to = rowByNumber[reference] ?? -1;
      if (reference === number || to < 0) continue;
      const at = filled[to] ?? 0;
      referrerRows[at] = rowByNumber[number] ?? 0;
      filled[to] = at + 1;
    }
    if (slices.due) await slices.pause();
  }

  const { agreements, ...always } = columns;
  return {
    closure,
    columns: {
      total: size,
      storeDir,
      ...always,
      ...(closure.challenge ? { agreements } : {}),
      verdictNames: verdictNames.values,
      keySets: keySets.values,
      cacheUrls: cacheUrls.values,
      inputPaths: inputPaths.values,
    },
    numbers,
    rowOf,
    referrerRows,
    referrerStarts,
  };
}

/** One piece of the columns. */
export function columnsFrom({ columns }: Pick<ClosureRows, 'columns'>, offset: number, count = ROWS_AT_ONCE): ClosureColumns {
  const cut = <T>(column: readonly T[]): readonly T[] => column.slice(offset, offset + count);
  return {
    ...columns,
    names: cut(columns.names),
    verdicts: cut(columns.verdicts),
    keys: cut(columns.keys),
    from: cut(columns.from),
    sizes: cut(columns.sizes),
    references: cut(columns.references),
    referrers: cut(columns.referrers),
    built: cut(columns.built),
    ...(columns.agreements === undefined ? {} : { agreements: cut(columns.agreements) }),
    inputs: cut(columns.inputs),
  };
}

/** Everything about one path; nothing when the closure does not have it. `describe` adds what the caches do not know of a path. */
export function pathDetails(
  { closure, numbers, rowOf, columns, referrerRows, referrerStarts }: ClosureRows,
  storePath: string,
  describe: (path: ClosurePath) => ClosurePath,
): ClosurePathDetails | undefined {
  const row = rowOf.get(storePath as StorePath);
  const number = row === undefined ? undefined : numbers[row];
  if (row === undefined || number === undefined) return undefined;
  const entry = closure.entryAt(number);
  const why = closure.why(entry.storePath).map((path) => {
    const on = closure.entryAt(numbers[rowOf.get(path) ?? 0] ?? 0);
    const { verdict, keyNames, from } = on;
    return { storePath: on.storePath, verdict, keyNames, ...(from === undefined ? {} : { from: from.url }) };
  });
  const start = referrerStarts[row] ?? 0;
  const end = referrerStarts[row + 1] ?? start;
  const referrers = [...referrerRows.subarray(start, Math.min(end, start + MAX_REFERRERS))].map(
    (other) => `${columns.storeDir}/${columns.names[other] ?? ''}`,
  );
  // Here every cache's answer is of interest, not only where one is missing.
  const path = describe({ ...closure.describe(entry), answers: closure.answersOf(entry.answers) });
  return { path, why, referrers, referrerCount: end - start };
}
