import assert from 'node:assert/strict';
import { nodeEnvironment } from '../../server/src/adapters/nodeEnvironment';

describe('nodeEnvironment', () => {
  const home = process.env['HOME'];
  afterEach(() => {
    if (home === undefined) delete process.env['HOME'];
    else process.env['HOME'] = home;
  });

  it('takes HOME where it is set, else asks the system', () => {
    process.env['HOME'] = '/somewhere';
    assert.equal(nodeEnvironment().home, '/somewhere');
    for (const unset of [() => delete process.env['HOME'], () => (process.env['HOME'] = '')]) {
      unset();
      assert.notEqual(nodeEnvironment().home, '');
    }
  });

  it('shows the variables of this process', () => {
    assert.equal(nodeEnvironment().variables['PATH'], process.env['PATH']);
    assert.equal(nodeEnvironment().platform, process.platform);
  });
});
