import assert from 'node:assert/strict';
import { compareText, compareTexts } from '../../server/src/util/compare';

describe('compareText', () => {
  it('orders by code units, whatever the language of the machine', () => {
    assert.deepEqual(['b', 'a', 'Z', 'ä', 'a-b', 'a'].sort(compareText), ['Z', 'a', 'a', 'a-b', 'b', 'ä']);
  });
});

describe('compareTexts', () => {
  it('puts a beginning before what it begins, and compares elements whole', () => {
    const sorted = [['b'], ['a', 'b'], ['a'], [], ['a-x'], ['a', 'a', 'z']].sort(compareTexts);
    assert.deepEqual(sorted, [[], ['a'], ['a', 'a', 'z'], ['a', 'b'], ['a-x'], ['b']]);
  });
});
