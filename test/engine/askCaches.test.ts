import assert from 'node:assert/strict';
import { storePathHash } from '../../server/src/domain/storePath';
import type { CacheAnswer, InputsReport } from '../../server/src/domain/inputsReport';
import { engineBench, NEVER, NOW } from '../support/engineBench';
import { fakeCache, hanging } from '../support/fakeCache';
import { flakeFacts, inputFacts } from '../support/flakeFacts';
import { narinfoText, sourceAddress } from '../support/signer';
import { until } from '../support/until';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const nixpkgs = inputFacts('nixpkgs');
const utils = inputFacts('flake-utils');
const facts = flakeFacts([utils, nixpkgs]);

const hashOf = ({ storePath }: typeof nixpkgs) => storePathHash(storePath!);
const found = ({ storePath, narHash }: typeof nixpkgs) =>
  ({ kind: 'found', text: narinfoText({ storePath: storePath!, narHash: narHash!, ca: sourceAddress(narHash!) }) }) as const;
const cacheWith = (...inputs: (typeof nixpkgs)[]) =>
  fakeCache({ narinfos: inputs.map((input) => [hashOf(input), found(input)]) });

function answersOf(report: InputsReport, name: string): readonly CacheAnswer[] {
  return report.inputs.find(({ path }) => path.join('/') === name)?.answers ?? [];
}

