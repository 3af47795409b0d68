/** Reads values whose shape nobody vouches for, and gathers what is wrong with them, with its place. */
import { plainText } from '../../util/plainText';
import { describePublicKeyError, parsePublicKey, type PublicKey } from '../publicKey';
import type { JsonPath } from './jsonc';

export interface ShapeProblem {
  readonly path: JsonPath;
  readonly message: string;
  /** Whether the name itself is what is wrong. */
  readonly part?: 'name';
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** More problems of one file help nobody. */
const MAX_PROBLEMS = 100;

/** Longer texts are refused: they are shown, compared and signed. */
export const MAX_TEXT = 16_384;
const MAX_LIST = 10_000;

export class Shape {
  readonly problems: ShapeProblem[] = [];

  problem(path: JsonPath, message: string, part?: 'name'): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ path, message, ...(part === undefined ? {} : { part }) });
  }

  /** An object with no other names than `names`; a name that we do not know may be a misspelt limit, so it is no small thing. */
  object(value: unknown, path: JsonPath, names: readonly string[] | 'any'): JsonObject | undefined {
    if (!isObject(value)) {
      this.problem(path, `${label(path)} has to be an object`);
      return undefined;
    }
    if (names === 'any') return value;
    for (const name of Object.keys(value)) {
      if (names.includes(name)) continue;
      this.problem(
        [...path, name],
        `"${plainText(name, 40)}" is no field of ${label(path)}; there are ${names.join(', ')}`,
        'name',
      );
    }
    return value;
  }

  text(value: unknown, path: JsonPath): string | undefined {
    if (typeof value !== 'string' || value === '') {
      this.problem(path, `${label(path)} has to be a text`);
      return undefined;
    }
    if (value.length > MAX_TEXT) {
      this.problem(path, `${label(path)} is longer than ${MAX_TEXT} characters`);
      return undefined;
    }
    return value;
  }

  list(value: unknown, path: JsonPath): readonly unknown[] {
    if (value === undefined) return [];
    if (!Array.isArray(value)) {
      this.problem(path, `${label(path)} has to be a list`);
      return [];
    }
    if (value.length > MAX_LIST) {
      this.problem(path, `${label(path)} has more than ${MAX_LIST} elements`);
      return [];
    }
    return value;
  }

  texts(value: unknown, path: JsonPath): readonly string[] {
    return this.list(value, path).flatMap((element, index) => this.text(element, [...path, index]) ?? []);
  }

  /** A text, or a list of texts. */
  textOrTexts(value: unknown, path: JsonPath): readonly string[] {
    return typeof value === 'string' ? [value] : this.texts(value, path);
  }

  integer(value: unknown, path: JsonPath, least: number, most: number): number | undefined {
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    this.problem(path, `${label(path)} has to be a whole number from ${least} to ${most}`);
    return undefined;
  }

  boolean(value: unknown, path: JsonPath): boolean | undefined {
    if (typeof value === 'boolean') return value;
    this.problem(path, `${label(path)} has to be true or false`);
    return undefined;
  }

  oneOf<T extends string>(value: unknown, path: JsonPath, choices: readonly T[]): T | undefined {
    const found = choices.find((choice) => choice === value);
    if (found === undefined) this.problem(path, `${label(path)} has to be one of ${choices.join(', ')}`);
    return found;
  }

  keys(value: unknown, path: JsonPath): readonly PublicKey[] {
    return this.list(value, path).flatMap((element, index) => {
      const at = [...path, index];
      const text = this.text(element, at);
      if (text === undefined) return [];
      const key = parsePublicKey(text);
      if (key.ok) return [key.value];
      // Never the key itself: somebody may have pasted a secret one.
      this.problem(at, `this key ${describePublicKeyError(key.error)}`);
      return [];
    });
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A place in words: `inputs[2].criteria`. */
export function label(path: JsonPath): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${plainText(part, 40)}`)).join('');
  return text === '' ? 'the file' : text.replace(/^\./, '');
}
