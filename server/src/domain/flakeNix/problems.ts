import type { Span } from '../../util/span';

/** Something that was repaired or could not be understood. */
export interface Problem {
  readonly message: string;
  readonly span: Span;
}

/** Nobody reads more; a text of a million braces would make a million. */
const MOST = 100;

/** Collects problems, up to a number. */
export class ProblemList {
  readonly #problems: Problem[] = [];

  get all(): readonly Problem[] {
    return this.#problems;
  }

  report(message: string, span: Span): void {
    if (this.#problems.length < MOST) this.#problems.push({ message, span });
  }
}