describe('which caches are asked, and in which order', () => {
  it('reports them as Nix would ask: by ascending priority, equal ones as configured, ?priority= first', async () => {
    const at = (priority: number) => fakeCache({ info: { kind: 'found', info: { priority, wantMassQuery: true } } });
    const { engine, configuration } = engineBench([
      { url: 'https://forty.example', cache: at(40) },
      { url: 'https://none.example', cache: at(0) },
      { url: 'https://ten.example', cache: at(10) },
      { url: 'https://forty-too.example', cache: at(40) },
      { url: 'https://made-first.example?priority=-5', cache: at(50) },
    ]);
    const report = await engine.check(facts, { configuration, offline: false }, NEVER);
    assert.deepEqual(
      report.caches.map(({ url, priority, state }) => [url, priority, state]),
      [
        ['https://made-first.example', -5, 'reachable'],
        ['https://none.example', 0, 'reachable'],
        ['https://ten.example', 10, 'reachable'],
        ['https://forty.example', 40, 'reachable'],
        ['https://forty-too.example', 40, 'reachable'],
      ],
    );
    assert.deepEqual(
      answersOf(report, 'nixpkgs').map(({ url }) => url),
      report.caches.map(({ url }) => url),
    );
  });

  it('puts those that do not answer behind, and those that are not asked last, each with its reason', async () => {
    const { engine, configuration } = engineBench([
      { url: 'ssh-ng://builder.example' },
      { url: 'https://declared.example', origin: 'flake', refused: 'declared by the flake, not accepted' },
      { url: 'https://down.example', cache: fakeCache({ info: { kind: 'unreachable', reason: 'no answer within 10 s' } }) },
      { url: 'https://up.example' },
    ]);
    const report = await engine.check(facts, { configuration, offline: false }, NEVER);
    assert.deepEqual(
      report.caches.map(({ url, state, reason }) => [url, state, reason]),
      [
        ['https://up.example', 'reachable', undefined],
        ['https://down.example', 'unreachable', 'no answer within 10 s'],
        ['ssh-ng://builder.example', 'not-asked', 'reached over ssh, which Flake Trust does not open'],
        ['https://declared.example', 'not-asked', 'declared by the flake, not accepted'],
      ],
    );
  });

  it('asks no cache for a flake without sources to look for', async () => {
    const { engine, configuration, caches } = engineBench([{ url: 'https://a.example' }]);
    const report = await engine.check(flakeFacts([]), { configuration, offline: false }, NEVER);
    assert.deepEqual(caches.get('https://a.example')?.asked, []);
    assert.deepEqual(report.caches, [
      { url: 'https://a.example', origin: 'nix.conf', state: 'not-asked', reason: 'nothing was asked of it' },
    ]);
  });

  it('does not ask a cache that serves another store directory', async () => {
    const info = { storeDir: '/opt/store', priority: 0, wantMassQuery: false };
    const cache = fakeCache({ info: { kind: 'found', info } });
    const { engine, configuration } = engineBench([{ url: 'https://other.example', cache }]);
    const report = await engine.check(facts, { configuration, offline: false }, NEVER);
    assert.deepEqual(cache.asked, ['info']);
    const reason = 'it serves the store directory /opt/store, not /nix/store';
    assert.deepEqual(report.caches, [
      { url: 'https://other.example', origin: 'nix.conf', state: 'not-asked', reason, priority: 0, storeDir: '/opt/store' },
    ]);
    assert.deepEqual(answersOf(report, 'nixpkgs'), [{ url: 'https://other.example', answer: 'not-asked', reason }]);
  });

  it('asks it again a day later, and believes it then', async () => {
    const cache = cacheWith(nixpkgs);
    cache.infoAnswer = { kind: 'found', info: { storeDir: '/opt/store', priority: 0, wantMassQuery: false } };
    const { engine, configuration, clock } = engineBench([{ url: 'https://other.example', cache }]);
    await engine.check(facts, { configuration, offline: false }, NEVER);
    cache.infoAnswer = { kind: 'found', info: { storeDir: '/nix/store', priority: 0, wantMassQuery: false } };
    clock.advance(DAY_MS);
    const report = await engine.check(facts, { configuration, offline: false }, NEVER);
    assert.equal(answersOf(report, 'nixpkgs')[0]?.answer, 'found');
    assert.equal(answersOf(report, 'flake-utils')[0]?.answer, 'absent');
  });

  for (const [kind, answer] of [
    ['unauthorized', 'unauthorized'],
    ['unreachable', 'unreachable'],
    ['malformed', 'malformed'],
    ['not-a-cache', 'malformed'],
  ] as const) {
    it(`a cache whose nix-cache-info is ${kind} is not asked for paths: ${answer}`, async () => {
      const cache = fakeCache({ info: { kind, reason: 'why' } });
      const { engine, configuration } = engineBench([{ url: 'https://bad.example', cache }]);
      const report = await engine.check(facts, { configuration, offline: false }, NEVER);
      assert.deepEqual(cache.asked, ['info']);
      assert.equal(report.caches[0]?.state, 'unreachable');
      assert.deepEqual(answersOf(report, 'nixpkgs'), [{ url: 'https://bad.example', answer, reason: 'why', checkedAt: NOW }]);
      assert.equal(report.inputs[0]?.signer.verdict, 'unknown');
    });
  }

  it('asks a cache that is named twice once', async () => {
    const { engine, configuration, caches } = engineBench([
      { url: 'https://a.example' },
      { url: 'https://a.example/?trusted=1' },
    ]);
    const report = await engine.check(facts, { configuration, offline: false }, NEVER);
    assert.equal(report.caches.length, 1);
    assert.equal(caches.get('https://a.example')?.asked.length, 3);
  });

  it('asks for a path once, however many inputs lock it, those of the root first', async () => {
    const deep = inputFacts('a/b/nixpkgs', { node: 'nixpkgs' });
    const cache = fakeCache();
    const { engine, configuration } = engineBench([{ url: 'https://a.example', cache }]);
    const inputs = [inputFacts('a/b/deep'), deep, inputFacts('b/nixpkgs', { node: 'nixpkgs', follows: ['nixpkgs'] }), nixpkgs];
    await engine.check(flakeFacts(inputs), { configuration, offline: false }, NEVER);
    assert.deepEqual(cache.asked, ['info', hashOf(nixpkgs), hashOf(inputFacts('deep'))]);
  });

  it('asks every cache for the inputs of the root before those of other inputs', async () => {
    const below = Array.from({ length: 300 }, (_, index) => inputFacts(`a/n${index}`));
    const direct = [inputFacts('a'), inputFacts('z')];
    const { engine, configuration, caches } = engineBench([{ url: 'https://a.example' }, { url: 'https://b.example' }]);
    const inputs = [...below.slice(0, 150), direct[0]!, ...below.slice(150), direct[1]!];
    await engine.check(flakeFacts(inputs), { configuration, offline: false }, NEVER);
    for (const { asked } of caches.values()) assert.deepEqual(asked, ['info', ...[...direct, ...below].map(hashOf)]);
  });
});

