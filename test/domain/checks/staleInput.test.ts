import assert from 'node:assert/strict';
import { findingsOf } from '../../support/checkFlake';
import { lockText, nodeJson } from '../../support/lockText';

const NOW = Date.UTC(2026, 10, 22);

function lockOf(daysAgo: number): string {
  const old = { ...nodeJson() };
  const locked = { ...old.locked, lastModified: NOW / 1000 - daysAgo * 86_400 };
  return lockText({ a: 'a' }, { a: { ...old, inputs: { b: 'b' }, locked }, b: { ...old, locked } });
}

describe('stale-input', () => {
  it('tells of a root input over the limit, with the command that updates it', () => {
    const [found, ...others] = findingsOf(
      'stale-input',
      { nix: '{ inputs.a.url = "github:o/r"; }', lock: lockOf(91) },
      { maxAgeDays: 90, now: NOW },
    );
    assert.equal(others.length, 0);
    assert.equal(found?.message, 'Input "a": the locked source is 91 days old; your limit is 90');
    assert.equal(found.at, 'flake.nix:a');
    assert.deepEqual(found.finding.fixes, [
      { kind: 'copy', title: 'Copy the command that updates it', text: 'nix flake update a' },
    ]);
  });

  it('says nothing within the limit, and nothing without one', () => {
    assert.deepEqual(findingsOf('stale-input', { lock: lockOf(90) }, { maxAgeDays: 90, now: NOW }), []);
    assert.deepEqual(findingsOf('stale-input', { lock: lockOf(-5) }, { maxAgeDays: 0, now: NOW }), []);
    assert.deepEqual(findingsOf('stale-input', { lock: lockOf(9999) }), []);
  });

  it('does not take 0 and 1 for dates', () => {
    for (const lastModified of [0, 1]) {
      const node = { ...nodeJson(), locked: { ...nodeJson().locked, lastModified } };
      assert.deepEqual(findingsOf('stale-input', { lock: lockText({ a: 'a' }, { a: node }) }, { maxAgeDays: 1 }), []);
    }
  });

  it('quotes a strange name for the shell, and copies none that could escape from it', () => {
    const command = (name: string): string | undefined => {
      const lock = lockText({ [name]: 'a' }, { a: nodeJson() });
      const [fix] = findingsOf('stale-input', { lock }, { maxAgeDays: 1 })[0]?.finding.fixes ?? [];
      return fix?.kind === 'copy' ? fix.text : undefined;
    };
    assert.equal(command("a'; rm -rf /"), "nix flake update 'a'\\''; rm -rf /'");
    assert.equal(command('a\nrm -rf /'), undefined);
  });
});
