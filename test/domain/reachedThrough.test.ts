import assert from 'node:assert/strict';
import { chainTo, FROM_NO_ROOT, FROM_ROOT, reachedThrough } from '../../server/src/domain/reachedThrough';

const paths = (references: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(references).map(([storePath, of]) => ({ storePath, references: of }));

describe('through which path each was first reached', () => {
  const closure = paths({ a: ['a', 'b', 'c'], b: ['d'], c: ['d', 'e'], d: ['f'], e: ['f', 'a'], f: [], g: ['h', 'f'], h: ['g'] });

  it('is a number a path: the first by a shortest way, a root, or none', () => {
    assert.deepEqual([...reachedThrough(['a'], closure)], [FROM_ROOT, 0, 0, 1, 2, 3, FROM_NO_ROOT, FROM_NO_ROOT]);
    assert.deepEqual([...reachedThrough([], closure)], Array(8).fill(FROM_NO_ROOT));
  });

  it('is nothing for a root that another leads to, and a shorter way from a nearer root', () => {
    assert.deepEqual(
      [...reachedThrough(['e', 'a', 'e'], closure)],
      [FROM_ROOT, 0, 0, 1, FROM_ROOT, 4, FROM_NO_ROOT, FROM_NO_ROOT],
    );
  });

  it('leaves out roots and references that the closure does not have', () => {
    assert.deepEqual([...reachedThrough(['x', 'a'], paths({ a: ['x', '__proto__'], b: [] }))], [FROM_ROOT, FROM_NO_ROOT]);
  });

  it('gives the chain to a path', () => {
    const through = reachedThrough(['a'], closure);
    assert.deepEqual(chainTo('f', closure, through), ['a', 'b', 'd', 'f']);
    assert.deepEqual(chainTo('a', closure, through), ['a']);
    assert.deepEqual(chainTo('g', closure, through), ['g']);
    assert.deepEqual(chainTo('x', closure, through), []);
  });
});
