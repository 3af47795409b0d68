/** Criteria: what a reviewer can say of an input, and what one statement says beside itself. */

export interface Criterion {
  readonly description: string;
  readonly implies: readonly string[];
}

/** Defined for everybody, so that organisations mean the same by them. A policy may add its own and cannot redefine these. */
export const BUILT_IN_CRITERIA: ReadonlyMap<string, Criterion> = new Map([
  [
    'safe-to-evaluate',
    {
      description:
        'Evaluating it does no harm: no surprise in nixConfig, no import from derivation or fetch without a hash that was not looked at.',
      implies: [],
    },
  ],
  [
    'safe-to-build',
    {
      description: 'Building what this flake takes from it runs nothing harmful on the machine that builds.',
      implies: ['safe-to-evaluate'],
    },
  ],
  [
    'safe-to-deploy',
    {
      description: 'What is built from it may run in production with the data and the rights that it gets there.',
      implies: ['safe-to-build'],
    },
  ],
]);

/** What a criterion is called. */
export function isCriterionName(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/.test(text);
}

/** Follows implications, in circles too. */
export class Criteria {
  readonly #all: ReadonlyMap<string, Criterion>;
  readonly #closures = new Map<string, ReadonlySet<string>>();

  constructor(own: ReadonlyMap<string, Criterion>) {
    this.#all = new Map([...own, ...BUILT_IN_CRITERIA]);
  }

  has(name: string): boolean {
    return this.#all.has(name);
  }

  get names(): readonly string[] {
    return [...this.#all.keys()];
  }

  describe(name: string): string | undefined {
    return this.#all.get(name)?.description;
  }

  /** The criterion itself and all that it implies; nothing for one that is not defined. */
  impliedBy(name: string): ReadonlySet<string> {
    const known = this.#closures.get(name);
    if (known !== undefined) return known;
    const closure = new Set<string>();
    const todo = [name];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const criterion = this.#all.get(next);
      if (criterion === undefined || closure.has(next)) continue;
      closure.add(next);
      todo.push(...criterion.implies);
    }
    this.#closures.set(name, closure);
    return closure;
  }

  /** Whether a statement with the criteria `given` also says `wanted`. */
  covers(given: readonly string[], wanted: string): boolean {
    return given.some((name) => this.impliedBy(name).has(wanted));
  }
}
