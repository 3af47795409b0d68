/**
 * What caches answered: in memory, on disk behind it, asked again when too old. One request is in flight per question, shared by all
 * who wait. Good answers outlive a failure to ask again; failures are remembered for minutes only, and never on disk.
 */
import { SharedTasks } from '../util/sharedTasks';
import type { Clock, Remembered } from './ports';

/** The cache gave no usable answer. `reason` is a sentence part; foreign text in it may be hostile until shown. */
export interface Failure {
  readonly kind: 'unauthorized' | 'malformed' | 'unreachable';
  readonly reason: string;
}

/** The last good answer to a question, and the failure since then, if asking again failed. */
export interface Known<Good> {
  readonly good?: Remembered<Good>;
  readonly failure?: Remembered<Failure>;
}

export type Asked<Good> = { readonly good: Good; readonly keep: (at: number) => void } | { readonly failure: Failure };

/** Something that one cache can be asked. */
export interface Question<Good> {
  /** Two questions with one key have one answer. */
  readonly key: string;
  /** Reads the answer of an earlier session. */
  readonly recall: () => Promise<Remembered<Good> | undefined>;
  /** `keep` writes the new answer for later sessions; `at` is when it came. */
  readonly ask: (signal: AbortSignal) => Promise<Asked<Good>>;
  /** How long an answer holds before it is asked for again. */
  readonly lifetimeMs: (good: Good) => number;
}

/** Long enough that one audit asks a broken cache once, short enough that a repaired one is seen soon. */
export const FAILURE_LIFETIME_MS = 5 * 60_000;

/** About 50 flakes with 60 inputs each at 3 caches; the oldest go first. */
const MAX_ENTRIES = 10_000;

export class AnswerMemory<Good> {
  readonly #clock: Clock;
  readonly #known = new Map<string, Known<Good>>();
  readonly #tasks = new SharedTasks<Known<Good>>();
  /** Grows with every {@link clear}: an answer to a request that was sent before is delivered, but not remembered. */
  #generation = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Tells what is known without asking, however old. */
  async known(question: Question<Good>): Promise<Known<Good>> {
    const inMemory = this.#known.get(question.key);
    if (inMemory !== undefined) return this.#withoutOldFailure(inMemory);
    const generation = this.#generation;
    const good = await question.recall();
    if (good === undefined) return {};
    // Something newer may have arrived while the disk was read.
    const meanwhile = this.#known.get(question.key);
    if (meanwhile !== undefined) return this.#withoutOldFailure(meanwhile);
    const known = { good };
    if (generation === this.#generation) this.#remember(question.key, known);
    return known;
  }

  /** Tells whether the cache must be asked: nothing is known, or it is too old, and it did not fail a moment ago. */
  mustAsk(question: Question<Good>, { good, failure }: Known<Good>): boolean {
    if (failure !== undefined) return false; // old ones are gone already
    if (good === undefined) return true;
    const ageMs = this.#clock.now() - good.at;
    return ageMs < 0 || ageMs >= question.lifetimeMs(good.value);
  }

  /** Asks, whatever is known. Rejects only when `signal` aborts. */
  ask(question: Question<Good>, signal: AbortSignal): Promise<Known<Good>> {
    return this.#tasks.run(question.key, (taskSignal) => this.#load(question, taskSignal), signal);
  }

  /** Notes that the question could not be put, because of what went wrong before. */
  async fail(question: Question<Good>, failure: Remembered<Failure>): Promise<Known<Good>> {
    const generation = this.#generation;
    const { good } = await this.known(question);
    const known = { ...(good === undefined ? {} : { good }), failure };
    if (generation === this.#generation) this.#remember(question.key, known);
    return known;
  }

  /** Forgets everything in memory. */
  clear(): void {
    this.#generation += 1;
    this.#known.clear();
  }

  /** Gives up all requests under way. */
  close(): void {
    this.#tasks.abortAll();
  }

  async #load(question: Question<Good>, signal: AbortSignal): Promise<Known<Good>> {
    const generation = this.#generation;
    const answer = await question.ask(signal);
    const at = this.#clock.now();
    if ('good' in answer) {
      const known = { good: { value: answer.good, at } };
      if (generation === this.#generation) {
        this.#remember(question.key, known);
        answer.keep(at);
      }
      return known;
    }
    return this.fail(question, { value: answer.failure, at });
  }

  #withoutOldFailure(known: Known<Good>): Known<Good> {
    if (known.failure === undefined) return known;
    const ageMs = this.#clock.now() - known.failure.at;
    if (ageMs >= 0 && ageMs < FAILURE_LIFETIME_MS) return known;
    return known.good === undefined ? {} : { good: known.good };
  }

  #remember(key: string, known: Known<Good>): void {
    this.#known.delete(key); // to the end of the order: the first is the oldest
    this.#known.set(key, known);
    if (this.#known.size <= MAX_ENTRIES) return;
    const oldest = this.#known.keys().next();
    if (oldest.done !== true) this.#known.delete(oldest.value);
  }
}