describe('counting look-ups', () => {
  it('counts what a check would ask, and asks nothing', async () => {
    const { engine, configuration, caches } = engineBench([
      { url: 'https://a.example' },
      { url: 'https://b.example' },
      { url: 'https://declared.example', origin: 'flake', refused: 'declared by the flake, not accepted' },
    ]);
    const scope = { configuration, offline: false };
    assert.deepEqual(await engine.lookups(facts, scope, NEVER), { lookups: 4, caches: 2 });
    for (const { asked } of caches.values()) assert.deepEqual(asked, []);
  });

  it('leaves out what is remembered, unless it is to be asked again', async () => {
    const { engine, configuration } = engineBench([{ url: 'https://a.example' }]);
    const scope = { configuration, offline: false };
    await engine.check(flakeFacts([nixpkgs]), scope, NEVER);
    assert.deepEqual(await engine.lookups(facts, scope, NEVER), { lookups: 1, caches: 1 });
    await engine.check(facts, scope, NEVER);
    assert.deepEqual(await engine.lookups(facts, scope, NEVER), { lookups: 0, caches: 0 });
    assert.deepEqual(await engine.lookups(facts, { ...scope, refresh: true }, NEVER), { lookups: 2, caches: 1 });
  });

  it('leaves out private inputs, directories of this machine, and everything offline', async () => {
    const inputs = flakeFacts([nixpkgs, inputFacts('secret', { privateReason: 'fetched over ssh' })]);
    const { engine, configuration } = engineBench([{ url: 'https://a.example' }, { url: 'file:///srv/cache' }]);
    assert.deepEqual(await engine.lookups(inputs, { configuration, offline: false }, NEVER), { lookups: 1, caches: 1 });
    assert.deepEqual(await engine.lookups(inputs, { configuration, offline: true }, NEVER), { lookups: 0, caches: 0 });
  });
});

describe('private inputs', () => {
  const secret = inputFacts('secret', { privateReason: 'fetched over ssh' });

  it('are asked for at caches marked private, and at directories of this machine, alone', async () => {
    const { engine, configuration, caches } = engineBench([
      { url: 'https://public.example' },
      { url: 'https://ours.example', private: true },
      { url: 'file:///srv/cache' },
    ]);
    const report = await engine.check(flakeFacts([secret]), { configuration, offline: false }, NEVER);
    assert.deepEqual(caches.get('https://public.example')?.asked, [], 'not even for nix-cache-info');
    assert.deepEqual(caches.get('https://ours.example')?.asked, ['info', hashOf(secret)]);
    assert.deepEqual(caches.get('file:///srv/cache')?.asked, ['info', hashOf(secret)]);
    assert.deepEqual(
      answersOf(report, 'secret').map(({ url, answer, reason }) => [url, answer, reason]),
      [
        ['https://ours.example', 'absent', undefined],
        ['file:///srv/cache', 'absent', undefined],
        ['https://public.example', 'not-asked', 'private input (fetched over ssh), and this cache is not marked private'],
      ],
    );
    assert.equal(report.inputs[0]?.private, true);
  });

  it('say nothing through a public input of the same content', async () => {
    const twin = inputFacts('twin', { ...secret, path: ['twin'] });
    const open = inputFacts('open', { node: 'secret', path: ['open'] });
    const { engine, configuration } = engineBench([{ url: 'https://public.example', cache: cacheWith(secret) }]);
    const report = await engine.check(flakeFacts([open, twin]), { configuration, offline: false }, NEVER);
    assert.equal(answersOf(report, 'open')[0]?.answer, 'found');
    assert.equal(answersOf(report, 'twin')[0]?.answer, 'not-asked');
  });
});

