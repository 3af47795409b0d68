import assert from 'node:assert/strict';
import fc from 'fast-check';
import { reachableInputs, resolveInput, walkLock, type FlakeLock } from '../../../server/src/domain/flakeLock';
import { compareTexts } from '../../../server/src/util/compare';
import { lockText, nodeJson, parsedLock, type EdgeJson } from '../../support/lockText';
import { assertLinear } from '../../support/growth';

function paths(lock: FlakeLock): string[] {
  return reachableInputs(lock).map(
    ({ path, resolution }) => `${path.join('/')} -> ${resolution.kind === 'node' ? resolution.key : resolution.kind}`,
  );
}

describe('reachableInputs', () => {
  it('lists each input of each reachable node once, sorted', () => {
    const nodes = { b: nodeJson({ z: 'n', a: ['n'] }), n: nodeJson({ x: 'x' }), x: nodeJson(), unused: nodeJson({ y: 'y' }) };
    assert.deepEqual(paths(parsedLock(lockText({ n: 'n', b: 'b' }, nodes))), [
      'b -> b',
      'b/a -> n',
      'b/z -> n',
      'n -> n',
      'n/x -> x',
    ]);
  });

  it('takes the shortest path to a node, through follows too, and the first in order of names', () => {
    const nodes = { deep: nodeJson({ x: 'x' }), x: nodeJson({ y: 'y' }), y: nodeJson() };
    assert.deepEqual(paths(parsedLock(lockText({ z: 'deep', b: ['z', 'x'], a: ['b'] }, nodes))), [
      'a -> x',
      'a/y -> y',
      'b -> x',
      'z -> deep',
      'z/x -> x',
    ]);
  });

  it('lists inputs that lead nowhere, in circles and to the root', () => {
    assert.deepEqual(paths(parsedLock(lockText({ a: ['a'], b: 'gone', c: ['x'], d: [] }))), [
      'a -> cycle',
      'b -> dangling',
      'c -> dangling',
      'd -> root',
    ]);
  });

  it('ends on locks whose nodes have each other as inputs', () => {
    const nodes = { a: nodeJson({ b: 'b' }), b: nodeJson({ a: 'a' }) };
    assert.deepEqual(paths(parsedLock(lockText({ a: 'a' }, nodes))), ['a -> a', 'a/b -> b', 'a/b/a -> a']);
  });

  it('agrees with the path by path definition', () => {
    const names = ['a', 'b', 'c', 'd'];
    const target = fc.oneof(
      fc.constantFrom('n0', 'n1', 'n2', 'root', 'gone'),
      fc.array(fc.constantFrom(...names), { maxLength: 3 }),
    );
    const inputs = fc.dictionary(fc.constantFrom(...names), target);
    fc.assert(
      fc.property(inputs, inputs, inputs, inputs, (root, ...others) => {
        const nodes = Object.fromEntries(others.map((each, index) => [`n${index}`, nodeJson(each as EdgeJson)]));
        const lock = parsedLock(lockText(root, nodes));
        const { inputs: found, reached, complete } = walkLock(lock);
        assert.ok(complete);
        for (const { path, resolution } of found) {
          const again = resolveInput(lock, path);
          assert.deepEqual(
            again.kind === 'dangling' ? { kind: 'dangling' } : again,
            resolution.kind === 'dangling' ? { kind: 'dangling' } : resolution,
          );
        }
        assert.deepEqual(
          found.map(({ path }) => path),
          found.map(({ path }) => path).sort(compareTexts),
        );
        const edges = [...reached].reduce((sum, key) => sum + (lock.nodes.get(key)?.inputs.size ?? 0), 0);
        assert.equal(found.length, edges);
      }),
      { numRuns: 300 },
    );
  });
});

describe('walkLock', () => {
  it('knows the path by which flake.nix can override a node', () => {
    const nodes = { a: nodeJson({ x: 'x' }), x: nodeJson({ y: 'y' }), y: nodeJson() };
    const walk = walkLock(parsedLock(lockText({ a: 'a', alias: ['a', 'x'] }, nodes)));
    assert.deepEqual(walk.directPath('y'), ['a', 'x', 'y']);
    assert.deepEqual(walk.owner('y'), { parentKey: 'x', name: 'y', depth: 3 });
    assert.equal(walk.owner('root'), undefined);
  });

  it('stays linear on wide locks and gives up listing on absurdly deep ones', () => {
    const keys = Array.from({ length: 3000 }, (_, index) => `n${index}`);
    const wide = (size: number) => {
      const some = keys.slice(0, size);
      return parsedLock(
        lockText(
          Object.fromEntries(some.map((key) => [key, key])),
          Object.fromEntries(some.map((key) => [key, nodeJson({ n: ['n0'] })])),
        ),
      );
    };
    assertLinear(keys.length, wide, (lock) => assert.equal(walkLock(lock).inputs.length, 2 * (lock.nodes.size - 1)));
    const chain = parsedLock(
      lockText({ n0: 'n0' }, Object.fromEntries(keys.map((key, index) => [key, nodeJson({ n: `n${index + 1}` })]))),
    );
    const walk = walkLock(chain);
    assert.equal(walk.complete, false);
    assert.ok(walk.inputs.length > 1000);
  });
});
