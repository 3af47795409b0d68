/** Nix's trusted-settings.json: what the user answered when a flake's `nixConfig` asked to change a setting. */
import { err, ok, type Result } from './result';

/** By setting name as written in `nixConfig` (with `extra-`), then by the exact value, words joined by one space: allowed or refused. */
export type TrustedSettings = ReadonlyMap<string, ReadonlyMap<string, boolean>>;

export const NO_TRUSTED_SETTINGS: TrustedSettings = new Map();

/**
 * Parses the file. Anything but an object of objects of booleans is an error as a whole: a consent that cannot be read is none.
 *
 * @see Nix, src/libexpr/flake/config.cc, `readTrustedList`
 */
export function parseTrustedSettings(text: string): Result<TrustedSettings, { readonly kind: 'not-json' | 'wrong-shape' }> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return err({ kind: 'not-json' });
  }
  if (!isObject(json)) return err({ kind: 'wrong-shape' });
  const settings = new Map<string, ReadonlyMap<string, boolean>>();
  for (const [name, answers] of Object.entries(json)) {
    if (!isObject(answers)) return err({ kind: 'wrong-shape' });
    const values = new Map<string, boolean>();
    for (const [value, answer] of Object.entries(answers)) {
      if (typeof answer !== 'boolean') return err({ kind: 'wrong-shape' });
      values.set(value, answer);
    }
    settings.set(name, values);
  }
  return ok(settings);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