describe('what is remembered', () => {
  it('a found path for 30 days, an absent one for an hour, over sessions', async () => {
    const cache = cacheWith(nixpkgs);
    const bench = engineBench([{ url: 'https://a.example', cache }]);
    const { configuration, clock } = bench;
    const asked = async () => {
      cache.asked.length = 0;
      await bench.restart().check(facts, { configuration, offline: false }, NEVER);
      return cache.asked;
    };
    assert.deepEqual(await asked(), ['info', hashOf(utils), hashOf(nixpkgs)]);
    assert.deepEqual(await asked(), []);
    clock.advance(HOUR_MS - 1);
    assert.deepEqual(await asked(), []);
    clock.advance(1);
    assert.deepEqual(await asked(), [hashOf(utils)]);
    clock.advance(DAY_MS);
    assert.deepEqual(await asked(), ['info', hashOf(utils)]);
    clock.advance(29 * DAY_MS);
    assert.deepEqual(await asked(), ['info', hashOf(utils), hashOf(nixpkgs)]);
  });

  it('nothing that was written in the future, when the clock was wrong', async () => {
    const cache = cacheWith(nixpkgs);
    const bench = engineBench([{ url: 'https://a.example', cache }]);
    await bench.engine.check(facts, { configuration: bench.configuration, offline: false }, NEVER);
    bench.clock.advance(-DAY_MS);
    cache.asked.length = 0;
    await bench.restart().check(facts, { configuration: bench.configuration, offline: false }, NEVER);
    assert.equal(cache.asked.length, 3);
  });

  it('a directory of this machine is asked every time, and still remembered for when nothing may be asked', async () => {
    const cache = cacheWith(nixpkgs);
    const bench = engineBench([{ url: 'file:///srv/cache', cache }]);
    const { engine, configuration } = bench;
    await engine.check(facts, { configuration, offline: false }, NEVER);
    await engine.check(facts, { configuration, offline: false }, NEVER);
    assert.equal(cache.asked.length, 6);
    const report = await bench.restart().known(facts, { configuration, offline: true }, NEVER);
    assert.equal(answersOf(report, 'nixpkgs')[0]?.answer, 'found');
  });

  it('a failure for five minutes and in memory only, unless asked to refresh', async () => {
    const cache = fakeCache({ narinfos: [[hashOf(nixpkgs), { kind: 'unreachable', reason: 'reset' }]] });
    const bench = engineBench([{ url: 'https://a.example', cache }]);
    const { engine, configuration, clock, store } = bench;
    const only = flakeFacts([nixpkgs]);
    await engine.check(only, { configuration, offline: false }, NEVER);
    assert.equal(store.narinfos.size, 0);
    cache.asked.length = 0;
    await engine.check(only, { configuration, offline: false }, NEVER);
    assert.deepEqual(cache.asked, []);
    await engine.check(only, { configuration, offline: false, refresh: true }, NEVER);
    assert.deepEqual(cache.asked, ['info', hashOf(nixpkgs)]);
    clock.advance(5 * 60_000);
    await engine.check(only, { configuration, offline: false }, NEVER);
    assert.equal(cache.asked.length, 3);
    await bench.restart().check(only, { configuration, offline: false }, NEVER);
    assert.equal(cache.asked.length, 4);
  });

  it('an answer that is no narinfo, or about another path, is not', async () => {
    const cache = fakeCache({
      narinfos: [
        [hashOf(nixpkgs), found(utils)],
        [hashOf(utils), { kind: 'found', text: '<html>Sign in</html>' }],
      ],
    });
    const { engine, configuration, store } = engineBench([{ url: 'https://a.example', cache }]);
    const report = await engine.check(facts, { configuration, offline: false }, NEVER);
    assert.equal(store.narinfos.size, 0);
    const [other] = answersOf(report, 'nixpkgs');
    assert.equal(other?.answer, 'malformed');
    assert.match(other.reason ?? '', /^it answered for another path, \/nix\/store\//);
    assert.deepEqual(
      answersOf(report, 'flake-utils').map(({ answer, reason }) => [answer, reason]),
      [['malformed', 'the answer is not a narinfo']],
    );
    assert.deepEqual(
      report.inputs.map(({ signer }) => signer.verdict),
      ['unknown', 'unknown'],
    );
  });

  it('a damaged record on disk counts as none', async () => {
    const cache = cacheWith(nixpkgs);
    const { engine, configuration, store } = engineBench([{ url: 'https://a.example', cache }]);
    store.putNarinfo('https://a.example', hashOf(nixpkgs), { kind: 'found', text: 'StorePath: /nix/st' }, Date.parse(NOW));
    const report = await engine.check(facts, { configuration, offline: false }, NEVER);
    assert.equal(answersOf(report, 'nixpkgs')[0]?.answer, 'found');
  });

  it('nothing after a clear, not even what was on its way', async () => {
    const cache = cacheWith(nixpkgs);
    const { engine, configuration, store } = engineBench([{ url: 'https://a.example', cache }]);
    let release: () => void = () => undefined;
    cache.narinfos.set(hashOf(utils), async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return { kind: 'absent' };
    });
    const checking = engine.check(facts, { configuration, offline: false }, NEVER);
    await until(() => store.narinfos.size > 0);
    await engine.clear();
    release();
    const report = await checking;
    assert.equal(answersOf(report, 'flake-utils')[0]?.answer, 'absent', 'who waits still gets it');
    assert.equal(store.narinfos.size, 0);
    assert.equal(
      answersOf(await engine.known(facts, { configuration, offline: false }, NEVER), 'flake-utils')[0]?.answer,
      'not-asked',
    );
  });
});

