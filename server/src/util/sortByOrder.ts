/** Sorts many things by numbers that nearly tell their order. */
import { type Slices, sortInSlices } from './inSlices';

/** What `order` gives are whole numbers below 2 to the power of this. */
const ORDER_BITS = 50;

/** A double holds whole numbers of so many bits. */
const DOUBLE_BITS = 53;

/** So many steps are made between two looks at the clock. */
const STEPS = 256;

/**
 * Sorts into a new array, with pauses: by `order`, whole numbers below 2⁵⁰, as far as there is room for them beside the places of the items; what is
 * equal in that by `compare`, which has to agree with it. Takes a few milliseconds for 50,000 items, where comparing texts takes a hundred.
 */
export async function sortByOrder<T>(
  items: readonly T[],
  order: (item: T) => number,
  compare: (a: T, b: T) => number,
  slices: Slices,
): Promise<T[]> {
  // Order and place go into one number, since only plain numbers are sorted by native code.
  const placeBits = Math.ceil(Math.log2(Math.max(2, items.length)));
  const places = 2 ** placeBits;
  const dropped = 2 ** Math.max(0, ORDER_BITS + placeBits - DOUBLE_BITS);
  const keys = new Float64Array(items.length);
  for (let place = 0; place < items.length; place++) {
    keys[place] = Math.floor(order(items[place] as T) / dropped) * places + place;
    if (place % STEPS === 0 && slices.due) await slices.pause();
  }
  keys.sort();
  const sorted: T[] = [];
  for (let at = 0; at < keys.length;) {
    const prefix = Math.floor((keys[at] ?? 0) / places);
    const start = sorted.length;
    for (; at < keys.length && Math.floor((keys[at] ?? 0) / places) === prefix; at++) {
      sorted.push(items[(keys[at] ?? 0) % places] as T);
    }
    // Nearly always it is one thing alone; a cache could make up a closure in which all are equal.
    if (sorted.length - start > 1)
      for (const item of await sortInSlices(sorted.splice(start), compare, slices)) sorted.push(item);
    if (slices.due) await slices.pause();
  }
  return sorted;
}
