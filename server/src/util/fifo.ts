/** First in, first out: a queue that keeps nothing of what has left it, and takes no longer for many items than for few. */

/** With fewer than this in front of the head, closing the gap is not worth it. */
const MIN_GAP = 1024;

export class Fifo<T> {
  #items: (T | undefined)[] = [];
  /** Where the first item is. What was before is `undefined`: kept, it would keep everything that hangs on it in memory. */
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the first item. */
  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) this.clear();
    else if (this.#head >= MIN_GAP && this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes up to `count` items from the front, in their order. */
  take(count: number): T[] {
    const taken: T[] = [];
    for (let left = Math.min(count, this.length); left > 0; left--) taken.push(this.shift() as T);
    return taken;
  }

  /** Takes up to `count` items from the back, in their order. */
  takeLast(count: number): T[] {
    return this.#items.splice(Math.max(this.#head, this.#items.length - count)) as T[];
  }

  /** Takes all. */
  drain(): T[] {
    return this.take(this.length);
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