describe('when a cache fails that answered before', () => {
  it('a found path stays found, with its age and the failure', async () => {
    const cache = cacheWith(nixpkgs);
    const { engine, configuration, clock } = engineBench([{ url: 'https://a.example', cache }]);
    await engine.check(facts, { configuration, offline: false }, NEVER);
    cache.infoAnswer = { kind: 'unreachable', reason: 'connection refused' };
    clock.advance(2 * DAY_MS);
    const report = await engine.check(facts, { configuration, offline: false, refresh: true }, NEVER);
    assert.equal(report.caches[0]?.state, 'unreachable');
    const [answer] = answersOf(report, 'nixpkgs');
    assert.equal(answer?.answer, 'found');
    assert.equal(answer.checkedAt, NOW);
    assert.equal(answer.reason, 'an earlier answer; asking again failed: connection refused');
    assert.equal(report.inputs.find(({ path }) => path[0] === 'nixpkgs')?.signer.verdict, 'content-addressed');
  });

  it('an absent one does not stay absent: a time-out is no answer', async () => {
    const cache = fakeCache();
    const { engine, configuration, clock } = engineBench([{ url: 'https://a.example', cache }]);
    await engine.check(flakeFacts([nixpkgs]), { configuration, offline: false }, NEVER);
    cache.narinfos.set(hashOf(nixpkgs), { kind: 'unreachable', reason: 'no answer within 10 s' });
    clock.advance(2 * HOUR_MS);
    const report = await engine.check(flakeFacts([nixpkgs]), { configuration, offline: false }, NEVER);
    const [answer] = answersOf(report, 'nixpkgs');
    assert.equal(answer?.answer, 'unreachable');
    assert.equal(answer.reason, 'no answer within 10 s; on 2026-11-22 it did not have the path');
    assert.equal(report.inputs[0]?.signer.verdict, 'unknown');
  });
});

