/** What an audit must find in made caches: worked out here from what the generator says, and by nothing of the auditor's. */
import type { Agreement } from '../../../server/src/domain/closureReport';
import type { PathVerdict } from '../../../server/src/domain/inputsReport';
import type { StorePath } from '../../../server/src/domain/storePath';
import type { Closure } from '../../../server/src/engine/closure/closure';
import { VERDICT_OF, type CacheName, type MadeCache, type PathClass } from '../../support/madeCache';

export interface ExpectedPath {
  readonly storePath: StorePath;
  readonly verdict: PathVerdict;
  readonly keyNames: readonly string[];
  readonly from: CacheName | undefined;
  readonly references: readonly StorePath[];
  readonly agreement: Agreement;
}

const KEY_OF: Readonly<Record<CacheName, string>> = { a: 'cache-a.example-1', b: 'cache-b.example-1' };
const BEST_FIRST: readonly PathVerdict[] = [
  'verified',
  'content-addressed',
  'untrusted-key',
  'unsigned',
  'invalid-signature',
  'absent',
];

/** What an audit found, as it is expected. */
export function observedClosure({ paths }: Closure): unknown[] {
  return paths.map(({ storePath, verdict, keyNames, from, references, agreement }) => ({
    storePath,
    verdict,
    keyNames,
    from: from?.slice(-1),
    references,
    agreement,
  }));
}

/** @param everyCache Whether every cache is asked for every path. */
export function expectedClosure(made: MadeCache, caches: readonly CacheName[], everyCache: boolean): ExpectedPath[] {
  const expected = new Map<StorePath, ExpectedPath>();
  const queue = [made.root];
  for (const path of queue) {
    if (expected.has(path)) continue;
    const here = expectedPath(made, caches, path, everyCache);
    expected.set(path, here);
    queue.push(...here.references);
  }
  return [...expected.values()].sort((one, two) => (one.storePath < two.storePath ? -1 : 1));
}

function expectedPath(made: MadeCache, caches: readonly CacheName[], storePath: StorePath, everyCache: boolean): ExpectedPath {
  const isGood = (cache: CacheName) => ['verified', 'content-addressed'].includes(VERDICT_OF[made.classOf(storePath, cache)]);
  const from = caches.find(isGood);
  const asked = everyCache || from === undefined ? caches : caches.slice(0, caches.indexOf(from) + 1);
  const ranked = [...asked].sort((one, two) => rankOf(made, storePath, one) - rankOf(made, storePath, two));
  const shown = from ?? ranked.find((cache) => made.classOf(storePath, cache) !== 'absent');
  return {
    storePath,
    verdict: VERDICT_OF[made.classOf(storePath, ranked[0]!)],
    keyNames: [...new Set(asked.flatMap((cache) => keysOf(made.classOf(storePath, cache), cache)))].sort(),
    from,
    references: shown === undefined ? [] : made.referencesOf(storePath, shown),
    agreement: agreementOf(made, storePath, caches),
  };
}

function rankOf(made: MadeCache, path: StorePath, cache: CacheName): number {
  return BEST_FIRST.indexOf(VERDICT_OF[made.classOf(path, cache)]);
}

function keysOf(kind: PathClass, cache: CacheName): string[] {
  if (kind === 'cross-signed') return [KEY_OF.a, KEY_OF.b];
  return VERDICT_OF[kind] === 'verified' ? [KEY_OF[cache]] : [];
}

function agreementOf(made: MadeCache, path: StorePath, caches: readonly CacheName[]): Agreement {
  const present = caches.filter((cache) => made.classOf(path, cache) !== 'absent');
  if (present.length === 0) return 'none';
  if (present.length === 1) return 'single';
  if (made.classOf(path, 'b') === 'disagree') return 'differ';
  // The second one passes the first one's signature on.
  const mirrored = made.classOf(path, 'b') === 'cross-signed' && made.classOf(path, 'a') === 'valid';
  return mirrored ? 'single' : 'agree';
}
