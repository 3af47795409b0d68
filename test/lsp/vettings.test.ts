import assert from 'node:assert/strict';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { readFlake } from '../../server/src/domain/flakeFacts';
import type { JsonObject } from '../../server/src/domain/vetting/shape';
import { VETTING_FILES } from '../../server/src/domain/vetting/types';
import { OpenFlake } from '../../server/src/lsp/openFlake';
import { Vettings } from '../../server/src/lsp/vettings';
import { parseSettings } from '../../server/src/settings';
import { clockAt } from '../support/fakeClock';
import { fakeLog } from '../support/fakeLog';
import { narHashOf } from '../support/flakeFacts';
import { memoryFiles } from '../support/memoryFiles';
import { PLAIN } from '../support/sampleFlake';
import { recordsText } from '../support/vettingRecords';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const AUDIT = { kind: 'audit', source: 'github.com/nixos/nixpkgs', narHash: narHashOf('nixpkgs'), criteria: ['safe-to-build'] };
const { settings } = parseSettings({});
const SCOPE = { settings, severity: settings['diagnostics.severity'], restricted: false };

/** A flake on disk whose one input has these records. */
function setUp(...records: readonly JsonObject[]) {
  const contents: Record<string, string> = {
    '/flake/flake-trust/policy.jsonc': '{ "version": 1 }',
    '/flake/flake-trust/records.jsonc': recordsText(...records),
  };
  const read = () => readFlake({ flakeNix: PLAIN.nix, flakeLock: PLAIN.lock }, { privatePatterns: [], now: NOW });
  const clock = clockAt(NOW);
  const files = memoryFiles(contents);
  return { clock, files, facts: read(), read, flake: new OpenFlake('/flake', files), vettings: new Vettings(clock, fakeLog()) };
}

describe('verdicts that are remembered', () => {
  it('are the same object until something changes', async () => {
    const { clock, facts, files, flake, read, vettings } = setUp(AUDIT);
    const first = vettings.of(flake, facts, SCOPE);
    assert.equal(first.done, false);
    const view = await first.value;
    const again = vettings.of(flake, facts, SCOPE);
    assert.equal(again.done, true);
    assert.equal(await again.value, view);
    clock.advance(1000);
    // What was read again and is the same is the same.
    const asked = files.asked.length;
    flake.texts.forgetDisk();
    assert.equal(await vettings.of(flake, facts, SCOPE).value, view);
    assert.equal(files.asked.length, asked + 3);
    const { value } = vettings.of(flake, read(), SCOPE);
    assert.notEqual(await value, view);
    assert.equal((await value)?.flake.files, view?.flake.files);
    assert.equal((await value)?.flake.judge, view?.flake.judge);
    assert.notEqual(await vettings.of(flake, facts, { ...SCOPE, restricted: true }).value, view);
  });

  it('end when a record ends, and begin when one begins', async () => {
    const { clock, facts, flake, vettings } = setUp(
      { ...AUDIT, until: '2026-11-25T12:10:00Z' },
      { ...AUDIT, when: '2026-11-25T12:30:00Z', who: 'Bob' },
    );
    const state = async () => {
      const view = await vettings.of(flake, facts, SCOPE).value;
      return [...(view?.flake.judged.values() ?? [])].map(({ verdict }) => verdict.state);
    };
    assert.deepEqual(await state(), ['vetted']);
    assert.equal((await vettings.of(flake, facts, SCOPE).value)?.until, Date.parse('2026-11-25T12:10:00Z'));
    clock.advance(600_000 - 1);
    assert.deepEqual(await state(), ['vetted']);
    clock.advance(1);
    assert.deepEqual(await state(), ['expired']);
    clock.advance(1_200_000);
    assert.deepEqual(await state(), ['vetted']);
    // A clock that is put back brings nothing back that had not begun.
    clock.advance(-1_200_000);
    assert.deepEqual(await state(), ['expired']);
  });

  it('of a text that is typed are those of before until it was read', async () => {
    const { facts, flake, vettings } = setUp(AUDIT);
    await vettings.of(flake, facts, SCOPE).value;
    const uri = 'file:///flake/flake-trust/records.jsonc';
    flake.texts.open(VETTING_FILES.records, TextDocument.create(uri, 'jsonc', 1, recordsText()));
    const { before, done, value } = vettings.of(flake, facts, SCOPE);
    const states = (view: typeof before) => [...(view?.flake.judged.values() ?? [])].map(({ verdict }) => verdict.state);
    assert.equal(done, false);
    assert.deepEqual(states(before), ['vetted']);
    assert.deepEqual(states(await value), ['unvetted']);
  });
});
