import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { planBuild, plannedAudit, type BuildPlan, type PlanRequest } from '../../../server/src/engine/closure/plan';
import { storePathName, type StorePath } from '../../../server/src/domain/storePath';
import { aborted, never } from '../../support/abort';
import { derivations, drvOf, pathOf, planSources, type DerivationSpec, type References } from '../../support/buildGraph';

interface Case {
  readonly graph: Readonly<Record<string, DerivationSpec>>;
  readonly roots?: readonly string[];
  readonly outputs?: readonly string[];
  readonly local?: References;
  readonly caches?: References;
  readonly alwaysAllowSubstitutes?: boolean;
}

function request({ graph, roots = ['app'], outputs = ['out'], alwaysAllowSubstitutes = false }: Case): PlanRequest {
  return {
    roots: roots.map((name) => ({ drvPath: drvOf(name), outputs })),
    derivations: derivations(graph),
    alwaysAllowSubstitutes,
  };
}

const plan = (given: Case): Promise<BuildPlan> =>
  planBuild(request(given), planSources(given.local ?? {}, given.caches ?? {}), never);

const names = (paths: Iterable<StorePath>) => [...paths].map(storePathName).sort();

function summary({ local, substitute, build, missing, unplanned }: BuildPlan) {
  return {
    local: names(local.keys()),
    fetch: names(substitute.keys()),
    build: build.map(({ derivation, outputs, reason }) => `${derivation.name} ${outputs.join(',')} ${reason.kind}`).sort(),
    missing: names(missing),
    unplanned: names(unplanned),
  };
}

const nothing = { local: [], fetch: [], build: [], missing: [], unplanned: [] };
const chain = { app: { needs: ['util'] }, util: { needs: ['lib'] }, lib: {} };

