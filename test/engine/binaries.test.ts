import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { readFlake, type FlakeFacts, type InputFacts } from '../../server/src/domain/flakeFacts';
import type { InputsReport } from '../../server/src/domain/inputsReport';
import { storePathHash } from '../../server/src/domain/storePath';
import {
  checkBinaries,
  knownBinaries,
  knownBinariesOf,
  PACKAGE_SAMPLE,
  packagesKey,
  withBinaries,
  type InputBinaries,
} from '../../server/src/engine/binaries';
import { never } from '../support/abort';
import { pathOf } from '../support/buildGraph';
import { cacheOf, walkOver } from '../support/closureOver';
import { clockAt } from '../support/fakeClock';
import { fakeCache } from '../support/fakeCache';
import { fakeNix } from '../support/fakeNix';
import { memoryBinaries } from '../support/memoryBinaries';
import { PLAIN } from '../support/sampleFlake';
import { makeSigner } from '../support/signer';

const trusted = makeSigner('trusted-1');
const stranger = makeSigner('stranger-1');
const CACHE = 'https://cache.example';
const OWN = 'file:///srv/cache';
const NOW = '2026-05-01T00:00:00.000Z';

function flake(): { facts: FlakeFacts; input: InputFacts } {
  const facts = readFlake({ flakeNix: PLAIN.nix, flakeLock: PLAIN.lock }, { privatePatterns: [], now: 0 });
  const [input] = facts.inputs;
  assert.ok(input);
  return { facts, input };
}

const outputs = (...names: string[]) => names.map((name) => ({ attribute: name, output: 'out', path: pathOf(name) }));

function ports(store = memoryBinaries()) {
  const packages = { system: 'x86_64-linux', sampled: true, outputs: outputs('bash', 'sh', 'curl', 'git', 'gone'), failed: [] };
  packages.outputs[1]!.path = pathOf('bash');
  const cache = cacheOf({
    bash: { references: ['glibc'], signers: [trusted] },
    curl: { signers: [stranger] },
    git: {},
  });
  return {
    nix: fakeNix({ packages: { nixpkgs: packages } }),
    walk: walkOver({ [CACHE]: cache }, [trusted.publicKey]),
    store,
    clock: clockAt(NOW),
    cache,
  };
}

const expected: InputBinaries = {
  system: 'x86_64-linux',
  outputs: 4,
  found: 3,
  verified: 1,
  sampled: true,
  keyNames: ['trusted-1'],
  caches: [CACHE],
  checkedAt: NOW,
};