describe('when nix-cache-info is due and fails', () => {
  it('answers that still hold are not lost; hover and check agree', async () => {
    const cache = cacheWith(nixpkgs);
    const { engine, configuration, clock } = engineBench([{ url: 'https://a.example', cache }]);
    const scope = { configuration, offline: false };
    await engine.check(flakeFacts([nixpkgs]), scope, NEVER);
    clock.advance(DAY_MS - HOUR_MS / 2);
    await engine.check(facts, scope, NEVER);
    clock.advance(HOUR_MS / 2);
    cache.infoAnswer = { kind: 'unreachable', reason: 'down' };
    const checked = await engine.check(facts, scope, NEVER);
    assert.equal(checked.caches[0]?.state, 'unreachable');
    assert.deepEqual(
      checked.inputs.map(({ answers }) => [answers[0]?.answer, answers[0]?.reason]),
      [
        ['absent', undefined],
        ['found', undefined],
      ],
    );
    clock.advance(HOUR_MS);
    const later = await engine.check(facts, scope, NEVER);
    assert.equal(answersOf(later, 'flake-utils')[0]?.answer, 'unreachable');
    assert.deepEqual(await engine.known(facts, scope, NEVER), later);
  });
});

describe('offline, and before anything was asked', () => {
  it('sends nothing; says so', async () => {
    const { engine, configuration, caches } = engineBench([{ url: 'https://a.example' }]);
    const report = await engine.check(facts, { configuration, offline: true }, NEVER);
    assert.deepEqual(caches.get('https://a.example')?.asked, []);
    assert.equal(report.caches[0]?.reason, 'offline');
    assert.deepEqual(answersOf(report, 'nixpkgs'), [{ url: 'https://a.example', answer: 'not-asked', reason: 'offline' }]);
  });

  it('gives the reason that the caller names', async () => {
    const { engine, configuration } = engineBench([{ url: 'https://a.example' }]);
    const scope = { configuration, offline: true, offlineReason: 'this folder is in Restricted Mode' };
    const report = await engine.check(facts, scope, NEVER);
    assert.equal(answersOf(report, 'nixpkgs')[0]?.reason, 'this folder is in Restricted Mode');
  });

  it('shows what was answered before, however old, with its age', async () => {
    const bench = engineBench([{ url: 'https://a.example', cache: cacheWith(nixpkgs) }]);
    const { configuration } = bench;
    await bench.engine.check(facts, { configuration, offline: false }, NEVER);
    bench.clock.advance(400 * DAY_MS);
    const report = await bench.restart().check(facts, { configuration, offline: true }, NEVER);
    assert.deepEqual([answersOf(report, 'nixpkgs')[0]?.answer, answersOf(report, 'nixpkgs')[0]?.checkedAt], ['found', NOW]);
    assert.deepEqual(answersOf(report, 'flake-utils'), [{ url: 'https://a.example', answer: 'absent', checkedAt: NOW }]);
    assert.equal(report.caches[0]?.state, 'not-asked');
  });

  it('known: no request, "not checked yet"', async () => {
    const { engine, configuration, caches } = engineBench([{ url: 'https://a.example' }]);
    const report = await engine.known(facts, { configuration, offline: false }, NEVER);
    assert.deepEqual(caches.get('https://a.example')?.asked, []);
    assert.equal(answersOf(report, 'nixpkgs')[0]?.reason, 'not checked yet');
  });
});

describe('asking about some inputs only', () => {
  it('leaves the others as they are known', async () => {
    const { engine, configuration, caches } = engineBench([{ url: 'https://a.example' }]);
    const scope = { configuration, offline: false, inputs: (path: readonly string[]) => path[0] === 'nixpkgs' };
    const report = await engine.check(facts, scope, NEVER);
    assert.deepEqual(caches.get('https://a.example')?.asked, ['info', hashOf(nixpkgs)]);
    assert.equal(answersOf(report, 'flake-utils')[0]?.answer, 'not-asked');
  });
});

