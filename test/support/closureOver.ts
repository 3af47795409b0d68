import { createHash } from 'node:crypto';
import { parseNarHash, type NarHash } from '../../server/src/domain/hash';
import { storePathHash, type StorePath } from '../../server/src/domain/storePath';
import type { Walk } from '../../server/src/engine/closure/auditOutputs';
import { SignatureWorkers } from '../../server/src/adapters/signatures/signatureWorkers';
import { VerifiedSignaturesMemory } from '../../server/src/adapters/verifiedSignaturesFile';
import { walkClosure } from '../../server/src/engine/closure/walkClosure';
import { pathOf } from './buildGraph';
import { fakeCache, type FakeCache } from './fakeCache';
import { clockAt } from './fakeClock';
import { fakeLog } from './fakeLog';
import { fakeStore } from './fakeStore';
import { narinfoText, type Signer } from './signer';
import { trustConfiguration } from './trust';

/** A cache of paths by name, each with what it refers to and who signed it. */
export function cacheOf(
  paths: Readonly<Record<string, { readonly references?: readonly string[]; readonly signers?: readonly Signer[] }>>,
): FakeCache {
  return fakeCache({
    narinfos: Object.entries(paths).map(([name, { references = [], signers = [] }]) => [
      storePathHash(pathOf(name)),
      {
        kind: 'found',
        text: narinfoText({ storePath: pathOf(name), narHash: narHashOf(name), references: references.map(pathOf), signers }),
      },
    ]),
  });
}

/** A NAR hash for a name: always the same. */
export function narHashOf(name: string): NarHash {
  const parsed = parseNarHash(`sha256:${createHash('sha256').update(name).digest('hex')}`);
  if (!parsed.ok) throw new Error('not a hash');
  return parsed.value;
}

/** Walks over caches by URL, with nothing remembered from one walk to the next. */
export function walkOver(
  caches: Readonly<Record<string, FakeCache>>,
  keys: readonly string[],
): Walk & { readonly walks: StorePath[][] } {
  const configuration = trustConfiguration(
    Object.keys(caches).map((url) => ({ url })),
    keys,
  );
  const walks: StorePath[][] = [];
  const walk: Walk = (request, signal) => {
    walks.push([...request.roots]);
    return walkClosure(
      { ...request, configuration, challenge: false },
      {
        openCache: ({ substituter }) => caches[substituter.url] ?? fakeCache(),
        store: fakeStore(),
        clock: clockAt('2026-01-01T00:00:00Z'),
        log: fakeLog(),
        verified: new VerifiedSignaturesMemory(),
        openVerifier: () => new SignatureWorkers({ workers: 0, digests: false }),
      },
      signal,
    );
  };
  return Object.assign(walk, { walks });
}
