import assert from 'node:assert/strict';
import { resolveInput } from '../../../server/src/domain/flakeLock';
import { lockText, nodeJson, parsedLock } from '../../support/lockText';

describe('resolveInput', () => {
  const lock = parsedLock(
    lockText(
      {
        mid: 'mid',
        mid2: 'mid2',
        a: ['b'],
        b: ['a'],
        self: [],
        chain: ['mid2', 'b'],
        nowhere: ['mid', 'x', 'y'],
        viaCycle: ['a', 'x'],
      },
      {
        mid: nodeJson({ a: 'a', b: ['mid', 'a'] }),
        mid2: nodeJson({ a: ['mid', 'b'], b: ['mid2', 'a'], gone: 'gone', own: ['mid2', 'own'] }),
        a: nodeJson(),
      },
    ),
  );
  const cases: [path: string, expected: object][] = [
    ['', { kind: 'root' }],
    ['mid', { kind: 'node', key: 'mid' }],
    ['mid/b', { kind: 'node', key: 'a' }],
    ['mid2/b', { kind: 'node', key: 'a' }],
    ['chain', { kind: 'node', key: 'a' }],
    ['self', { kind: 'root' }],
    ['self/mid/a', { kind: 'node', key: 'a' }],
    ['self/self/self', { kind: 'root' }],
    ['a', { kind: 'cycle' }],
    ['a/x', { kind: 'cycle' }],
    ['viaCycle', { kind: 'cycle' }],
    ['mid2/own', { kind: 'cycle' }],
    ['x', { kind: 'dangling', at: ['x'] }],
    ['mid/x/y', { kind: 'dangling', at: ['mid', 'x'] }],
    ['nowhere', { kind: 'dangling', at: ['mid', 'x'] }],
    ['mid2/gone', { kind: 'dangling', at: ['mid2', 'gone'] }],
  ];
  for (const [path, expected] of cases) {
    it(`leads "${path}" to ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(resolveInput(lock, path === '' ? [] : path.split('/')), expected);
    });
  }

  it('follows a chain of 20,000 without filling the stack', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `i${index}`);
    const edges = Object.fromEntries(names.map((name, index) => [name, index + 1 < names.length ? [`i${index + 1}`] : 'x']));
    assert.deepEqual(resolveInput(parsedLock(lockText(edges, { x: nodeJson() })), ['i0']), { kind: 'node', key: 'x' });
    const circle = Object.fromEntries(names.map((name, index) => [name, [`i${(index + 1) % names.length}`]]));
    assert.deepEqual(resolveInput(parsedLock(lockText(circle)), ['i0']), { kind: 'cycle' });
  });
});
