/**
 * Opaque ids for what links in Markdown name. A link carries `ref-7`, never a URL, a path or a name: whoever forges one can at most name
 * something that this server showed before, and what it names is looked up again.
 */
import type { References } from '../features/view';

const REMEMBERED = 20_000;

/** What an id stands for. */
export type Target =
  | { readonly kind: 'flake'; readonly dir: string }
  | { readonly kind: 'input'; readonly dir: string; readonly path: readonly string[] };

/** Issues ids and looks them up; the same target always gets the same id. The least recently issued are forgotten first. */
export class ReferenceTable implements References {
  readonly #targets = new Map<string, Target>();
  readonly #ids = new Map<string, string>();
  #next = 1;

  /** Returns the id of a target. */
  idOf(target: Target): string {
    const identity = JSON.stringify(target);
    const known = this.#ids.get(identity);
    if (known !== undefined) return known;
    const id = `ref-${this.#next++}`;
    this.#ids.set(identity, id);
    this.#targets.set(id, target);
    const [oldest] = this.#ids;
    if (this.#ids.size > REMEMBERED && oldest !== undefined) {
      this.#ids.delete(oldest[0]);
      this.#targets.delete(oldest[1]);
    }
    return id;
  }

  /** Looks an id up; anything that is none, or is forgotten, gives nothing. */
  find(id: unknown): Target | undefined {
    return typeof id === 'string' ? this.#targets.get(id) : undefined;
  }
}
