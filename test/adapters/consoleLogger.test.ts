import assert from 'node:assert/strict';
import { consoleLogger, type Verbosity } from '../../server/src/adapters/consoleLogger';

describe('consoleLogger', () => {
  for (const [verbosity, expected] of [
    ['quiet', ['error: e']],
    ['normal', ['warning: w', 'error: e']],
    ['verbose', ['d', 'i', 'warning: w', 'error: e']],
  ] as readonly (readonly [Verbosity, readonly string[]])[])
    it(`${verbosity}: ${expected.join(', ')}`, () => {
      const written: string[] = [];
      const log = consoleLogger((text) => written.push(text), verbosity);
      log.debug('d');
      log.info('i');
      log.warn('w');
      log.error('e');
      assert.deepEqual(
        written,
        expected.map((line) => `flake-trust: ${line}\n`),
      );
    });
});
