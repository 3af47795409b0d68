import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { trustedKeys } from '../../../server/src/domain/publicKey';
import { FROM_NO_ROOT, FROM_ROOT } from '../../../server/src/domain/reachedThrough';
import { storePathName, type StorePath } from '../../../server/src/domain/storePath';
import { auditOutputs, type OutputsAudit } from '../../../server/src/engine/closure/auditOutputs';
import { aborted, never } from '../../support/abort';
import { derivations, drvOf, pathOf } from '../../support/buildGraph';
import { cacheOf, narHashOf, walkOver } from '../../support/closureOver';
import { fakeNix, type FakeNixSetup } from '../../support/fakeNix';
import { makeSigner } from '../../support/signer';

const trusted = makeSigner('trusted-1');
const stranger = makeSigner('stranger-1');
const CACHE = 'https://cache.example';

const setup: FakeNixSetup = {
  installables: { '.#app': { drvPath: drvOf('app'), outputs: ['out'] } },
  derivations: derivations({ app: { needs: ['util'], sources: ['src'] }, util: { needs: ['lib'] }, lib: {} }),
  local: [
    { path: pathOf('src'), narHash: narHashOf('src'), narSize: 1, references: [], signatures: [], ultimate: false },
    { path: pathOf('lib'), narHash: narHashOf('lib'), narSize: 1, references: [], signatures: [], ultimate: true },
  ],
};

const cache = () =>
  cacheOf({
    app: { signers: [stranger] },
    util: { references: ['lib', 'libc'], signers: [trusted] },
    lib: { signers: [trusted] },
    libc: { signers: [trusted] },
  });

async function run(given: FakeNixSetup, walk = walkOver({ [CACHE]: cache() }, [trusted.publicKey])) {
  const answer = await auditOutputs(
    {
      flake: { dir: '/flake' },
      installables: ['.#app'],
      paths: [],
      trusted: trustedKeys([trusted.publicKey]),
      storeDir: '/nix/store',
    },
    { nix: fakeNix(given), walk },
    never,
  );
  return answer;
}

async function audit(): Promise<OutputsAudit> {
  const answer = await run(setup);
  assert.ok(answer.kind === 'ok', answer.kind === 'failed' ? answer.message : '');
  return answer.value;
}

const names = (paths: readonly string[]) => paths.map((path) => storePathName(path as StorePath));

const name = (path: string) => storePathName(path as StorePath);

describe('an audit of outputs', () => {
  it('says by which references an output leads to a path, not only that it was planned', async () => {
    const built = {
      ...setup,
      derivations: derivations({ app: { needs: ['util'] }, util: { needs: ['lib'] }, lib: {} }),
      local: [],
    };
    const all = cacheOf({
      app: { references: ['util'], signers: [trusted] },
      util: { references: ['lib'], signers: [trusted] },
      lib: { signers: [trusted] },
    });
    const answer = await run(built, walkOver({ [CACHE]: all }, [trusted.publicKey]));
    assert.ok(answer.kind === 'ok');
    const { closure } = answer.value;
    assert.deepEqual(names(closure.roots), ['app']);
    assert.deepEqual(names(closure.why(pathOf('lib'))), ['app', 'util', 'lib']);
  });

  it('plans with what would be accepted: a stranger’s signature makes a build, whose needs are fetched', async () => {
    const { planReport, roots } = await audit();
    assert.deepEqual(roots, [pathOf('app')]);
    assert.deepEqual(planReport, {
      nix: '2.99.0',
      local: 2,
      substitute: 2,
      build: [{ drvPath: drvOf('app'), outputs: ['out'], reason: 'not-in-caches', missing: pathOf('app') }],
      missing: [],
      unplanned: [],
    });
  });

  it('looks at everything that is needed, and says how it comes about', async () => {
    const { closure, describe: describePath } = await audit();
    assert.deepEqual(
      closure.paths
        .map(describePath)
        .map(({ storePath, verdict, built, local, from }) => [name(storePath), verdict, built, local?.verdict, from])
        .sort(),
      [
        ['app', 'untrusted-key', 'would-build', undefined, undefined],
        ['lib', 'verified', 'local', 'unsigned', CACHE],
        ['libc', 'verified', undefined, undefined, CACHE],
        ['src', 'absent', undefined, 'unsigned', undefined],
        ['util', 'verified', undefined, undefined, CACHE],
      ],
    );
  });

  it('tells what a root leads to from what only the plan needs', async () => {
    const { closure } = await audit();
    const through = closure.reachedThrough();
    assert.deepEqual(closure.paths.map(({ storePath }, place) => [name(storePath), through[place]]).sort(), [
      ['app', FROM_ROOT],
      ...['lib', 'libc', 'src', 'util'].map((one) => [one, FROM_NO_ROOT]),
    ]);
  });

  it('asks caches for a path once while planning', async () => {
    const walk = walkOver({ [CACHE]: cache() }, [trusted.publicKey]);
    await run(setup, walk);
    const planning = walk.walks.slice(0, -1).flat();
    assert.equal(new Set(planning).size, planning.length);
    assert.deepEqual(planning.map(name), ['app', 'util', 'libc']);
  });

  it('fails as Nix fails', async () => {
    const failure = { kind: 'failed', reason: 'evaluation', message: 'no' } as const;
    assert.deepEqual(await run({ failure }), failure);
    assert.equal((await run({})).kind, 'failed');
  });

  it('fails as Nix fails in the middle of planning', async () => {
    const nix = fakeNix(setup);
    const failure = { kind: 'failed', reason: 'timeout', message: 'late' } as const;
    const answer = await auditOutputs(
      { flake: { dir: '/' }, installables: ['.#app'], paths: [], trusted: trustedKeys([]), storeDir: '/nix/store' },
      { nix: { ...nix, localPaths: () => Promise.resolve(failure) }, walk: walkOver({}, []) },
      never,
    );
    assert.deepEqual(answer, failure);
  });

  it('rejects when cancelled', async () => {
    const request = { flake: { dir: '/' }, installables: ['.#app'], paths: [], trusted: trustedKeys([]), storeDir: '/nix/store' };
    await assert.rejects(auditOutputs(request, { nix: fakeNix(setup), walk: walkOver({}, []) }, aborted), { name: 'AbortError' });
  });
});