describe('the plan of a build', () => {
  const cases: readonly [string, Case, Partial<ReturnType<typeof summary>>][] = [
    [
      'takes what is there, with all it refers to, and asks no further',
      { graph: chain, local: { app: ['util'], util: ['lib'], lib: [] } },
      { local: ['app', 'lib', 'util'] },
    ],
    [
      'fetches what a cache has, with all it refers to; needs nothing to build',
      { graph: chain, caches: { app: ['lib'], lib: [] } },
      { fetch: ['app', 'lib'] },
    ],
    [
      'builds what no cache has, and goes on with what it needs',
      { graph: chain, caches: { util: ['lib'], lib: [] } },
      { fetch: ['lib', 'util'], build: ['app out not-in-caches'] },
    ],
    [
      'builds everything when there is no cache',
      { graph: chain },
      { build: ['app out not-in-caches', 'lib out not-in-caches', 'util out not-in-caches'] },
    ],
    [
      'fetches no reference that is there',
      { graph: chain, local: { lib: [] }, caches: { app: ['lib'], lib: [] } },
      { local: ['lib'], fetch: ['app'] },
    ],
    [
      'builds what refers to something that cannot be had, and what that needs',
      { graph: chain, caches: { app: ['util'], util: ['lib'] } },
      { build: ['app out broken-closure', 'lib out not-in-caches', 'util out broken-closure'] },
    ],
    [
      'fetches beside something that cannot be had',
      { graph: { app: { needs: ['util', 'tool'] }, util: {}, tool: {} }, caches: { app: ['gone'], util: [], tool: [] } },
      { fetch: ['tool', 'util'], build: ['app out broken-closure'] },
    ],
    [
      'needs of others only the outputs that are named',
      {
        graph: { app: { needs: ['lib:dev'] }, lib: { outputs: ['out', 'dev', 'doc'] } },
        caches: { 'lib-dev': ['lib'], lib: [] },
      },
      { fetch: ['lib', 'lib-dev'], build: ['app out not-in-caches'] },
    ],
    [
      'builds a derivation when one of the wanted outputs is missing, and fetches none of the others',
      { graph: { app: { outputs: ['out', 'dev'] } }, outputs: ['out', 'dev'], caches: { app: [] } },
      { build: ['app dev,out not-in-caches'] },
    ],
    [
      'keeps an output that somebody else needs alone',
      {
        graph: { app: { needs: ['lib'] }, other: { needs: ['lib:dev'] }, lib: { outputs: ['out', 'dev'] } },
        roots: ['app', 'other'],
        caches: { lib: [] },
      },
      { fetch: ['lib'], build: ['app out not-in-caches', 'lib dev not-in-caches', 'other out not-in-caches'] },
    ],
    [
      'builds what may not be substituted',
      { graph: { app: { allowSubstitutes: false } }, caches: { app: [] } },
      { build: ['app out forbidden'] },
    ],
    [
      'fetches even that where the user says so',
      { graph: { app: { allowSubstitutes: false } }, caches: { app: [] }, alwaysAllowSubstitutes: true },
      { fetch: ['app'] },
    ],
    [
      'has the sources of what is built, and says which are nowhere',
      { graph: { app: { sources: ['src', 'patch', 'lost'] } }, local: { src: [] }, caches: { patch: [] } },
      { local: ['src'], fetch: ['patch'], build: ['app out not-in-caches'], missing: ['lost'] },
    ],
    [
      'says which derivations it does not know',
      { graph: { app: { needs: ['lib', 'ghost'], dynamic: true }, lib: {} }, caches: { lib: [] } },
      { fetch: ['lib'], build: ['app out not-in-caches'], unplanned: ['app.drv', 'ghost.drv'] },
    ],
    [
      'builds what has no path before',
      { graph: { app: { floating: true, needs: ['lib'] }, lib: {} }, caches: { lib: [] } },
      { fetch: ['lib'], build: ['app out unknown-path'] },
    ],
    [
      'ends for paths that refer to themselves and to each other',
      { graph: chain, caches: { app: ['app', 'a'], a: ['b'], b: ['a', 'app'] } },
      { fetch: ['a', 'app', 'b'] },
    ],
    [
      'ends for derivations that need each other',
      { graph: { app: { needs: ['app2'] }, app2: { needs: ['app'] } } },
      { build: ['app out not-in-caches', 'app2 out not-in-caches'] },
    ],
    [
      'finds what is missing behind a circle',
      { graph: { app: {} }, caches: { app: ['a'], a: ['b'], b: ['a', 'gone'] } },
      { build: ['app out broken-closure'] },
    ],
  ];
  for (const [rule, given, expected] of cases) {
    it(rule, async () => assert.deepEqual(summary(await plan(given)), { ...nothing, ...expected }));
  }

  it('says what is missing', async () => {
    const { build } = await plan({ graph: { app: {} }, caches: { app: ['a'], a: ['gone'] } });
    assert.deepEqual(build[0]?.reason, { kind: 'broken-closure', missing: pathOf('gone') });
  });

  it('asks caches only for what is not there, once, in a round for each layer', async () => {
    const sources = planSources({ lib: [] }, { util: ['lib', 'x'], x: [] });
    await planBuild(request({ graph: chain }), sources, never);
    assert.deepEqual(names(sources.asked), ['app', 'util', 'x']);
    assert.equal(sources.rounds, 3);
  });

  it('asks no cache for what may not be substituted', async () => {
    const sources = planSources({}, {});
    await planBuild(request({ graph: { app: { allowSubstitutes: false } } }), sources, never);
    assert.deepEqual(sources.asked, []);
  });

  it('is the same whatever the order of the derivations', async () => {
    const graph = { app: { needs: ['b', 'a', 'c'] }, a: { needs: ['c'] }, b: { needs: ['c'] }, c: {} };
    const reversed = Object.fromEntries(Object.entries(graph).reverse());
    const caches = { a: ['x', 'y'], x: [], y: [], c: [] };
    assert.deepEqual(await plan({ graph: reversed, caches }), await plan({ graph, caches }));
  });

  it('rejects when cancelled', async () => {
    const sources = planSources({}, {});
    const local = (_: readonly StorePath[], signal: AbortSignal) => {
      signal.throwIfAborted();
      return Promise.resolve(new Map());
    };
    await assert.rejects(planBuild(request({ graph: chain }), { ...sources, local }, aborted), { name: 'AbortError' });
  });

  it('takes ten thousand derivations and a chain of five thousand references', async () => {
    const graph: Record<string, DerivationSpec> = { app: { needs: Array.from({ length: 10_000 }, (_, n) => `d${n}`) } };
    const caches: Record<string, string[]> = {};
    for (let n = 0; n < 10_000; n++) {
      graph[`d${n}`] = {};
      caches[`d${n}`] = n % 2 === 0 ? [`d${n + 2}`] : [];
    }
    caches['d10000'] = [];
    // Were its time a square of either, it would run into the time-out of every test.
    assert.equal((await plan({ graph, caches })).substitute.size, 10_001);
  });
});

describe('what is audited of a plan', () => {
  it('marks what was built here and what would be', async () => {
    const made = await plan({
      graph: { app: { needs: ['util'], sources: ['src', 'lost'] }, util: {} },
      local: { src: [] },
      caches: { util: ['lib'], lib: [] },
    });
    const { paths, walk, built } = await plannedAudit(made);
    assert.deepEqual(names(paths), ['app', 'lib', 'lost', 'src', 'util']);
    assert.deepEqual(names(walk), ['lib', 'lost', 'src', 'util']);
    assert.deepEqual(
      new Map([...built].map(([path, mark]) => [storePathName(path), mark])),
      new Map([
        ['app', 'would-build'],
        ['src', 'local'],
      ] as const),
    );
    assert.deepEqual(names(made.roots), ['app']);
  });
});
