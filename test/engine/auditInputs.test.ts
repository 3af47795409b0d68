import assert from 'node:assert/strict';
import type { FlakeFacts } from '../../server/src/domain/flakeFacts';
import { VERSION } from '../../server/src/version';
import { engineBench, NEVER } from '../support/engineBench';
import { fakeCache } from '../support/fakeCache';
import { flakeFacts, inputFacts, lockNodeAt } from '../support/flakeFacts';
import { omit } from '../support/omit';
import { assertLinearAsync } from '../support/growth';

async function report(facts: FlakeFacts, flakeDir?: string) {
  const { engine, configuration } = engineBench([{ url: 'https://a.example' }]);
  return engine.check(facts, { configuration, offline: false, ...(flakeDir === undefined ? {} : { flakeDir }) }, NEVER);
}

describe('the report', () => {
  it('has the fields of the contract and no others', async () => {
    const [input] = (await report(flakeFacts([inputFacts('nixpkgs')]), '/flake')).inputs;
    const { narHash, storePath } = inputFacts('nixpkgs');
    assert.deepEqual(omit(input!, 'answers'), {
      path: ['nixpkgs'],
      node: 'nixpkgs',
      type: 'github',
      reference: 'github:example/nixpkgs',
      rev: 'a'.repeat(40),
      lastModified: 1_760_000_000,
      narHash,
      storePath,
      flake: true,
      private: false,
      signer: { verdict: 'absent', keyNames: [] },
      vetting: { state: 'no-policy' },
    });
    assert.deepEqual((await report(flakeFacts([]), '/flake')).tool, { name: 'flake-trust', version: VERSION });
    assert.equal((await report(flakeFacts([]), '/flake')).flake, '/flake');
  });

  it('says why nothing could be asked about an input without a store path', async () => {
    const bare = omit(inputFacts('x'), 'narHash', 'storePath');
    const relative = omit(inputFacts('relative', { type: 'path' }), 'storePath');
    const badHash = { ...lockNodeAt('x', 0), narHashProblem: { text: 'x', message: 'no hash' } };
    const { inputs } = await report(
      flakeFacts([
        { ...bare, path: ['bad'], lockNode: badHash },
        { ...bare, path: ['circle'], resolution: { kind: 'cycle' } },
        { ...bare, path: ['dangling'], resolution: { kind: 'dangling', at: ['y'] } },
        { ...bare, path: ['new'], resolution: { kind: 'not-locked' } },
        { ...bare, path: ['no-hash'] },
        relative,
        { ...bare, path: ['self'], resolution: { kind: 'root' }, follows: [] },
      ]),
    );
    assert.deepEqual(
      inputs.map(({ path, answers, signer }) => [path[0], answers[0]?.answer, answers[0]?.reason, signer.verdict]),
      [
        ['bad', 'not-asked', 'its narHash in flake.lock is no hash', 'unknown'],
        ['circle', 'not-asked', 'it follows itself in a circle', 'unknown'],
        ['dangling', 'not-asked', 'it follows an input that does not exist', 'unknown'],
        ['new', 'not-asked', 'it is not in flake.lock', 'unknown'],
        ['no-hash', 'not-asked', 'flake.lock records no narHash for it', 'unknown'],
        ['relative', 'not-asked', 'it lies in the tree of its parent', 'unknown'],
        ['self', 'not-asked', 'it is this flake itself', 'unknown'],
      ],
    );
    assert.deepEqual(inputs[6]?.follows, []);
  });

  it('tells a missing lock from one that cannot be read', async () => {
    const rest = flakeFacts([]);
    assert.deepEqual((await report({ ...rest, lock: { state: 'missing' } })).lock, { state: 'missing' });
    const unreadable = { state: 'unreadable', message: 'version 4\nis too old', span: { start: 0, end: 1 }, version: 4 } as const;
    assert.deepEqual((await report({ ...rest, lock: unreadable })).lock, {
      state: 'unreadable',
      version: 4,
      message: 'version 4 is too old',
    });
  });

  it('is the same, byte for byte, for the same facts, in whatever order answers arrive', async () => {
    const inputs = ['a', 'b', 'c', 'd'].map((name) => inputFacts(name));
    const texts = new Set<string>();
    for (const order of [0, 1, 2, 3]) {
      const slow = fakeCache();
      slow.infoAnswer = async () => {
        for (let turn = 0; turn < order; turn++) await new Promise(setImmediate);
        return { kind: 'found', info: { priority: 3, wantMassQuery: false } };
      };
      const bench = engineBench([{ url: 'https://slow.example', cache: slow }, { url: 'https://b.example' }]);
      const scope = { configuration: bench.configuration, offline: false };
      texts.add(JSON.stringify(await bench.engine.check(flakeFacts(inputs), scope, NEVER)));
      texts.add(JSON.stringify(await bench.restart().known(flakeFacts(inputs), scope, NEVER)));
    }
    assert.equal(texts.size, 1);
  });

  it('takes time linear in the number of inputs', async function () {
    this.timeout(60_000);
    await assertLinearAsync(3000, manyInputs, async (facts) => {
      const { engine, configuration } = engineBench([{ url: 'https://a.example' }, { url: 'https://b.example' }]);
      const { inputs } = await engine.check(facts, { configuration, offline: false }, NEVER);
      assert.equal(inputs.length, facts.inputs.length);
    });
  });
});

describe('a hostile flake', () => {
  it('cannot make the report grow beyond measure by naming hundreds of caches', async () => {
    const inputs = Array.from({ length: 2000 }, (_, index) => inputFacts(`i${index}`));
    const named = Array.from(
      { length: 250 },
      (_, index) => ({ url: `https://c${index}.example`, origin: 'flake', refused: 'no' }) as const,
    );
    const { engine, configuration } = engineBench([{ url: 'https://a.example' }, ...named]);
    const result = await engine.check(flakeFacts(inputs), { configuration, offline: false }, NEVER);
    assert.equal(result.caches.length, 251);
    assert.deepEqual(
      new Set(result.inputs.map(({ answers }) => answers.map(({ url }) => url).join())),
      new Set(['https://a.example']),
    );
  });
});

describe('a report from memory', () => {
  it('takes time linear in the number of inputs, and asks nobody', async function () {
    this.timeout(60_000);
    const { engine, configuration, caches } = engineBench([{ url: 'https://a.example' }, { url: 'https://b.example' }]);
    const scope = { configuration, offline: false };
    await engine.check(manyInputs(6000), scope, NEVER);
    const asked = () => [...caches.values()].map((cache) => cache.asked.length);
    const before = asked();
    await assertLinearAsync(6000, manyInputs, (facts) => engine.known(facts, scope, NEVER));
    assert.deepEqual(asked(), before);
  });
});

function manyInputs(length: number) {
  return flakeFacts(Array.from({ length }, (_, index) => inputFacts(`i${index}`)));
}
