/** Values by place, each once: columns of a table then hold small numbers. */
export class ValueTable<T> {
  readonly values: T[] = [];
  readonly #places = new Map<unknown, number>();
  readonly #identity: (value: T) => unknown;

  /** @param identity What equal values have in common: a text, or the value itself where equal ones are one object. */
  constructor(identity: (value: T) => unknown) {
    this.#identity = identity;
  }

  /** The place of a value in {@link values}; it gets the next one when it has none. */
  placeOf(value: T): number {
    const identity = this.#identity(value);
    let place = this.#places.get(identity);
    if (place === undefined) {
      place = this.values.push(value) - 1;
      this.#places.set(identity, place);
    }
    return place;
  }
}
