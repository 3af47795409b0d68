import assert from 'node:assert/strict';
import {
  CACHE_PARAMETERS,
  checkParams,
  decode,
  decodeQuery,
  parseBoolean,
  parseInteger,
} from '../../server/src/domain/storeParameters';

describe('store parameters', () => {
  it('have the booleans of Nix', () => {
    assert.deepEqual(['true', 'yes', '1'].map(parseBoolean), [true, true, true]);
    assert.deepEqual(['false', 'no', '0'].map(parseBoolean), [false, false, false]);
    for (const text of ['', 'True', 'on', '2', ' 1']) assert.equal(parseBoolean(text), undefined, text);
  });

  it('have integers of 32 bits', () => {
    assert.deepEqual(['0', '-5', '+7', '2147483647', '-2147483648'].map(parseInteger), [0, -5, 7, 2147483647, -2147483648]);
    for (const text of ['', '+', '1k', '0x1', ' 1', '1.0', '2147483648', '-2147483649', '9'.repeat(400)]) {
      assert.equal(parseInteger(text), undefined, text);
    }
  });

  it('are decoded, names as they stand, the first one counting', () => {
    assert.deepEqual(
      [...(decodeQuery('a=%31&a=2&b&c=&%61=x&&=y') ?? [])],
      [
        ['a', '1'],
        ['c', ''],
        ['%61', 'x'],
        ['', 'y'],
      ],
    );
    assert.equal(decodeQuery('a=%zz'), undefined);
    assert.equal(decode('%ff'), undefined);
  });

  it('are checked by their type; unknown ones are named', () => {
    const checked = checkParams(
      new Map([
        ['priority', '3'],
        ['trusted', 'yes'],
        ['store', '/x'],
        ['toString', 'x'],
      ]),
      CACHE_PARAMETERS,
    );
    assert.deepEqual(checked, { ok: true, value: { unknownParams: ['toString'], trusted: true, priority: 3 } });
    for (const [parameter, value] of [
      ['priority', 'x'],
      ['trusted', 'x'],
      ['store', 'x'],
    ] as const) {
      assert.deepEqual(checkParams(new Map([[parameter, value]]), CACHE_PARAMETERS), {
        ok: false,
        error: { kind: 'bad-parameter', parameter, value },
      });
    }
  });
});
