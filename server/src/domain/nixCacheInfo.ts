import { err, ok, type Result } from './result';

/** What `nix-cache-info` says of a binary cache. None of it is signed: whoever sits on a plain http connection can change it. */
export interface CacheInfo {
  /** Absent when the file does not say; then it is taken to be ours. */
  readonly storeDir?: string;
  /** Ascending: lower is asked first. Nix's default is 0, not 50 or 40. */
  readonly priority: number;
  readonly wantMassQuery: boolean;
}

/**
 * Why a `nix-cache-info` cannot be used. `not-cache-info`: it has text but none of the fields, as the login page of a hotel network.
 * `bad-field`: Priority is no integer, for which Nix fails the whole command. `conflict`: two StoreDir that differ; every Nix refuses one of them.
 */
export interface CacheInfoError {
  readonly kind: 'not-cache-info' | 'bad-field' | 'conflict';
  readonly field: 'StoreDir' | 'Priority' | undefined;
}

/** Says in one sentence, without a full stop, what is wrong with a `nix-cache-info`. */
export function describeCacheInfoError(error: CacheInfoError): string {
  switch (error.kind) {
    case 'not-cache-info':
      return 'the answer is not a nix-cache-info';
    case 'bad-field':
      return `${error.field ?? 'a field'} is not an integer`;
    case 'conflict':
      return `${error.field ?? 'a field'} occurs twice with different values`;
  }
}

/**
 * Parses `nix-cache-info`. As Nix does it: names end at the first colon and are taken as they are, values are trimmed, lines without a
 * colon are skipped, of a repeated field the last one counts; Priority may have a sign and anything behind its digits.
 * An empty file is one with defaults only. Source: Nix, `BinaryCacheStore::init`.
 */
export function parseNixCacheInfo(text: string): Result<CacheInfo, CacheInfoError> {
  let storeDir: string | undefined;
  let priority: number | undefined;
  let wantMassQuery: boolean | undefined;

  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon === -1) continue;
    const value = trim(line.slice(colon + 1));
    switch (line.slice(0, colon)) {
      case 'StoreDir':
        if (storeDir !== undefined && storeDir !== value) return err({ kind: 'conflict', field: 'StoreDir' });
        storeDir = value;
        break;
      case 'Priority':
        priority = parseInteger(value);
        if (priority === undefined) return err({ kind: 'bad-field', field: 'Priority' });
        break;
      case 'WantMassQuery':
        wantMassQuery = value === '1';
        break;
    }
  }

  const anyKnown = storeDir !== undefined || priority !== undefined || wantMassQuery !== undefined;
  if (!anyKnown && trim(text) !== '') return err({ kind: 'not-cache-info', field: undefined });
  return ok({ ...(storeDir !== undefined && { storeDir }), priority: priority ?? 0, wantMassQuery: wantMassQuery ?? false });
}

/** Reads what C++'s `stoi` reads: blanks, a sign, digits, and no more of the text than that; 32 bits. */
function parseInteger(value: string): number | undefined {
  const digits = /^[ \t\n\v\f\r]*([+-]?[0-9]+)/.exec(value)?.[1];
  const number = Number(digits);
  return digits !== undefined && number >= -(2 ** 31) && number < 2 ** 31 ? number + 0 : undefined;
}

/** Removes what Nix removes: blanks, tabs and line ends, no other white space. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && ' \t\r\n'.includes(text.charAt(start))) start++;
  while (end > start && ' \t\r\n'.includes(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}
