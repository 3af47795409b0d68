/** What was not checked and why. "Could not check" must never read as "fine", so every report lists it. */
import type { ClosureReport } from '../domain/closureReport';
import type { CacheAnswer, InputsReport } from '../domain/inputsReport';
import { stopWords } from './closureWords';
import { cacheLabel, inputLabel, plural } from './words';

export interface NotChecked {
  /** `cache cache.example.org`, `nixpkgs`, `12 inputs`. */
  readonly what: string;
  /** A sentence part; the foreign text in it is one that plainText has seen. */
  readonly why: string;
}

/** Collects everything that was not checked, each reason once; linear in the report. */
export function notChecked({ caches, inputs }: InputsReport, closure?: Pick<ClosureReport, 'totals' | 'stopped'>): NotChecked[] {
  const result: NotChecked[] = [];
  const settled = new Set<string>();
  for (const { url, state, reason } of caches) {
    if (state === 'reachable') continue;
    settled.add(url);
    result.push({ what: `cache ${cacheLabel(url)}`, why: reason ?? state });
  }
  const groups = new Map<string, { readonly inputs: Set<string>; readonly why: string; readonly at: Set<string> }>();
  for (const { path, answers } of inputs) {
    for (const { url, answer, reason } of answers) {
      // What holds for the cache as a whole has been said.
      if (settled.has(url) || !FAILED.has(answer)) continue;
      const why = reason ?? answer;
      // A failure belongs to its cache; a reason of ours is the same at all of them.
      const key = answer === 'not-asked' ? why : `${url} ${answer} ${why}`;
      const group = groups.get(key) ?? {
        inputs: new Set(),
        why: answer === 'not-asked' ? why : `${answer}: ${why}`,
        at: new Set(),
      };
      group.inputs.add(inputLabel(path, 40));
      group.at.add(url);
      groups.set(key, group);
    }
  }
  for (const { inputs: names, why, at } of groups.values()) {
    const where = at.size === 1 && caches.length > 1 ? ` at ${cacheLabel([...at][0] ?? '')}` : '';
    result.push({ what: `${nameSome(names)}${where}`, why });
  }
  const unknown = closure?.totals.byVerdict.unknown ?? 0;
  if (unknown > 0) result.push({ what: plural(unknown, 'store path'), why: 'no cache gave an answer' });
  if (closure?.stopped !== undefined) result.push({ what: 'the rest of the closure', why: stopWords(closure.stopped) });
  return result;
}

const FAILED: ReadonlySet<CacheAnswer['answer']> = new Set(['unauthorized', 'unreachable', 'malformed', 'not-asked']);

const MAX_NAMES = 5;

function nameSome(names: ReadonlySet<string>): string {
  if (names.size <= MAX_NAMES) return [...names].join(', ');
  return `${[...names].slice(0, MAX_NAMES).join(', ')} and ${plural(names.size - MAX_NAMES, 'more input')}`;
}
