/** A walk that was packed, sent to nobody and read again: every report made from it is the same. */
import assert from 'node:assert/strict';
import { auditClosure, wholeReport } from '../../../server/src/engine/closure/auditReport';
import type { Answer, Check } from '../../../server/src/engine/closure/answers';
import { Closure } from '../../../server/src/engine/closure/closure';
import { buffersOf, packWalk, readPackedWalk, type PackedWalk } from '../../../server/src/engine/closure/packedWalk';
import type { Walked } from '../../../server/src/engine/closure/walk';
import type { ConfiguredCache } from '../../../server/src/engine/trustConfiguration';
import type { NarHash } from '../../../server/src/domain/hash';
import type { StorePath } from '../../../server/src/domain/storePath';
import { nthHash } from '../../support/nthHash';
import { trustConfiguration } from '../../support/trust';

const CACHES = trustConfiguration([{ url: 'https://one.example' }, { url: 'https://two.example' }], []).caches;
const HASHES = [
  'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
  'sha256-BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=',
] as NarHash[];

const GOOD: Check = {
  verdict: 'verified',
  keyNames: ['one-1'],
  signatures: [{ keyName: 'one-1', verdict: 'verified' }],
  contentAddressed: false,
  accepted: true,
  problems: [],
  invalid: false,
};
const BAD: Check = {
  verdict: 'invalid-signature',
  keyNames: [],
  signatures: [
    { keyName: 'one-1', verdict: 'invalid' },
    { keyName: 'é\u2028"<x>', verdict: 'untrusted-key' },
  ],
  contentAddressed: false,
  accepted: false,
  problems: [],
  invalid: true,
};

const pathOf = (number: number) => `/nix/store/${nthHash(number)}-p${number}` as StorePath;

function found(more: Partial<Extract<Answer, { kind: 'found' }>> = {}): Answer {
  return {
    kind: 'found',
    at: 1_700_000_000_123,
    narHash: HASHES[0]!,
    narSize: 10,
    references: [],
    voices: ['abc'],
    check: GOOD,
    ...more,
  };
}

/** Every kind of answer, and whatever a hostile cache may put into one. */
const ANSWERS: readonly (readonly (Answer | undefined)[] | undefined)[] = [
  [found({ references: [0, 1, 2, 3, 4, 5, 6, 7] }), found({ voices: ['abc', 'def'] })],
  [found({ narHash: HASHES[1]!, voices: [] }), found({ voices: [''] })],
  [{ kind: 'absent', at: 5 }, found({ check: BAD, voices: ['é,✓ 𝄞', '"\t'], narSize: 2 ** 52 })],
  [
    { kind: 'failed', at: 6, failure: { kind: 'unreachable', reason: 'it hangs' } },
    { kind: 'absent', at: 0 },
  ],
  [{ kind: 'not-asked', reason: 'offline' }, found({ outdated: 'it hangs' })],
  [
    { kind: 'failed', at: 6, failure: { kind: 'malformed', reason: 'it hangs' } },
    { kind: 'failed', at: 7, failure: { kind: 'malformed', reason: 'no\nline' } },
  ],
  [found({ check: undefined, references: [7] }), undefined],
  undefined,
];

function walked(more: Partial<Walked> = {}): Walked {
  return {
    lanes: CACHES.map((cache, order) => ({
      ...{ cache, order, url: cache.substituter.url, found: order + 3, refusal: undefined, failure: undefined },
      priority: order === 0 ? 40 : undefined,
      info: order === 0 ? { storeDir: '/nix/store', wantMassQuery: true, priority: 40 } : undefined,
      changed: order === 0 ? [] : [{ path: 1, before: { narHash: HASHES[1]!, at: 1 }, after: { narHash: HASHES[0]!, at: 2 } }],
    })),
    roots: [0],
    also: [7],
    paths: ANSWERS.map((_, number) => pathOf(number)),
    answersOf: (path) => ANSWERS[path],
    cancelled: true,
    ...more,
  };
}

/** As it arrives in another thread. */
function sent(walk: Walked): PackedWalk {
  const packed = packWalk(walk);
  return structuredClone(packed, { transfer: buffersOf(packed) });
}

async function reportOf(walk: Walked, challenge: boolean) {
  return wholeReport(await auditClosure(await Closure.of(walk, challenge), { audit: true }));
}

describe('a packed walk', () => {
  for (const challenge of [false, true])
    it(`reports the same${challenge ? ' of a challenge' : ''}`, async () => {
      const read = await readPackedWalk(sent(walked()), CACHES);
      assert.deepEqual(await reportOf(read, challenge), await reportOf(walked(), challenge));
    });

  it('keeps every part of every answer', async () => {
    const read = await readPackedWalk(sent(walked()), CACHES);
    for (const [path, answers] of ANSWERS.entries()) {
      const again = read.answersOf(path);
      assert.equal(again?.length, answers?.length);
      for (const [order, answer] of (answers ?? []).entries())
        assert.deepEqual(plain(again?.[order]), plain(answer), `${path} ${order}`);
    }
    assert.deepEqual(read.lanes, walked().lanes);
    assert.deepEqual(read.paths, walked().paths);
    assert.deepEqual([read.roots, read.also, read.cancelled, read.limit], [[0], [7], true, undefined]);
  });

  it('keeps a limit, and no path at all', async () => {
    const limit = { reason: 'max-paths', limit: 5 } as const;
    const read = await readPackedWalk(
      sent(walked({ paths: [], roots: [], also: [], limit, cancelled: false, answersOf: () => undefined })),
      CACHES,
    );
    assert.deepEqual([read.paths, read.limit, read.cancelled], [[], limit, false]);
  });

  it('keeps many paths, in pieces', async () => {
    const paths = Array.from({ length: 5000 }, (_, number) => pathOf(number));
    const read = await readPackedWalk(sent(walked({ paths, answersOf: () => [found(), undefined] })), CACHES);
    assert.deepEqual(read.paths, paths);
  });

  it('gives away all of its buffers', () => {
    const packed = packWalk(walked());
    structuredClone(packed, { transfer: buffersOf(packed) });
    for (const [name, column] of Object.entries({ ...packed, ...packed.caches[0]!.answers }))
      if (ArrayBuffer.isView(column)) assert.equal(column.byteLength, 0, name);
  });

  it('is refused when it names a cache that nobody asked about, or not as many paths as it says', async () => {
    const others: readonly ConfiguredCache[] = CACHES.slice(0, 1);
    await assert.rejects(readPackedWalk(sent(walked()), others), /was not asked about/);
    await assert.rejects(readPackedWalk({ ...sent(walked()), count: 9 }, CACHES), /names 8/);
  });
});

/** The parts of an answer that is read part by part. */
function plain(answer: Answer | undefined): unknown {
  if (answer?.kind !== 'found') return answer;
  const { kind, at, narHash, narSize, references, voices, check, outdated } = answer;
  return { kind, at, narHash, narSize, references, voices, check, outdated };
}
