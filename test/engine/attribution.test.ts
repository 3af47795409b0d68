import assert from 'node:assert/strict';
import { readFlake, type FlakeFacts } from '../../server/src/domain/flakeFacts';
import { storePathName, type StorePath } from '../../server/src/domain/storePath';
import { attributeClosure } from '../../server/src/engine/attribution';
import { packagesKey } from '../../server/src/engine/binaries';
import type { InputPackages } from '../../server/src/engine/ports';
import { aborted, never } from '../support/abort';
import { derivations, drvOf, pathOf } from '../support/buildGraph';
import { clockAt } from '../support/fakeClock';
import { fakeNix } from '../support/fakeNix';
import { memoryBinaries } from '../support/memoryBinaries';
import { githubNode, lockText } from '../support/sampleFlake';

/** `nixpkgs` has no inputs; `tools` has one of its own. */
const facts: FlakeFacts = readFlake(
  {
    flakeNix: '{ inputs.nixpkgs.url = "github:NixOS/nixpkgs"; inputs.tools.url = "github:o/tools"; outputs = _: { }; }',
    flakeLock: lockText(
      { nixpkgs: 'nixpkgs', tools: 'tools' },
      {
        nixpkgs: githubNode('NixOS', 'nixpkgs'),
        other: githubNode('o', 'other'),
        tools: githubNode('o', 'tools', { inputs: { other: 'other' } }),
      },
    ),
  },
  { privatePatterns: [], now: 0 },
);

const graph = derivations({
  app: { needs: ['stdenv', 'curl', 'patched', 'tool'] },
  stdenv: { needs: ['gcc', 'seed'], sources: ['builder.sh'] },
  gcc: { needs: ['glibc'] },
  glibc: {},
  seed: { needs: ['downloader'] },
  downloader: {},
  curl: { needs: ['gcc'] },
  // Its package of that name has another path.
  patched: { needs: ['lonely'] },
  lonely: {},
  tool: { needs: ['tool-lib'] },
  'tool-lib': {},
});
const fixed = graph.get(drvOf('seed'))!;
graph.set(fixed.path, {
  ...fixed,
  fixed: { method: 'flat', hash: { algorithm: 'sha256', bytes: Buffer.alloc(32) }, variables: new Map() },
});

const offering = (outputs: Record<string, StorePath>): InputPackages => ({
  ...{ system: 'x86_64-linux', sampled: true, failed: [] },
  outputs: Object.entries(outputs).map(([attribute, path]) => ({ attribute, output: 'out', path })),
});
const packages = {
  nixpkgs: offering({ stdenv: pathOf('stdenv'), curl: pathOf('curl'), patched: pathOf('patched-as-it-was'), vim: pathOf('vim') }),
  tools: offering({ tool: pathOf('tool') }),
};
const paths = [...graph.values()]
  .flatMap(({ outputs }) => [...outputs.values()].flatMap(({ path }) => path ?? []))
  .concat(pathOf('builder.sh'), facts.inputs[0]!.storePath!);

async function attributed(nix = fakeNix({ packages }), store = memoryBinaries(), of = facts) {
  const failures: string[] = [];
  const request = {
    facts: of,
    flake: { dir: '/flake' },
    derivations: graph,
    paths,
    onFailure: (input: readonly string[]) => failures.push(...input),
  };
  const { inputs, claims } = await attributeClosure(request, { nix, store, clock: clockAt('2026-05-01T00:00:00.000Z') }, never);
  const byName = Object.fromEntries([...inputs].map(([path, input]) => [storePathName(path), input.join('/')]));
  return { byName, failures, claims, store, nix };
}

describe('the inputs that a closure comes from', () => {
  it('are those whose packages have equal paths, and what only they can have made', async () => {
    const { byName, nix } = await attributed();
    assert.deepEqual(byName, {
      stdenv: 'nixpkgs',
      curl: 'nixpkgs',
      gcc: 'nixpkgs',
      glibc: 'nixpkgs',
      // The download itself, whose path follows from its hash; not what downloads it.
      seed: 'nixpkgs',
      'builder.sh': 'nixpkgs',
      tool: 'tools',
      // What tools is built from may come from its own input.
      source: 'nixpkgs',
    });
    assert.deepEqual(nix.asked, ['findPackages nixpkgs', 'findPackages tools']);
  });

  it('are told of the flake itself by nobody, nor of what it changed', async () => {
    const { byName } = await attributed();
    for (const name of ['app', 'patched', 'lonely', 'tool-lib', 'downloader']) assert.equal(byName[name], undefined, name);
  });

  it('are remembered, with the packages that the outputs use and no others', async () => {
    const { store } = await attributed();
    const input = facts.inputs.find(({ path }) => path[0] === 'nixpkgs')!;
    const [known] = await store.get(packagesKey(facts, input)!);
    assert.deepEqual(
      known?.outputs.map(({ attribute }) => attribute),
      ['stdenv', 'curl'],
    );
    assert.equal(known.sampled, true);
    // From then on also without Nix's help.
    const { byName, failures } = await attributed(fakeNix({}), store);
    assert.equal(byName['gcc'], 'nixpkgs');
    assert.deepEqual(failures, ['nixpkgs', 'tools']);
  });

  it('are not known where Nix fails, which is told', async () => {
    const { byName, failures } = await attributed(fakeNix({ failure: { kind: 'failed', reason: 'evaluation', message: 'no' } }));
    assert.deepEqual(byName, { source: 'nixpkgs' });
    assert.deepEqual(failures, ['nixpkgs', 'tools']);
  });

  it('are not asked for in vain: nothing is asked when nothing is open', async () => {
    const nix = fakeNix({ packages });
    const request = { facts, flake: { dir: '/' }, derivations: new Map(), paths: [] };
    await attributeClosure(request, { nix, store: memoryBinaries(), clock: clockAt('2026-05-01T00:00:00.000Z') }, never);
    assert.deepEqual(nix.asked, []);
  });

  it('reject when cancelled', async () => {
    const request = { facts, flake: { dir: '/' }, derivations: graph, paths };
    const ports = { nix: fakeNix({ packages }), store: memoryBinaries(), clock: clockAt('2026-05-01T00:00:00.000Z') };
    await assert.rejects(attributeClosure(request, ports, aborted), { name: 'AbortError' });
  });
});