describe('the binaries of an input', () => {
  it('are its packages’ outputs, each path once; who signed them is verified', async () => {
    const { facts, input } = flake();
    const answer = await checkBinaries(facts, input, { dir: '/f' }, ports(), never);
    assert.deepEqual(answer, { kind: 'ok', value: expected });
  });

  it('are asked for without what they need', async () => {
    const { facts, input } = flake();
    const given = ports();
    await checkBinaries(facts, input, { dir: '/f' }, given, never);
    assert.equal(given.cache.asked.filter((asked) => asked !== 'info').length, 4);
  });

  it('are remembered, and then known without Nix', async () => {
    const { facts, input } = flake();
    const store = memoryBinaries();
    assert.equal(await knownBinaries(facts, input, ports(store), never), undefined);
    await checkBinaries(facts, input, { dir: '/f' }, ports(store), never);
    const later = ports(store);
    assert.deepEqual(await knownBinaries(facts, input, later, never), expected);
    assert.deepEqual(later.nix.asked, []);
  });

  it('are counted apart where no cache could be asked: that is neither good nor bad', async () => {
    const { facts, input } = flake();
    const store = memoryBinaries();
    await checkBinaries(facts, input, { dir: '/f' }, ports(store), never);
    const gone = { kind: 'unreachable', reason: 'no route' } as const;
    const down = fakeCache({ narinfos: ['bash', 'curl', 'git', 'gone'].map((name) => [storePathHash(pathOf(name)), gone]) });
    const walk = walkOver({ [CACHE]: down }, [trusted.publicKey]);
    const known = await knownBinaries(facts, input, { walk, store }, never);
    assert.deepEqual([known?.outputs, known?.found, known?.unknown], [4, 0, 4]);
  });

  it('of a private input are asked for at private caches alone, which is told', async () => {
    const facts = readFlake({ flakeNix: PLAIN.nix, flakeLock: PLAIN.lock }, { privatePatterns: ['github:NixOS'], now: 0 });
    const [input] = facts.inputs;
    assert.ok(input);
    const given = ports();
    const own = cacheOf({ bash: { signers: [trusted] } });
    const walk = walkOver({ [CACHE]: given.cache, [OWN]: own }, [trusted.publicKey]);
    const checked = await checkBinaries(facts, input, { dir: '/f' }, { ...given, walk }, never);
    assert.ok(checked.kind === 'ok');
    for (const binaries of [checked.value, await knownBinaries(facts, input, { walk, store: given.store }, never)]) {
      assert.deepEqual(
        [binaries?.found, binaries?.caches, binaries?.notAsked],
        [1, [OWN], { reason: 'matches your pattern "github:NixOS"', caches: [CACHE] }],
      );
    }
    assert.deepEqual(given.cache.asked, []);
    assert.equal(own.asked.filter((asked) => asked !== 'info').length, 8);
  });

  it('are known of every input of the lock that was checked, and no walk is begun where none was', async () => {
    const { facts, input } = flake();
    const store = memoryBinaries();
    const walks: string[] = [];
    const open = () => {
      walks.push('opened');
      return Promise.resolve(ports(store).walk);
    };
    assert.deepEqual(await knownBinariesOf(facts, store, open, never), new Map());
    assert.deepEqual(walks, []);
    await checkBinaries(facts, input, { dir: '/f' }, ports(store), never);
    assert.deepEqual(await knownBinariesOf(facts, store, open, never), new Map([['nixpkgs', expected]]));
    assert.deepEqual(walks, ['opened']);
  });

  it('are not those of another revision', async () => {
    const { facts, input } = flake();
    const store = memoryBinaries();
    await checkBinaries(facts, input, { dir: '/f' }, ports(store), never);
    const updated = readFlake(
      { flakeNix: PLAIN.nix, flakeLock: PLAIN.lock.replace(/"sha256-[^"]*"/, `"sha256-${'A'.repeat(43)}="`) },
      { privatePatterns: [], now: 0 },
    );
    assert.notEqual(packagesKey(updated, updated.inputs[0]!), packagesKey(facts, input));
    assert.equal(await knownBinaries(updated, updated.inputs[0]!, ports(store), never), undefined);
  });

  it('are unknown where Nix fails, and nothing is remembered', async () => {
    const { facts, input } = flake();
    const given = ports();
    const failure = { kind: 'failed', reason: 'evaluation', message: 'no' } as const;
    assert.deepEqual(await checkBinaries(facts, input, { dir: '/f' }, { ...given, nix: fakeNix({ failure }) }, never), failure);
    assert.equal(await knownBinaries(facts, input, given, never), undefined);
  });

  it('go into the report, to every input that is the same node', () => {
    const input = (path: string, node: string) => ({
      path: path.split('/'),
      node,
      type: 'github',
      reference: '',
      flake: true,
      private: false,
      answers: [],
      signer: { verdict: 'unknown', keyNames: [] } as const,
      vetting: { state: 'no-policy' } as const,
    });
    const report: InputsReport = {
      schemaVersion: 1,
      tool: { name: 'flake-trust', version: '' },
      lock: { state: 'ok' },
      caches: [],
      inputs: [input('nixpkgs', 'nixpkgs'), input('x/nixpkgs', 'nixpkgs'), input('y/nixpkgs', 'nixpkgs_2')],
      findings: [],
    };
    assert.deepEqual(
      withBinaries(report, new Map([['nixpkgs', expected]])).inputs.map(({ binaries }) => binaries),
      [expected, expected, undefined],
    );
  });

  it('have a sample without doubles', () => {
    assert.equal(new Set(PACKAGE_SAMPLE).size, PACKAGE_SAMPLE.length);
    for (const name of ['stdenv', 'bash']) assert.ok(PACKAGE_SAMPLE.includes(name));
  });
});