describe('progress', () => {
  it('counts look-ups, the failed ones too, and ends at the total', async () => {
    const { engine, configuration } = engineBench([
      { url: 'https://a.example' },
      { url: 'https://down.example', cache: fakeCache({ info: { kind: 'unreachable', reason: 'down' } }) },
    ]);
    const calls: (readonly [number, number, string | undefined])[] = [];
    const onProgress = (done: number, total: number, host?: string) => calls.push([done, total, host]);
    await engine.check(facts, { configuration, offline: false, onProgress }, NEVER);
    assert.deepEqual(calls[0], [0, 4, undefined]);
    assert.deepEqual(calls.at(-1)?.slice(0, 2), [4, 4]);
    assert.deepEqual(new Set(calls.slice(1).map(([, , host]) => host)), new Set(['a.example', 'down.example']));
  });
});

describe('two who ask at once', () => {
  it('share every request', async () => {
    const cache = cacheWith(nixpkgs);
    const { engine, configuration } = engineBench([{ url: 'https://a.example', cache }]);
    const scope = { configuration, offline: false };
    const reports = await Promise.all([engine.check(facts, scope, NEVER), engine.check(facts, scope, NEVER)]);
    assert.equal(cache.asked.length, 3);
    assert.deepEqual(reports[0], reports[1]);
  });

  it('a cancel stops only the waiting of the one who cancels', async () => {
    const cache = fakeCache();
    let release: () => void = () => undefined;
    cache.infoAnswer = async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return { kind: 'found', info: { priority: 0, wantMassQuery: false } };
    };
    const { engine, configuration } = engineBench([{ url: 'https://a.example', cache }]);
    const controller = new AbortController();
    const cancelled = engine.check(facts, { configuration, offline: false }, controller.signal);
    const other = engine.check(facts, { configuration, offline: false }, NEVER);
    await until(() => cache.asked.length > 0);
    controller.abort();
    await assert.rejects(cancelled, { name: 'AbortError' });
    assert.equal(cache.aborted, 0);
    release();
    assert.equal(answersOf(await other, 'nixpkgs')[0]?.answer, 'absent');
  });

  it('when the last one cancels, the request is given up, and what had arrived stays known', async () => {
    const cache = cacheWith(nixpkgs);
    cache.narinfos.set(hashOf(utils), hanging);
    const { engine, configuration } = engineBench([{ url: 'https://a.example', cache }]);
    const controller = new AbortController();
    const cancelled = engine.check(facts, { configuration, offline: false }, controller.signal);
    await until(() => cache.asked.length >= 3);
    controller.abort();
    await assert.rejects(cancelled, { name: 'AbortError' });
    assert.equal(cache.aborted, 1);
    const report = await engine.known(facts, { configuration, offline: false }, NEVER);
    assert.equal(answersOf(report, 'nixpkgs')[0]?.answer, 'found');
    assert.equal(answersOf(report, 'flake-utils')[0]?.reason, 'not checked yet');
  });
});

describe('closing', () => {
  it('gives up what is under way and closes the disk', async () => {
    const cache = fakeCache({ info: hanging });
    const { engine, configuration, store } = engineBench([{ url: 'https://a.example', cache }]);
    const checking = engine.check(facts, { configuration, offline: false }, NEVER);
    await until(() => cache.asked.length > 0);
    await engine.close();
    await assert.rejects(checking, { name: 'AbortError' });
    assert.equal(store.closed(), true);
  });
});

describe('the log', () => {
  it('names the cache and the failure, with nothing hostile in it', async () => {
    const cache = fakeCache({ info: { kind: 'unauthorized', reason: 'line\nbreak \u001b[31m' } });
    const { engine, configuration, log } = engineBench([{ url: 'https://user:secret@down.example/x?a=b', cache }]);
    await engine.check(facts, { configuration, offline: false }, NEVER);
    assert.deepEqual(log.lines, ['warn: https://down.example/x: unauthorized: line break \uFFFD[31m']);
  });
});
