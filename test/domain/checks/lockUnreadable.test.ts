import assert from 'node:assert/strict';
import { allFindings, findingsOf } from '../../support/checkFlake';
import { lockText, nodeJson } from '../../support/lockText';

const NIX = '{ inputs.a.url = "github:o/a"; outputs = _: { }; }';

describe('lock-unreadable', () => {
  it('tells where parsing stopped, and nothing else of the lock', () => {
    const found = allFindings({ nix: NIX, lock: '{"version": 7,\n"nodes": }' });
    assert.deepEqual(
      found.map(({ finding }) => finding.code),
      ['lock-unreadable'],
    );
    assert.equal(found[0]?.at, 'flake.lock:}');
    assert.equal(found[0].message, 'flake.lock is not valid: a value is missing here, not }');
  });

  it('names the version that it cannot read', () => {
    const [found] = findingsOf('lock-unreadable', { nix: NIX, lock: '{"version": 4, "inputs": {}}' });
    assert.equal(found?.message, 'flake.lock is not valid: unsupported version 4, Nix reads 5 to 7');
    assert.deepEqual(found.finding.evidence, { version: 4 });
  });

  it('tells each mistake of the nodes that are reached, once, and keeps the rest', () => {
    const lock = lockText({ a: 'a', b: 'gone', c: 'c' }, { a: 5, c: nodeJson(), unused: 6 });
    const found = findingsOf('lock-unreadable', { nix: NIX, lock });
    assert.deepEqual(
      found.map(({ at }) => at),
      ['flake.lock:"a"', 'flake.lock:"gone"'],
    );
  });

  it('only warns of an attribute that a newer Nix may know', () => {
    const node = {
      locked: { type: 'github', owner: 'o', repo: 'r', fancy: true },
      original: { type: 'github', owner: 'o', repo: 'r' },
    };
    const [found] = findingsOf('lock-unreadable', { lock: lockText({ a: 'a' }, { a: node }) });
    assert.equal(found?.finding.severity, 'warning');
    assert.equal(found.at, 'flake.lock:true');
  });

  it('tells of equal keys: people read the first, Nix the last', () => {
    const lock = '{"version":7,"root":"root","nodes":{"root":{"inputs":{}},"root":{}}}';
    const [found] = findingsOf('lock-unreadable', { lock });
    assert.equal(found?.message, 'flake.lock is not valid: "root" appears twice in nodes, Nix reads the last one');
  });

  it('does not flood the Problems panel', () => {
    const names = Array.from({ length: 100 }, (_, index) => `n${index}`);
    assert.equal(
      findingsOf('lock-unreadable', { lock: lockText(Object.fromEntries(names.map((name) => [name, `gone-${name}`]))) }).length,
      20,
    );
  });

  it('tells when a lock is nested too deeply to be listed', () => {
    const keys = Array.from({ length: 3000 }, (_, index) => `n${index}`);
    const lock = lockText(
      { n0: 'n0' },
      Object.fromEntries(keys.map((key, index) => [key, nodeJson({ n: `n${Math.min(index + 1, 2999)}` })])),
    );
    assert.match(findingsOf('lock-unreadable', { lock }).at(-1)?.message ?? '', /nested so deeply/);
  });
});
