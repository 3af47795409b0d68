import assert from 'node:assert/strict';
import type { FileRead, Files } from '../../server/src/engine/ports';
import { readFlakeDir } from '../../server/src/engine/readFlakeDir';
import { NEVER } from '../support/engineBench';

const files = (given: Readonly<Record<string, FileRead>>): Files => ({
  read: (path) => Promise.resolve(given[path] ?? { kind: 'absent' }),
});
const nix: FileRead = { kind: 'read', text: '{ inputs.a.url = "github:a/b"; outputs = { ... }: { }; }' };
const read = (given: Readonly<Record<string, FileRead>>) =>
  readFlakeDir('/flake', files(given), { privatePatterns: [], now: 0 }, NEVER);

describe('readFlakeDir', () => {
  it('says that there is no flake, or that it cannot be read', async () => {
    assert.deepEqual(await read({}), { kind: 'failed', message: 'there is no flake.nix in /flake' });
    assert.deepEqual(await read({ '/flake/flake.nix': { kind: 'failed', reason: 'permission denied' } }), {
      kind: 'failed',
      message: '/flake/flake.nix cannot be read: permission denied',
    });
  });

  for (const text of ['', '1 + 2', '{ }', '\uFFFD\uFFFD\u0000', '# only words'])
    it(`does not report "nothing found" of ${JSON.stringify(text)}, which is no flake`, async () => {
      assert.deepEqual(await read({ '/flake/flake.nix': { kind: 'read', text } }), {
        kind: 'failed',
        message: '/flake/flake.nix is no flake: it is not a set with attributes',
      });
    });

  it('tells a missing lock from one that cannot be read', async () => {
    const missing = await read({ '/flake/flake.nix': nix });
    const unreadable = await read({ '/flake/flake.nix': nix, '/flake/flake.lock': { kind: 'failed', reason: 'too\nlarge' } });
    assert.ok(missing.kind === 'read' && unreadable.kind === 'read');
    const codes = ({ facts }: typeof missing) =>
      facts.findings.map(({ code }) => code).filter((code) => code === 'lock-missing' || code === 'lock-unreadable');
    assert.equal(missing.facts.lock.state, 'missing');
    assert.deepEqual(codes(missing), ['lock-missing']);
    assert.equal(unreadable.facts.lock.state, 'unreadable');
    assert.deepEqual(codes(unreadable), ['lock-unreadable']);
    const [message] = unreadable.facts.findings
      .filter(({ code }) => code === 'lock-unreadable')
      .map((finding) => finding.message);
    assert.equal(message, 'flake.lock cannot be read: too large');
  });
});
