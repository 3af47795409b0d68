import assert from 'node:assert/strict';
import { findingsOf } from '../../support/checkFlake';
import { lockText, SAMPLE_HASH } from '../../support/lockText';

describe('local-path-input', () => {
  for (const url of ['path:/srv/x', '/srv/x', 'git+file:///srv/x', 'file:///srv/x.tar.gz', 'hg+file:///srv/x', '~/x']) {
    it(`tells of ${url} at the URL`, () => {
      assert.deepEqual(
        findingsOf('local-path-input', { nix: `{ inputs.a.url = "${url}"; }` }).map(({ at }) => at),
        [`flake.nix:${url}`],
      );
    });
  }

  for (const url of ['path:./sub', './sub', '../up', 'github:o/r', 'https://h/x', 'git+ssh://h/srv/x']) {
    it(`says nothing of ${url}`, () =>
      assert.deepEqual(findingsOf('local-path-input', { nix: `{ inputs.a.url = "${url}"; }` }), []));
  }

  it('tells of what the registry gave', () => {
    const node = {
      locked: { type: 'path', path: '/nix/store/x', narHash: SAMPLE_HASH },
      original: { type: 'indirect', id: 'a' },
    };
    const texts = { nix: '{ outputs = { self, a }: { }; }', lock: lockText({ a: 'a' }, { a: node }) };
    assert.deepEqual(
      findingsOf('local-path-input', texts).map(({ at }) => at),
      ['flake.nix:a'],
    );
  });
});
