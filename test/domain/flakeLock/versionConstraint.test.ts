import assert from 'node:assert/strict';
import { versionMatches } from '../../../server/src/domain/flakeLock/versionConstraint';

describe('versionMatches', () => {
  const cases: [constraint: string, version: string, matches: boolean | undefined][] = [
    ['*', '3.21.8', true],
    ['0', '0.2511.912297', true],
    ['0', '1.0.0', false],
    ['0.1', '0.1.1026', true],
    ['0.1', '0.2.0', false],
    ['0.1.941', '0.1.1026', true],
    ['0.1.941', '0.1.940', false],
    ['0.0', '0.0.7', true],
    ['0.0', '0.1.0', false],
    ['0.0.3', '0.0.3', true],
    ['0.0.3', '0.0.4', false],
    ['1', '1.1.0', true],
    ['1', '2.0.0', false],
    ['1.2', '1.1.9', false],
    ['^1.2', '1.9.0', true],
    ['0.2511', '0.2511.914302', true],
    ['0.2511', '0.2505.811874', false],
    ['=0.1.5', '0.1.5', true],
    ['=0.1.5', '0.1.6', false],
    ['0.1.*', '0.1.754461', true],
    ['0.1.*', '0.2.0', false],
    ['0.*.*', '0.9.1', true],
    ['0.1', '0.1.377+rev-49f0', true],
    ['>=0.1,<0.3', '0.2.0', undefined],
    ['~0.1', '0.2.0', undefined],
    ['main', '0.2.0', undefined],
    ['*.*', '0.2.0', undefined],
    ['0.1', 'latest', undefined],
    ['0.1', '1.2', undefined],
    ['', '0.1.0', undefined],
  ];
  for (const [constraint, version, matches] of cases) {
    const verb = matches === undefined ? 'does not judge' : matches ? 'lets' : 'does not let';
    it(`${verb} ${version} for "${constraint}"`, () => assert.equal(versionMatches(constraint, version), matches));
  }
});
